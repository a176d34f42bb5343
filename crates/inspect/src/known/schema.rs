//! What a file of `rules/inspect/known` holds: a behaviour that was reported in public, and the signs by which an image shows it.

use assay_core::{
    Effect, HolderKind, Question, Severity, Statement,
    facts::{code::Transport, image::TextPlace},
};
use serde::Deserialize;

/// A behaviour.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Behaviour {
    /// Short name.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// The question it bears on.
    pub question: Question,
    /// What can be done by it.
    pub effect: Option<Effect>,
    /// How bad a match is that no other detector has proven: `info` or `low`.
    pub severity: Severity,
    /// Whose machines were reported; none for everybody's.
    #[serde(default)]
    pub makers: Vec<String>,
    /// Models and versions that were reported, and when, in words.
    pub affects: String,
    /// What it does, in a sentence or two.
    pub summary: String,
    /// Where it was published.
    pub source: String,
    /// Day of that, or on which it was read where it has none.
    pub date: String,
    /// Links.
    #[serde(default)]
    pub references: Vec<String>,
    /// Detectors whose findings at the same place show the same thing: these are then called by its name.
    #[serde(default)]
    pub rules: Vec<String>,
    /// What the maker said.
    pub statement: Option<Statement>,
    /// Any of these is enough.
    pub sign: Vec<Sign>,
}

/// Patterns that must all fit in one place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sign {
    /// What it shows, after "The image has".
    pub shows: String,
    /// Where all of them must fit.
    #[serde(default)]
    pub scope: Scope,
    /// The patterns.
    pub all: Vec<Pattern>,
}

/// Where the patterns of a sign must come together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// In one file.
    #[default]
    File,
    /// In one root filesystem.
    System,
}

/// A pattern over facts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pattern {
    /// A text in the bytes of a file. It proves nothing of what is done with it.
    Text(Text),
    /// A control that was resolved.
    Control(Controlled),
    /// A socket on which somebody waits.
    Listener(Listener),
    /// A file at a path; `*` stands for anything within a name.
    File(String),
    /// A right through sudo: who, and one of the commands.
    Sudo(Sudo),
    /// A stored password that is a known default.
    DefaultPassword(Login),
    /// A key that opens an account.
    AuthorizedKey(Login),
    /// A private key at a path; `*` as for files.
    PrivateKey(String),
    /// A part whose version lies in a range.
    Part(Part),
    /// A port that the packet filter lets in by name.
    Admitted(Port),
    /// A pool in settings or in a program.
    Pool(Pool),
}

/// See [`Pattern::Text`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Text {
    /// The text.
    pub is: String,
    /// May it stand inside a longer word?
    #[serde(default)]
    pub inside: bool,
    /// In what; anywhere if empty.
    #[serde(default)]
    pub within: Vec<TextPlace>,
    /// A text that looks like it and must not fit: tested.
    pub unlike: String,
}

/// See [`Pattern::Control`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Controlled {
    /// What it does: any of these.
    pub effect: Vec<Effect>,
    /// Who holds it.
    pub holder: Option<HolderKind>,
    /// Host at the other end.
    pub host: Option<String>,
    /// Port of the way in.
    pub port: Option<u16>,
    /// Part of a word that sets it off.
    pub trigger: Option<String>,
    /// Part of what acts: its command or argument.
    pub acts: Option<String>,
    /// Must a check of a signature be one that some way gets round?
    #[serde(default)]
    pub fails_open: bool,
}

/// See [`Pattern::Listener`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Transport.
    pub transport: Transport,
    /// Any of these ports.
    pub port: Vec<u16>,
}

/// See [`Pattern::Sudo`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sudo {
    /// Who.
    pub user: String,
    /// The command, as written.
    pub command: String,
    /// Is no password asked?
    pub no_password: bool,
}

/// See [`Pattern::DefaultPassword`] and [`Pattern::AuthorizedKey`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The account; any if absent.
    pub user: Option<String>,
    /// The default; any if absent.
    pub password: Option<String>,
    /// Part of the realm of a web login, or of a key's comment.
    pub named: Option<String>,
}

/// See [`Pattern::Part`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    /// Its name.
    pub name: String,
    /// The first version that is concerned.
    pub from: Option<String>,
    /// The last version that is concerned.
    pub up_to: String,
}

/// See [`Pattern::Admitted`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// Transport.
    pub transport: Transport,
    /// Port.
    pub port: u16,
}

/// See [`Pattern::Pool`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// The host, or the end of its name where it begins with a dot; any if absent.
    pub host: Option<String>,
    /// Part of the user's name.
    pub user: Option<String>,
    /// Must something say that it is for a fee?
    #[serde(default)]
    pub fee: bool,
}

impl Pattern {
    /// Is it no more than a text, a version or a name?
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Part(_) | Self::File(_) | Self::Pool(_))
    }
}
