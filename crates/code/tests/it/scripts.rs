//! The script pairs of `fixtures/code/scripts`, judged from the facts of the script alone, and scripts that somebody broke on purpose.
//!
//! Here a rule is a few lines over facts: what a detector would say of one script without the boot graph. The table that the test prints
//! is the measure of this half of the crate.

use std::{fmt::Write as _, fs, path::Path};

use assay_code::script::{ScriptContext, ScriptFacts, ScriptLimits, read_script};
use assay_core::facts::{
    CodeFact,
    code::{ActuatorKind as Kind, Channel, CheckKind, Choice, Disclosed, Enforcement, Flow, Manner},
};

use crate::numbers::Numbers;

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/code/scripts")
}

/// Somebody outside stands at the other end.
fn outside(source: &Channel) -> bool {
    matches!(source, Channel::Bound { .. } | Channel::Connected { .. } | Channel::Cgi(_) | Channel::Serial(_) | Channel::Removable(_))
}

/// What is left is more than a number, a word of a few, or letters that mean nothing to a shell.
fn much(choice: &Choice) -> bool {
    match choice {
        Choice::Free | Choice::Content => true,
        Choice::Without(set) => !set.contains([';', '`', '$']),
        _ => false,
    }
}

fn weak(flow: &Flow) -> bool {
    flow.checks.iter().any(|check| check.kind == CheckKind::Signature && check.enforced != Enforcement::Enforced)
}

fn signed(flow: &Flow) -> bool {
    flow.checks.iter().any(|check| check.kind == CheckKind::Signature && check.enforced == Enforcement::Enforced)
}

fn shows(rule: &str, facts: &ScriptFacts) -> bool {
    facts.facts.iter().any(|(_, fact)| match fact {
        CodeFact::Flow(flow) if outside(&flow.source) => {
            let kind = flow.actuator.kind;
            let data = flow.manner == Manner::Data;
            let wide = !matches!(flow.choice, Choice::Number { min: Some(_), max: Some(_) } | Choice::OneOf(_));
            match rule {
                "control.remote-exec" => {
                    // A program that the outside names is as good as a command; one that is only given words is not.
                    let named = kind == Kind::Program && flow.actuator.name.contains("{}");
                    data && !signed(flow) && (named || matches!(kind, Kind::Command | Kind::Code | Kind::BootConfig)) && much(&flow.choice)
                }
                "control.remote-stop" => matches!(kind, Kind::StopProcess | Kind::Reboot | Kind::Halt | Kind::MainWork),
                "control.remote-reconfigure" => {
                    data && wide && matches!(kind, Kind::Config | Kind::Pool | Kind::Frequency | Kind::Voltage | Kind::Fan)
                }
                "control.pool-override" => data && kind == Kind::Pool,
                "control.firmware-replace" => kind == Kind::Flash && !signed(flow),
                "control.signature-fails-open" => matches!(kind, Kind::Flash | Kind::Command) && weak(flow),
                "control.privilege-grant" | "control.hidden-command" => {
                    matches!(kind, Kind::Account | Kind::Key | Kind::Sudo | Kind::Firewall | Kind::Service)
                }
                "control.hardcoded-credential" => flow.checks.iter().any(|check| check.kind == CheckKind::FixedPassword),
                _ => false,
            }
        }
        CodeFact::Disclosure(told) if matches!(told.to, Channel::Connected { .. }) => {
            let any = |set: &[Disclosed]| told.what.iter().any(|what| set.contains(what));
            match rule {
                "disclosure.identity-beacon" => any(&[Disclosed::MacAddress, Disclosed::SerialNumber]),
                "disclosure.credentials" => any(&[Disclosed::Credentials, Disclosed::Worker]),
                "disclosure.file-upload" => any(&[Disclosed::Log, Disclosed::File]),
                _ => false,
            }
        }
        _ => false,
    })
}

fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let line = text.lines().find(|line| line.starts_with(&format!("{name} = ")))?;
    line.split_once('"')?.1.split_once('"').map(|(value, _)| value)
}

#[test]
fn pairs() {
    let mut names: Vec<_> = fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let (mut table, mut found, mut flagged, mut all) = (String::new(), 0, 0, 0);
    for folder in names {
        let Ok(expect) = fs::read_to_string(folder.join("expect.toml")) else { continue };
        let rule = field(&expect, "rule").unwrap_or_default().to_owned();
        let path = field(&expect, "path").unwrap_or_default().to_owned();
        let may = expect.split("[[twin_may]]").skip(1).any(|part| field(part, "rule") == Some(&rule));
        let read = |name: &str| {
            let text = fs::read(folder.join(name)).unwrap();
            let cgi = Some(path.contains("/cgi-bin/"));
            let facts = read_script(&text, &ScriptContext { path: &path, cgi, ..ScriptContext::default() }, &ScriptLimits::default());
            assert!(facts.problems.is_empty(), "{} {name}: {:?}", folder.display(), facts.problems);
            facts
        };
        let (shown, twin) = (shows(&rule, &read("shown.sh")), shows(&rule, &read("twin.sh")) && !may);
        all += 1;
        found += u32::from(shown);
        flagged += u32::from(twin);
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        writeln!(table, "{name:24} {rule:32} {:7} {}", if shown { "shown" } else { "MISSED" }, if twin { "TWIN FLAGGED" } else { "" })
            .unwrap();
    }
    println!("{table}{found} of {all} shown, {flagged} twins flagged");
    assert!(found * 100 >= all * 95, "{table}");
    assert!(flagged * 100 <= all * 5, "{table}");
}

#[test]
fn broken_scripts_end_and_come_out_the_same_twice() {
    let mut numbers = Numbers(0x5EED);
    let limits = ScriptLimits { steps: 4_000, ..ScriptLimits::default() };
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for entry in fs::read_dir(fixtures()).unwrap() {
        texts.extend(fs::read(entry.unwrap().path().join("shown.sh")));
    }
    texts.sort();
    let spice: [&[u8]; 16] =
        [b"$(", b"`", b"'", b"\"", b"<<E\n", b"((", b"))", b"${", b"}", b"|", b"&&", b"\nfi\n", b"\ndone\n", b"esac", b"\xff", b"\\"];
    for text in &texts {
        for _ in 0..12 {
            let mut broken = text.clone();
            for _ in 0..=numbers.next(6) {
                let at = numbers.next(broken.len());
                match numbers.next(4) {
                    0 => {
                        let end = (at + numbers.next(40)).min(broken.len());
                        broken.drain(at..end);
                    }
                    1 => broken.truncate(at.max(1)),
                    2 => {
                        let piece = spice[numbers.next(spice.len())];
                        broken.splice(at..at, piece.iter().copied());
                    }
                    _ => {
                        let from = numbers.next(broken.len());
                        let piece: Vec<u8> = broken[from..(from + numbers.next(60)).min(broken.len())].to_vec();
                        broken.splice(at..at, piece);
                    }
                }
            }
            let read = || read_script(&broken, &ScriptContext { cgi: Some(true), ..ScriptContext::default() }, &limits);
            let (once, twice) = (read(), read());
            assert_eq!(once.facts, twice.facts);
            assert_eq!(once.problems, twice.problems);
        }
    }
}

fn repeated(times: u32, line: impl Fn(u32) -> String) -> String {
    (0..times).map(line).collect::<Vec<_>>().concat()
}

#[test]
fn hostile_scripts_are_bounded() {
    let limits = ScriptLimits::default();
    let texts = [
        "f() { f; g; }\ng() { f; }\nf\n".to_owned(),
        "while true; do while true; do while true; do x=$x$1; done; done; done\n".to_owned(),
        format!("{}reboot\n", "if [ \"$1\" = a ]; then b=$b$2; fi\n".repeat(3_000)),
        repeated(2_000, |number| format!("v{number}=$1$v{number}\n[ $v{number} = x ] && y{number}=1\n")),
        format!("x={}\n", "a".repeat(2 << 20)),
        "f() { eval \"$(f)\"; eval 'f; f; f; f; f; f; f; f'; }\nf\n".to_owned(),
        repeated(200, |number| format!("f{number}() {{ f{0}; f{0}; f{0}; }}\n", number + 1)) + "f0\n",
        format!("case $1 in {} esac\n", "a|b|c) x=1;;\n".repeat(5_000)),
        repeated(14, |number| format!("f{number}() {{ {}f{}; {}\n}}\n", "if a; then ".repeat(100), number + 1, "fi; ".repeat(100)))
            + "f0\n",
        repeated(14, |number| format!("f{number}() {{ {}f{}{}\n}}\n", "x=$(".repeat(50), number + 1, ")".repeat(50))) + "f0\n",
    ];
    for text in &texts {
        let facts = read_script(text.as_bytes(), &ScriptContext::default(), &limits);
        assert!(facts.facts.len() <= limits.facts);
    }
    // Scripts that source each other.
    let resolve = |path: &str| Some(if path == "/a" { b". /b\n. /b\n".to_vec() } else { b". /a\n. /a\nreboot\n".to_vec() });
    let context = ScriptContext { path: "/a", resolve: Some(&resolve), ..ScriptContext::default() };
    assert!(!read_script(b"#!/bin/sh\n. /b\n. /b\n", &context, &limits).facts.is_empty());
    assert_eq!(read_script(b"\x7fELF\0\0\0", &context, &limits).problems.len(), 1);
}
