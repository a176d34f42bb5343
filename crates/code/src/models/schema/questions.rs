//! Questions that a function answers: comparisons, tests of characters, checks of a signature or a password, whether a file is there.
//!
//! All of them come down to which result means yes ([`Outcome`]). `strcmp` says it with 0, `isdigit` with anything else, OpenSSL's
//! `EVP_DigestVerifyFinal` with 1, where a negative number says that the check itself failed. A program that takes one for the other lets
//! through what it meant to refuse.

use assay_core::facts::code::CheckKind;
use serde::Deserialize;

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
    Upper,
    Lower,
}

/// A table of the C library, by letters, that inline tests look into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
    /// The classes of each letter, as bits of a short number.
    Classes,
    /// The letter in lower case, as a number.
    Lower,
    /// The letter in upper case.
    Upper,
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

/// A file is looked for by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finds {
    /// Its path.
    pub path: u8,
    /// The result where it is there.
    pub there: Outcome,
    /// The text that says what it is opened for: where it does not begin with `r`, a file that is not there is made.
    pub mode: Option<u8>,
    /// The same as flags of `open`.
    pub flags: Option<u8>,
}
