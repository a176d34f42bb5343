//! What of an input's facts fits a pattern.

use assay_core::{
    At, Control, Deed, Evidence, Fact, FactBody, Locator, Role, Sha256,
    dossier::Subject,
    escape::escape,
    facts::{
        CodeFact, ImageFact,
        code::{Channel, Host, Transport},
        image::PasswordState,
    },
    firewall::{Action, FirewallRule},
};

use super::{
    schema::{Controlled, Login, Pattern},
    versions::within,
};
use crate::{
    judge::for_reading,
    resolve::{channel_words, fails_open},
};

/// Hits of one pattern in one input.
const HITS: usize = 64;

/// Everything of one input that patterns look at.
pub(super) struct Input<'a> {
    /// Manifests.
    pub subject: &'a Subject,
    /// Its facts.
    pub facts: &'a [Fact],
    /// Its controls.
    pub controls: Vec<&'a Control>,
}

/// A place where a pattern fits.
#[derive(Clone)]
pub(super) struct Hit<'a> {
    /// Files that it is about: one, or all that a control goes through.
    pub files: Vec<(Sha256, &'a str)>,
    /// What anyone can look up.
    pub evidence: Vec<Evidence>,
    /// The control, where it is one.
    pub control: Option<&'a Control>,
}

impl<'a> Hit<'a> {
    fn at(locator: &'a Locator, note: String, excerpt: String) -> Self {
        let Locator { artifact, path, at } = locator;
        let evidence =
            Evidence { artifact: *artifact, path: path.clone(), at: at.clone(), function: None, role: Role::Other, note, excerpt };
        Self { files: vec![(*artifact, path)], evidence: vec![evidence], control: None }
    }
}

/// Every place where `pattern` fits, up to a limit.
pub(super) fn hits<'a>(pattern: &Pattern, input: &Input<'a>) -> Vec<Hit<'a>> {
    match pattern {
        Pattern::Control(wanted) => controls(wanted, input),
        Pattern::File(wanted) => files(wanted, input),
        _ => input.facts.iter().filter_map(|fact| of_fact(pattern, fact)).take(HITS).collect(),
    }
}

fn of_fact<'a>(pattern: &Pattern, fact: &'a Fact) -> Option<Hit<'a>> {
    let at = |note: String, excerpt: &str| Some(Hit::at(&fact.locator, note, excerpt.to_owned()));
    match (pattern, &fact.body) {
        (Pattern::Text(wanted), FactBody::Image(ImageFact::KnownText(text))) => {
            let fits = text.text == wanted.is && (wanted.within.is_empty() || wanted.within.contains(&text.within));
            // What is there to be read describes; it does nothing.
            (fits && !for_reading(&fact.locator.path)).then(|| at(format!("the text “{}”", wanted.is), &text.shown))?
        }
        (Pattern::Listener(wanted), body) => {
            let channel = listener(body)?;
            let Channel::Bound { transport, port: Some(port), .. } = channel else { return None };
            (*transport == wanted.transport && wanted.port.contains(port))
                .then(|| at(format!("waits on {}", channel_words(channel)), ""))?
        }
        (Pattern::Sudo(wanted), FactBody::Image(ImageFact::Privilege(own))) => {
            let fits = own.users.contains(&wanted.user) && own.commands.contains(&wanted.command) && own.no_password == wanted.no_password;
            fits.then(|| at(format!("{} may run {}", wanted.user, wanted.command), ""))?
        }
        (Pattern::DefaultPassword(wanted), FactBody::Image(image)) => {
            let (user, password, realm) = match image {
                ImageFact::Account(account) => (&account.name, &account.password.state, None),
                ImageFact::Credential(own) => (&own.user, &own.password.state, own.realm.as_deref()),
                _ => return None,
            };
            let word = match password {
                PasswordState::Default { password, .. } => password.as_str(),
                PasswordState::Empty => "",
                _ => return None,
            };
            let fits = login(wanted, user, Some(word), realm.unwrap_or_default());
            fits.then(|| at(format!("{user} with the default “{word}”"), ""))?
        }
        (Pattern::AuthorizedKey(wanted), FactBody::Image(ImageFact::AuthorizedKeys(own))) => {
            let user = own.account.as_deref().unwrap_or_default();
            let key = own.keys.iter().find(|key| login(wanted, user, None, &key.comment))?;
            at(format!("a key opens the account {user}"), &format!("{} {}", key.fingerprint, key.comment))
        }
        (Pattern::PrivateKey(wanted), FactBody::Image(ImageFact::Key { private: true, encrypted: false, algorithm, .. })) => {
            let path = fact.locator.path.rsplit('!').next().unwrap_or_default();
            fits_path(wanted, path).then(|| at(format!("a private key ({algorithm})"), ""))?
        }
        (Pattern::Part(wanted), FactBody::Image(ImageFact::Part(part))) => {
            let version = part.version.as_deref()?;
            let fits = part.name == wanted.name && within(version, wanted.from.as_deref(), &wanted.up_to);
            fits.then(|| at(format!("{} {version}", part.name), &part.shown))?
        }
        (Pattern::Admitted(wanted), FactBody::Image(ImageFact::FirewallRule(rule))) => {
            admits(rule, wanted.transport, wanted.port).then(|| at(format!("lets in port {}", wanted.port), ""))?
        }
        (Pattern::Pool(wanted), FactBody::Image(ImageFact::Pool(pool))) => {
            let fits = wanted.host.as_ref().is_none_or(|host| is_host(&pool.host, host))
                && wanted.user.as_ref().is_none_or(|user| pool.user.as_ref().is_some_and(|own| own.contains(user.as_str())))
                && (!wanted.fee || pool.fee.is_some());
            fits.then(|| at(format!("the pool {}", pool.url), &pool.name))?
        }
        _ => None,
    }
}

fn controls<'a>(wanted: &Controlled, input: &Input<'a>) -> Vec<Hit<'a>> {
    let fits = |control: &&&Control| {
        let (host, port) = match &control.channel {
            Channel::Connected { host: Host::Fixed(host), port, .. } => (Some(host), *port),
            Channel::Connected { port, .. } | Channel::Bound { port, .. } => (None, *port),
            _ => (None, None),
        };
        let acts = match &control.deed {
            Deed::Acts { actuator, .. } => format!("{} {}", actuator.name, actuator.argument),
            Deed::Tells { .. } => String::new(),
        };
        wanted.effect.contains(&control.effect)
            && wanted.holder.is_none_or(|holder| control.holder.who == holder)
            && wanted.host.as_ref().is_none_or(|wanted| host.is_some_and(|host| is_host(host, wanted)))
            && wanted.port.is_none_or(|wanted| port == Some(wanted))
            && wanted.trigger.as_ref().is_none_or(|word| control.trigger.iter().any(|own| own.contains(word.as_str())))
            && wanted.acts.as_ref().is_none_or(|word| acts.contains(word.as_str()))
            && (!wanted.fails_open || control.checks.iter().any(fails_open))
    };
    let hit = |control: &&'a Control| Hit {
        files: control.path.iter().map(|step| (step.artifact, step.path.as_str())).collect(),
        evidence: control.path.clone(),
        control: Some(control),
    };
    input.controls.iter().filter(fits).take(HITS).map(hit).collect()
}

fn files<'a>(wanted: &str, input: &Input<'a>) -> Vec<Hit<'a>> {
    let entries = input.subject.manifest.iter().flat_map(|tree| tree.entries.iter().map(move |entry| (tree, entry)));
    let fits = |entry: &assay_core::Entry| {
        let path = escape(&entry.path);
        let path = path.trim_start_matches("./").trim_start_matches('/');
        fits_path(wanted.trim_start_matches('/'), path)
    };
    let found = entries.filter(|(_, entry)| entry.content.is_some() && fits(entry)).take(HITS);
    found
        .map(|(tree, entry)| {
            let evidence = Evidence {
                artifact: tree.artifact,
                path: tree.path.clone(),
                at: At::Offset(entry.offset),
                function: None,
                role: Role::Other,
                note: "the file is there".into(),
                excerpt: entry.shown(),
            };
            Hit { files: vec![(entry.content.unwrap_or(tree.artifact), tree.path.as_str())], evidence: vec![evidence], control: None }
        })
        .collect()
}

/// The socket that a fact says somebody waits on.
fn listener(body: &FactBody) -> Option<&Channel> {
    match body {
        FactBody::Code(CodeFact::Listener(channel)) => Some(channel),
        FactBody::Image(ImageFact::Service(service)) => Some(&service.channel),
        _ => None,
    }
}

fn login(wanted: &Login, user: &str, password: Option<&str>, named: &str) -> bool {
    wanted.user.as_ref().is_none_or(|own| own == user)
        && wanted.password.as_ref().is_none_or(|own| Some(own.as_str()) == password)
        && wanted.named.as_ref().is_none_or(|own| named.contains(own.as_str()))
}

/// Is `host` the one wanted, or below it where that begins with a dot?
pub(crate) fn is_host(host: &str, wanted: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    wanted.strip_prefix('.').map_or(host == wanted, |above| host.ends_with(wanted) || host == above)
}

/// Does the path fit, where `*` stands for anything but a slash?
fn fits_path(wanted: &str, path: &str) -> bool {
    let mut names = path.split('/');
    wanted.split('/').all(|own| names.next().is_some_and(|name| fits_name(own, name))) && names.next().is_none()
}

fn fits_name(wanted: &str, name: &str) -> bool {
    match wanted.split_once('*') {
        None => wanted == name,
        Some((before, after)) => {
            name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after) && !after.contains('*')
        }
    }
}

fn admits(rule: &FirewallRule, transport: Transport, port: u16) -> bool {
    let protocol = match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
        _ => return false,
    };
    let named = rule.ports.iter().any(|(first, last)| (*first..=*last).contains(&port));
    rule.action == Action::Accept && rule.protocol.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(protocol)) && named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_hosts() {
        assert!(fits_path("/etc/dropbear/*", "/etc/dropbear/dropbear_rsa_host_key"));
        assert!(!fits_path("/etc/dropbear/*", "/etc/dropbear/a/b") && !fits_path("/etc/dropbear/*", "/etc/dropbear"));
        assert!(fits_path("etc/*_key", "etc/rsa_key") && !fits_path("etc/*_key", "etc/rsa_key.pub"));
        assert!(is_host("eu.Pool.example.", ".pool.example") && is_host("pool.example", ".pool.example"));
        assert!(!is_host("mypool.example", ".pool.example") && !is_host("eu.pool.example", "pool.example"));
    }
}
