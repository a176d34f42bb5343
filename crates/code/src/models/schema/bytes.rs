//! Bytes and where they go: what a function gives back, and what it moves between its arguments and the outside.
//!
//! `memcpy(to, from, n)` is [`Copies`], `read` and `recv` are [`Reads`], `write` and `send` are [`Sends`], `snprintf` and `sscanf` are
//! [`Formats`]; `strdup` [`Gives`] a copy, `malloc` a new object. What the bytes mean is not said here: that follows from where they came
//! from and what the program does with them.

use serde::Deserialize;

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
    /// A time, taken apart into the fields of a calendar.
    Calendar,
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

impl Copies {
    /// Are so many bytes copied as they stand, each to the same place behind the pointer?
    pub fn is_plain(&self) -> bool {
        self.length.is_some() && !(self.append || self.encoded || self.file || self.indirect || self.name.is_some())
    }
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
