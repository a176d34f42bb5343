//! Who may come in: accounts, passwords, rights, and the doors that ask for them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{facts::code::Channel, hash::Sha256};

/// A stored password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Password {
    /// Scheme: `none`, `plain`, `htdigest`, `apr1`, `sha1`, `des`, `md5crypt`, `sha256crypt`, `sha512crypt`, `bcrypt`, `yescrypt`, …
    pub scheme: String,
    /// What is known of it.
    pub state: PasswordState,
}

/// What is known of a stored password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordState {
    /// There is none: whoever names the account is in.
    Empty,
    /// No password fits.
    Locked,
    /// It is a known default.
    Default {
        /// Which.
        password: String,
        /// Where it is known from.
        source: String,
    },
    /// It is none of the known defaults for such a place; how many were tried.
    NotADefault(u32),
    /// It was not tried: the scheme is not read here, the hash is broken, or its cost is above what is spent on one.
    NotTried(String),
    /// The password is kept elsewhere, and that has no line for this account.
    Missing,
}

/// An account of the system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Account {
    /// Name.
    pub name: String,
    /// Number; absent where the line is of a file without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Main group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Login shell as written; empty stands for `/bin/sh`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
    /// Home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Does that shell give a session? Absent where no shell is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<bool>,
    /// Its password.
    pub password: Password,
    /// Is the line of a copy (`*.factory`, `*.default`, …) that something may put in place?
    pub copy: bool,
}

/// A line of a web server's password file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Credential {
    /// User.
    pub user: String,
    /// Realm, for digests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// The password.
    pub password: Password,
}

/// A right that `sudo` gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Privilege {
    /// Who gets it, aliases put in: names, `%group`, `#uid`.
    pub users: Vec<String>,
    /// On which machines.
    pub hosts: Vec<String>,
    /// As whom.
    pub run_as: Vec<String>,
    /// Without a password?
    pub no_password: bool,
    /// What, aliases put in; `!` before what is excepted.
    pub commands: Vec<String>,
    /// May who gets it set the environment of what is run (`SETENV`, or `env_keep` of a variable that loads code)?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub set_environment: bool,
}

/// A group, where somebody is in it beyond whose main group it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Accounts.
    pub members: Vec<String>,
}

/// An SSH server as its configuration or arguments have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SshServer {
    /// `openssh` or `dropbear`.
    pub kind: String,
    /// The program's file after links; absent where the image has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Where it listens.
    pub listen: Vec<Channel>,
    /// May root log in, and how?
    pub root: RootLogin,
    /// May anybody log in with a password?
    pub password: bool,
    /// Is an empty password taken?
    pub empty_password: bool,
    /// Other settings that bear on who gets in: `AllowUsers`, `Match`, `ForceCommand`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<String>,
}

/// How root may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RootLogin {
    /// Not at all.
    No,
    /// Not with a password.
    KeysOnly,
    /// As anybody else.
    Yes,
}

/// Keys that open an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuthorizedKeys {
    /// Whose, where the path tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// How many.
    pub count: u32,
    /// Comments of the keys, which often tell who made them.
    pub comments: Vec<String>,
    /// The keys, the first of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<AuthorizedKey>,
}

/// One key that opens an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuthorizedKey {
    /// Line of the file.
    pub line: u64,
    /// `ssh-ed25519`, `ssh-rsa`, …
    pub kind: String,
    /// As `ssh-keygen -l` shows it: `SHA256:` and base 64.
    pub fingerprint: String,
    /// Options that narrow it: `command=…`, `from=…`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Comment.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// A password, token or key that stands in a file as it is. The value itself is not repeated, but for a known default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Secret {
    /// What it is.
    pub kind: SecretKind,
    /// The name that it stands behind; empty for what its own form tells.
    pub name: String,
    /// Its first characters, and how many there are: `hunt… (12)`.
    pub shown: String,
    /// SHA-256 of the value, so that two places with one value can be told.
    pub digest: Sha256,
}

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecretKind {
    /// A password behind a name that says so.
    Password,
    /// A token or key behind a name that says so.
    Token,
    /// User and password in a URL.
    Url,
    /// The key of a wireless network.
    Wireless,
    /// A cloud's or a service's key, by its own form.
    Service,
}

/// A service that waits for others by configuration: of `inetd`, of a socket unit, or a well-known program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// `telnet`, `ftp`, or the name that the configuration gives.
    pub name: String,
    /// The program's file after links, or as written where the image has none.
    pub program: String,
    /// The socket.
    pub channel: Channel,
    /// Account that it runs as, where written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Program that it hands a visitor to instead of asking for a password itself (`telnetd -l /bin/sh`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
}

/// How a file was recognised as settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigKind {
    /// `OpenWrt`'s unified configuration.
    Uci,
    /// Sections with names and values.
    Ini,
    /// Names and values.
    KeyValue,
    /// JSON.
    Json,
}
