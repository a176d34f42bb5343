//! All formats. A new one is a file here and a line in [`FORMATS`].

use crate::format::Format;

// mining
pub mod aup;
pub mod bmu;
pub mod bmu_merge;
pub mod esp_image;
pub mod esp_partitions;
pub mod k210;
pub mod zynq_boot;
// boot and kernel
pub mod arm_code;
pub mod dtb;
pub mod fit;
pub mod kernel;
pub mod uboot_env;
pub mod uimage;
pub mod zimage;
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
mod counted;
pub mod fat;
pub mod gpt;
pub mod jffs2;
pub mod mbr;
pub mod nand;
pub mod spiffs;
pub mod ubi;
pub mod ubifs;
// single files
pub mod common;
pub mod der;
pub mod elf;
pub mod openpgp;
pub mod pem;
pub mod script;
pub mod text;

/// Every format. At one offset they are tried in this order, and the first that says "mine" is taken: the strict before the lenient.
#[rustfmt::skip]
pub static FORMATS: &[&Format] = &[
    // mining
    &bmu::FORMAT,
    &aup::FORMAT,
    &zynq_boot::FORMAT,
    &bmu_merge::FORMAT,
    &esp_partitions::FORMAT,
    &esp_image::FORMAT,
    &k210::FORMAT,
    // boot and kernel
    &uimage::FORMAT,
    &zimage::FORMAT,
    &fit::FORMAT,
    &dtb::FORMAT,
    &kernel::FORMAT,
    &arm_code::FORMAT,
    &uboot_env::FORMAT,
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
    &spiffs::FORMAT,
    &nand::FORMAT,
    &ubi::FORMAT,
    &ubifs::FORMAT,
    &jffs2::FORMAT,
    // single files
    &elf::FORMAT,
    &pem::FORMAT,
    &der::FORMAT,
    &openpgp::FORMAT,
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
