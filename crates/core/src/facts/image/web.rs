//! Web servers: where they listen, which URLs ask for what, and which programs lie behind them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::facts::code::Channel;

/// A web server as its configuration or its arguments have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebServer {
    /// Kind of server: `lighttpd`, `nginx`, `uhttpd`, `busybox httpd`, …
    pub kind: String,
    /// The program's file after links; absent where the image has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Where it listens.
    pub listen: Vec<WebListen>,
    /// Directory that URLs are looked up in, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_root: Option<String>,
    /// Account it runs as after it has bound its ports; absent where the configuration names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Which URLs are programs, or are handed to one.
    pub cgi: Vec<CgiRule>,
    /// Where else URLs are looked up: prefix and directory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<(String, String)>,
}

/// A socket of a web server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebListen {
    /// The socket.
    pub channel: Channel,
    /// Is it TLS?
    pub tls: bool,
}

/// URLs that a web server answers by a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CgiRule {
    /// What URLs it is about.
    pub url: UrlPattern,
    /// Program that is started with the file, or the socket that is asked (`host:port`, a path); absent where the file itself is run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// By which way: `cgi`, `fastcgi`, `scgi`, `proxy`, `ubus`, `lua`.
    pub way: String,
}

/// Which URLs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UrlPattern {
    /// Those that begin with this.
    Prefix(String),
    /// Those that end with this.
    Suffix(String),
    /// This one.
    Exact(String),
    /// Those that fit this expression, in the server's own language.
    Expression(String),
}

/// What a web server asks before it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WebAuth {
    /// Nothing.
    None,
    /// A password in the clear (RFC 7617).
    Basic,
    /// A password's digest (RFC 7616).
    Digest,
    /// A client certificate.
    Certificate,
    /// Nobody is let in.
    Denied,
    /// Something else that is configured: a subrequest, an address.
    Other,
}

/// What is asked at some URLs of a web server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WebDoor {
    /// The URLs.
    pub url: UrlPattern,
    /// What is asked.
    pub method: WebAuth,
    /// Realm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// Who is let in, in the server's words: `valid-user`, a list of names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require: Option<String>,
    /// File with the passwords, as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<String>,
    /// That file, or, where the image has none of that name, files of the same name elsewhere in it: one is likely copied there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub password_files: Vec<String>,
}

/// A program that a web server runs for visitors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CgiProgram {
    /// URL under which it stands.
    pub url: String,
    /// The file, after links.
    pub file: String,
    /// Program that reads it, as written; absent where it is run itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
    /// What is asked before.
    pub method: WebAuth,
}
