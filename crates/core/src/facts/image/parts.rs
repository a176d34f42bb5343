//! Parts that come from elsewhere: packages of a distribution, libraries and programs of other projects, the kernel and its modules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A part, as one place of the image shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its name: a package's in its database, a component's in the rules.
    pub name: String,
    /// Its version; absent where the part is there and does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What shows it.
    pub by: PartSign,
    /// The text that shows it.
    pub shown: String,
    /// Package URL (<https://github.com/package-url/purl-spec>).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Name in the Common Platform Enumeration 2.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    /// Who packaged it, where the database says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<String>,
    /// Licence, where the database says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// A package of a distribution or build system.
    Package,
    /// A program or library of another project.
    Component,
    /// The system itself: a distribution, a build system.
    System,
    /// The kernel.
    Kernel,
    /// A module of the kernel.
    Module,
}

/// What shows a part, from the surest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PartSign {
    /// A database of packages.
    Database,
    /// A text that only the part itself carries.
    Text,
    /// The part's own section of a module.
    ModuleInfo,
    /// The name of a library's file.
    FileName,
}
