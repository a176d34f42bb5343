//! `assay unpack`: the tree and the byte map, and the contents as plain files.
//!
//! **No name of an input ever becomes a path as it is.** Each component is written byte by byte: letters, digits and `._-+@` stay,
//! everything else becomes `%NN`; a component of dots alone is escaped too, long ones are cut and marked, and two names that would
//! meet get a number. Nothing but directories of our own naming and plain files of mode 0644 is made: links, devices and pipes are in
//! `manifest.json`, which also tells under which name each content was written. The directory must be new or empty, so that nothing
//! that was there before, a link above all, can lead a file elsewhere.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use assay_core::{EntryKind, Sha256, dossier::Subject, escape::visible_json};
use serde::Serialize;

use crate::{
    Exit, Failure,
    cli::{self, Format, Unpack},
    inputs,
    sandbox::{Blobs, Keep},
};

/// Longest component that is written, in bytes; filesystems allow 255.
const COMPONENT_BYTES: usize = 120;
/// Deepest nesting that is written; what lies deeper is flattened into the last directory.
const DEPTH: usize = 40;

/// `assay unpack`.
pub fn unpack_command(options: &Unpack) -> Result<Exit, Failure> {
    use std::io::IsTerminal;
    let limits = inputs::limits(&options.opening)?;
    let quiet = options.format == Format::Json || !io::stderr().is_terminal();
    let keep = if options.to.is_some() { Keep::Leaves } else { Keep::Nothing };
    let done = inputs::open(&options.input, &options.opening, &limits, keep, quiet)?;
    let mut subject = done.unpacked.subject;
    for (number, gap) in subject.coverage.gaps.iter_mut().enumerate() {
        gap.id = format!("G{}", number + 1);
    }
    if let (Some(folder), Some(blobs)) = (&options.to, &done.blobs) {
        let written =
            write_tree(folder, &subject, blobs).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", folder.display())))?;
        let path = folder.join("manifest.json");
        let manifest = Manifest { schema: "assay.manifest/1", subject: &subject, written };
        write_json(&path, &manifest).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))?;
    }
    match options.format {
        Format::Json => cli::print(&(visible_json(&serde_json::to_string_pretty(&subject).unwrap_or_default()).into_owned() + "\n"))?,
        Format::Text => cli::print_visible(&listing(&subject))?,
    }
    Ok(if done.unpacked.complete { Exit::Done } else { Exit::Cut })
}

/// `manifest.json`.
#[derive(Serialize)]
struct Manifest<'a> {
    schema: &'static str,
    subject: &'a Subject,
    written: BTreeMap<String, String>,
}

fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    serde_json::to_writer_pretty(&mut out, value)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Tree and byte map for reading.
fn listing(subject: &Subject) -> String {
    let mut text = String::new();
    for artifact in &subject.artifacts {
        let path = if artifact.path.is_empty() { &subject.name } else { &artifact.path };
        let _ = writeln!(text, "{path}  {}  {} bytes  {}", artifact.format, artifact.size, artifact.id);
        if artifact.map.0.len() > 1 {
            for span in &artifact.map.0 {
                let bits = span.entropy.map(|bits| format!("  {bits} bits a byte")).unwrap_or_default();
                let kind = format!("{:?}", span.kind).to_lowercase();
                let _ = writeln!(text, "    {:#010x} {:>12} {kind:<9} {}{bits}", span.start, span.len, span.note);
            }
        }
    }
    for tree in &subject.manifest {
        let path = if tree.path.is_empty() { &subject.name } else { &tree.path };
        let _ = writeln!(text, "\n{path} ({}): {} entries", tree.format, tree.entries.len());
        for entry in &tree.entries {
            let kind = match entry.kind {
                EntryKind::File => '-',
                EntryKind::Directory => 'd',
                EntryKind::Symlink => 'l',
                EntryKind::Hardlink => 'h',
                EntryKind::CharDevice => 'c',
                EntryKind::BlockDevice => 'b',
                EntryKind::Fifo => 'p',
                EntryKind::Socket => 's',
                EntryKind::Member => 'm',
            };
            let mode = entry.mode.map_or_else(|| "----".to_owned(), |mode| format!("{mode:04o}"));
            let target = entry.target.as_deref().map(|target| format!(" -> {}", assay_core::escape::escape(target))).unwrap_or_default();
            let _ = writeln!(text, "  {kind}{mode} {:>10} {}{target}", entry.size, entry.shown());
        }
    }
    let bytes = subject.coverage.bytes;
    let _ = writeln!(
        text,
        "\n{} leaf bytes: {} explained, {} opaque, {} unknown; {} of {} files read; {} gaps",
        bytes.total,
        bytes.explained,
        bytes.opaque,
        bytes.unknown,
        subject.coverage.files.read,
        subject.coverage.files.total,
        subject.coverage.gaps.len()
    );
    for gap in &subject.coverage.gaps {
        let why = format!("{:?}", gap.why).to_lowercase();
        let _ = writeln!(
            text,
            "  {} {why} {} at {:#x}+{}: {}",
            gap.id,
            if gap.path.is_empty() { "(input)" } else { &gap.path },
            gap.span.0,
            gap.span.1,
            gap.note
        );
    }
    text
}

/// Writes each content that a manifest names, then those that have no name and hold no manifest (the kernel in a uImage, a part found
/// inside other bytes). Gives file written → trail: two entries of one name are two files.
fn write_tree(folder: &Path, subject: &Subject, blobs: &Blobs) -> io::Result<BTreeMap<String, String>> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the directory is not empty"));
    }
    let taken = HashMap::from([("manifest.json".to_owned(), 1)]);
    let mut writer = Writer { folder, blobs, made: HashSet::new(), taken, written: BTreeMap::new() };
    let mut done: HashSet<Sha256> = subject.manifest.iter().map(|tree| tree.artifact).collect();
    for tree in &subject.manifest {
        let above = safe_steps(tree.path.as_bytes());
        for entry in &tree.entries {
            let (EntryKind::File | EntryKind::Member | EntryKind::Hardlink, Some(id)) = (entry.kind, entry.content) else { continue };
            let mut steps = above.clone();
            steps.extend(safe_steps(&entry.path));
            writer.write(format!("{}!{}", tree.path, entry.shown()), &steps, id)?;
            done.insert(id);
        }
    }
    for artifact in subject.artifacts.iter().skip(1) {
        if done.insert(artifact.id) {
            let path = if artifact.path.is_empty() { &subject.name } else { &artifact.path };
            writer.write(path.clone(), &safe_steps(path.as_bytes()), artifact.id)?;
        }
    }
    Ok(writer.written)
}

struct Writer<'a> {
    folder: &'a Path,
    blobs: &'a Blobs,
    /// Directories that are there.
    made: HashSet<String>,
    /// Files that are there, and the last number given to one of that name.
    taken: HashMap<String, u32>,
    written: BTreeMap<String, String>,
}

impl Writer<'_> {
    fn write(&mut self, trail: String, steps: &[String], id: Sha256) -> io::Result<()> {
        let Some((name, above)) = steps.split_last() else { return Ok(()) };
        // A content that was not read (a limit, damage) is a gap, not an empty file.
        if id != Sha256::of(b"") && self.blobs.get(&id).is_none() {
            return Ok(());
        }
        let mut place = String::new();
        for step in above.iter().take(DEPTH) {
            place.push_str(step);
            // A directory gets another name where a file has its own already.
            if self.taken.contains_key(&place) {
                place.push_str("%d");
            }
            place.push('/');
        }
        if !self.made.contains(&place) {
            fs::create_dir_all(self.folder.join(&place))?;
            self.made.insert(place.clone());
        }
        let plain = format!("{place}{name}");
        let mut path = plain.clone();
        let mut number = self.taken.get(&plain).copied().unwrap_or(0);
        let mut file = loop {
            number += 1;
            if number > 1 {
                path = format!("{plain}%{number}");
            }
            match File::create_new(self.folder.join(&path)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => break made?,
            }
        };
        self.taken.insert(plain, number);
        self.blobs.copy(&id, &mut file)?;
        self.written.insert(path, trail);
        Ok(())
    }
}

/// Components of `path`, each safe as a file name. `!` separates containers.
fn safe_steps(path: &[u8]) -> Vec<String> {
    let parts = path.split(|byte| matches!(byte, b'/' | b'!'));
    parts.filter(|part| !part.is_empty() && *part != b".").map(safe).collect()
}

fn safe(part: &[u8]) -> String {
    let dots = part.iter().all(|byte| *byte == b'.');
    let mut name = String::new();
    for byte in part {
        if byte.is_ascii_alphanumeric() || b"_-+@".contains(byte) || (*byte == b'.' && !dots) {
            name.push(char::from(*byte));
        } else {
            let _ = write!(name, "%{byte:02x}");
        }
    }
    if name.len() > COMPONENT_BYTES {
        name.truncate(COMPONENT_BYTES);
        name.push_str("%cut");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_meet_get_a_number() {
        let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempfile().unwrap());
        fs::write(folder.path().join("old"), "there before").unwrap();
        let blobs = Blobs::open(kept).unwrap();
        let mut writer =
            Writer { folder: folder.path(), blobs: &blobs, made: HashSet::new(), taken: HashMap::new(), written: BTreeMap::new() };
        for (trail, path) in [("1", "a"), ("2", "a"), ("3", "a/b"), ("4", "a"), ("5", "old"), ("6", "a/b")] {
            writer.write(trail.into(), &safe_steps(path.as_bytes()), Sha256::of(b"")).unwrap();
        }
        let written: Vec<_> = writer.written.iter().map(|(file, trail)| (trail.as_str(), file.as_str())).collect();
        assert_eq!(written, [("1", "a"), ("2", "a%2"), ("4", "a%3"), ("3", "a%d/b"), ("6", "a%d/b%2"), ("5", "old%2")]);
        assert_eq!(fs::read(folder.path().join("old")).unwrap(), b"there before");
    }

    #[test]
    fn no_name_stays_dangerous() {
        assert_eq!(safe_steps(b"../../etc/passwd"), ["%2e%2e", "%2e%2e", "etc", "passwd"]);
        assert_eq!(safe_steps(b"/abs/./x"), ["abs", "x"]);
        assert_eq!(safe(b"a b\n\xff%"), "a%20b%0a%ff%25");
        assert_eq!(safe(&[b'a'; 300]).len(), COMPONENT_BYTES + 4);
    }
}
