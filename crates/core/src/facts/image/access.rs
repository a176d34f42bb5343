//! Who may come in: accounts, passwords, rights, and the doors that ask for them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::facts::code::Channel;

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
