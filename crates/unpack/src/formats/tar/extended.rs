//! Extended headers: what does not fit into a header of 512 bytes stands in front of it, in a member of its own.
//!
//! GNU has one kind of member for a long name (`L`) and one for a long link target (`K`). PAX has records of key and value, for the next
//! member (`x`) or for all that follow (`g`), and with them a second place where a size can be written.

use assay_core::{Problem, manifest::Xattr};

use crate::{context::Context, format::Opened};

/// What extended headers say about the next member.
#[derive(Default, Clone)]
pub struct Extended {
    pub path: Option<Vec<u8>>,
    pub link: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub mtime: Option<i64>,
    pub xattrs: Vec<Xattr>,
    pub sparse: bool,
}

/// A name of an extended header, up to its NUL.
pub fn name(body: &[u8], at: u64, context: &Context, opened: &mut Opened) -> Vec<u8> {
    let text = body.split(|byte| *byte == 0).next().unwrap_or_default();
    let most = usize::try_from(context.limits.name_bytes).unwrap_or(usize::MAX);
    if text.len() > most {
        opened.problem(Problem::over_limit(at, format!("a name of {} bytes was cut", text.len())));
    }
    text[..text.len().min(most)].to_vec()
}

/// PAX records: `length SP key = value LF`, the length in decimal and of the whole record.
pub fn records(body: &[u8], start: u64, into: &mut Extended, context: &Context, opened: &mut Opened) {
    let mut rest = body;
    while !rest.is_empty() && rest[0] != 0 {
        let at = start + (body.len() - rest.len()) as u64;
        if context.step(1).map_err(|over| opened.problem(over.problem(at))).is_err() {
            return;
        }
        let space = rest.iter().take(20).position(|byte| *byte == b' ');
        let length = space.and_then(|space| decimal(&rest[..space])).and_then(|length| usize::try_from(length).ok());
        let record =
            space.zip(length).and_then(|(space, length)| rest.get(space + 1..length)).and_then(|record| record.strip_suffix(b"\n"));
        let (Some(record), Some(length)) = (record, length) else {
            opened.problem(Problem::corrupt(at, "a PAX record is not `length key=value`"));
            return;
        };
        if let Some(equals) = memchr::memchr(b'=', record) {
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            let seconds = value.split(|byte| *byte == b'.').next().unwrap_or_default();
            match key {
                b"path" | b"GNU.sparse.name" => into.path = Some(name(value, at, context, opened)),
                b"linkpath" => into.link = Some(name(value, at, context, opened)),
                b"size" => into.size = decimal(value),
                b"uid" => into.uid = decimal(value).map(|uid| uid as u32),
                b"gid" => into.gid = decimal(value).map(|gid| gid as u32),
                b"mtime" => into.mtime = std::str::from_utf8(seconds).ok().and_then(|text| text.parse().ok()),
                _ if key.starts_with(b"SCHILY.xattr.") => into.xattrs.push(Xattr { name: key[13..].to_vec(), value: value.to_vec() }),
                _ if key.starts_with(b"GNU.sparse.") => into.sparse = true,
                _ => {}
            }
        }
        rest = &rest[length..];
    }
}

fn decimal(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
