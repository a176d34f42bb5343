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
// archives and compression
pub mod gzip;
pub mod tar;
// filesystems
// disks and flash
// single files

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
    // archives and compression
    &gzip::FORMAT,
    &tar::FORMAT,
    // filesystems
    // disks and flash
    // single files
];
