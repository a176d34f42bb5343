//! `assay unpack`: the tree and the byte map, and the contents as plain files.
//!
//! **No name of an input ever becomes a path as it is.** Each component is written byte by byte: letters, digits and `._-+@` stay,
//! everything else becomes `%NN`; a component of dots alone is escaped too, long ones are cut and marked, and two names that would
//! meet get a number. Nothing but directories of our own naming and plain files of mode 0644 is made: links, devices and pipes are in
//! `manifest.json`, which also tells under which name each content was written. The directory must be new or empty, so that nothing
//! that was there before, a link above all, can lead a file elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use assay_core::{EntryKind, Sha256, dossier::Subject, escape::visible_json};
use serde_json::json;

use crate::{
    Exit, Failure,
    cli::{self, Format, Unpack},
    inputs,
    sandbox::Blobs,
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
    let done = inputs::open(&options.input, &options.opening, &limits, options.to.is_some(), quiet)?;
    let mut subject = done.unpacked.subject;
    for (number, gap) in subject.coverage.gaps.iter_mut().enumerate() {
        gap.id = format!("G{}", number + 1);
    }
    if let (Some(folder), Some(blobs)) = (&options.to, &done.blobs) {
        let written =
            write_tree(folder, &subject, blobs).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", folder.display())))?;
        let manifest = json!({"schema": "assay.manifest/1", "subject": &subject, "written": written});
        let text = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
        let path = folder.join("manifest.json");
        fs::write(&path, text).map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", path.display())))?;
    }
    match options.format {
        Format::Json => cli::print(&(visible_json(&serde_json::to_string_pretty(&subject).unwrap_or_default()).into_owned() + "\n"))?,
        Format::Text => cli::print_visible(&listing(&subject))?,
    }
    Ok(if done.unpacked.complete { Exit::Done } else { Exit::Cut })
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

/// Writes each content of the manifest, and each content that is in no manifest and holds no others (a kernel out of its wrapping);
/// gives file written → trail (two entries of one name give two files).
fn write_tree(folder: &Path, subject: &Subject, blobs: &Blobs) -> io::Result<BTreeMap<String, String>> {
    fs::create_dir_all(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the directory is not empty"));
    }
    let mut written = BTreeMap::new();
    let mut taken: BTreeSet<PathBuf> = BTreeSet::from([PathBuf::from("manifest.json")]);
    let mut write = |trail: String, steps: Vec<String>, id: Sha256| -> io::Result<()> {
        let Some((name, above)) = steps.split_last() else { return Ok(()) };
        // A content that was not read (a limit, damage) is a gap, not an empty file.
        if id != Sha256::of(b"") && blobs.get(&id)?.is_none() {
            return Ok(());
        }
        let mut place = PathBuf::new();
        for step in above.iter().take(DEPTH) {
            // A directory takes the name even if a file has it already.
            place.push(step);
            if taken.contains(&place) {
                place.set_file_name(format!("{step}%d"));
            }
        }
        fs::create_dir_all(folder.join(&place))?;
        let mut path = place.join(name);
        let mut number = 1;
        while taken.contains(&path) || folder.join(&path).exists() {
            number += 1;
            path = place.join(format!("{name}%{number}"));
        }
        taken.insert(path.clone());
        blobs.copy(&id, &mut File::create_new(folder.join(&path))?)?;
        written.insert(path.display().to_string(), trail);
        Ok(())
    };
    let mut named: BTreeSet<Sha256> = BTreeSet::new();
    for tree in &subject.manifest {
        for entry in &tree.entries {
            let (EntryKind::File | EntryKind::Member | EntryKind::Hardlink, Some(id)) = (entry.kind, entry.content) else { continue };
            let mut steps = safe_steps(tree.path.as_bytes());
            steps.extend(safe_steps(&entry.path));
            named.insert(id);
            write(format!("{}!{}", tree.path, entry.shown()), steps, id)?;
        }
    }
    for artifact in subject.artifacts.iter().filter(|artifact| !artifact.path.is_empty() && !named.contains(&artifact.id)) {
        if !artifact.map.0.iter().any(|span| span.child) {
            write(artifact.path.clone(), safe_steps(artifact.path.as_bytes()), artifact.id)?;
        }
    }
    Ok(written)
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
    fn no_name_stays_dangerous() {
        assert_eq!(safe_steps(b"../../etc/passwd"), ["%2e%2e", "%2e%2e", "etc", "passwd"]);
        assert_eq!(safe_steps(b"/abs/./x"), ["abs", "x"]);
        assert_eq!(safe(b"a b\n\xff%"), "a%20b%0a%ff%25");
        assert_eq!(safe(&[b'a'; 300]).len(), COMPONENT_BYTES + 4);
    }
}
