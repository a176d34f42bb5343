//! Files of a root filesystem as its manifest has them: which tree a fact belongs to, and who may change what lies there.

use assay_core::{Fact, Root, dossier::Subject, escape::unescape, manifest::Tree};

/// The tree that the file of a fact is in, the innermost one.
pub fn tree_of<'a>(subject: &'a Subject, fact: &Fact) -> Option<&'a Tree> {
    let path = &fact.locator.path;
    let inside = |tree: &&Tree| if tree.path.is_empty() { path.starts_with('/') } else { path.starts_with(&format!("{}!/", tree.path)) };
    subject.manifest.iter().filter(inside).max_by_key(|tree| tree.path.len())
}

/// An account as far as permissions ask: its number, and those of its groups.
#[derive(Default)]
pub struct Identity {
    /// Number of the account.
    pub uid: Option<u32>,
    /// Numbers of its groups.
    pub gids: Vec<u32>,
}

/// What lets `who` change the program at `path`, or put another in its place: the file or a directory above it. Absent where nothing
/// does, where the image has no such file, or where it records no permissions.
pub fn changed_by(root: &Root, path: &str, who: &Identity) -> Option<String> {
    let place = root.resolve(&unescape(path)?).ok()?;
    let mut here = place.path.clone();
    loop {
        let entry = if here == place.path { place.entry } else { root.entry(&here) };
        let writes = entry.and_then(|entry| Some((entry, entry.mode?))).is_some_and(|(entry, mode)| {
            let sticky = here != place.path && mode & 0o1000 != 0;
            let own = who.uid.is_some() && entry.uid == who.uid && who.uid != Some(0);
            let group = mode & 0o020 != 0 && entry.gid.is_some_and(|gid| who.gids.contains(&gid));
            (own && mode & 0o200 != 0 || group || mode & 0o002 != 0) && !sticky
        });
        if writes {
            return Some(assay_core::escape::escape(&here));
        }
        let end = here.iter().rposition(|sign| *sign == b'/')?;
        if end == 0 {
            return None;
        }
        here.truncate(end);
    }
}
