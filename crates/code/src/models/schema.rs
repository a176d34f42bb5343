//! The shape of a model: one row of `rules/code/models/*.toml`.
//!
//! Arguments are numbered from 0. A *channel* is what a descriptor, a stream or a handle stands for: the argument that carries it is
//! named, who is at its other end is found out where it was opened.

use assay_core::facts::code::{ActuatorKind, CheckKind, Disclosed};
use serde::Deserialize;

/// A file of models.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where the behaviour is written down: a standard, a manual.
    pub source: String,
    /// The day it was looked up.
    pub date: String,
    /// Its rows.
    #[serde(rename = "function", default)]
    pub functions: Vec<Model>,
}

/// What a function does. Everything is optional: a row with names alone says "harmless, leaves memory as it is".
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Model {
    /// Its names.
    pub names: Vec<String>,
    /// What it gives back.
    pub gives: Option<Gives>,
    /// Bytes that it moves between its arguments.
    pub copies: Vec<Copies>,
    /// A comparison: its outcome is the result.
    pub compares: Option<Compares>,
    /// A test of a character.
    pub tests: Option<Tests>,
    /// Bytes of the outside that it puts into an argument.
    pub reads: Option<Reads>,
    /// Bytes that it hands to the outside.
    pub sends: Option<Sends>,
    /// Text that it makes from a format.
    pub formats: Option<Formats>,
    /// Text that it takes apart by a format.
    pub scans: Option<Formats>,
    /// A channel that it opens.
    pub opens: Option<Opens>,
    /// The channel of the argument `on` waits for others at the address in argument `address`.
    pub binds: Option<Ends>,
    /// The channel of the argument `on` goes to the address in argument `address`.
    pub connects: Option<Ends>,
    /// Something in the world that it changes.
    pub acts: Option<Acts>,
    /// Something that it checks.
    pub checks: Option<Checks>,
    /// A file gets another name: which argument is the old one, which the new one.
    pub renames: Option<Redirects>,
    /// It gives back memory of the device behind this argument: a store there is a write to the device.
    pub maps: Option<u8>,
    /// Another descriptor becomes the same channel: which argument is the channel, which the number of the other.
    pub redirects: Option<Redirects>,
    /// A variable of the environment that programs started later will have.
    pub exports: Option<Exports>,
    /// Functions that it calls back.
    pub calls: Vec<Callback>,
    /// It does not come back.
    pub no_return: bool,
    /// It waits until somebody sends something.
    pub waits: bool,
    /// Memory as others see it changes in ways that the row does not say.
    pub writes: Vec<u8>,
    /// What the bytes that it brings tell about the machine.
    pub tells: Vec<Disclosed>,
    /// The same, and what it does, where one of its arguments says so: the number of a request.
    pub asks: Vec<Asks>,
    /// What it brings stands in a file that it reads by itself.
    pub holds: Option<Holds>,
    /// Text of a structure that it takes apart by a format of names and values.
    pub unpacks: Option<Formats>,
    /// It sets an option of a handle: what another argument means is up to the option's number.
    pub options: Option<Options>,
    /// It does what was set up with the handle in this argument: sends what was set to be sent, and brings what comes back.
    pub performs: Option<u8>,
    /// It takes a word that is handed back later by one that `recalls`.
    pub registers: Option<Word>,
    /// It hands back words that were registered.
    pub recalls: Option<Word>,
    /// It leaves behind this argument how a program ended that was started before.
    pub outcome: Option<u8>,
}

/// What a function gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gives {
    /// This argument itself.
    Argument(u8),
    /// A pointer into what this argument points to, or none.
    Within(u8),
    /// A pointer into what the pointer behind this argument points to, or none; that pointer is moved on.
    Through(u8),
    /// A new object with the bytes of this argument.
    Copy(u8),
    /// A new object.
    New(Allocation),
    /// The number that stands in this argument's text.
    Number(u8),
    /// The length of this argument's text.
    Length(u8),
    /// This argument, a number, with its bytes in another order.
    Swapped(u8),
    /// A network address for the name or text in this argument.
    Host(u8),
    /// The channel that this call opens.
    Channel,
    /// A channel for one of those who come to the channel in this argument.
    Accepted(u8),
    /// Text of the variable of the environment that this argument names.
    Environment(u8),
    /// The time.
    Clock,
    /// The number of a process that belongs to the program: itself, its parent, a child.
    Process,
    /// Something of the machine itself that names it: its name, its addresses.
    Identity,
    /// The member of a structure of data (JSON and the like): the structure, and the text that names the member.
    Member(u8, u8),
    /// The text of one argument, and behind it that of another.
    Joined(u8, u8),
    /// Text that shows the number in this argument.
    Shown(u8),
    /// Text by the format in this argument, and the first of the values.
    Formatted(u8, u8),
    /// Text of a structure, by a format of names and values in this argument, and the first of them.
    Packed(u8, u8),
}

/// Size of a new object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Allocation {
    /// As large as this argument says.
    Bytes(u8),
    /// As the product of two arguments says.
    Product(u8, u8),
    /// The library knows.
    Own,
}

/// Bytes move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copies {
    /// From what this argument points to.
    pub from: u8,
    /// To what this one points to.
    pub to: u8,
    /// At most as many as this argument says; without it, as many as there are.
    pub length: Option<u8>,
    /// Behind what is there already.
    #[serde(default)]
    pub append: bool,
    /// What arrives is another encoding of what was sent: base64, hexadecimal, an unescaped or enciphered form.
    #[serde(default)]
    pub encoded: bool,
    /// It arrives as the member of a structure, under the name in this argument.
    pub name: Option<u8>,
    /// `from` names a file: what stands in it arrives.
    #[serde(default)]
    pub file: bool,
    /// `to` points to a pointer that is set to it.
    #[serde(default)]
    pub indirect: bool,
}

/// Bytes are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compares {
    /// One side.
    pub a: u8,
    /// The other.
    pub b: u8,
    /// How.
    pub how: How,
    /// The result when it fits.
    pub fits: Outcome,
    /// At most as many bytes as this argument says are compared.
    pub length: Option<u8>,
}

/// How bytes are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Are they the same?
    Equals,
    /// Are the first ones the same?
    Begins,
    /// Does `a` hold `b`?
    Contains,
    /// Does `a` hold the character `b`?
    Character,
    /// Does `a` hold one of the characters of `b`?
    OneOf,
    /// How much of `a` consists of characters of `b`?
    Span,
    /// Does `a` match the pattern `b`?
    Pattern,
}

/// What a result means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// 0.
    Zero,
    /// Anything but 0.
    NonZero,
    /// 1, of 1 and 0.
    One,
    /// 1, of 1, 0 and negative numbers: that the check could not be made is as bad as that it failed.
    OneOrError,
    /// 0 or more.
    NotNegative,
}

/// A character is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tests {
    /// The character.
    pub value: u8,
    /// For what.
    pub class: Class,
}

/// Classes of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names of the C library")]
pub enum Class {
    Alnum,
    Alpha,
    Digit,
    Xdigit,
    Print,
    Graph,
    Punct,
    Space,
}

/// Bytes come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reads {
    /// The channel.
    pub channel: u8,
    /// Where they go; without it they are the result.
    pub to: Option<u8>,
    /// At most as many as this argument says.
    pub length: Option<u8>,
    /// Once more as many as this one says.
    pub times: Option<u8>,
    /// Where the address of who sent them goes.
    pub from: Option<u8>,
    /// There is no bound at all.
    #[serde(default)]
    pub unbounded: bool,
    /// Where `to` points to a pointer to the bytes.
    #[serde(default)]
    pub indirect: bool,
}

/// Bytes go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sends {
    /// The channel; without it, standard output or the system's log.
    pub channel: Option<u8>,
    /// What; without it, what `formats` makes.
    pub from: Option<u8>,
    /// To whom, where each message says it.
    pub address: Option<u8>,
    /// Into the file that the text in this argument names.
    pub file: Option<u8>,
    /// A single character, where it is one.
    pub character: Option<u8>,
}

/// Text by a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formats {
    /// Where the text goes, or comes from; without it, it is sent ([`Sends`]).
    pub text: Option<u8>,
    /// The format.
    pub format: u8,
    /// The first of the values.
    pub first: u8,
    /// Size of the place for the text.
    pub size: Option<u8>,
    /// Behind what is there already.
    #[serde(default)]
    pub append: bool,
    /// `text` points to a pointer that is set to a new object.
    #[serde(default)]
    pub allocates: bool,
    /// The values are a `va_list` in `first`.
    #[serde(default)]
    pub list: bool,
}

impl Formats {
    /// By the format in one argument, the first of the values in another.
    pub fn of(format: u8, first: u8) -> Self {
        Self { text: None, format, first, size: None, append: false, allocates: false, list: false }
    }
}

/// A channel is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
    /// A transfer whose URL is set later by option: the number of this library's option for it.
    Transfer,
    /// A directory.
    Directory(u8),
    /// A file without a name: nobody but the program itself fills it and reads it.
    Temporary,
}

/// An end of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ends {
    /// The channel.
    pub on: u8,
    /// A `sockaddr`, or text.
    pub address: u8,
    /// The address is text, with the port in this argument.
    pub port: Option<u8>,
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

/// Something is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// What.
    pub kind: CheckKind,
    /// The result when it holds.
    pub holds: Outcome,
    /// What is checked.
    pub what: Option<u8>,
    /// By which key or secret.
    pub by: Option<u8>,
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

/// A word that stands behind an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// The argument.
    pub argument: u8,
    /// How far behind.
    pub offset: u64,
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

/// A file that a function reads by itself.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Holds {
    /// Its path.
    pub path: String,
    /// The argument whose text names it, behind `path`.
    pub argument: Option<u8>,
}

/// How options of a handle are set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The handle.
    pub on: u8,
    /// The option's number; without it, the function is for one option only.
    pub option: Option<u8>,
    /// What it is set to.
    pub value: u8,
    /// Of an address, the port.
    pub port: Option<u8>,
    /// What options mean. One that is not here changes nothing that matters.
    pub known: Vec<Known>,
}

/// An option of a handle.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its number.
    #[serde(default)]
    pub number: u64,
    /// What it is set to is this.
    pub means: Means,
    /// A function that is called back: what it is passed, in order (see [`Callback::arguments`]).
    #[serde(default)]
    pub arguments: Vec<u8>,
    /// What it is set to is passed to the function that another option sets.
    pub hands: Option<Hands>,
}

/// An argument of a function that is called back, set by an option of its own.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hands {
    /// The option by which the function is set.
    pub option: u64,
    /// The argument.
    pub argument: u8,
}

/// What an option is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// The address of the other side: a URL or a host.
    Address,
    /// Text that is sent.
    Body,
    /// A stream whose content is sent.
    Source,
    /// A stream into which goes what comes back, unless a function takes it.
    Sink,
    /// A function that is called back.
    Callback,
    /// Something for such a function, and nothing else.
    UserData,
}

/// An argument of a function that is called back: bytes from the other side of the handle's channel.
pub const BROUGHT: u8 = 254;

/// A function that is called back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// The argument that holds it.
    pub function: u8,
    /// What it is passed: arguments of the call, in order; 255 for what is not known, [`BROUGHT`] for bytes that came in.
    #[serde(default)]
    pub arguments: Vec<u8>,
    /// It runs beside the caller.
    #[serde(default)]
    pub thread: bool,
    /// The program begins with it: what it is passed is the command line.
    #[serde(default)]
    pub main: bool,
}
