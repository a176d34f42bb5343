//! SSH servers: where they listen, whether root and passwords are let in, and which keys open which account.
//!
//! **Source**: `sshd_config(5)` of OpenSSH 9; `dropbear(8)` 2024; OpenWrt `/etc/config/dropbear`; `sshd(8)`, "AUTHORIZED_KEYS FILE FORMAT".
//!
//! **Limitations**: `Match` blocks are repeated, not applied. What PAM adds or takes away is not seen. Dropbear's arguments often stand in
//! a script: they come back through `read_started`.

use assay_core::{
    At, FactId, Locator, Sha256,
    facts::{
        ImageFact,
        code::{Channel, Transport},
        image::{AuthorizedKey, AuthorizedKeys, RootLogin, SshServer},
    },
};
use base64ct::{Base64, Base64Unpadded, Encoding};

use crate::{
    reader::Reader,
    run::Run,
    text::{Text, unquoted, words},
    uci,
};

/// Files that one configuration may include.
const FILES: usize = 64;
/// Comments of keys that are repeated.
const COMMENTS: usize = 16;
/// Keys of one file that are told one by one.
const KEYS: usize = 64;

/// All of them.
pub fn read(reader: &mut Reader, runs: &[Run], all: bool) {
    let daemon = runs.iter().find(|run| run.name() == "sshd");
    if all || daemon.is_some() {
        openssh(reader, daemon);
    }
    for run in runs.iter().filter(|run| {
        run.name() == "dropbear" || (run.name() == "dropbearmulti" && run.arguments.first().is_some_and(|word| word == "dropbear"))
    }) {
        let server = dropbear(run);
        reader.fact(run.at.clone(), "ssh", run.fact, ImageFact::SshServer(server));
    }
    if all {
        defaults(reader);
        openwrt(reader);
        keys(reader);
    }
}

fn tcp(address: Option<&str>, port: u16) -> Channel {
    Channel::Bound { transport: Transport::Tcp, address: Some(address.unwrap_or("0.0.0.0").to_owned()), port: Some(port) }
}

/// `port`, `address:port`, `[address]:port`.
fn listened(value: &str, usual: u16) -> Channel {
    if let Ok(port) = value.parse() {
        return tcp(None, port);
    }
    let (address, port) = match value.rsplit_once(':') {
        Some((address, port)) if !address.contains(':') || address.starts_with('[') => (address, port.parse().unwrap_or(usual)),
        _ => (value, usual),
    };
    let address = address.trim_start_matches('[').trim_end_matches(']');
    tcp(Some(address).filter(|address| !address.is_empty()), port)
}

#[derive(Default)]
struct Settings {
    /// Key in lower case, value: the first one holds.
    values: Vec<(String, String)>,
    others: Vec<String>,
    matching: bool,
}

fn openssh(reader: &mut Reader, run: Option<&Run>) {
    let path = run.and_then(|run| run.option("-f")).unwrap_or("/etc/ssh/sshd_config").to_owned();
    let program = reader.root.find_program(b"sshd").ok().map(|place| place.shown());
    let Some(text) = reader.text(&path) else { return };
    let mut settings = Settings::default();
    let mut seen = 0;
    include(reader, &text, &mut settings, &mut seen, 0);
    let value = |key: &str| settings.values.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
    let yes = |key: &str, usual: bool| value(key).map_or(usual, |value| value.eq_ignore_ascii_case("yes"));
    let ports: Vec<u16> = settings.values.iter().filter(|(key, _)| key == "port").filter_map(|(_, value)| value.parse().ok()).collect();
    let ports = if ports.is_empty() { vec![22] } else { ports };
    let addresses: Vec<&String> = settings.values.iter().filter(|(key, _)| key == "listenaddress").map(|(_, value)| value).collect();
    let mut listen: Vec<Channel> = Vec::new();
    for port in ports {
        if addresses.is_empty() {
            listen.push(tcp(None, port));
        }
        listen.extend(addresses.iter().map(|address| listened(address, port)));
    }
    listen.dedup();
    let password = yes("passwordauthentication", true);
    let root = match value("permitrootlogin").map(str::to_ascii_lowercase).as_deref() {
        Some("yes") => RootLogin::Yes,
        Some("no") => RootLogin::No,
        _ => RootLogin::KeysOnly,
    };
    let body = SshServer {
        kind: "openssh".into(),
        program,
        listen,
        root,
        password,
        empty_password: yes("permitemptypasswords", false),
        settings: settings.others,
    };
    reader.fact(text.at(1), "ssh", run.and_then(|run| run.fact), ImageFact::SshServer(body));
}

fn include(reader: &mut Reader, text: &Text, settings: &mut Settings, seen: &mut usize, depth: usize) {
    if !reader.begin(text) {
        reader.bad_line(text, 1, "a file that includes itself, directly or through others: not read once more");
        return;
    }
    for (number, line) in text.plain_lines() {
        let (key, value) = line.split_once([' ', '=']).unwrap_or((line, ""));
        let (key, value) = (key.to_ascii_lowercase(), unquoted(value.trim_start_matches(['=', ' '])).to_owned());
        match key.as_str() {
            "include" => {
                if depth >= 8 || *seen >= FILES {
                    reader.bad_line(text, number, "files include one another too deeply; this one was not read");
                    continue;
                }
                for pattern in words(&value) {
                    let pattern = if pattern.starts_with('/') { pattern } else { format!("/etc/ssh/{pattern}") };
                    for path in reader.expand(&pattern) {
                        *seen += 1;
                        if let Some(inner) = reader.text(&path).filter(|_| *seen < FILES) {
                            include(reader, &inner, settings, seen, depth + 1);
                        }
                    }
                }
            }
            "match" => {
                settings.matching = true;
                settings.others.push(format!("Match {value}"));
            }
            "allowusers"
            | "denyusers"
            | "allowgroups"
            | "denygroups"
            | "forcecommand"
            | "authenticationmethods"
            | "authorizedkeyscommand"
            | "authorizedkeysfile"
            | "usepam"
            | "subsystem" => settings.others.push(line.to_owned()),
            _ if settings.matching => settings.others.push(line.to_owned()),
            "port" | "listenaddress" => settings.values.push((key, value)),
            _ if settings.values.iter().any(|(known, _)| *known == key) => {}
            _ => settings.values.push((key, value)),
        }
    }
    reader.end();
}

fn dropbear(run: &Run) -> SshServer {
    let mut listen: Vec<Channel> = run.options("-p").map(|value| listened(value, 22)).collect();
    if listen.is_empty() {
        listen.push(tcp(None, 22));
    }
    let root = match (run.flag('w'), run.flag('g')) {
        (true, _) => RootLogin::No,
        (_, true) => RootLogin::KeysOnly,
        _ => RootLogin::Yes,
    };
    let settings = ["-c", "-G"].iter().filter_map(|name| run.option(name).map(|value| format!("{name} {value}"))).collect();
    SshServer {
        kind: "dropbear".into(),
        program: run.resolved.clone(),
        listen,
        root,
        password: !run.flag('s'),
        empty_password: run.flag('B'),
        settings,
    }
}

/// Debian's and Buildroot's `/etc/default/dropbear`, which the start-up script reads.
fn defaults(reader: &mut Reader) {
    let Some(text) = reader.text("/etc/default/dropbear") else { return };
    let (mut arguments, mut at) = (Vec::new(), None);
    for (number, line) in text.plain_lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        match name.trim_start_matches("export ").trim() {
            "DROPBEAR_ARGS" | "DROPBEAR_EXTRA_ARGS" => arguments.extend(words(unquoted(value))),
            "DROPBEAR_PORT" => arguments.extend(["-p".to_owned(), unquoted(value).to_owned()]),
            _ => continue,
        }
        at = at.or(Some(number));
    }
    let Some(line) = at else { return };
    let resolved = reader.root.find_program(b"dropbear").ok().map(|place| place.shown());
    let run = Run { program: "dropbear".into(), resolved, arguments, user: None, at: text.at(line), fact: None };
    let server = dropbear(&run);
    reader.fact(run.at, "ssh", None, ImageFact::SshServer(server));
}

fn openwrt(reader: &mut Reader) {
    let Some(text) = reader.text("/etc/config/dropbear") else { return };
    let program = reader.root.find_program(b"dropbear").ok().map(|place| place.shown());
    for section in uci::parse(reader, &text).iter().filter(|section| section.kind == "dropbear") {
        if section.switch("enable") == Some(false) {
            continue;
        }
        let listen = section.list("Port").into_iter().map(|port| listened(port, 22)).collect::<Vec<_>>();
        let on = |name| section.switch(name).unwrap_or(true);
        let root = match (on("RootLogin"), on("RootPasswordAuth")) {
            (false, _) => RootLogin::No,
            (_, false) => RootLogin::KeysOnly,
            _ => RootLogin::Yes,
        };
        let settings = ["Interface", "ForceCommand", "GatewayPorts"]
            .iter()
            .filter_map(|name| section.option(name).map(|value| format!("{name} {value}")))
            .collect();
        let body = SshServer {
            kind: "dropbear".into(),
            program: program.clone(),
            listen: if listen.is_empty() { vec![tcp(None, 22)] } else { listen },
            root,
            password: on("PasswordAuth"),
            empty_password: false,
            settings,
        };
        reader.fact(text.at(section.line), "ssh", None::<FactId>, ImageFact::SshServer(body));
    }
}

/// Every file of keys, wherever it lies: which one a server reads is its setting.
fn keys(reader: &mut Reader) {
    let files: Vec<_> = reader
        .root
        .files()
        .filter(|place| {
            let name = place.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            name.starts_with(b"authorized_keys")
        })
        .collect();
    for place in files {
        let Some(text) = reader.text_at(&place) else { continue };
        let (mut count, mut comments, mut first, mut told) = (0, Vec::new(), None, Vec::new());
        for (number, line) in text.plain_lines() {
            // Options may stand before the type.
            let fields = words(line);
            let Some(index) = fields.iter().position(|field| ["ssh-", "ecdsa-", "sk-"].iter().any(|kind| field.starts_with(kind))) else {
                continue;
            };
            let comment = fields.get(index + 2..).unwrap_or_default().join(" ");
            // A key begins with the name of its kind once more; a server passes over a line where it does not.
            let blob = fields.get(index + 1).and_then(|text| Base64::decode_vec(text).ok());
            let blob = blob.filter(|blob| blob.get(4..).is_some_and(|rest| rest.starts_with(fields[index].as_bytes())));
            let Some(blob) = blob else {
                reader.bad_line(&text, number, "no key of SSH stands behind the name of its kind");
                continue;
            };
            count += 1;
            first = first.or(Some(number));
            if told.len() < KEYS {
                told.push(AuthorizedKey {
                    line: number,
                    kind: fields.get(index).cloned().unwrap_or_default(),
                    fingerprint: format!("SHA256:{}", Base64Unpadded::encode_string(&Sha256::of(&blob).0)),
                    options: fields[..index].iter().flat_map(|field| options(field)).collect(),
                    comment: comment.clone(),
                });
            }
            if !comment.is_empty() && comments.len() < COMMENTS {
                comments.push(comment);
            }
        }
        let Some(first) = first else { continue };
        let at: Locator = text.at(first);
        let body = AuthorizedKeys { account: owner(&place.shown()), count, comments, keys: told };
        reader.fact(Locator { at: At::Line(first), ..at }, "ssh", None::<FactId>, ImageFact::AuthorizedKeys(body));
    }
}

/// Options before a key, between commas that stand in no quotes; the quotes are gone already where a value had spaces.
fn options(field: &str) -> Vec<String> {
    field.split(',').filter(|option| !option.is_empty()).map(str::to_owned).collect()
}

/// `/root/.ssh/…` and `/etc/dropbear/…` are root's; a home names its owner.
fn owner(path: &str) -> Option<String> {
    let directory = path.strip_suffix("/authorized_keys").or_else(|| path.rsplit_once('/').map(|(directory, _)| directory))?;
    match directory {
        "/root/.ssh" | "/etc/dropbear" => Some("root".into()),
        _ => directory.strip_suffix("/.ssh").and_then(|home| home.rsplit('/').next()).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_to_listen() {
        assert_eq!(listened("2222", 22), tcp(None, 2222));
        assert_eq!(listened("127.0.0.1:22", 1), tcp(Some("127.0.0.1"), 22));
        assert_eq!(listened("[::1]:22", 1), tcp(Some("::1"), 22));
        assert_eq!(listened("::1", 22), tcp(Some("::1"), 22));
        assert_eq!(listened(":22", 1), tcp(None, 22));
    }

    #[test]
    fn keys_belong_to_homes() {
        assert_eq!(owner("/root/.ssh/authorized_keys").as_deref(), Some("root"));
        assert_eq!(owner("/srv/operator/.ssh/authorized_keys").as_deref(), Some("operator"));
        assert_eq!(owner("/etc/keys/authorized_keys"), None);
    }
}
