//! Channels: the ways by which a program meets the outside, and who may stand at their other end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kind of socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// Stream over IP.
    Tcp,
    /// Datagrams over IP.
    Udp,
    /// Local socket with a name.
    Unix,
    /// Frames or packets below a transport: raw and packet sockets.
    Raw,
    /// Between kernel and program.
    Netlink,
    /// Could not be told.
    Unknown,
}

/// How a program knows whom to talk to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Host {
    /// A name or address in the code.
    Fixed(String),
    /// Read from a file that the owner edits, or from an argument that comes from one: the file, where it is known.
    Configured(String),
    /// Told by somebody else over this channel.
    Told(Box<Channel>),
    /// Any machine on the local network: broadcast, multicast.
    Everyone,
    /// Could not be told.
    Unknown,
}

/// A way between a program and the outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// Others come to the program: a listening or bound socket.
    Bound {
        /// Kind of socket.
        transport: Transport,
        /// Address it is bound to: absent where not known, `0.0.0.0` or `::` for every one; the name of a local socket.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
        /// Port; absent where there is none or it is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
    },
    /// The program goes to others.
    Connected {
        /// Kind of socket.
        transport: Transport,
        /// To whom.
        host: Host,
        /// Port; absent where not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
    },
    /// A web server hands a request over (CGI, RFC 3875): the variable, or `body` for what stands on standard input. `request` is the
    /// request as such, where that it comes is enough; `response` is what goes back.
    Cgi(String),
    /// A file. A path with `{}` is known in part.
    File(String),
    /// What another program prints: the command.
    Output(String),
    /// Standard input, where nothing says that a web server is behind it.
    StandardInput,
    /// Arguments of the program: the number of one, absent for any.
    Argument(Option<u32>),
    /// A variable of the environment.
    Environment(String),
    /// A serial line.
    Serial(String),
    /// A medium that somebody puts in.
    Removable(String),
    /// The clock.
    Clock,
    /// Could not be told.
    Unknown,
}
