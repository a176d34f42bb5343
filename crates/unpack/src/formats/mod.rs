//! All formats. A new one is a file here and a line in [`FORMATS`].

use crate::format::Format;

// mining
// boot and kernel
pub mod arm_code;
pub mod dtb;
pub mod fit;
pub mod kernel;
pub mod uimage;
pub mod zimage;
// archives and compression
pub mod gzip;
pub mod tar;
// filesystems
// disks and flash
// single files
pub mod common;
pub mod der;
pub mod elf;
pub mod pem;
pub mod script;
pub mod text;

/// Every format. At one offset they are tried in this order, and the first that says "mine" is taken: the strict before the lenient.
#[rustfmt::skip]
pub static FORMATS: &[&Format] = &[
    // mining
    // boot and kernel
    &uimage::FORMAT,
    &zimage::FORMAT,
    &fit::FORMAT,
    &dtb::FORMAT,
    &kernel::FORMAT,
    &arm_code::FORMAT,
    // archives and compression
    &gzip::FORMAT,
    &tar::FORMAT,
    // filesystems
    // disks and flash
    // single files
    &elf::FORMAT,
    &pem::FORMAT,
    &der::FORMAT,
    &common::PNG,
    &common::JPEG,
    &common::GIF,
    &common::ICO,
    &common::FONT,
    &common::WAV,
    &common::TZIF,
    &common::TERMINFO,
    &common::SQLITE,
    &common::GETTEXT,
    &common::PYC,
    &common::PDF,
    &common::LOCALE,
    &script::FORMAT,
    // Text comes last of all: whatever nothing else claims and is printable.
    &text::FORMAT,
];
