//! Who may come in: accounts, groups, passwords of web doors, secrets in settings, rights through sudo.
//!
//! **Source**: `passwd(5)`, `shadow(5)`, `group(5)`, `crypt(5)`; Apache `htpasswd` and `htdigest`; `sudoers(5)`.
//!
//! A copy beside the live files (`shadow.factory`, `/etc/default/passwd`, …) is told as a copy: something of the system may put it in
//! place, as many do at a reset. Backups of the tools themselves (`passwd-`) count as copies too.
//!
//! **Limitations**: NSS, LDAP and PAM are not followed. Accounts made while the system runs are not there.

mod defaults;
mod descrypt;
mod hash;
mod md5crypt;
mod secrets;
mod sudoers;

use std::collections::BTreeMap;

use assay_core::{
    FactId, Locator,
    facts::{
        ImageFact,
        image::{Account, Credential, Group, Password, PasswordState},
    },
};

use crate::{reader::Reader, text::Text};

pub use hash::Tries;

/// Everything but the passwords of web doors, which their servers bring along.
pub fn read(reader: &mut Reader) {
    accounts(reader);
    groups(reader);
    loose(reader);
    secrets::read(reader);
    sudoers::read(reader);
}

struct Line {
    number: u64,
    fields: Vec<String>,
}

/// Lines with so many fields; others become gaps.
fn lines(reader: &mut Reader, text: &Text, least: usize, what: &str) -> Vec<Line> {
    let mut found = Vec::new();
    for (number, line) in text.plain_lines() {
        let fields: Vec<String> = line.split(':').map(str::to_owned).collect();
        // NIS has lines of a plus or minus alone.
        if fields.len() < least || fields[0].is_empty() {
            if !line.starts_with(['+', '-']) {
                reader.bad_line(text, number, what);
            }
            continue;
        }
        found.push(Line { number, fields });
    }
    found
}

fn accounts(reader: &mut Reader) {
    let passwd = reader.text("/etc/passwd");
    let shadow = reader.text("/etc/shadow");
    let (passwd_lines, shadow_lines) = (
        passwd.as_ref().map(|text| lines(reader, text, 7, "a line of passwd has seven fields")).unwrap_or_default(),
        shadow.as_ref().map(|text| lines(reader, text, 2, "a line of shadow has nine fields")).unwrap_or_default(),
    );
    let hidden: BTreeMap<&str, &Line> = shadow_lines.iter().rev().map(|line| (line.fields[0].as_str(), line)).collect();
    let known: BTreeMap<String, Account> = passwd_lines.iter().rev().map(|line| (line.fields[0].clone(), of_passwd(line))).collect();
    if let Some(text) = &passwd {
        for line in &passwd_lines {
            let mut account = of_passwd(line);
            let mut at = text.at(line.number);
            if line.fields[1] == "x" {
                match (hidden.get(line.fields[0].as_str()), &shadow) {
                    (Some(own), Some(shadow)) => {
                        account.password = reader.tries().password(Some(&account.name), None, &own.fields[1], defaults::Place::Account);
                        at = shadow.at(own.number);
                    }
                    _ => account.password = Password { scheme: "none".into(), state: PasswordState::Missing },
                }
            } else {
                account.password = reader.tries().password(Some(&account.name), None, &line.fields[1], defaults::Place::Account);
            }
            reader.fact(at, "access", None::<FactId>, ImageFact::Account(Box::new(account)));
        }
    }
    // A shadow file without a passwd file, or with names that it lacks, still holds passwords.
    if let Some(text) = &shadow {
        for line in shadow_lines.iter().filter(|line| !known.contains_key(&line.fields[0])) {
            of_shadow(reader, text, line, None, false);
        }
    }
    let live: Vec<String> = [&passwd, &shadow].into_iter().flatten().map(|text| text.path.clone()).collect();
    for path in copies(reader, &live) {
        let Some(text) = reader.text(&path) else { continue };
        let shadow = path.rsplit('/').next().is_some_and(|name| name.starts_with("shadow"));
        let fields = if shadow { 8 } else { 7 };
        // A file of that name with other content is something else, such as a service of PAM.
        if text.plain_lines().next().is_none_or(|(_, line)| line.matches(':').count() + 1 < fields) {
            continue;
        }
        for line in lines(reader, &text, 2, "a line of an account has more fields") {
            if shadow {
                of_shadow(reader, &text, &line, known.get(&line.fields[0]), true);
            } else if line.fields.len() >= 7 && line.fields[1] != "x" {
                let mut account = of_passwd(&line);
                account.copy = true;
                account.password = reader.tries().password(Some(&account.name), None, &line.fields[1], defaults::Place::Account);
                tell_copy(reader, text.at(line.number), account);
            }
        }
    }
}

/// Groups that somebody is in beyond whose main group they are (`group(5)`).
fn groups(reader: &mut Reader) {
    let Some(text) = reader.text("/etc/group") else { return };
    for line in lines(reader, &text, 4, "a line of group has four fields") {
        let members: Vec<String> = line.fields[3].split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        if !members.is_empty() {
            let body = Group { name: line.fields[0].clone(), gid: line.fields[2].parse().ok(), members };
            reader.fact(text.at(line.number), "access", None::<FactId>, ImageFact::Group(body));
        }
    }
}

fn of_passwd(line: &Line) -> Account {
    let field = |index: usize| line.fields.get(index).cloned();
    let shell = field(6);
    Account {
        name: line.fields[0].clone(),
        uid: field(2).and_then(|number| number.parse().ok()),
        gid: field(3).and_then(|number| number.parse().ok()),
        home: field(5),
        session: shell.as_deref().map(gives_session),
        shell,
        password: Password { scheme: "none".into(), state: PasswordState::Missing },
        copy: false,
    }
}

fn of_shadow(reader: &mut Reader, text: &Text, line: &Line, known: Option<&Account>, copy: bool) {
    let password = reader.tries().password(Some(&line.fields[0]), None, &line.fields[1], defaults::Place::Account);
    let blank = Account {
        name: line.fields[0].clone(),
        uid: None,
        gid: None,
        shell: None,
        home: None,
        session: None,
        password: password.clone(),
        copy,
    };
    let account = Account { password, copy, ..known.cloned().unwrap_or(blank) };
    if copy { tell_copy(reader, text.at(line.number), account) } else { tell(reader, text.at(line.number), account) }
}

fn tell(reader: &mut Reader, at: Locator, account: Account) {
    reader.fact(at, "access", None::<FactId>, ImageFact::Account(Box::new(account)));
}

/// Of copies, what no password opens is not worth a fact.
fn tell_copy(reader: &mut Reader, at: Locator, account: Account) {
    if account.password.state != PasswordState::Locked {
        tell(reader, at, account);
    }
}

/// Does the shell give a session? What ends at once, or refuses, does not.
fn gives_session(shell: &str) -> bool {
    !matches!(shell.rsplit('/').next(), Some("false" | "nologin" | "true" | "sync" | "halt" | "shutdown"))
}

/// Files named like those of the accounts, other than the live ones.
fn copies(reader: &Reader, live: &[String]) -> Vec<String> {
    let alike = |name: &[u8]| {
        [&b"passwd"[..], b"shadow"]
            .iter()
            .any(|stem| name.strip_prefix(*stem).is_some_and(|rest| rest.is_empty() || rest.starts_with(b".") || rest.starts_with(b"-")))
    };
    let files = reader.root.files().filter(|place| place.path.rsplit(|byte| *byte == b'/').next().is_some_and(alike));
    files.map(|place| place.shown()).filter(|path| !live.contains(path)).take(64).collect()
}

/// The lines of password files that a door uses.
pub fn passwords_of(reader: &mut Reader, paths: &[String], door: FactId) {
    for path in paths {
        if let Some(text) = reader.text(path) {
            password_file(reader, &text, Some(door));
        }
    }
}

/// A user and password that stand in a configuration.
pub fn inline(reader: &mut Reader, user: &str, password: &str, at: Locator, door: FactId) {
    // BusyBox and uhttpd: `$p$name` is the password of that account, `*` anybody's of the system.
    let state = match password.strip_prefix("$p$") {
        Some(name) => Password { scheme: "account".into(), state: PasswordState::NotTried(format!("the password of the account {name}")) },
        None if password == "*" => {
            Password { scheme: "account".into(), state: PasswordState::NotTried("the password of the account".into()) }
        }
        None => reader.tries().password(Some(user), None, password, defaults::Place::Inline),
    };
    let body = Credential { user: user.to_owned(), realm: None, password: state };
    reader.fact(at, "access", [door], ImageFact::Credential(body));
}

fn password_file(reader: &mut Reader, text: &Text, door: Option<FactId>) {
    if !reader.password_file_is_new(&text.path, door) {
        return;
    }
    for (number, line) in text.plain_lines() {
        let fields: Vec<&str> = line.splitn(3, ':').collect();
        let (user, realm, stored) = match fields[..] {
            [user, realm, digest] if digest.len() == 32 && digest.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
                (user, Some(realm), digest)
            }
            [user, stored, ..] => (user, None, stored),
            _ => {
                reader.bad_line(text, number, "a line of a password file has a user and a password");
                continue;
            }
        };
        let password = reader.tries().password(Some(user), realm, stored, defaults::Place::Web);
        let body = Credential { user: user.to_owned(), realm: realm.map(str::to_owned), password };
        reader.fact(text.at(number), "access", door, ImageFact::Credential(body));
    }
}

/// Password files of web servers that no door names.
fn loose(reader: &mut Reader) {
    let alike = |name: &[u8]| name.windows(8).any(|part| part == b"htpasswd" || part == b"htdigest");
    let paths: Vec<String> = reader
        .root
        .files()
        .filter(|place| place.path.rsplit(|byte| *byte == b'/').next().is_some_and(alike) && !place.executable_program())
        .map(|place| place.shown())
        .take(64)
        .collect();
    for path in paths {
        let Some(text) = reader.text(&path) else { continue };
        if text.plain_lines().next().is_some_and(|(_, line)| line.contains(':') && !line.contains(' ') || line.matches(':').count() == 2) {
            password_file(reader, &text, None);
        }
    }
}

trait Program {
    fn executable_program(&self) -> bool;
}

impl Program for assay_core::root::Place<'_> {
    /// Under a directory of programs: `htpasswd` itself.
    fn executable_program(&self) -> bool {
        self.path.windows(5).any(|part| part == b"/bin/") || self.path.windows(6).any(|part| part == b"/sbin/")
    }
}
