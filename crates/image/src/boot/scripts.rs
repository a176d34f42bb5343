//! Numbered scripts: which of them a run-level driver starts, in which order, with which argument.
//!
//! **Source**: Buildroot 2024 `package/initscripts/init.d/rcS` and `rcK`; Debian sysvinit `rc` and `rcS`; LSB 5 core, chapter 22;
//! OpenWrt `procd/rcS.c`, `base-files` `rc.common`.
//!
//! A driver is a script: it is recognised by its place, or by an expression such as `/etc/init.d/S??*` in its text. Scripts start in byte
//! order of their names with `start`; a driver for the end runs those with `K`, or the same in reverse, with `stop`.
//!
//! **Limitations**: only expressions without variables are followed. A driver that sorts in another way is not understood.

use assay_core::{
    At, FactId,
    facts::image::{BootStep, InitKind, Phase, Starter},
};

use super::step::plain_step;
use crate::{glob, reader::Reader, text::Text};

/// Scripts of one directory.
const SCRIPTS: usize = 4096;
/// Bytes of a script that is searched for mention of another.
const SCRIPT_BYTES: usize = 256 << 10;

/// What the program of `step` starts, if it is a driver of numbered scripts.
pub fn expand(reader: &mut Reader, from: FactId, step: &BootStep) {
    let words: Vec<&str> = step.arguments.iter().map(String::as_str).collect();
    let name = step.program.rsplit('/').next().unwrap_or_default();
    let down = step.phase == Phase::Shutdown || words.contains(&"stop");
    match (name, &words[..]) {
        // procd runs these itself; the first word is the letter, the second the argument of each script.
        ("rcS", [letter @ ("S" | "K"), action, ..]) => {
            run(
                reader,
                from,
                step,
                &Set { directory: "/etc/rc.d", pattern: &format!("{letter}*"), action, reverse: false, by: Starter::Procd },
            );
        }
        ("rc", [level, ..]) if level.len() == 1 => rc(reader, from, step, level),
        _ => {
            let Some(text) = reader.text(&step.program) else { return };
            from_text(reader, from, step, &text, down);
        }
    }
}

/// The scripts at the usual places, where nothing says what starts them.
pub fn usual(reader: &mut Reader, from: Option<FactId>) {
    for path in ["/etc/init.d/rcS", "/etc/rc.d/rcS", "/etc/rc.sysinit", "/etc/rc"] {
        let Some(place) = reader.file(path) else { continue };
        let at = reader.root.locate(&place, At::Line(1));
        let mut step = plain_step(Phase::Boot, Starter::Scripts, "rcS", path, Vec::new());
        step.condition = Some("that init starts it is taken from its place".into());
        let Some(fact) = reader.step(at, from, step.clone()) else { return };
        expand(reader, fact, &step);
        return;
    }
    // A part of a system, such as the files that an update adds: nothing in it says who runs its numbered scripts.
    let mut driver = plain_step(Phase::Boot, Starter::Scripts, "rcS", "", Vec::new());
    driver.condition = Some("that something starts numbered scripts is taken from their place".into());
    for (directory, pattern) in [("/etc/init.d", "S[0-9]*"), ("/etc/rc.d", "S[0-9]*")] {
        run(reader, from, &driver, &Set { directory, pattern, action: "start", reverse: false, by: Starter::Scripts });
    }
}

struct Set<'s> {
    directory: &'s str,
    pattern: &'s str,
    action: &'s str,
    reverse: bool,
    by: Starter,
}

/// Debian's `/etc/init.d/rc`: in `/etc/rcN.d` first what is to end, then what is to begin.
fn rc(reader: &mut Reader, from: FactId, step: &BootStep, level: &str) {
    let directory =
        if reader.list(&format!("/etc/rc{level}.d")).is_empty() { format!("/etc/rc.d/rc{level}.d") } else { format!("/etc/rc{level}.d") };
    let down = matches!(level, "0" | "6");
    if down {
        run(reader, from, step, &Set { directory: &directory, pattern: "K*", action: "stop", reverse: false, by: Starter::Scripts });
    }
    let action = if down { "stop" } else { "start" };
    run(reader, from, step, &Set { directory: &directory, pattern: "S*", action, reverse: false, by: Starter::Scripts });
}

fn from_text(reader: &mut Reader, from: FactId, step: &BootStep, text: &Text, down: bool) {
    let mut sets: Vec<(String, String)> = Vec::new();
    let mut level = None;
    for (_, line) in text.plain_lines() {
        let words: Vec<&str> = line.split([' ', ';', '"', '\'', '(', ')', '`', '=', '|']).filter(|word| !word.is_empty()).collect();
        for (index, word) in words.iter().enumerate() {
            if let Some((directory, pattern)) = word.rsplit_once('/')
                && directory.starts_with('/')
                && pattern.starts_with(['S', 'K', '*', '['])
                && pattern.contains(['?', '*', '['])
                && !word.contains('$')
            {
                sets.push((directory.to_owned(), pattern.to_owned()));
            }
            if matches!(*word, "/etc/init.d/rc" | "/etc/rc.d/rc") {
                level = words.get(index + 1).copied().filter(|level| level.len() == 1);
            }
            if *word == "run-parts"
                && let Some(directory) = words[index + 1..].iter().find(|word| word.starts_with('/'))
            {
                sets.push(((*directory).to_owned(), "*".to_owned()));
            }
        }
    }
    sets.dedup();
    let action = if down { "stop" } else { "start" };
    for (directory, pattern) in &sets {
        // `init.d/*` would be every script that could be started, which no driver starts.
        if pattern == "*" && directory.ends_with("/init.d") {
            continue;
        }
        run(reader, from, step, &Set { directory, pattern, action, reverse: down, by: Starter::Scripts });
    }
    match level {
        Some(level) => rc(reader, from, step, level),
        None if sets.is_empty() && step.program.ends_with("/rcS") => rc(reader, from, step, "S"),
        None => {}
    }
    local(reader, from, step, text);
}

fn run(reader: &mut Reader, from: impl Into<Option<FactId>>, driver: &BootStep, set: &Set) {
    let from = from.into();
    let mut names: Vec<&str> = reader.list(set.directory).into_iter().filter(|name| glob::fits(set.pattern, name)).take(SCRIPTS).collect();
    if set.reverse {
        names.reverse();
    }
    for name in names {
        let path = format!("{}/{name}", set.directory);
        // Drivers pass over names that lead nowhere, and do not start themselves.
        let Some(place) = reader.file(&path).filter(|_| path != driver.program) else { continue };
        let mut step = plain_step(driver.phase, set.by, name, &path, vec![set.action.to_owned()]);
        // `*.sh` is read by the driver's own shell and needs no permission.
        step.runnable = std::path::Path::new(name).extension().is_some_and(|end| end == "sh");
        step.condition.clone_from(&driver.condition);
        let at = reader.root.locate(&place, At::Line(1));
        let Some(fact) = reader.step(at, from, step.clone()) else { return };
        if driver.phase == Phase::Boot {
            let Some(bytes) = reader.bytes(&place, SCRIPT_BYTES) else { continue };
            if bytes.windows(8).any(|part| part == b"rc.local")
                && let Some(text) = reader.text_at(&place)
            {
                local(reader, fact, &step, &text);
            }
        }
    }
}

/// `rc.local`, where a script that runs mentions it.
fn local(reader: &mut Reader, from: FactId, driver: &BootStep, text: &Text) {
    if driver.phase != Phase::Boot {
        return;
    }
    for path in ["/etc/rc.local", "/etc/rc.d/rc.local", "/etc/init.d/rc.local"] {
        let Some((line, _)) = text.plain_lines().find(|(_, line)| line.contains(path)) else { continue };
        if path == driver.program || reader.file(path).is_none() {
            continue;
        }
        let mut step = plain_step(Phase::Boot, Starter::RcLocal, "rc.local", path, Vec::new());
        // Most drivers hand it to a shell.
        step.runnable = true;
        reader.step(text.at(line), Some(from), step);
        return;
    }
}

/// OpenWrt's scripts of `/etc/init.d` with `START=` that no link in `/etc/rc.d` enables: in the order of their numbers, where there are
/// no links at all (they are made at the first start), and as what can be enabled else.
pub fn enabled(reader: &mut Reader, from: Option<FactId>, kind: Option<InitKind>) {
    if kind != Some(InitKind::Procd) {
        return;
    }
    let links: Vec<&str> = reader.list("/etc/rc.d");
    let mut found = Vec::new();
    for name in reader.list("/etc/init.d").into_iter().take(SCRIPTS) {
        let path = format!("/etc/init.d/{name}");
        let Some(text) = reader.text(&path) else { continue };
        let start = text.plain_lines().find_map(|(line, words)| Some((line, words.strip_prefix("START=")?.trim().parse::<u32>().ok()?)));
        if let Some((line, start)) = start
            && !links.iter().any(|link| {
                link.strip_prefix('S').is_some_and(|rest| rest.trim_start_matches(|digit: char| digit.is_ascii_digit()) == name)
            })
        {
            found.push((start, name, path, text.at(line)));
        }
    }
    found.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let phase = if links.iter().any(|name| name.starts_with('S')) { Phase::Event } else { Phase::Boot };
    for (start, name, path, at) in found {
        let mut step = plain_step(phase, Starter::Procd, name, &path, vec!["boot".to_owned()]);
        step.condition = Some(format!("when enabled; START={start}"));
        reader.step(at, from, step);
    }
}
