//! Systems and code of whole trees, through the whole command: what is said, where, and what of it a limit or a broken file costs.

use std::{fs, path::Path};

use assay_core::{
    At, Dossier, Fact, FactBody, GapKind, Sha256,
    facts::{
        CodeFact, ImageFact,
        code::{ActuatorKind, Channel, Manner, Transport},
    },
};
use assert_cmd::Command;

use crate::trees::{binary, folder, lay_out};

/// Exit code and what standard output holds.
fn run(input: &Path, extra: &[&str]) -> (i32, Vec<u8>) {
    let mut command = Command::cargo_bin("assay").unwrap();
    let output = command.args(["vet", "--facts", "--format", "json", "--as-of", "2026-01-01"]).args(extra).arg(input).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.code().unwrap(), output.stdout)
}

fn vet(input: &Path) -> Dossier {
    let (code, json) = run(input, &[]);
    assert_eq!(code, 0);
    serde_json::from_slice(&json).unwrap()
}

fn facts(dossier: &Dossier) -> &[Fact] {
    dossier.facts.as_deref().unwrap()
}

/// Code facts of the file at `path`, with their places.
fn code<'d>(dossier: &'d Dossier, path: &str) -> Vec<(&'d Fact, &'d CodeFact)> {
    let own = |fact: &'d Fact| match &fact.body {
        FactBody::Code(code) if fact.locator.path == path => Some((fact, code)),
        _ => None,
    };
    facts(dossier).iter().filter_map(own).collect()
}

#[test]
fn a_daemon_its_client_name_and_its_script() {
    let tree = lay_out("programs/exec-loopback-daemon-path", "shown");
    let dossier = vet(tree.path());
    let program = code(&dossier, "/usr/bin/updsrv");
    let bytes = fs::read(tree.path().join("usr/bin/updsrv")).unwrap();
    let loopback = Channel::Bound { transport: Transport::Tcp, address: Some("127.0.0.1".into()), port: Some(21900) };
    let (listener, _) = program.iter().find(|(_, fact)| **fact == CodeFact::Listener(loopback.clone())).unwrap();
    assert_eq!(listener.locator.artifact, Sha256::of(&bytes));
    assert!(matches!(listener.locator.at, At::Address(address) if address > 0x1_0000), "{:?}", listener.locator);
    let flow = |fact: &CodeFact| matches!(fact, CodeFact::Flow(flow) if flow.source == loopback && flow.manner == Manner::Data && flow.actuator.kind == ActuatorKind::Command);
    assert!(program.iter().any(|(_, fact)| flow(fact)), "{program:#?}");

    // The start-up script starts the web server, which has the CGI script behind it, whose lines then come from that fact.
    let cgi = facts(&dossier).iter().find(|fact| matches!(&fact.body, FactBody::Image(ImageFact::CgiProgram(_)))).unwrap();
    let script = code(&dossier, "/www/cgi-bin/upload.cgi");
    let (run, _) = script.iter().find(|(_, fact)| matches!(fact, CodeFact::Run(run) if run.program == "/usr/bin/updcli")).unwrap();
    assert_eq!((&run.locator.at, run.derived_from.as_slice()), (&At::Line(6), &[cgi.id][..]));
    let names = |fact: &Fact| matches!(&fact.body, FactBody::Image(ImageFact::ManyNames { names, .. }) if names.len() == 2);
    assert!(facts(&dossier).iter().any(names));

    let coverage = &dossier.subjects[0].coverage;
    assert!(coverage.functions.found > 5 && coverage.functions.analysed == coverage.functions.found, "{coverage:?}");
    assert!(coverage.calls.resolved > 20, "{coverage:?}");
}

#[test]
fn a_word_behind_a_web_server() {
    let tree = lay_out("scripts/telnet-magic-word", "shown");
    let dossier = vet(tree.path());
    let script = code(&dossier, "/www/cgi-bin/about.cgi");
    let word = |fact: &CodeFact| matches!(fact, CodeFact::Flow(flow) if matches!(flow.source, Channel::Cgi(_)) && flow.actuator.kind == ActuatorKind::Service);
    let (flow, _) = script.iter().find(|(_, fact)| word(fact)).unwrap();
    assert_eq!(flow.locator.at, At::Line(7));
    // What a visitor has started is a flow; the system itself starts no such service.
    assert!(!facts(&dossier).iter().any(|fact| matches!(&fact.body, FactBody::Image(ImageFact::Service(_)))));
}

#[test]
fn programs_at_both_ends_of_a_file() {
    let dossier = vet(lay_out("programs/stop-state-file", "shown").path());
    let (written, read) = (code(&dossier, "/usr/sbin/fleetd"), code(&dossier, "/usr/bin/mined"));
    assert!(written.iter().any(|(_, fact)| matches!(fact, CodeFact::Flow(flow) if matches!(flow.source, Channel::Connected { .. }))));
    assert!(read.iter().any(|(_, fact)| matches!(fact, CodeFact::Flow(flow) if flow.source == Channel::File("/tmp/fleet.notice".into()))));
}

#[test]
fn one_program_under_two_paths_is_read_once_and_told_once() {
    let tree = tempfile::tempdir().unwrap();
    let program = fs::read(binary(&folder("programs/stop-state-file"), "shown", "/usr/bin/mined")).unwrap();
    fs::write(tree.path().join("a"), &program).unwrap();
    let once = vet(tree.path());
    fs::write(tree.path().join("b"), &program).unwrap();
    let twice = vet(tree.path());
    assert_eq!(once.subjects[0].coverage.functions, twice.subjects[0].coverage.functions);
    assert_eq!(code(&once, "/a").len(), code(&twice, "/a").len());
    assert!(code(&twice, "/b").is_empty() && !code(&twice, "/a").is_empty());
}

#[test]
fn an_executable_is_an_input_by_itself() {
    let dossier = vet(&binary(&folder("programs/exec-loopback-daemon-path"), "shown", "/usr/bin/updsrv"));
    assert!(code(&dossier, "").iter().any(|(_, fact)| matches!(fact, CodeFact::Listener(_))));
    let dossier = vet(&folder("scripts/kill-on-reply").join("shown.sh"));
    assert!(code(&dossier, "").iter().any(|(_, fact)| matches!(fact, CodeFact::Flow(_))));
}

#[test]
fn the_same_facts_whatever_the_threads() {
    for (behaviour, variant) in
        [("programs/exec-two-names", "shown"), ("programs/stop-opcode-table-tcp", "shown"), ("scripts/open-port-on-reply", "shown")]
    {
        let tree = lay_out(behaviour, variant);
        let first = run(tree.path(), &["--threads", "1"]);
        for extra in [&["--threads", "1"][..], &["--threads", "2"], &["--threads", "5"], &["--threads", "2", "--no-sandbox"]] {
            assert!(first == run(tree.path(), extra), "{behaviour} with {extra:?}");
        }
    }
}

#[test]
fn what_is_not_read_is_a_gap() {
    let tree = tempfile::tempdir().unwrap();
    let program = fs::read(binary(&folder("programs/stop-state-file"), "shown", "/usr/bin/mined")).unwrap();
    let mut other = program.clone();
    other[18] = 8; // e_machine: MIPS
    fs::write(tree.path().join("other"), other).unwrap();
    fs::write(tree.path().join("script.lua"), "#!/usr/bin/lua\nprint(1)\n").unwrap();
    fs::write(tree.path().join("cut"), &program[..60]).unwrap();
    let dossier = vet(tree.path());
    let gap = |path: &str| {
        let gaps = &dossier.subjects[0].coverage.gaps;
        gaps.iter().find(|gap| gap.path == path && gap.note.contains("read")).map(|gap| (gap.why, gap.note.as_str()))
    };
    assert_eq!(gap("/other"), Some((GapKind::Unsupported, "a program that is not read: processor MIPS, little-endian")));
    assert_eq!(gap("/script.lua"), Some((GapKind::Unsupported, "a script for /usr/bin/lua, which is not read")));
}

#[test]
fn broken_programs_cost_nothing_but_themselves() {
    let tree = lay_out("programs/exec-loopback-daemon-path", "shown");
    let whole = vet(tree.path());
    let program = fs::read(tree.path().join("usr/bin/updsrv")).unwrap();
    // Every header field once turned over, and the code filled with what no compiler writes.
    for (number, at) in (4..120).step_by(4).enumerate() {
        let mut broken = program.clone();
        broken[at..at + 4].iter_mut().for_each(|byte| *byte ^= 0xa5);
        fs::write(tree.path().join(format!("usr/bin/broken{number:02}")), broken).unwrap();
    }
    let mut broken = program;
    broken[0x700..0xb00].fill(0xe7);
    fs::write(tree.path().join("usr/bin/filled"), broken).unwrap();
    let (_, json) = run(tree.path(), &[]);
    let dossier: Dossier = serde_json::from_slice(&json).unwrap();
    for path in ["/usr/bin/updsrv", "/usr/sbin/doupdate.sh", "/www/cgi-bin/upload.cgi"] {
        let bodies = |dossier: &Dossier| code(dossier, path).iter().map(|(_, fact)| (*fact).clone()).collect::<Vec<_>>();
        assert_eq!(bodies(&whole), bodies(&dossier), "{path}");
    }
    let gaps = &dossier.subjects[0].coverage.gaps;
    assert!(gaps.iter().any(|gap| gap.path.starts_with("/usr/bin/broken")));
    assert!(!gaps.iter().any(|gap| gap.note.contains("defect") || gap.note.contains("were not read")), "{gaps:#?}");
}

#[test]
fn a_limit_cuts_the_questions_and_keeps_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let limits = folder.path().join("limits.toml");
    fs::write(&limits, "program_steps = 20\n").unwrap();
    let tree = lay_out("programs/exec-loopback-daemon-path", "shown");
    let (code_, json) = run(tree.path(), &["--limits", limits.to_str().unwrap()]);
    let dossier: Dossier = serde_json::from_slice(&json).unwrap();
    assert_eq!((code_, dossier.complete), (4, false));
    let coverage = &dossier.subjects[0].coverage;
    assert!(coverage.functions.abandoned > 0 && coverage.functions.found == coverage.functions.abandoned + coverage.functions.analysed);
    assert!(coverage.gaps.iter().any(|gap| gap.why == GapKind::OverLimit && gap.path == "/usr/bin/updsrv"), "{:?}", coverage.gaps);
    assert!(!code(&dossier, "/www/cgi-bin/upload.cgi").is_empty());
}

#[test]
fn a_reading_without_room_leaves_what_was_opened() {
    let folder = tempfile::tempdir().unwrap();
    let limits = folder.path().join("limits.toml");
    let tree = lay_out("programs/exec-loopback-daemon-path", "shown");
    // The least memory with which the tree can be opened is too little for the stacks of a reading.
    let dossier = (20..400).step_by(10).find_map(|megabytes| {
        fs::write(&limits, format!("memory_bytes = {megabytes}000000\n")).unwrap();
        let mut command = Command::cargo_bin("assay").unwrap();
        let output =
            command.args(["vet", "--format", "json", "--threads", "1", "--limits"]).arg(&limits).arg(tree.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<Dossier>(&output.stdout).ok()
    });
    let dossier = dossier.unwrap();
    assert!(!dossier.complete);
    let coverage = &dossier.subjects[0].coverage;
    let why = |note: &str| note.contains("no room for a thread") || note.contains("programs and scripts were not read");
    assert!(coverage.gaps.iter().any(|gap| gap.why == GapKind::OverLimit && why(&gap.note)), "{:?}", coverage.gaps);
    assert_eq!((coverage.files.read, coverage.functions.found), (4, 0));
}
