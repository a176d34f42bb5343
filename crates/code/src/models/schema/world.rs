//! The world outside the program: channels that are opened and bound, files and memory of devices, what is changed there.
//!
//! `open` and `socket` are [`Opens`], `bind` and `connect` name [`Ends`], `mmap` is [`Maps`]; `system` and `reboot` are [`Acts`]. Where a
//! number decides what a call does, as in `ioctl(fd, request, …)`, rows say it by number ([`Asks`], [`Except`], [`Flags`]).

use assay_core::facts::code::{ActuatorKind, Disclosed};
use serde::Deserialize;

/// A channel is opened.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opens {
    /// The file that this argument names.
    File(u8),
    /// A socket: domain and type.
    Socket(u8, u8),
    /// What the command in this argument prints, or reads.
    Output(u8),
    /// The stream for the descriptor in this argument.
    Same(u8),
    /// A connection to the URL or host that this argument names.
    Url(u8),
    /// A transfer whose URL is set later, by option.
    Transfer,
    /// A directory.
    Directory(u8),
    /// A file without a name: nobody but the program itself fills it and reads it.
    Temporary,
    /// A TCP socket that other calls bind or connect.
    Stream,
    /// A TCP socket at every address of the machine, at the port that this argument says.
    Door(u8),
    /// The packets that come by an interface, whoever sends them.
    Packets,
    /// A connection to a daemon of the machine that hands on what other programs say.
    Bus(Bus),
    /// A socket that is connected or bound as a number says.
    Service(Service),
}

/// A local socket at which a daemon hands messages from program to program.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bus {
    /// The argument with its path.
    pub path: u8,
    /// The path where that is null.
    pub usual: String,
}

/// A socket by the names of a host and a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The argument that says what kind of socket it is.
    pub kind: u8,
    /// The argument with the host, or with the path of a local one.
    pub host: u8,
    /// The argument with the port, as text.
    pub port: u8,
    /// Bit of the kind: it waits for others.
    pub server: u64,
    /// Bit of the kind: datagrams.
    pub udp: u64,
    /// Bit of the kind: local.
    pub unix: u64,
}

/// An end of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ends {
    /// The channel; 255 for the one that the call gives back.
    pub on: u8,
    /// A `sockaddr`, or text.
    pub address: u8,
    /// The address is text, with the port in this argument: as text, or as a number.
    pub port: Option<u8>,
}

/// Memory stands for a file or a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maps {
    /// Its descriptor.
    pub channel: u8,
    /// With these flags the memory is a copy: what is stored there stays there.
    pub private: Option<Flags>,
}

/// Some bits of an argument are this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flags {
    /// The argument.
    pub argument: u8,
    /// The bits.
    pub mask: u64,
    /// The number.
    pub is: u64,
}

/// Something becomes, or takes the place of, something else: a descriptor, a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redirects {
    /// What.
    pub from: u8,
    /// In the place of what.
    pub to: u8,
}

/// Something in the world changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acts {
    /// What.
    pub kind: ActuatorKind,
    /// What decides about it: a command, a path, a number.
    pub argument: Option<u8>,
    /// All arguments from this one on are words of the command.
    pub words: Option<u8>,
    /// This argument points to a list of words.
    pub list: Option<u8>,
    /// The channel through which it acts.
    pub channel: Option<u8>,
    /// It does nothing where this argument is this number.
    pub except: Option<Except>,
}

/// A number in an argument that makes a call a harmless one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Except {
    /// The argument.
    pub argument: u8,
    /// The number.
    pub is: u64,
}

/// What a call brings or does where an argument is this number.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asks {
    /// The argument.
    pub argument: u8,
    /// Its number.
    pub is: u64,
    /// What that tells about the machine; nothing where it is not worth a word.
    #[serde(default)]
    pub tells: Vec<Disclosed>,
    /// What that does to it, and nothing where it is another number.
    pub acts: Option<ActuatorKind>,
}

/// A variable of the environment is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exports {
    /// Its name, or name and value as `NAME=value`.
    pub name: u8,
    /// Its value.
    pub value: Option<u8>,
}

/// A file that a function reads by itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Holds {
    /// Its path.
    pub path: String,
    /// The argument whose text names it, behind `path`.
    pub argument: Option<u8>,
    /// It gives back a structure, of which nothing but what this word points to makes the file what it is: of a row of the passwords the
    /// password, and not whose it is.
    pub word: Option<u8>,
}
