//! From facts to controls: joins between processes, holders, stages.

use assay_core::{
    Authorisation, Control, Dossier, Effect, HolderKind, Reachable, Severity,
    facts::{
        ImageFact,
        code::{ActuatorKind, Channel, CheckKind, Choice, Enforcement, Host, Transport},
        image::{CgiProgram, Credential, Password, PasswordState, UrlPattern, WebAuth, WebDoor, WebListen, WebServer},
    },
    firewall::{Action, Family, FirewallRule, Policy},
};

use crate::system::{System, bound, checked, connected, data, decides, sends};

fn controls(dossier: &Dossier) -> Vec<(Effect, HolderKind, &str, Reachable)> {
    dossier
        .controls
        .iter()
        .map(|control| (control.effect, control.holder.who, control.holder.detail.as_str(), control.stage.reachable))
        .collect()
}

fn only(dossier: &Dossier) -> &Control {
    assert_eq!(dossier.controls.len(), 1, "{:#?}", dossier.controls);
    &dossier.controls[0]
}

/// A web server at port 80 of every address with one CGI program behind a digest login that a default password opens.
fn web(system: System, program: &str, method: WebAuth) -> System {
    let server = WebServer {
        kind: "lighttpd".into(),
        program: Some("/usr/sbin/lighttpd".into()),
        listen: vec![WebListen { channel: bound("0.0.0.0", 80), tls: false }],
        document_root: None,
        user: None,
        cgi: Vec::new(),
        directories: Vec::new(),
    };
    let system = system.file("/usr/sbin/lighttpd").boots("/usr/sbin/lighttpd");
    let system = system.image("/etc/lighttpd.conf", &[], ImageFact::WebServer(Box::new(server)));
    let own = system.last();
    let mut from = vec![own];
    let mut system = system;
    if method != WebAuth::None {
        let door = WebDoor {
            url: UrlPattern::Prefix("/".into()),
            method,
            realm: None,
            require: None,
            password_file: None,
            password_files: Vec::new(),
        };
        system = system.image("/etc/lighttpd.conf", &[own], ImageFact::WebDoor(Box::new(door)));
        from.push(system.last());
        let state = PasswordState::Default { password: "root".into(), source: "a manual".into() };
        let credential = Credential { user: "root".into(), realm: None, password: Password { scheme: "htdigest".into(), state } };
        system = system.image("/etc/users", &from[1..], ImageFact::Credential(credential));
    }
    let cgi = CgiProgram { url: "/x.cgi".into(), file: program.into(), interpreter: None, method };
    system.image(program, &from, ImageFact::CgiProgram(cgi)).file(program)
}

fn daemon() -> System {
    System::default().file("/usr/bin/daemon").boots("/usr/bin/daemon")
}

fn stops(source: Channel) -> assay_core::facts::code::Flow {
    decides(source, ActuatorKind::Reboot, "reboot", "", "now")
}

#[test]
fn a_host_in_the_code_and_one_of_the_configuration() {
    let fixed = daemon().flow("/usr/bin/daemon", stops(connected("stop.example.net", 7000))).inspect();
    assert_eq!(controls(&fixed), [(Effect::Reboot, HolderKind::FixedRemote, "stop.example.net:7000", Reachable::Yes)]);
    assert_eq!(only(&fixed).trigger, ["now"]);
    let own = Channel::Connected { transport: Transport::Tcp, host: Host::Configured("/etc/d.conf".into()), port: None };
    let configured = daemon().flow("/usr/bin/daemon", stops(own)).inspect();
    assert_eq!(controls(&configured), [(Effect::Reboot, HolderKind::SiteManagement, "/etc/d.conf", Reachable::Yes)]);
    let finding = |dossier: &Dossier| dossier.findings.iter().find(|finding| finding.rule == "control.remote-stop").unwrap().severity;
    assert!(finding(&fixed) > finding(&configured));
}

#[test]
fn what_is_not_started_is_not_known_to_be_reachable() {
    let dossier = System::default().file("/usr/bin/daemon").flow("/usr/bin/daemon", stops(bound("0.0.0.0", 9))).inspect();
    assert_eq!(only(&dossier).stage.reachable, Reachable::Unknown);
    let started = System::default().file("/etc/rc").file("/usr/bin/daemon").boots("/etc/rc");
    let started = started.runs("/etc/rc", "start-stop-daemon", &["-S", "-x", "/usr/bin/daemon"]);
    assert_eq!(only(&started.flow("/usr/bin/daemon", stops(bound("0.0.0.0", 9))).inspect()).stage.reachable, Reachable::Yes);
}

#[test]
fn an_address_of_the_machine_and_a_closed_port_are_no_way_in() {
    let local = daemon().flow("/usr/bin/daemon", stops(bound("127.0.0.1", 9))).inspect();
    assert_eq!((only(&local).holder.who, only(&local).stage.reachable), (HolderKind::Loopback, Reachable::No));
    let policy =
        Policy { family: Family::Ip4, table: "filter".into(), chain: "INPUT".into(), hook: None, action: Action::Drop, covers: Vec::new() };
    let mut open = FirewallRule::new(Family::Ip4, "filter", "INPUT");
    (open.protocol, open.ports, open.action) = (Some("tcp".into()), vec![(80, 80)], Action::Accept);
    let filtered = |port| {
        let system = daemon().image("/etc/rules", &[], ImageFact::FirewallPolicy(policy.clone()));
        let system = system.image("/etc/rules", &[], ImageFact::FirewallRule(Box::new(open.clone())));
        system.flow("/usr/bin/daemon", stops(bound("0.0.0.0", port))).inspect()
    };
    assert_eq!((only(&filtered(9)).holder.who, only(&filtered(9)).stage.reachable), (HolderKind::Loopback, Reachable::No));
    assert_eq!((only(&filtered(80)).holder.who, only(&filtered(80)).stage.reachable), (HolderKind::LanUnauthenticated, Reachable::Yes));
}

#[test]
fn a_login_of_the_program_and_a_word_in_the_code() {
    let with =
        |kind, detail| daemon().flow("/usr/bin/daemon", checked(stops(bound("0.0.0.0", 9)), kind, detail, Enforcement::Enforced)).inspect();
    let password = with(CheckKind::Password, "/etc/d.pass");
    assert_eq!(
        (only(&password).holder.who, &only(&password).stage.authorised[..]),
        (HolderKind::LanAuthenticated, &[Authorisation::Password][..])
    );
    let fixed = with(CheckKind::FixedPassword, "x1");
    assert_eq!(
        (only(&fixed).holder.who, &only(&fixed).stage.authorised[..]),
        (HolderKind::LanUnauthenticated, &[Authorisation::DefaultPassword][..])
    );
    assert!(fixed.findings.iter().any(|finding| finding.rule == "control.hardcoded-credential"));
}

#[test]
fn web_doors_decide_for_cgi_programs_and_their_standard_input() {
    for (method, who, door) in [
        (WebAuth::None, HolderKind::LanUnauthenticated, Authorisation::None),
        (WebAuth::Digest, HolderKind::LanAuthenticated, Authorisation::DefaultPassword),
    ] {
        let system = web(System::default(), "/www/x.cgi", method);
        let dossier =
            system.flow("/www/x.cgi", data(Channel::StandardInput, ActuatorKind::Command, "system", "{}", Choice::Free)).inspect();
        let control = only(&dossier);
        assert_eq!((control.effect, control.holder.who, control.stage.reachable), (Effect::Execute, who, Reachable::Yes));
        assert_eq!(control.stage.authorised, [door]);
    }
}

/// Web upload, the client name of a daemon, the daemon, its script, the flash behind a signature.
fn update_chain() -> System {
    let system = web(System::default(), "/www/x.cgi", WebAuth::Digest).file("/usr/sbin/updated").link("/usr/sbin/updatec", "updated");
    let system = system.file("/usr/sbin/update.sh").file("/etc/maker.pub").boots("/usr/sbin/updated");
    let upload = data(Channel::Cgi("body".into()), ActuatorKind::Program, "/usr/sbin/updatec", "/tmp/{}/fw", Choice::Content);
    let local = Channel::Connected { transport: Transport::Tcp, host: Host::Fixed("127.0.0.1".into()), port: Some(22) };
    let system = system.flow("/www/x.cgi", upload).flow("/usr/sbin/updated", sends(Channel::Argument(Some(1)), local));
    let command = data(bound("127.0.0.1", 22), ActuatorKind::Command, "system", "/usr/sbin/update.sh {}", Choice::Free);
    let flash = data(Channel::Argument(Some(1)), ActuatorKind::Flash, "nandwrite", "/dev/mtd1", Choice::Content);
    let flash = checked(flash, CheckKind::Signature, "/usr/bin/verify /etc/maker.pub", Enforcement::Enforced);
    system.flow("/usr/sbin/updated", command).flow("/usr/sbin/update.sh", flash)
}

#[test]
fn a_way_through_four_programs_is_one_control_and_the_daemon_another() {
    let dossier = update_chain().inspect();
    let got = controls(&dossier);
    let key = "the key in /etc/maker.pub, through";
    let local = (Effect::Execute, HolderKind::Loopback, "tcp port 22 of 127.0.0.1", Reachable::No);
    assert!(got.contains(&local), "{got:#?}");
    let far = dossier.controls.iter().find(|control| control.holder.detail.contains("/x.cgi")).unwrap();
    assert_eq!((far.effect, far.holder.who, far.stage.reachable), (Effect::ReplaceFirmware, HolderKind::KeyHolder, Reachable::Yes));
    assert!(far.holder.detail.starts_with(key), "{}", far.holder.detail);
    assert_eq!(far.stage.authorised, [Authorisation::DefaultPassword, Authorisation::KeyShipped]);
    let mut programs: Vec<&str> = far.path.iter().map(|step| step.path.as_str()).collect();
    programs.dedup();
    assert_eq!(programs, ["/www/x.cgi", "/usr/sbin/updated", "/usr/sbin/update.sh"]);
    // Nobody outside chooses the path that the daemon puts into its command.
    assert!(!dossier.controls.iter().any(|control| control.effect == Effect::Execute && control.holder.who != HolderKind::Loopback));
    let severity = |rule: &str| dossier.findings.iter().filter(|finding| finding.rule == rule).map(|finding| finding.severity).max();
    assert_eq!((severity("control.remote-exec"), severity("control.firmware-replace")), (Some(Severity::Low), Some(Severity::Low)));
}

#[test]
fn two_ends_of_a_file_must_be_the_same_path() {
    let writer = |path: &str| data(connected("a.example.net", 1), ActuatorKind::File, "fwrite", path, Choice::Free);
    let system = |path: &str| {
        let system = daemon().file("/usr/bin/reader").boots("/usr/bin/reader").link("/var/run", "../run").file("/run/x");
        let system = system.flow("/usr/bin/daemon", writer(path));
        system.flow("/usr/bin/reader", decides(Channel::File("/var/run/state".into()), ActuatorKind::Halt, "halt", "", "off"))
    };
    // Links of directories lead to one place under two names.
    let joined = system("/run/./state").inspect();
    assert_eq!((only(&joined).effect, only(&joined).holder.who), (Effect::StopMining, HolderKind::FixedRemote));
    for other in ["/run/state2", "/run/{}", "state"] {
        assert_eq!(controls(&system(other).inspect()), [], "{other}");
    }
}

#[test]
fn constants_set_off_only_what_waits_for_them() {
    let system = |word: &str| {
        let web = web(System::default(), "/www/x.cgi", WebAuth::None).file("/etc/init.d/miner");
        let asks = decides(
            Channel::Cgi("QUERY_STRING".into()),
            ActuatorKind::Command,
            "system",
            &format!("/etc/init.d/miner {word} >/dev/null"),
            "go",
        );
        let stops = decides(Channel::Argument(Some(1)), ActuatorKind::StopProcess, "killall", "cgminer", "stop");
        web.flow("/www/x.cgi", asks).flow("/etc/init.d/miner", stops).inspect()
    };
    assert_eq!(only(&system("stop")).trigger, ["go", "stop"]);
    assert_eq!(controls(&system("start")), []);
}

#[test]
fn words_written_to_a_file_set_off_only_what_waits_for_them() {
    let system = |word: &str| {
        let system = daemon().file("/usr/bin/miner").boots("/usr/bin/miner");
        let mut tells = decides(connected("a.example.net", 1), ActuatorKind::File, "write", "/run/ctl", "pause");
        tells.actuator.says = Some(word.into());
        let stops = decides(Channel::File("/run/ctl".into()), ActuatorKind::Halt, "halt", "", "quit");
        system.flow("/usr/bin/daemon", tells).flow("/usr/bin/miner", stops).inspect()
    };
    for word in ["quit\n", "cmd=quit", "set x\nquit\n"] {
        let dossier = system(word);
        assert_eq!((only(&dossier).effect, only(&dossier).trigger.as_slice()), (Effect::StopMining, &["pause".into(), "quit".into()][..]));
    }
    for word in ["hello\n", "quitter\n", ""] {
        assert_eq!(controls(&system(word)), [], "{word}");
    }
}

#[test]
fn daemons_that_talk_to_each_other_end() {
    let mut system = System::default();
    for number in 0..12_u16 {
        let path = format!("/usr/bin/d{number}");
        system = system.file(&path).boots(&path);
        for to in 0..12_u16 {
            let next = Channel::Connected { transport: Transport::Tcp, host: Host::Fixed("localhost".into()), port: Some(100 + to) };
            system = system.flow(&path, sends(bound("0.0.0.0", 100 + number), next));
        }
        system = system.flow(&path, stops(bound("0.0.0.0", 100 + number)));
    }
    let dossier = system.inspect();
    assert!(dossier.controls.len() >= 12 && dossier.controls.len() < 1_000, "{}", dossier.controls.len());
}

#[test]
fn what_goes_nowhere_is_a_gap() {
    let nobody = Channel::Connected { transport: Transport::Tcp, host: Host::Fixed("127.0.0.1".into()), port: Some(99) };
    let dossier = daemon().flow("/usr/bin/daemon", sends(bound("0.0.0.0", 9), nobody)).inspect();
    let notes: Vec<&str> = dossier.subjects[0].coverage.gaps.iter().map(|gap| gap.note.as_str()).collect();
    assert_eq!(notes, ["what comes in goes on to 127.0.0.1:99, and no program of the image is seen to listen there"]);
}
