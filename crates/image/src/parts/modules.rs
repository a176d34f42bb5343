//! Modules of the kernel: what they say of themselves.
//!
//! **Source**: the section `.modinfo` (`modinfo(8)`, Linux `include/linux/module.h`): `name=`, `version=`, `vermagic=`, `license=`, each ended by
//! a zero byte.

use assay_core::{
    escape::escape,
    facts::image::{Part, PartKind, PartSign},
};
use memchr::memmem;

/// The module that a file is, if it is one.
pub fn find(bytes: &[u8], names: &[String]) -> Option<(usize, Part)> {
    let name = names.iter().find_map(|name| name.strip_suffix(".ko"))?;
    let at = memmem::find(bytes, b"vermagic=")?;
    let field = |key: &str| {
        let start = memmem::find_iter(bytes, key.as_bytes()).find(|start| *start == 0 || bytes[start - 1] == 0)? + key.len();
        let len = bytes[start..].iter().take(200).position(|byte| *byte == 0)?;
        Some(escape(&bytes[start..start + len])).filter(|value| !value.is_empty())
    };
    let part = Part {
        kind: PartKind::Module,
        name: field("name=").unwrap_or_else(|| name.to_owned()),
        version: field("\0version=").or_else(|| field("version=")),
        by: PartSign::ModuleInfo,
        shown: format!("vermagic={}", field("vermagic=").unwrap_or_default()),
        purl: None,
        cpe: None,
        supplier: field("author="),
        licence: field("license="),
    };
    Some((at, part))
}
