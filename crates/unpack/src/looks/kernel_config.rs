//! The configuration of a kernel: `/boot/config-…`, or what `CONFIG_IKCONFIG` keeps inside the kernel once it is unpacked.
//!
//! **Source**: Linux, `Documentation/kbuild/kconfig-language.rst` and `scripts/kconfig/confdata.c` (`conf_write`): a head of comments with
//! `Linux/<arch> <version> Kernel Configuration`, then a line `CONFIG_NAME=value` for each option that is set. Options that are not set stand in
//! comments (`# CONFIG_NAME is not set`) or nowhere.
//!
//! **Limitations**: heads of kernels before 2.6.38 name no architecture and are not recognised.

use assay_core::{
    escape::escape,
    facts::{
        ImageFact,
        image::{KernelConfig, KernelOption},
    },
};

use super::Looked;
use crate::format::Opened;

/// Bytes in which the head must stand.
const HEAD: usize = 400;
/// Options kept; a kernel has some ten thousand.
const OPTIONS: usize = 40_000;
/// Bytes of a line that are read.
const LINE: usize = 400;
/// Bytes of a configuration that are read.
const BYTES: usize = 8 << 20;

/// Takes the look.
pub fn look(file: &Looked, opened: &mut Opened) {
    if let Some(config) = config(file.bytes) {
        opened.fact(0, ImageFact::KernelConfig(Box::new(config)));
    }
}

fn config(bytes: &[u8]) -> Option<KernelConfig> {
    if !bytes.starts_with(b"#") {
        return None;
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let title = head.lines().find_map(|line| line.strip_prefix("# Linux/")?.strip_suffix(" Kernel Configuration"))?;
    let (arch, version) = title.split_once(' ')?;
    let mut options = Vec::new();
    for (number, line) in bytes[..bytes.len().min(BYTES)].split(|byte| *byte == b'\n').enumerate() {
        let Some(line) = line.strip_prefix(b"CONFIG_").filter(|line| line.len() <= LINE) else { continue };
        let Some(at) = line.iter().position(|byte| *byte == b'=') else { continue };
        if options.len() == OPTIONS {
            break;
        }
        let value = escape(&line[at + 1..]);
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(&value).to_owned();
        options.push(KernelOption { name: escape(&line[..at]), value, line: number as u64 + 1 });
    }
    Some(KernelConfig { version: escape(version.as_bytes()), arch: escape(arch.as_bytes()), options })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_with_their_lines() {
        let text = b"#\n# Automatically generated file; DO NOT EDIT.\n# Linux/arm 4.6.0 Kernel Configuration\n#\nCONFIG_ARM=y\n# CONFIG_DEVKMEM is not set\nCONFIG_CMDLINE=\"console=ttyPS0\"\nCONFIG_BROKEN\n";
        let read = config(text).unwrap();
        assert_eq!((read.version.as_str(), read.arch.as_str()), ("4.6.0", "arm"));
        let options: Vec<_> = read.options.iter().map(|one| (one.name.as_str(), one.value.as_str(), one.line)).collect();
        assert_eq!(options, [("ARM", "y", 5), ("CMDLINE", "console=ttyPS0", 7)]);
        assert!(config(b"#\n# U-Boot 2016.07 Configuration\n#\nCONFIG_ARM=y\n").is_none());
        assert!(config(b"").is_none());
    }
}
