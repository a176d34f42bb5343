//! All formats. A new one is a file here and a line in [`FORMATS`].

use crate::format::Format;

// mining
// boot and kernel
// archives and compression
pub mod gzip;
pub mod tar;
// filesystems
pub mod ext;
// disks and flash
pub mod fat;
pub mod gpt;
pub mod mbr;
// single files

/// Every format. At one offset they are tried in this order, and the first that says "mine" is taken: the strict before the lenient.
#[rustfmt::skip]
pub static FORMATS: &[&Format] = &[
    // mining
    // boot and kernel
    // archives and compression
    &gzip::FORMAT,
    &tar::FORMAT,
    // filesystems
    &ext::FORMAT,
    // disks and flash
    &gpt::FORMAT,
    &mbr::FORMAT,
    &fat::FORMAT,
    // single files
];
