//! Files of settings at places where owners, and the programs that serve them, edit.
//!
//! Which of them a web page writes cannot be told from here; this lists the candidates, so that who reads programs knows that a value
//! from such a file is the owner's.
//!
//! **Source**: OpenWrt's `/etc/config`; the Filesystem Hierarchy Standard 3.0; partitions for settings of miners (`/config`, `/data`,
//! `/nvdata`), which are empty in an image, and whose first content lies in files named `*.factory`, `*.default` and the like.
//!
//! **Limitations**: JSON is recognised by parsing it, UCI and names with values by the form of their lines; a text in another language
//! that looks like it is taken for it.

use assay_core::{
    FactId,
    facts::{ImageFact, image::ConfigKind},
};

use crate::{pools, reader::Reader, text::Text, uci};

/// Names told of one file.
const NAMES: usize = 32;
/// Files told.
const FILES: usize = 1024;
/// Bytes of a file that is parsed as JSON.
const JSON_BYTES: usize = 1 << 20;

/// Directories of which every file counts.
const PLACES: [&str; 8] = ["/config/", "/etc/config/", "/data/", "/nvdata/", "/conf/", "/mnt/", "/usr/local/etc/", "/overlay/"];
/// Ends of names that count under `/etc`, `/opt`, `/usr/local` and homes.
const ENDS: [&str; 10] = [".conf", ".cfg", ".ini", ".json", ".config", ".factory", ".default", ".toml", ".yaml", ".yml"];
/// Parts of the system that read their own files, and that nobody's settings are in.
const SYSTEM: [&str; 17] = [
    "/etc/ssl/",
    "/etc/systemd/",
    "/etc/security/",
    "/etc/ld.so",
    "/etc/udev/",
    "/etc/dbus-1/",
    "/etc/pam",
    "/etc/apt/",
    "/etc/dpkg/",
    "/etc/alternatives/",
    "/etc/terminfo",
    "/etc/fonts/",
    "/etc/modprobe.d/",
    "/etc/depmod.d/",
    "/etc/tmpfiles.d/",
    "/etc/logrotate.d/",
    "/etc/selinux/",
];

/// All candidates.
pub fn read(reader: &mut Reader) {
    for path in candidates(reader) {
        let Some(text) = reader.text(&path) else { continue };
        if let Some((kind, names)) = recognise(&text) {
            reader.fact(text.at(1), "config", None::<FactId>, ImageFact::ConfigFile { path, kind, names });
            pools::read(reader, &text, kind);
        } else if path.ends_with(".json") {
            reader.unread_line(&text, 1, "settings by their name, and not JSON that can be parsed");
        }
    }
}

/// Paths of files that may be settings, sorted, no more than [`FILES`].
pub fn candidates(reader: &Reader) -> Vec<String> {
    let mut paths: Vec<String> = reader
        .root
        .files()
        .filter(|place| place.entry.is_some_and(|entry| entry.size > 0))
        .map(|place| place.shown())
        .filter(|path| candidate(path))
        .collect();
    paths.sort();
    paths.truncate(FILES);
    paths
}

fn candidate(path: &str) -> bool {
    if PLACES.iter().any(|place| path.starts_with(place)) {
        return true;
    }
    let below = ["/etc/", "/opt/", "/usr/local/", "/root/", "/srv/", "/home/"].iter().any(|place| path.starts_with(place));
    below && ENDS.iter().any(|end| path.ends_with(end)) && !SYSTEM.iter().any(|system| path.starts_with(system))
}

/// What it is, and the first names in it.
fn recognise(text: &Text) -> Option<(ConfigKind, Vec<String>)> {
    let start = text.all.trim_start();
    if start.starts_with("#!") {
        return None;
    }
    if start.starts_with(['{', '['])
        && text.all.len() <= JSON_BYTES
        && let Ok(value) = serde_json::from_str::<serde_json::Value>(&text.all)
    {
        let names = match &value {
            serde_json::Value::Object(fields) => fields.keys().take(NAMES).cloned().collect(),
            _ => Vec::new(),
        };
        return Some((ConfigKind::Json, names));
    }
    if uci::looks_like(text) {
        let heads = text.plain_lines().filter_map(|(_, line)| line.strip_prefix("config "));
        return Some((ConfigKind::Uci, heads.take(NAMES).map(str::to_owned).collect()));
    }
    let (mut sections, mut keys, mut others) = (Vec::new(), Vec::new(), 0_usize);
    for (_, line) in text.plain_lines().filter(|(_, line)| !line.starts_with([';', '/'])) {
        if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push(section.to_owned());
        } else if let Some((key, _)) = line.split_once('=').filter(|(key, _)| is_key(key)) {
            keys.push(key.trim().to_owned());
        } else {
            others += 1;
        }
    }
    // Most lines must be of the form; a few free ones are comments of other kinds.
    if keys.is_empty() || others * 2 > keys.len() + sections.len() {
        return None;
    }
    let kind = if sections.is_empty() { ConfigKind::KeyValue } else { ConfigKind::Ini };
    let mut names = if sections.is_empty() { keys } else { sections };
    names.truncate(NAMES);
    Some((kind, names))
}

fn is_key(key: &str) -> bool {
    let key = key.trim();
    !key.is_empty() && key.len() <= 80 && key.chars().all(|character| character.is_alphanumeric() || "_-. +:".contains(character))
}
