//! Texts that somebody looks for, where they stand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A text that rules look for, in one content. That it is there says nothing of what is done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KnownText {
    /// The text that was looked for.
    pub text: String,
    /// The line or the text around it, cut to a readable length.
    pub shown: String,
    /// How often it stands there, up to a limit.
    pub count: u32,
    /// What the content is.
    pub within: TextPlace,
}

/// What a content is to somebody who looks for texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TextPlace {
    /// A program or library.
    Program,
    /// A script.
    Script,
    /// Another text: settings, a page.
    Text,
    /// Anything else.
    Data,
}
