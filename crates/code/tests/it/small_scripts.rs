//! Small scripts, each for one thing that a script can do, and what must be said of it.

use assay_code::script::{ScriptContext, ScriptLimits, read_script};
use assay_core::facts::{
    CodeFact,
    code::{ActuatorKind as Kind, Channel, CheckKind, Choice, Disclosed, Enforcement, Flow, Host, Manner},
};

fn facts(text: &str, cgi: bool) -> Vec<CodeFact> {
    let context = ScriptContext { cgi: Some(cgi), ..ScriptContext::default() };
    let facts = read_script(text.as_bytes(), &context, &ScriptLimits::default());
    assert!(facts.problems.is_empty(), "{:?}", facts.problems);
    facts.facts.into_iter().map(|(_, fact)| fact).collect()
}

fn flows(text: &str, cgi: bool) -> Vec<Flow> {
    facts(text, cgi).into_iter().filter_map(|fact| if let CodeFact::Flow(flow) = fact { Some(*flow) } else { None }).collect()
}

/// The flow into an actuator of this kind from a channel that somebody outside holds.
fn into(text: &str, cgi: bool, kind: Kind) -> Flow {
    let all = flows(text, cgi);
    let outside = |source: &Channel| !matches!(source, Channel::File(_) | Channel::Environment(_));
    let found = all.iter().find(|flow| flow.actuator.kind == kind && outside(&flow.source));
    found.unwrap_or_else(|| panic!("no flow into {kind:?}: {all:?}")).clone()
}

fn words(flow: &Flow) -> Vec<&str> {
    flow.triggers.iter().filter(|one| one.fits).map(|one| one.value.as_str()).collect()
}

fn enforced(text: &str) -> Vec<(CheckKind, Enforcement)> {
    into(text, false, Kind::Flash).checks.iter().map(|check| (check.kind, check.enforced)).collect()
}

fn from_host(flow: &Flow) -> &str {
    match &flow.source {
        Channel::Connected { host: Host::Fixed(name), .. } => name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_word_stored_in_a_file_and_read_in_the_background() {
    let text = "watch() { while :; do [ \"$(cat /run/flag)\" = 1 ] && killall cgminer; sleep 5; done; }\nwatch &\n\
                while :; do r=$(wget -qO- http://a.example.net/s); case \"$r\" in *halt*) echo 1 > /run/flag;; *) echo 0 > /run/flag;; esac; done\n";
    let all = flows(text, false);
    let flow = all.iter().find(|flow| flow.actuator.kind == Kind::StopProcess && matches!(flow.source, Channel::Connected { .. })).unwrap();
    assert_eq!((from_host(flow), words(flow)), ("a.example.net", vec!["halt"]));
    assert_eq!(flow.manner, Manner::Control);
}

#[test]
fn what_is_written_every_time_is_told() {
    let flow = into("[ \"$QUERY_STRING\" = pause ] && echo quit > /run/miner.ctl\n", true, Kind::File);
    assert_eq!((flow.manner, flow.actuator.says.as_deref()), (Manner::Control, Some("quit\n")));
}

#[test]
fn a_function_answers_by_its_status() {
    let text = "asked() { a=$(curl -s https://a.example.net/c); if echo \"$a\" | grep -q off; then return 1; fi; return 0; }\n\
                asked\nstate=$?\nsleep 1\nif [ $state -ne 0 ]; then reboot; fi\n";
    let flow = into(text, false, Kind::Reboot);
    assert_eq!((from_host(&flow), words(&flow)), ("a.example.net", vec!["off"]));
}

#[test]
fn what_sanitisers_leave() {
    let left = |clean: &str| into(&format!("x={clean}\nsh -c \"ls /logs/$x\"\n"), true, Kind::Command).choice;
    assert_eq!(left("$QUERY_STRING"), Choice::Free);
    assert_eq!(left("$(echo \"$QUERY_STRING\" | tr -cd 'a-z')"), Choice::Only("a-z".into()));
    assert_eq!(left("${QUERY_STRING//[^a-z0-9]/}"), Choice::Only("a-z0-9".into()));
    assert_eq!(left("$(echo \"$QUERY_STRING\" | sed 's/[^0-9]//g')"), Choice::Number { min: None, max: None });
    assert_eq!(left("${QUERY_STRING##*/}"), Choice::Component);
    assert_eq!(left("$(printf %d \"$QUERY_STRING\")"), Choice::Number { min: None, max: None });
}

#[test]
fn what_tests_leave() {
    let left = |test: &str| into(&format!("x=$QUERY_STRING\n{test}\nsh -c \"ls $x\"\n"), true, Kind::Command).choice;
    assert_eq!(left("case $x in *[!a-z]*) exit;; esac"), Choice::Only("a-z".into()));
    assert_eq!(left("echo \"$x\" | grep -qE '^[0-9]+$' || exit"), Choice::Number { min: None, max: None });
    assert_eq!(left("case $x in on|off) ;; *) exit;; esac"), Choice::OneOf(2));
    assert_eq!(left("[[ $x =~ ^[a-f]+$ ]] || exit 1"), Choice::Only("a-f".into()));
    // A test whose outcome changes nothing leaves everything.
    assert_eq!(left("echo \"$x\" | grep -qE '^[0-9]+$' || echo odd"), Choice::Free);
}

#[test]
fn what_is_asked_of_one_part_says_nothing_of_another() {
    let part = |name: &str| format!("$(echo \"$QUERY_STRING\" | jq -r .{name})");
    let text = format!("a={}\nb={}\n[ \"$a\" = 1 ] || exit\nsh -c \"ls $b\"\n", part("a"), part("b"));
    assert_eq!(into(&text, true, Kind::Command).choice, Choice::Free);
}

#[test]
fn quoting_is_a_difference() {
    assert!(flows("ping -c 1 \"$QUERY_STRING\"\n", true).iter().all(|flow| flow.actuator.kind != Kind::Command));
    assert_eq!(into("su -c \"ping $QUERY_STRING\"\n", true, Kind::Command).choice, Choice::Free);
}

#[test]
fn signatures_and_what_their_failure_ends() {
    use CheckKind::{Digest, Signature};
    let get = "wget -O /tmp/f http://a.example.net/f\n";
    let put = "\nflashcp /tmp/f /dev/mtd2\n";
    let with = |check: &str| enforced(&format!("{get}{check}{put}"));
    let verify = "openssl dgst -verify /etc/k.pem -signature /tmp/s /tmp/f";
    assert_eq!(with(&format!("{verify} || exit 1")), [(Signature, Enforcement::Enforced)]);
    assert_eq!(with(&format!("set -e\n{verify}")), [(Signature, Enforcement::Enforced)]);
    assert_eq!(with(verify), [(Signature, Enforcement::Ignored)]);
    assert_eq!(with(&format!("{verify} || true")), [(Signature, Enforcement::Ignored)]);
    assert_eq!(with(&format!("{verify} | logger || exit 1")), [(Signature, Enforcement::Ignored)]);
    assert_eq!(with(&format!("if ! {verify}; then echo bad; fi")), [(Signature, Enforcement::Ignored)]);
    assert_eq!(with(&format!("{verify}\nif [ $? -eq 1 ]; then exit 1; fi")), [(Signature, Enforcement::Partly)]);
    assert_eq!(with(&format!("{verify}\necho $?\n[ $? -ne 0 ] && exit 1")), [(Signature, Enforcement::Ignored)]);
    assert_eq!(with(&format!("[ -f /etc/k.pem ] && {{ {verify} || exit 1; }}")), [(Signature, Enforcement::SkippedWhenMissing)]);
    assert_eq!(with(&format!("[ -f /etc/k.pem ] || exit 1\n{verify} || exit 1")), [(Signature, Enforcement::Enforced)]);
    assert_eq!(with(&format!("ok=0\nif {verify}; then ok=1; fi\n[ $ok -eq 1 ] || exit 2")), [(Signature, Enforcement::Enforced)]);
    assert_eq!(
        with(&format!("ok=0\nif {verify}; then ok=1; fi\nif [ -e /config/any ]; then ok=1; fi\n[ $ok -eq 1 ] || exit 2")),
        [(Signature, Enforcement::Partly)]
    );
    assert_eq!(with("[ \"$(md5sum /tmp/f | cut -c1-32)\" = \"$(cat /tmp/md5)\" ] || exit 1"), [(Digest, Enforcement::Enforced)]);
    // A check of another file is none of this one.
    assert_eq!(with("openssl dgst -verify /etc/k.pem -signature /tmp/s /tmp/other || exit 1"), []);
    assert_eq!(with("/usr/bin/verify_image /tmp/f || exit 1"), [(Signature, Enforcement::Enforced)]);
}

#[test]
fn numbered_commands_on_a_port() {
    let text = "nc -l -p 8889 | while read c a; do case $c in M1) uci set cgminer.default.pool1url=\"$a\";; M2) reboot;; M3) eval $a;; esac; done\n";
    assert_eq!(words(&into(text, false, Kind::Pool)), ["M1"]);
    assert_eq!(words(&into(text, false, Kind::Reboot)), ["M2"]);
    let flow = into(text, false, Kind::Command);
    assert_eq!((words(&flow), &flow.choice), (vec!["M3"], &Choice::Free));
    let told: Vec<CodeFact> = facts(text, false).into_iter().filter(|fact| matches!(fact, CodeFact::Word { .. })).collect();
    assert_eq!(told.len(), 3, "{told:?}");
}

#[test]
fn who_sends() {
    let source = |text: &str| into(text, false, Kind::Reboot).source;
    let host = |text: &str| match source(text) {
        Channel::Connected { host, .. } => host,
        other => panic!("{other:?}"),
    };
    assert!(matches!(host("h=$(uci get a.b.c)\n[ \"$(curl -s http://$h/x)\" = go ] && reboot\n"), Host::Configured(_)));
    assert!(matches!(host("[ \"$(curl -s http://a.example.net/x)\" = go ] && reboot\n"), Host::Fixed(_)));
    assert!(matches!(source("read -r l < /dev/ttyS1\n[ \"$l\" = go ] && reboot\n"), Channel::Serial(_)));
    assert!(matches!(source("[ -f /mnt/usb/go ] && reboot\n"), Channel::Removable(_)));
    assert!(matches!(source("[ $(date +%s) -gt 1900000000 ] && reboot\n"), Channel::Clock));
    // In a program of the web server that somebody asks is enough.
    assert_eq!(into("sync; reboot\n", true, Kind::Reboot).source, Channel::Cgi("request".into()));
}

#[test]
fn ordinary_scripts_show_nothing() {
    for text in [
        "case \"$1\" in start) start-stop-daemon -S -x /usr/sbin/crond;; stop) start-stop-daemon -K -x /usr/sbin/crond;; esac\n",
        ". /etc/default/x\n[ -x /usr/sbin/ntpd ] || exit 0\n/usr/sbin/ntpd -p pool.example.net\n",
        "t=$(cat /sys/class/hwmon/hwmon0/temp1_input)\n[ $t -gt 90000 ] && echo 255 > /sys/class/hwmon/hwmon0/pwm1\n",
        "[ \"$(cat /proc/uptime | cut -d. -f1)\" -gt 86400 ] && logger day\n",
        "for f in /var/log/*.log; do [ $(wc -c < $f) -gt 100000 ] && mv $f $f.old; done\n",
    ] {
        assert_eq!(flows(text, false), [], "{text}");
    }
}

#[test]
fn what_is_told_to_whom() {
    let text = "m=$(cat /sys/class/net/eth0/address)\ncurl -d \"mac=$m\" http://a.example.net/hello\n";
    let told =
        facts(text, false).into_iter().find_map(|fact| if let CodeFact::Disclosure(told) = fact { Some(*told) } else { None }).unwrap();
    assert_eq!(told.what, [Disclosed::MacAddress]);
    assert_eq!(told.from, "/sys/class/net/eth0/address");
}

#[test]
fn the_digest_of_a_way_survives_other_names_and_indentation() {
    let one = into("value=$(curl -s http://a.example.net/x)\n[ \"$value\" = go ] && reboot\n", false, Kind::Reboot);
    let two = into("v=$(curl   -s http://a.example.net/x)\n   [ \"$v\" = go ] && reboot # now\n", false, Kind::Reboot);
    let other = into("v=$(curl -s http://b.example.net/x)\n[ \"$v\" = go ] && reboot\n", false, Kind::Reboot);
    assert_eq!(one.code, two.code);
    assert_ne!(one.code, other.code);
}

#[test]
fn a_sourced_file_is_followed() {
    let resolve = |path: &str| (path == "/lib/fetch.sh").then(|| b"fetch() {\n curl -s http://a.example.net/x\n}\n".to_vec());
    let context = ScriptContext { resolve: Some(&resolve), ..ScriptContext::default() };
    let text = b"#!/bin/sh\n. /lib/fetch.sh\n[ \"$(fetch)\" = go ] && reboot\n";
    let facts = read_script(text, &context, &ScriptLimits::default());
    assert!(facts.facts.iter().any(|(_, fact)| matches!(fact, CodeFact::Flow(flow) if flow.actuator.kind == Kind::Reboot)));
}
