//! systemd: services that the default target pulls in, and those that timers, sockets and paths start.
//!
//! **Source**: `systemd.service(5)`, `systemd.exec(5)`, `systemd.timer(5)`, `systemd.socket(5)`, `systemd.path(5)`; `bootup(7)`;
//! `systemd-sysv-generator(8)` of systemd 255.
//!
//! **Limitations**: generators other than that for numbered scripts are not imitated (gettys on serial consoles, `fstab`), D-Bus
//! activation and user units are not read, presets that a first start would apply neither. What a service runs when it stops is not
//! told. Conditions are repeated, not judged.

mod graph;
mod unit;

use assay_core::{
    At, FactId, Locator,
    facts::{
        ImageFact,
        code::{Channel, Transport},
        image::{BootStep, Phase, Service, Starter},
    },
};

use self::unit::Unit;
use super::step::plain_step;
use crate::{
    reader::Reader,
    text::{unquoted, words},
};

/// Variables of one service.
const VARIABLES: usize = 512;

/// What a unit starts another for.
struct Reason {
    phase: Phase,
    condition: Option<String>,
    from: Option<FactId>,
}

/// Everything from the default target on.
pub fn read(reader: &mut Reader, from: Option<FactId>, target: Option<&str>) {
    let usual = ["default.target", "multi-user.target", "graphical.target"];
    let found = target.into_iter().chain(usual).find(|name| unit::load(reader, name).is_some());
    let Some(target) = found else { return };
    let units = graph::active(reader, target);
    let running: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
    for unit in &units {
        match unit.name.rsplit('.').next() {
            Some("service") => {
                service(reader, unit, &Reason { phase: Phase::Boot, condition: None, from });
            }
            Some("timer") => {
                let keys = ["OnCalendar", "OnBootSec", "OnStartupSec", "OnActiveSec", "OnUnitActiveSec", "OnUnitInactiveSec"];
                started(reader, unit, "Timer", &keys, "Unit", Phase::Timer, from);
            }
            Some("path") => {
                let keys = ["PathExists", "PathExistsGlob", "PathChanged", "PathModified", "DirectoryNotEmpty"];
                started(reader, unit, "Path", &keys, "Unit", Phase::Event, from);
            }
            Some("socket") => socket(reader, unit, &running, from),
            _ => {}
        }
    }
    numbered(reader, &running, from);
}

/// A timer's or path's service.
fn started(reader: &mut Reader, unit: &Unit, section: &str, keys: &[&str], key: &str, phase: Phase, from: Option<FactId>) {
    let name = unit.value(section, key).unwrap_or_else(|| format!("{}.service", unit.stem()));
    let Some(service_unit) = unit::load(reader, &name) else { return };
    let whens: Vec<String> =
        keys.iter().flat_map(|key| unit.all(section, key).into_iter().map(move |(value, _)| format!("{key}={value}"))).collect();
    service(reader, &service_unit, &Reason { phase, condition: Some(format!("{}: {}", unit.name, whens.join(", "))), from });
}

/// A socket: its service begins when somebody connects, or holds the socket from the start.
fn socket(reader: &mut Reader, unit: &Unit, running: &[&str], from: Option<FactId>) {
    let accept = matches!(unit.value("Socket", "Accept").as_deref(), Some("yes" | "true" | "1" | "on"));
    let name = match unit.value("Socket", "Service") {
        Some(name) => name,
        None if accept => format!("{}@.service", unit.stem()),
        None => format!("{}.service", unit.stem()),
    };
    let Some(service_unit) = unit::load(reader, &name) else { return };
    let mut fact = from;
    if !running.contains(&service_unit.name.as_str()) {
        let condition = Some(format!("somebody connects to {}", unit.name));
        fact = service(reader, &service_unit, &Reason { phase: Phase::Request, condition, from }).or(from);
    }
    let Some((line, _)) = service_unit.all("Service", "ExecStart").into_iter().next() else { return };
    let program = words(&line).first().map(|word| word.trim_start_matches(['-', '@', ':', '+', '!', '|']).to_owned()).unwrap_or_default();
    let program = reader.root.find_program(program.as_bytes()).map_or(program, |place| place.shown());
    let user = service_unit.value("Service", "User");
    for (key, transport) in
        [("ListenStream", Transport::Tcp), ("ListenDatagram", Transport::Udp), ("ListenSequentialPacket", Transport::Unix)]
    {
        for (value, at) in unit.all("Socket", key) {
            let Some(channel) = listened(transport, &value) else { continue };
            let body = Service { name: unit.name.clone(), program: program.clone(), channel, user: user.clone(), login: None };
            reader.fact(at.clone(), "boot", fact, ImageFact::Service(Box::new(body)));
        }
    }
}

/// `22`, `127.0.0.1:80`, `[::]:80`, `/run/x`, `@abstract`.
fn listened(transport: Transport, value: &str) -> Option<Channel> {
    if value.starts_with(['/', '@']) {
        return Some(Channel::Bound { transport: Transport::Unix, address: Some(value.to_owned()), port: None });
    }
    if let Ok(port) = value.parse() {
        return Some(Channel::Bound { transport, address: Some("::".into()), port: Some(port) });
    }
    let (address, port) = value.rsplit_once(':')?;
    let address = address.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(Channel::Bound { transport, address: Some(address), port: Some(port.parse().ok()?) })
}

/// The commands of a service, in order. Gives the fact of the main one.
fn service(reader: &mut Reader, unit: &Unit, reason: &Reason) -> Option<FactId> {
    let environment = environment(reader, unit);
    let user = unit.value("Service", "User").or_else(|| {
        matches!(unit.value("Service", "DynamicUser").as_deref(), Some("yes" | "true" | "1" | "on"))
            .then(|| "a user of its own (DynamicUser)".into())
    });
    let again = !matches!(unit.value("Service", "Restart").as_deref(), None | Some("no"));
    let mut conditions: Vec<String> = reason.condition.iter().cloned().collect();
    let judged =
        unit.lines.iter().filter(|line| line.section == "Unit" && (line.key.starts_with("Condition") || line.key.starts_with("Assert")));
    conditions.extend(judged.filter(|line| !line.value.is_empty()).map(|line| format!("{}={}", line.key, line.value)));
    let terminal = unit.value("Service", "TTYPath");
    let mut main = None;
    for key in ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost"] {
        for (line, at) in unit.all("Service", key) {
            let Some(mut step) = command(&unit.name, &line, &environment) else { continue };
            step.phase = if key == "ExecStart" && again && reason.phase == Phase::Boot { Phase::Respawn } else { reason.phase };
            if step.user.is_none() {
                step.user.clone_from(&user);
            }
            step.environment.clone_from(&environment);
            step.terminal.clone_from(&terminal);
            step.condition = Some(conditions.join("; ")).filter(|text| !text.is_empty());
            let fact = reader.step(at.clone(), reason.from, step);
            if key == "ExecStart" {
                main = main.or(fact);
            }
        }
    }
    main
}

fn environment(reader: &mut Reader, unit: &Unit) -> Vec<String> {
    let mut environment: Vec<String> = unit.all("Service", "Environment").iter().flat_map(|(value, _)| words(value)).collect();
    for (path, _) in unit.all("Service", "EnvironmentFile") {
        for path in reader.expand(path.trim_start_matches('-')) {
            let Some(text) = reader.text(&path) else { continue };
            for (_, line) in text.plain_lines() {
                if let Some((name, value)) = line.split_once('=') {
                    environment.push(format!("{}={}", name.trim(), unquoted(value)));
                }
            }
        }
    }
    environment.truncate(VARIABLES);
    environment
}

/// One command line, with the variables that are known put in.
fn command(name: &str, line: &str, environment: &[String]) -> Option<BootStep> {
    let flags: String = line.chars().take_while(|flag| "-@:+!|".contains(*flag)).collect();
    let words = words(&line[flags.len()..]);
    let value = |name: &str| environment.iter().rev().find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let mut expanded: Vec<String> = Vec::new();
    for word in words {
        match word.strip_prefix('$').filter(|rest| !rest.starts_with(['{', '$'])).and_then(value) {
            Some(text) => expanded.extend(text.split_ascii_whitespace().map(str::to_owned)),
            None => expanded.push(braced(&word, &value)),
        }
    }
    let mut rest = expanded.into_iter();
    let program = rest.next()?;
    if flags.contains('@') {
        rest.next();
    }
    let mut step = plain_step(Phase::Boot, Starter::Systemd, name, &program, rest.collect());
    if flags.contains('+') {
        step.user = Some("root".into());
    }
    Some(step)
}

fn braced<'v>(word: &str, value: &impl Fn(&str) -> Option<&'v str>) -> String {
    let (mut text, mut rest) = (String::new(), word);
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        match after.split_once('}') {
            Some((name, after)) if value(name).is_some() => {
                text.push_str(value(name).unwrap_or_default());
                rest = after;
            }
            _ => {
                text.push_str("${");
                rest = after;
            }
        }
    }
    text + rest
}

/// Numbered scripts of run levels 2 to 5 that no unit stands for.
fn numbered(reader: &mut Reader, running: &[&str], from: Option<FactId>) {
    let mut seen: Vec<&str> = Vec::new();
    for level in 2..=5 {
        for link in reader.list(&format!("/etc/rc{level}.d")) {
            let Some(name) = link.strip_prefix('S').map(|rest| rest.trim_start_matches(|digit: char| digit.is_ascii_digit())) else {
                continue;
            };
            let own = name.strip_suffix(".sh").unwrap_or(name);
            let unit = format!("{own}.service");
            if seen.contains(&name) || running.contains(&unit.as_str()) || unit::load(reader, &unit).is_some() {
                continue;
            }
            seen.push(name);
            let path = format!("/etc/init.d/{name}");
            let Some(place) = reader.file(&path) else { continue };
            let at: Locator = reader.root.locate(&place, At::Line(1));
            reader.step(at, from, plain_step(Phase::Boot, Starter::Scripts, name, &path, vec!["start".to_owned()]));
        }
    }
    // rc-local.service is pulled in by a generator where the file can be executed.
    if let Some(unit) = unit::load(reader, "rc-local.service").filter(|unit| !running.contains(&unit.name.as_str()))
        && reader.file("/etc/rc.local").is_some_and(|place| place.executable())
    {
        service(reader, &unit, &Reason { phase: Phase::Boot, condition: None, from });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_with_flags_and_variables() {
        let environment = ["ARGS=-p 22 -w".to_owned(), "DIR=/srv".to_owned()];
        let step = command("x.service", "-+/usr/bin/x $ARGS ${DIR}/a ${NONE} $NONE 'b c'", &environment).unwrap();
        assert_eq!(step.program, "/usr/bin/x");
        assert_eq!(step.arguments, ["-p", "22", "-w", "/srv/a", "${NONE}", "$NONE", "b c"]);
        assert_eq!(step.user.as_deref(), Some("root"));
        assert_eq!(command("x", "@/bin/sh -sh -l", &[]).unwrap().arguments, ["-l"]);
        assert!(command("x", "-", &[]).is_none());
    }

    #[test]
    fn sockets() {
        let bound = |value| match listened(Transport::Tcp, value) {
            Some(Channel::Bound { transport, address, port }) => (transport, address.unwrap_or_default(), port),
            other => panic!("{other:?}"),
        };
        assert_eq!(bound("22"), (Transport::Tcp, "::".into(), Some(22)));
        assert_eq!(bound("[::1]:80"), (Transport::Tcp, "::1".into(), Some(80)));
        assert_eq!(bound("/run/x"), (Transport::Unix, "/run/x".into(), None));
        assert!(listened(Transport::Tcp, "vsock").is_none());
    }
}
