//! What all fuzz targets do: give the bytes to one reader, at the start and inside, and bring every content out.

use assay_core::Limits;
use assay_unpack::{context::Context, format::Content, formats::FORMATS, input::Input};
use bytes::Bytes;

/// Opens `data` with the format called `name`.
pub fn open(name: &str, data: &[u8]) {
    let limits = Limits { artifact_bytes: 4 << 20, ratio_floor_bytes: 2 << 20, steps: 200_000, ..Limits::default() };
    let Some(format) = FORMATS.iter().find(|format| format.name == name) else { return };
    let bytes = Bytes::copy_from_slice(data);
    for start in [0, 1] {
        let Some(opened) = (format.open)(&Input::new(&bytes, start), &Context::new(&limits)) else { continue };
        for child in opened.children.iter().take(64) {
            if let Content::Lazy(loader) = &child.content
                && child.size <= limits.artifact_bytes
            {
                loader(&Context::new(&limits));
            }
        }
    }
}
