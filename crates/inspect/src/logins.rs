//! What a password of an account opens: the servers and terminals of the same root filesystem that ask for one.

use assay_core::{
    Fact, FactBody,
    facts::{
        ImageFact,
        code::{Channel, Transport},
        image::{Account, PasswordState, RootLogin},
    },
};

/// A door that a password opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Door {
    /// Over the network, a shell.
    Network(&'static str),
    /// At a serial line or screen.
    Console,
}

/// What the trail of a fact has before its own file: the root that it belongs to.
pub fn container(fact: &Fact) -> &str {
    fact.locator.path.rsplit_once("!/").map_or("", |(container, _)| container)
}

/// The doors that `account` of the root `within` opens, the widest first.
pub fn doors(account: &Account, within: &str, facts: &[Fact]) -> Vec<Door> {
    let empty = account.password.state == PasswordState::Empty;
    if account.session == Some(false) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for fact in facts.iter().filter(|fact| container(fact) == within) {
        let FactBody::Image(image) = &fact.body else { continue };
        match image {
            ImageFact::SshServer(server) => {
                let root = account.uid == Some(0) && server.root != RootLogin::Yes;
                if server.password
                    && !root
                    && (!empty || server.empty_password)
                    && server.listen.iter().any(open)
                    && server.program.is_some()
                {
                    found.push(Door::Network("SSH"));
                }
            }
            ImageFact::Service(service) if service.login.is_none() && open(&service.channel) => match service.name.as_str() {
                "telnet" | "telnetd" => found.push(Door::Network("telnet")),
                "ftp" | "ftpd" | "vsftpd" => found.push(Door::Network("FTP")),
                "login" | "shell" | "rlogind" | "rshd" => found.push(Door::Network("rlogin")),
                _ => {}
            },
            ImageFact::BootStep(step) => {
                let name = step.program.rsplit('/').next().unwrap_or_default();
                if matches!(name, "getty" | "agetty" | "login" | "mgetty" | "sulogin") {
                    found.push(Door::Console);
                }
            }
            _ => {}
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Is it open to other machines, as far as its own address says?
fn open(channel: &Channel) -> bool {
    match channel {
        Channel::Bound { transport: Transport::Unix | Transport::Netlink, .. } => false,
        Channel::Bound { address, .. } => !address.as_deref().is_some_and(crate::resolve::is_loopback),
        _ => false,
    }
}

/// For sentences.
pub fn words(doors: &[Door]) -> String {
    let names: Vec<&str> = doors
        .iter()
        .map(|door| match door {
            Door::Network(name) => name,
            Door::Console => "the console",
        })
        .collect();
    names.join(", ")
}
