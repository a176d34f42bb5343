//! All formats. A new one is a file here and a line in [`FORMATS`].

use crate::format::Format;

// mining
// boot and kernel
// archives and compression
pub mod ar;
pub mod bzip2;
pub mod cpio;
pub mod gzip;
pub mod lz4;
pub mod lzma;
pub mod lzo;
pub mod tar;
pub mod xz;
pub mod zip;
pub mod zstd;
// filesystems
pub mod ext;
pub mod squashfs;
// disks and flash
pub mod fat;
pub mod gpt;
pub mod mbr;
mod counted;
pub mod jffs2;
pub mod nand;
pub mod ubi;
pub mod ubifs;
// single files

/// Every format. At one offset they are tried in this order, and the first that says "mine" is taken: the strict before the lenient.
#[rustfmt::skip]
pub static FORMATS: &[&Format] = &[
    // mining
    // boot and kernel
    // archives and compression
    &gzip::FORMAT,
    &tar::FORMAT,
    &cpio::FORMAT,
    &xz::FORMAT,
    &bzip2::FORMAT,
    &zstd::FORMAT,
    &lz4::FORMAT,
    &zip::FORMAT,
    &ar::FORMAT,
    &lzo::FORMAT,
    &lzma::FORMAT,
    // filesystems
    &ext::FORMAT,
    &squashfs::FORMAT,
    // disks and flash
    &gpt::FORMAT,
    &mbr::FORMAT,
    &fat::FORMAT,
    &nand::FORMAT,
    &ubi::FORMAT,
    &ubifs::FORMAT,
    &jffs2::FORMAT,
    // single files
];
