//! What rights through sudo amount to: a name in `sudoers` is a command, a command is what can be done with it.
//!
//! Four things decide: the program (rows of `rules/inspect/sudo`), whether its arguments are the caller's, whether who has the right may
//! change the program itself, and whether a password is asked.

use std::sync::OnceLock;

use assay_core::{
    Fact, FactBody, Root, Severity,
    dossier::Subject,
    facts::{
        ImageFact,
        image::{Account, Privilege},
    },
};
use serde::Deserialize;

use crate::places::{Identity, changed_by, tree_of};

/// What a right comes to, from the gravest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Amount {
    /// Any command.
    Root,
    /// Firmware or boot loader.
    Flash,
    /// What the boot loader or the hardware does.
    Boot,
    /// Settings go back to what they were.
    Reset,
    /// Addresses, names, the packet filter.
    Network,
    /// Restart, halt, an end to programs.
    Power,
    /// Programs of the system start and stop.
    Services,
    /// A program of which no rule says anything.
    Program,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    program: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    names: Vec<String>,
    amounts: Amount,
    free: bool,
    why: String,
    #[allow(dead_code, reason = "for readers of the rule file; a test reads it")]
    source: String,
    /// Day of that.
    #[allow(dead_code, reason = "for readers of the rule file; a test of the project reads it")]
    date: String,
}

fn rules() -> &'static [Rule] {
    static RULES: OnceLock<Vec<Rule>> = OnceLock::new();
    RULES.get_or_init(|| crate::rules::of_kind::<Rules>("sudo").unwrap_or_default().into_iter().flat_map(|rules| rules.program).collect())
}

/// One command that somebody may run as another.
pub struct Right<'a> {
    /// The line it stands on.
    pub fact: &'a Fact,
    /// The rule.
    pub privilege: &'a Privilege,
    /// Who.
    pub user: &'a str,
    /// What, as written.
    pub command: &'a str,
    /// What it comes to.
    pub amount: Amount,
    /// Why, in words.
    pub why: String,
    /// How bad that is in these hands.
    pub severity: Severity,
}

/// Every right of one input but root's own, in the order of the lines.
pub fn rights<'a>(subject: &'a Subject, facts: &'a [Fact]) -> Vec<Right<'a>> {
    let mut found = Vec::new();
    let mut roots: Vec<(&str, Root)> = Vec::new();
    for fact in facts {
        let FactBody::Image(ImageFact::Privilege(privilege)) = &fact.body else { continue };
        let tree = tree_of(subject, fact);
        let root = tree.map(|tree| match roots.iter().position(|(path, _)| *path == tree.path) {
            Some(index) => index,
            None => {
                roots.push((&tree.path, Root::new(tree)));
                roots.len() - 1
            }
        });
        let root = root.and_then(|index| roots.get(index)).map(|(_, root)| root);
        for user in privilege.users.iter().filter(|user| !user.starts_with('!') && *user != "root" && *user != "#0") {
            let holder = Holder::new(user, facts);
            for command in privilege.commands.iter().filter(|command| !command.starts_with('!')) {
                let (amount, why) = amounts(privilege, command, root, &holder.identity);
                let severity = severity(amount, privilege, &holder);
                found.push(Right { fact, privilege, user, command, amount, why, severity });
            }
        }
    }
    found
}

/// Who has a right.
struct Holder {
    identity: Identity,
    /// Is it an account of a service: one that nobody logs in as?
    service: bool,
    /// Is it a group that distributions keep for the owner?
    administrators: bool,
}

impl Holder {
    fn new(user: &str, facts: &[Fact]) -> Self {
        let image = || {
            facts.iter().filter_map(|fact| match &fact.body {
                FactBody::Image(image) => Some(image),
                _ => None,
            })
        };
        let number = user.strip_prefix('#').and_then(|number| number.parse::<u32>().ok());
        let account: Option<&Account> = image().find_map(|fact| match fact {
            ImageFact::Account(account) if !account.copy && (account.name == user || number.is_some() && account.uid == number) => {
                Some(&**account)
            }
            _ => None,
        });
        let mut identity = Identity { uid: account.and_then(|account| account.uid).or(number), gids: Vec::new() };
        identity.gids.extend(account.and_then(|account| account.gid));
        identity.gids.extend(image().filter_map(|fact| match fact {
            ImageFact::Group(group) if group.members.iter().any(|member| member == user) || user.strip_prefix('%') == Some(&group.name) => {
                group.gid
            }
            _ => None,
        }));
        let runs = image().any(|fact| match fact {
            ImageFact::WebServer(server) => server.user.as_deref() == Some(user),
            ImageFact::BootStep(step) => step.user.as_deref() == Some(user),
            _ => false,
        });
        let service = runs || account.is_some_and(|account| account.session == Some(false)) || user == "ALL";
        Self { identity, service, administrators: matches!(user, "%sudo" | "%wheel" | "%admin" | "%root") }
    }
}

/// What a command comes to, and why.
fn amounts(privilege: &Privilege, command: &str, root: Option<&Root>, who: &Identity) -> (Amount, String) {
    if !privilege.run_as.iter().any(|user| matches!(user.as_str(), "root" | "ALL" | "#0")) {
        return (Amount::Program, format!("as {}, not as root", privilege.run_as.join(", ")));
    }
    // A digest may stand before the command (sudoers(5), "Digest_Spec").
    let command = command.split_once(' ').filter(|(first, _)| first.starts_with("sha")).map_or(command, |(_, rest)| rest.trim());
    if command == "ALL" {
        let but = privilege.commands.iter().filter(|command| command.starts_with('!')).count();
        let words =
            if but > 0 { "every command; what is excepted can be reached by another name or through a shell" } else { "every command" };
        return (Amount::Root, words.to_owned());
    }
    let (program, arguments) = command.split_once(' ').map_or((command, None), |(program, rest)| (program, Some(rest.trim())));
    if program.ends_with('/') || program.contains(['*', '?', '[']) {
        return (Amount::Root, format!("every program that {program} names: a shell or an editor is likely among them"));
    }
    if privilege.set_environment {
        return (Amount::Root, "the caller may set the environment, and so what code the program loads".to_owned());
    }
    if let Some(place) = root.and_then(|root| changed_by(root, program, who)) {
        return (Amount::Root, format!("who has the right may change {place}, and so what is run"));
    }
    let free = arguments.is_none_or(|arguments| arguments.contains(['*', '?']));
    let resolved = root.and_then(|root| root.resolve(program.as_bytes()).ok()).map(|place| place.shown());
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    // A link keeps its name: `ip` is not what `busybox` is.
    let names = [name(program), resolved.as_deref().map(name).unwrap_or_default()];
    let first = names.iter().take(if names[1] == "busybox" || names[1] == "toybox" { 1 } else { 2 });
    for own in first {
        if let Some(rule) = rules().iter().find(|rule| rule.names.iter().any(|name| name == own) && (free || !rule.free)) {
            return (rule.amounts, rule.why.clone());
        }
    }
    let lower = names[0].to_ascii_lowercase();
    let (amount, words) = match () {
        () if lower.contains("reset") || lower.contains("recover") || lower.contains("factory") => {
            (Amount::Reset, "by its name it puts settings back".to_owned())
        }
        () if ["upgrade", "update", "flash", "firmware"].iter().any(|word| lower.contains(word)) => {
            (Amount::Flash, "by its name it brings in other firmware".to_owned())
        }
        () if program.contains("/init.d/") || program.contains("/rc.d/") => {
            (Amount::Services, "a start script of the image: what it starts stops and starts".to_owned())
        }
        () => (Amount::Program, if free { "with any arguments".to_owned() } else { "with these arguments alone".to_owned() }),
    };
    let there = if root.is_some() && resolved.is_none() { "; the image has no such program" } else { "" };
    (amount, format!("{words}{there}"))
}

fn severity(amount: Amount, privilege: &Privilege, holder: &Holder) -> Severity {
    match amount {
        _ if !privilege.no_password && holder.administrators => Severity::Info,
        Amount::Root if privilege.no_password => {
            if holder.service {
                Severity::High
            } else {
                Severity::Medium
            }
        }
        Amount::Flash if privilege.no_password && holder.service => Severity::Medium,
        Amount::Root | Amount::Flash | Amount::Boot => Severity::Low,
        _ if privilege.no_password && holder.service && amount != Amount::Program => Severity::Low,
        _ => Severity::Info,
    }
}

/// For tables and titles.
pub fn words(amount: Amount) -> &'static str {
    match amount {
        Amount::Root => "any command as root",
        Amount::Flash => "erasing or writing firmware",
        Amount::Boot => "changing what the boot loader or the hardware does",
        Amount::Reset => "putting settings back",
        Amount::Network => "changing the network",
        Amount::Power => "restarting, halting, ending programs",
        Amount::Services => "starting and stopping services",
        Amount::Program => "running that program",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(commands: &[&str]) -> Privilege {
        Privilege {
            users: vec!["www".into()],
            hosts: vec!["ALL".into()],
            run_as: vec!["root".into()],
            no_password: true,
            commands: commands.iter().map(|command| (*command).to_owned()).collect(),
            set_environment: false,
        }
    }

    fn of(command: &str) -> Amount {
        amounts(&right(&[command]), command, None, &Identity::default()).0
    }

    #[test]
    fn rule_files_are_understood() {
        assert!(crate::rules::of_kind::<Rules>("sudo").is_ok_and(|files| !files.is_empty()));
        assert!(rules().iter().all(|rule| !rule.source.is_empty() && !rule.why.is_empty()));
    }

    #[test]
    fn program_and_arguments_decide() {
        assert_eq!(of("ALL"), Amount::Root);
        assert_eq!(of("/usr/bin/find"), Amount::Root);
        // Fixed arguments leave an editor no choice, but a shell is one whatever stands behind it.
        assert_eq!(of("/usr/bin/tee /run/state"), Amount::Program);
        assert_eq!(of("/usr/bin/tee /run/*"), Amount::Root);
        assert_eq!(of("/usr/sbin/flash_erase"), Amount::Flash);
        assert_eq!(of("/sbin/reboot"), Amount::Power);
        assert_eq!(of("/etc/init.d/S70miner"), Amount::Services);
        assert_eq!(of("/usr/bin/factory_config_reset.sh"), Amount::Reset);
        assert_eq!(of("/usr/bin/"), Amount::Root);
        assert_eq!(of("/usr/bin/state"), Amount::Program);
        let mut as_other = right(&["/bin/sh"]);
        as_other.run_as = vec!["operator".into()];
        assert_eq!(amounts(&as_other, "/bin/sh", None, &Identity::default()).0, Amount::Program);
        let mut loads = right(&["/usr/bin/state"]);
        loads.set_environment = true;
        assert_eq!(amounts(&loads, "/usr/bin/state", None, &Identity::default()).0, Amount::Root);
    }
}
