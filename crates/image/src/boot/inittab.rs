//! `/etc/inittab`: what init starts, and when.
//!
//! **Source**: `inittab(5)` of sysvinit 3; BusyBox 1.36 `init/init.c` and its `examples/inittab`; OpenWrt procd `inittab.c`.
//!
//! Both write `id:levels:action:process`. For sysvinit the first field is a label and the second lists run levels; for BusyBox and procd
//! the first is a terminal and the second means nothing.
//!
//! **Limitations**: run levels that nothing goes to are told as events. `initdefault` is believed; a kernel argument can choose another.

use assay_core::{
    FactId,
    facts::image::{BootStep, InitKind, Phase, Starter},
};

use super::scripts;
use super::step::line_step;
use crate::{reader::Reader, text::Text};

/// What a BusyBox init does where there is no table.
const BUSYBOX: [(&str, &str, &str); 4] = [
    ("", "sysinit", "/etc/init.d/rcS"),
    ("", "askfirst", "-/bin/sh"),
    ("", "ctrlaltdel", "/sbin/reboot"),
    ("", "shutdown", "/bin/umount -a -r"),
];

struct Line {
    number: u64,
    id: String,
    levels: String,
    action: String,
    process: String,
}

/// The table, or what stands in for it; and what the scripts it runs start.
pub fn read(reader: &mut Reader, from: Option<FactId>, kind: Option<InitKind>) {
    let Some(text) = reader.text("/etc/inittab") else {
        if kind == Some(InitKind::Busybox) {
            without(reader, from);
        } else {
            // An init of its own: the scripts it most likely runs are those at the usual places.
            scripts::usual(reader, from);
        }
        return;
    };
    let (lines, default) = parse(reader, &text);
    let levels = match kind {
        Some(InitKind::Busybox | InitKind::Procd) => false,
        Some(InitKind::Sysvinit) => true,
        _ => default.is_some(),
    };
    let default = default.unwrap_or('2');
    let mut order: Vec<(u8, &Line, BootStep)> = lines.iter().filter_map(|line| step(line, levels, default)).collect();
    order.sort_by_key(|(rank, line, _)| (*rank, line.number));
    for (_, line, step) in order {
        let at = text.at(line.number);
        let mut step = step;
        // procd does this itself and has no such script.
        step.runnable = kind == Some(InitKind::Procd) && step.program == "/etc/init.d/rcS";
        let Some(fact) = reader.step(at, from, step.clone()) else { return };
        scripts::expand(reader, fact, &step);
    }
    scripts::enabled(reader, from, kind);
}

fn without(reader: &mut Reader, from: Option<FactId>) {
    let Some(place) = reader.file("/sbin/init").or_else(|| reader.file("/init")) else { return };
    let at = reader.root.locate(&place, assay_core::At::Offset(0));
    for (id, action, process) in BUSYBOX {
        let line = Line { number: 0, id: id.into(), levels: String::new(), action: action.into(), process: process.into() };
        let Some((_, _, mut step)) = step(&line, false, '2') else { continue };
        step.condition = Some("what this init does without /etc/inittab".into());
        if reader.root.find_program(step.program.as_bytes()).is_err() {
            continue;
        }
        let Some(fact) = reader.step(at.clone(), from, step.clone()) else { return };
        scripts::expand(reader, fact, &step);
    }
}

/// The lines, and the run level that is the default.
fn parse(reader: &mut Reader, text: &Text) -> (Vec<Line>, Option<char>) {
    let (mut lines, mut default) = (Vec::new(), None);
    for (number, line) in text.plain_lines() {
        let fields: Vec<&str> = line.splitn(4, ':').collect();
        match fields[..] {
            [_, levels, "initdefault", ..] => default = levels.chars().next(),
            [id, levels, action, process] => lines.push(Line {
                number,
                id: id.trim().into(),
                levels: levels.trim().into(),
                action: action.trim().into(),
                process: process.trim().into(),
            }),
            _ => reader.bad_line(text, number, "a line of inittab has four fields"),
        }
    }
    (lines, default)
}

/// Rank in the order of starting, and the step. `None` for lines that start nothing.
fn step(line: &Line, levels: bool, default: char) -> Option<(u8, &Line, BootStep)> {
    let (rank, phase) = match line.action.as_str() {
        "sysinit" => (0, Phase::Boot),
        "boot" | "bootwait" => (1, Phase::Boot),
        "wait" => (2, Phase::Boot),
        "once" => (3, Phase::Boot),
        "respawn" | "askfirst" | "askconsole" | "respawnlate" | "askconsolelate" => (4, Phase::Respawn),
        "ondemand" | "powerwait" | "powerfail" | "powerokwait" | "powerfailnow" | "kbrequest" | "ctrlaltdel" | "restart" => {
            (5, Phase::Event)
        }
        "shutdown" => (6, Phase::Shutdown),
        _ => return None,
    };
    // A dash asks for a login shell, `@` and `+` concern the log of logins.
    let process = line.process.trim_start_matches(['-', '@', '+']);
    let mut step = line_step(phase, Starter::Inittab, &line.id, process);
    if step.program.is_empty() {
        return None;
    }
    let mut rank = rank;
    if levels {
        let here = line.levels.is_empty() || line.levels.contains(default);
        if matches!(line.action.as_str(), "wait" | "once" | "respawn") {
            rank = 2;
            if !here {
                let down = line.levels.chars().all(|level| matches!(level, '0' | '6'));
                (rank, step.phase) = if down { (6, Phase::Shutdown) } else { (5, Phase::Event) };
            }
            if !line.levels.is_empty() {
                step.condition = Some(format!("run level {}", line.levels));
            }
        }
    } else if !line.id.is_empty() {
        step.terminal = Some(format!("/dev/{}", line.id));
    }
    if step.phase == Phase::Event && step.condition.is_none() {
        step.condition = Some(line.action.clone());
    }
    if matches!(line.action.as_str(), "askfirst" | "askconsole" | "askconsolelate") {
        step.condition = Some("a key on the terminal".into());
    }
    Some((rank, line, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, levels: &str, action: &str, process: &str) -> Line {
        Line { number: 1, id: id.into(), levels: levels.into(), action: action.into(), process: process.into() }
    }

    #[test]
    fn the_same_line_means_different_things() {
        let getty = line("ttyS0", "", "respawn", "-/bin/sh");
        let (_, _, read) = step(&getty, false, '2').unwrap();
        assert_eq!((read.terminal.as_deref(), read.program.as_str(), read.phase), (Some("/dev/ttyS0"), "/bin/sh", Phase::Respawn));
        let halt = line("h", "06", "wait", "/sbin/halt -d");
        let (rank, _, read) = step(&halt, true, '3').unwrap();
        assert_eq!((rank, read.phase, read.arguments.as_slice()), (6, Phase::Shutdown, &["-d".to_owned()][..]));
        assert_eq!(step(&halt, false, '3').unwrap().2.phase, Phase::Boot);
        assert_eq!(step(&line("x", "4", "once", "/bin/x"), true, '3').unwrap().2.condition.as_deref(), Some("run level 4"));
        assert!(step(&line("x", "", "off", "/bin/x"), true, '3').is_none());
        assert!(step(&line("x", "", "once", "-"), true, '3').is_none());
    }
}
