//! Programs started for an event: a device, a cable, an address.
//!
//! **Source**: BusyBox `docs/mdev.txt`; `udev(7)`; OpenWrt `/etc/hotplug.d`; `interfaces(5)` of ifupdown; BusyBox udhcpc's default script.
//!
//! **Limitations**: of udev's rules the programs are read, not which devices they fit beyond the line's own words; `GOTO` is not followed.

use assay_core::{
    At, Locator,
    facts::image::{Phase, Starter},
};

use super::step::{line_step, plain_step};
use crate::{
    reader::Reader,
    text::{Text, words},
};

/// Scripts that an event runs, by directory.
const DIRECTORIES: [(&str, Starter, &str); 6] = [
    ("/etc/network/if-pre-up.d", Starter::Network, "before an interface comes up"),
    ("/etc/network/if-up.d", Starter::Network, "an interface is up"),
    ("/etc/network/if-down.d", Starter::Network, "before an interface goes down"),
    ("/etc/network/if-post-down.d", Starter::Network, "an interface is down"),
    ("/etc/ppp/ip-up.d", Starter::Network, "a PPP link is up"),
    ("/etc/udhcpc/default.d", Starter::Network, "an address was leased"),
];

/// Single scripts that an event runs.
const SCRIPTS: [(&str, Starter, &str); 6] = [
    ("/usr/share/udhcpc/default.script", Starter::Network, "an address was leased or lost"),
    ("/etc/udhcpc/default.script", Starter::Network, "an address was leased or lost"),
    ("/etc/udhcpc.script", Starter::Network, "an address was leased or lost"),
    ("/etc/ifplugd/ifplugd.action", Starter::Network, "a cable was plugged or pulled"),
    ("/sbin/hotplug", Starter::Hotplug, "a device of the kernel"),
    ("/sbin/hotplug-call", Starter::Hotplug, "an event of a subsystem"),
];

/// All of them.
pub fn read(reader: &mut Reader) {
    mdev(reader);
    for subsystem in reader.list("/etc/hotplug.d") {
        let directory = format!("/etc/hotplug.d/{subsystem}");
        scripts(reader, &directory, Starter::Hotplug, &format!("an event of {subsystem}"));
    }
    for (directory, by, when) in DIRECTORIES {
        scripts(reader, directory, by, when);
    }
    for (path, by, when) in SCRIPTS {
        if let Some(place) = reader.file(path) {
            let at = reader.root.locate(&place, At::Line(1));
            script(reader, path, by, when, at);
        }
    }
    udev(reader);
    let mut open = vec!["/etc/network/interfaces".to_owned()];
    open.extend(reader.list("/etc/network/interfaces.d").iter().map(|name| format!("/etc/network/interfaces.d/{name}")));
    for path in open {
        if let Some(text) = reader.text(&path) {
            interfaces(reader, &text);
        }
    }
}

fn scripts(reader: &mut Reader, directory: &str, by: Starter, when: &str) {
    for name in reader.list(directory) {
        let path = format!("{directory}/{name}");
        if let Some(place) = reader.file(&path) {
            let at = reader.root.locate(&place, At::Line(1));
            script(reader, &path, by, when, at);
        }
    }
}

fn script(reader: &mut Reader, path: &str, by: Starter, when: &str, at: Locator) {
    let mut step = plain_step(Phase::Event, by, path.rsplit('/').next().unwrap_or_default(), path, Vec::new());
    step.condition = Some(when.to_owned());
    // OpenWrt's are read by the caller's shell and need no permission.
    step.runnable = by == Starter::Hotplug;
    reader.step(at, None, step);
}

/// `device owner:group mode [>path] [@|$|*command]`.
fn mdev(reader: &mut Reader) {
    let Some(text) = reader.text("/etc/mdev.conf") else { return };
    for (number, line) in text.plain_lines() {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let Some(place) = fields.iter().skip(2).position(|field| field.starts_with(['@', '$', '*'])) else { continue };
        let command = fields[place + 2..].join(" ");
        let (kind, command) = command.split_at(1);
        let when = match kind {
            "@" => "made",
            "$" => "removed",
            _ => "made or removed",
        };
        let mut step = line_step(Phase::Event, Starter::Mdev, fields[0], command);
        step.condition = Some(format!("a device that fits {} is {when}", fields[0]));
        reader.step(text.at(number), None, step);
    }
}

/// Rules of udev: a file of `/etc` hides one of the same name elsewhere.
fn udev(reader: &mut Reader) {
    let mut names: Vec<(&str, String)> = Vec::new();
    for directory in ["/etc/udev/rules.d", "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"] {
        for name in reader.list(directory) {
            if crate::glob::fits("*.rules", name) && !names.iter().any(|(known, _)| *known == name) {
                names.push((name, format!("{directory}/{name}")));
            }
        }
    }
    names.sort();
    for (_, path) in names {
        let Some(text) = reader.text(&path) else { continue };
        for (number, line) in text.joined_lines() {
            let pairs = pairs(&line);
            let condition: Vec<String> = pairs
                .iter()
                .filter(|pair| pair.1.ends_with("==") || pair.1 == "!=")
                .map(|(key, op, value)| format!("{key}{op}\"{value}\""))
                .collect();
            for (key, op, value) in &pairs {
                if op.ends_with("==")
                    || op == "!="
                    || !(key == "RUN" || key == "RUN{program}" || key == "PROGRAM" || key == "IMPORT{program}")
                {
                    continue;
                }
                let command = words(value);
                let Some((program, arguments)) = command.split_first() else { continue };
                // Bare names are udev's own helpers.
                let helper = format!("/usr/lib/udev/{program}");
                let program = if !program.contains('/') && reader.file(&helper).is_some() { &helper } else { program };
                let mut step = plain_step(Phase::Event, Starter::Udev, &path, program, arguments.to_vec());
                step.condition = Some(condition.join(", ")).filter(|text| !text.is_empty());
                reader.step(text.at(number), None, step);
            }
        }
    }
}

/// Key, operator and value of each part of a rule. A comma inside quotes is none.
fn pairs(line: &str) -> Vec<(String, String, String)> {
    let (mut pairs, mut rest) = (Vec::new(), line);
    while let Some(open) = rest.find('"') {
        let head = rest[..open].trim_start_matches([',', ' ']);
        let key = head.trim_end_matches(['=', '!', '+', '-', ':', ' ']);
        let op = head[key.len()..].trim();
        let body = &rest[open + 1..];
        let Some(close) = body.find('"') else { break };
        pairs.push((key.to_owned(), op.to_owned(), body[..close].to_owned()));
        rest = &body[close + 1..];
    }
    pairs
}

fn interfaces(reader: &mut Reader, text: &Text) {
    let mut interface = String::new();
    for (number, line) in text.joined_lines() {
        let (key, rest) = line.split_once(' ').unwrap_or((&line, ""));
        if key == "iface" {
            rest.split(' ').next().unwrap_or_default().clone_into(&mut interface);
        } else if matches!(key, "up" | "post-up" | "pre-up" | "down" | "pre-down" | "post-down") {
            let mut step = line_step(Phase::Event, Starter::Network, &interface, rest);
            step.condition = Some(format!("{key} of {interface}"));
            reader.step(text.at(number), None, step);
        }
    }
}
