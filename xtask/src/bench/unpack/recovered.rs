//! What should come out of the package, and what of it did.
//!
//! A file is recovered when a file of the same SHA-256 lies anywhere in the output; of two equal files two must be there. Parts of the
//! package share no contents, so that nothing is found in the wrong container. A link is recovered when one of its name, at the end of
//! its path, has its very target: as a link on disk, or in the `manifest.json` that Assay writes, which makes no links.

use std::{
    collections::HashMap,
    fs,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use anyhow::Context;
use sha2::{Digest, Sha256};

/// What a path is.
pub enum Item {
    /// Digest and length.
    File([u8; 32], u64),
    /// Target.
    Link(Vec<u8>),
}

/// Path and target.
type Link = (Vec<u8>, Vec<u8>);

/// What the containers hold.
#[derive(Default)]
pub struct Expected {
    files: Vec<(String, [u8; 32], u64)>,
    links: Vec<Link>,
}

/// What of it was recovered.
#[derive(Debug, Clone, Default)]
pub struct Score {
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Links.
    pub links: usize,
    /// Containers of which files are missing, with how many.
    pub missing: Vec<(String, usize)>,
}

impl Expected {
    /// Adds everything below `tree` as contents of `container`.
    pub fn add(&mut self, container: &str, tree: &Path) -> anyhow::Result<()> {
        walk(tree, &mut |path, item| match item {
            Item::File(digest, len) => self.files.push((container.to_owned(), digest, len)),
            Item::Link(target) => self.links.push((path.strip_prefix(tree).unwrap_or(path).as_os_str().as_bytes().to_vec(), target)),
        })
    }

    /// How many files.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// How many links.
    pub fn links(&self) -> usize {
        self.links.len()
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, _, len)| len).sum()
    }

    /// Compares the output folder of a tool.
    pub fn score(&self, out: &Path) -> anyhow::Result<Score> {
        let mut found: HashMap<[u8; 32], usize> = HashMap::new();
        let mut links: HashMap<Vec<u8>, Vec<Link>> = HashMap::new();
        let mut note = |path: Vec<u8>, target: Vec<u8>| {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
            links.entry(name).or_default().push((path, target));
        };
        walk(out, &mut |path, item| match item {
            Item::File(digest, _) => *found.entry(digest).or_default() += 1,
            Item::Link(target) => note(path.as_os_str().as_bytes().to_vec(), target),
        })?;
        for (path, target) in manifest_links(&out.join("manifest.json"))? {
            note([b"/", path.as_bytes()].concat(), target.into_bytes());
        }
        let mut score = Score::default();
        for (container, digest, len) in &self.files {
            match found.get_mut(digest).filter(|left| **left > 0) {
                Some(left) => {
                    *left -= 1;
                    score.files += 1;
                    score.bytes += len;
                }
                None => match score.missing.iter_mut().find(|(name, _)| name == container) {
                    Some((_, count)) => *count += 1,
                    None => score.missing.push((container.clone(), 1)),
                },
            }
        }
        for (path, target) in &self.links {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let tail = [b"/", &**path].concat();
            let met = links.get(name).into_iter().flatten().any(|(place, to)| place.ends_with(&tail) && to == target);
            score.links += usize::from(met);
        }
        Ok(score)
    }
}

/// Path and target of each symbolic link in a manifest of Assay's; none where there is no such file.
fn manifest_links(path: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let Ok(text) = fs::read(path) else { return Ok(Vec::new()) };
    let value: serde_json::Value = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
    let list = |value: &serde_json::Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let entries = list(&value["subject"], "manifest").into_iter().flat_map(|tree| list(&tree, "entries"));
    let links = entries.filter(|entry| entry["kind"] == "symlink");
    Ok(links.filter_map(|entry| Some((entry["path"].as_str()?.to_owned(), entry["target"].as_str()?.to_owned()))).collect())
}

/// Every file and link below `folder`; links are not followed.
pub fn walk(folder: &Path, each: &mut dyn FnMut(&Path, Item)) -> anyhow::Result<()> {
    let mut folders: Vec<PathBuf> = vec![folder.into()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_symlink() {
                let target = fs::read_link(&path)?.into_os_string().into_vec();
                each(&path, Item::Link(target));
            } else if kind.is_file() {
                let mut file = fs::File::open(&path).with_context(|| path.display().to_string())?;
                let mut hasher = Hashing(Sha256::new());
                let len = std::io::copy(&mut file, &mut hasher)?;
                each(&path, Item::File(hasher.0.finalize().into(), len));
            }
        }
    }
    Ok(())
}

struct Hashing(Sha256);

impl std::io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_there_and_no_more() {
        let top = std::env::temp_dir().join(format!("assay-bench-{}", std::process::id()));
        let (tree, out) = (top.join("tree"), top.join("out/deep"));
        fs::create_dir_all(tree.join("bin")).unwrap();
        fs::create_dir_all(out.join("bin")).unwrap();
        for (name, text) in [("a", "one"), ("b", "one"), ("bin/c", "two"), ("d", "three")] {
            fs::write(tree.join(name), text).unwrap();
        }
        std::os::unix::fs::symlink("/sbin/x", tree.join("bin/l")).unwrap();
        std::os::unix::fs::symlink("c", tree.join("bin/m")).unwrap();
        let mut expected = Expected::default();
        expected.add("part", &tree).unwrap();
        // One of the two equal files, another's content under any name, one damaged file, one link of two with its own target.
        fs::write(out.join("a"), "one").unwrap();
        fs::write(out.join("x"), "two").unwrap();
        fs::write(out.join("d"), "thre").unwrap();
        std::os::unix::fs::symlink("../sbin/x", out.join("bin/l")).unwrap();
        std::os::unix::fs::symlink("c", out.join("bin/m")).unwrap();
        let score = expected.score(&top.join("out")).unwrap();
        fs::remove_dir_all(&top).unwrap();
        assert_eq!((score.files, score.bytes, score.links), (2, 6, 1));
        assert_eq!(score.missing, [("part".to_owned(), 2)]);
    }
}
