//! Servers: what programs that are started make of their arguments and configuration.
//!
//! Web and SSH servers have parts of their own; here are the others that are known by their names, and the wrappers that hide a
//! program behind another.
//!
//! **Source**: BusyBox 1.36 `telnetd`, `ftpd`, `tcpsvd`, `nc`; `start-stop-daemon(8)`; `vsftpd.conf(5)`.
//!
//! **Limitations**: a server that is not known by name is found by what its code does, not here.

mod ssh;

use assay_core::{
    FactId,
    facts::{
        ImageFact,
        code::{Channel, Transport},
        image::Service,
    },
};

use crate::{reader::Reader, run::Run, web};

/// Everything that `started` serves; with `all`, what configuration at the usual places describes too.
pub fn read(reader: &mut Reader, started: &[Run], all: bool) {
    let runs: Vec<Run> = started.iter().map(|run| unwrapped(reader, run)).collect();
    web::read(reader, &runs, all);
    ssh::read(reader, &runs, all);
    for run in &runs {
        service(reader, run);
    }
}

/// The program behind `start-stop-daemon`, `busybox`, `nohup` and the like.
fn unwrapped(reader: &Reader, run: &Run) -> Run {
    let mut inner = Run {
        program: run.program.clone(),
        resolved: run.resolved.clone(),
        arguments: run.arguments.clone(),
        user: run.user.clone(),
        at: run.at.clone(),
        fact: run.fact,
    };
    // Wrappers stand in one another, but not deeply.
    for _ in 0..4 {
        let behind = match inner.name() {
            "start-stop-daemon" => {
                let named = ["--exec", "-x", "--startas", "-a"].iter().find_map(|name| {
                    let index = inner
                        .arguments
                        .iter()
                        .position(|word| word == name || word.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))?;
                    inner.arguments[index]
                        .split_once('=')
                        .map(|(_, value)| value.to_owned())
                        .or_else(|| inner.arguments.get(index + 1).cloned())
                });
                let rest = inner.arguments.iter().position(|word| word == "--").map_or(&[][..], |index| &inner.arguments[index + 1..]);
                named.map(|program| (program, rest.to_vec()))
            }
            "busybox" | "nohup" | "setsid" | "env" | "chrt" | "ionice" | "command" => {
                let index = inner.arguments.iter().position(|word| !word.starts_with('-') && !word.contains('='));
                index.map(|index| (inner.arguments[index].clone(), inner.arguments[index + 1..].to_vec()))
            }
            _ => None,
        };
        let Some((program, arguments)) = behind else { break };
        inner.resolved = reader.root.find_program(program.as_bytes()).ok().map(|place| place.shown());
        (inner.program, inner.arguments) = (program, arguments);
    }
    inner
}

fn service(reader: &mut Reader, run: &Run) {
    let bound =
        |transport, address: Option<&str>, port| Channel::Bound { transport, address: Some(address.unwrap_or("0.0.0.0").to_owned()), port };
    let port = |text: Option<&str>, usual: u16| text.map_or(Some(usual), |text| text.parse().ok());
    let (name, channel, login) = match run.name() {
        "telnetd" | "utelnetd" | "in.telnetd" => {
            // With -i it is inetd's, which tells its own.
            if run.flag('i') {
                return;
            }
            ("telnet", bound(Transport::Tcp, run.option("-b"), port(run.option("-p"), 23)), run.option("-l").map(str::to_owned))
        }
        "vsftpd" => return vsftpd(reader, run),
        "tcpsvd" | "udpsvd" => {
            let plain: Vec<&String> = svd_words(run);
            let [address, number, program, ..] = &plain[..] else { return };
            let transport = if run.name() == "tcpsvd" { Transport::Tcp } else { Transport::Udp };
            let address = if address.as_str() == "0" { "0.0.0.0" } else { address.as_str() };
            let name = if program.ends_with("ftpd") { "ftp" } else { "connection" };
            let (name, program) = (name, program.as_str());
            return tell(reader, run, name, program, bound(transport, Some(address), number.parse().ok()), None);
        }
        "nc" | "ncat" | "netcat" if run.flag('l') => {
            let number = run.option("-p").or_else(|| run.arguments.last().map(String::as_str));
            let login = run.option("-e").map(str::to_owned);
            ("connection", bound(Transport::Tcp, None, number.and_then(|number| number.parse().ok())), login)
        }
        "snmpd" => ("snmp", bound(Transport::Udp, None, Some(161)), None),
        "in.tftpd" if run.flag('l') => ("tftp", bound(Transport::Udp, None, Some(69)), None),
        _ => return,
    };
    tell(reader, run, name, &run.program, channel, login);
}

/// Words of `tcpsvd` that are no options: `[-hEv] [-c N] [-u user] … address port program`.
fn svd_words(run: &Run) -> Vec<&String> {
    let mut words = run.arguments.iter();
    let mut plain = Vec::new();
    while let Some(word) = words.next() {
        if !word.starts_with('-') {
            plain.push(word);
            plain.extend(words);
            break;
        }
        if matches!(word.as_str(), "-c" | "-C" | "-b" | "-u" | "-l" | "-x" | "-i" | "-t") {
            words.next();
        }
    }
    plain
}

fn tell(reader: &mut Reader, run: &Run, name: &str, program: &str, channel: Channel, login: Option<String>) {
    let program = reader.root.find_program(program.as_bytes()).map_or_else(|_| program.to_owned(), |place| place.shown());
    let body = Service { name: name.into(), program, channel, user: run.user.clone(), login };
    let from: Option<FactId> = run.fact;
    reader.fact(run.at.clone(), "doors", from, ImageFact::Service(Box::new(body)));
}

fn vsftpd(reader: &mut Reader, run: &Run) {
    let path = run.arguments.iter().find(|word| !word.starts_with('-')).map_or("/etc/vsftpd.conf", String::as_str);
    let (mut port, mut address, mut login) = (21, "0.0.0.0".to_owned(), None);
    if let Some(text) = reader.text(path) {
        for (_, line) in text.plain_lines() {
            match line.split_once('=') {
                Some(("listen_port", value)) => port = value.trim().parse().unwrap_or(port),
                Some(("listen_address", value)) => value.trim().clone_into(&mut address),
                Some(("anonymous_enable", value)) if value.trim().eq_ignore_ascii_case("yes") => login = Some("anonymous".to_owned()),
                _ => {}
            }
        }
    }
    let channel = Channel::Bound { transport: Transport::Tcp, address: Some(address), port: Some(port) };
    tell(reader, run, "ftp", &run.program, channel, login);
}
