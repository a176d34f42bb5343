//! One `iptables` command, its words already split.

use super::{Action, Family, FirewallRule, Policy, ports::ports};

/// What a command asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A chain's policy is set.
    Policy(Policy),
    /// A rule is added, put before others, replaced or taken away.
    Rule(Edit, Box<FirewallRule>),
    /// All rules of a chain, or of all chains of a table, are taken away. Policies stay.
    Flush {
        /// Table.
        table: String,
        /// Chain, or all of them.
        chain: Option<String>,
    },
    /// A chain is made.
    NewChain {
        /// Table.
        table: String,
        /// Chain.
        chain: String,
    },
    /// Nothing is changed, or nothing that bears on packets.
    Nothing,
}

/// What is done with a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// Added as the last one.
    Append,
    /// Put at a place, from 1.
    Insert(u32),
    /// Put in the place of another, from 1.
    Replace(u32),
    /// Taken away.
    Delete,
}

/// Words that one command may have; a saved rule has a few dozen.
const WORDS: usize = 512;

/// Reads the words after `iptables` or `ip6tables`. `None`: not a command that could be understood. A word that is not known (`{}` from
/// a script) stays in the rule as a match that is not told.
#[must_use]
pub fn iptables_command(family: Family, words: &[&str]) -> Option<Command> {
    if words.len() > WORDS {
        return None;
    }
    let mut reader = Reader { words, at: 0, family, table: "filter".into(), verb: None, rule: FirewallRule::new(family, "", "") };
    reader.options();
    reader.finish()
}

enum Verb {
    Edit(Edit, String),
    Policy(String, String),
    Flush(Option<String>),
    New(String),
    Nothing,
}

struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
    family: Family,
    table: String,
    verb: Option<Verb>,
    rule: FirewallRule,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).copied()?;
        self.at += 1;
        Some(word)
    }

    /// The next word if it is no option.
    fn value(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.at).copied().filter(|word| !word.starts_with('-') && *word != "!")?;
        self.at += 1;
        Some(word)
    }

    fn options(&mut self) {
        let mut not = false;
        while let Some(word) = self.next() {
            if word == "!" {
                not = true;
                continue;
            }
            let (name, attached) = split(word);
            let mut take = |reader: &mut Self| {
                // `-s ! 10.0.0.0/8` is the old way to write `! -s`.
                if attached.is_none() && reader.words.get(reader.at) == Some(&"!") {
                    reader.at += 1;
                    not = true;
                }
                attached.or_else(|| reader.value()).unwrap_or_default().to_owned()
            };
            if self.verb_of(name, &mut take) {
                continue;
            }
            match name {
                "-t" | "--table" => self.table = take(self),
                "-4" | "--ipv4" => self.family = Family::Ip4,
                "-6" | "--ipv6" => self.family = Family::Ip6,
                "-p" | "--protocol" | "--proto" => {
                    let protocol = take(self).to_ascii_lowercase();
                    self.rule.protocol = (protocol != "all" && protocol != "0" || not).then(|| marked(not, protocol));
                }
                "-s" | "--source" | "--src" => {
                    let value = take(self);
                    self.rule.source = address(not, value);
                }
                "-d" | "--destination" | "--dst" => {
                    let value = take(self);
                    self.rule.destination = address(not, value);
                }
                "-i" | "--in-interface" => {
                    let value = take(self);
                    self.rule.input = Some(marked(not, value));
                }
                "-o" | "--out-interface" => {
                    let value = take(self);
                    self.rule.output = Some(marked(not, value));
                }
                "--dport" | "--dports" | "--destination-port" | "--destination-ports" => {
                    let value = take(self);
                    match ports(&value).filter(|_| !not) {
                        Some(mut list) => self.rule.ports.append(&mut list),
                        None => self.more(not, name, &value),
                    }
                }
                "--sport" | "--sports" | "--source-port" | "--source-ports" => {
                    let value = take(self);
                    match ports(&value).filter(|_| !not) {
                        Some(mut list) => self.rule.source_ports.append(&mut list),
                        None => self.more(not, name, &value),
                    }
                }
                "--state" | "--ctstate" => {
                    let value = take(self);
                    if not {
                        self.more(not, name, &value);
                    } else {
                        self.rule.states = value.split(',').map(str::to_ascii_lowercase).collect();
                    }
                }
                "-j" | "--jump" | "-g" | "--goto" => {
                    let target = take(self);
                    self.rule.action = Action::named(&target);
                }
                "--to-destination" | "--to-ports" | "--to-port" | "--to" | "--on-port" => {
                    let to = take(self);
                    if let Action::Redirect(place) = &mut self.rule.action {
                        *place = to;
                    }
                }
                // The modules' names say nothing that their options do not; comments say nothing at all.
                "-m" | "--match" | "--comment" | "--reject-with" | "--log-prefix" | "--log-level" | "-w" | "--wait" | "-W" => {
                    take(self);
                }
                "-c" | "--set-counters" => {
                    take(self);
                    self.value();
                }
                "-n" | "-v" | "-x" | "-q" | "--numeric" | "--verbose" | "--exact" | "--line-numbers" => {}
                _ => {
                    let value = take(self);
                    self.more(not, name, &value);
                }
            }
            not = false;
        }
    }

    fn verb_of(&mut self, name: &str, take: &mut impl FnMut(&mut Self) -> String) -> bool {
        let verb = match name {
            "-A" | "--append" => Verb::Edit(Edit::Append, take(self)),
            "-D" | "--delete" => {
                let chain = take(self);
                // By number: which rule that is, cannot be said here.
                match self.number() {
                    Some(_) => Verb::Nothing,
                    None => Verb::Edit(Edit::Delete, chain),
                }
            }
            "-I" | "--insert" => {
                let chain = take(self);
                Verb::Edit(Edit::Insert(self.number().unwrap_or(1)), chain)
            }
            "-R" | "--replace" => {
                let chain = take(self);
                Verb::Edit(Edit::Replace(self.number().unwrap_or(1)), chain)
            }
            "-P" | "--policy" => {
                let chain = take(self);
                Verb::Policy(chain, self.value().unwrap_or_default().to_owned())
            }
            "-F" | "--flush" => Verb::Flush(Some(take(self)).filter(|chain| !chain.is_empty())),
            "-N" | "--new-chain" => Verb::New(take(self)),
            "-X" | "--delete-chain" | "-Z" | "--zero" | "-L" | "--list" | "-S" | "--list-rules" | "-E" | "--rename-chain" | "-C"
            | "--check" | "-h" | "--help" | "-V" | "--version" => {
                take(self);
                Verb::Nothing
            }
            _ => return false,
        };
        self.verb = Some(verb);
        true
    }

    fn number(&mut self) -> Option<u32> {
        let number = self.words.get(self.at)?.parse().ok()?;
        self.at += 1;
        Some(number)
    }

    fn more(&mut self, not: bool, name: &str, value: &str) {
        let space = if value.is_empty() { "" } else { " " };
        self.rule.more.push(marked(not, format!("{name}{space}{value}")));
    }

    fn finish(mut self) -> Option<Command> {
        let table = self.table;
        Some(match self.verb? {
            Verb::Edit(_, chain) if chain.is_empty() => return None,
            Verb::Edit(edit, chain) => {
                (self.rule.family, self.rule.table, self.rule.chain) = (self.family, table, chain);
                Command::Rule(edit, Box::new(self.rule))
            }
            Verb::Policy(chain, target) => Command::Policy(Policy {
                family: self.family,
                table,
                chain,
                hook: None,
                action: Action::named(&target),
                covers: Vec::new(),
            }),
            Verb::Flush(chain) => Command::Flush { table, chain },
            Verb::New(chain) => Command::NewChain { table, chain },
            Verb::Nothing => Command::Nothing,
        })
    }
}

/// Name of an option and the value attached to it: `--dport=80`, `-ptcp`.
fn split(word: &str) -> (&str, Option<&str>) {
    if let Some((name, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
        return (name, Some(value));
    }
    match word.char_indices().nth(2) {
        Some((2, _)) if word.starts_with('-') && !word.starts_with("--") => (&word[..2], Some(&word[2..])),
        _ => (word, None),
    }
}

fn marked(not: bool, value: String) -> String {
    if not { format!("! {value}") } else { value }
}

/// Everybody's address is no condition.
fn address(not: bool, value: String) -> Option<String> {
    let everybody = matches!(value.as_str(), "0.0.0.0/0" | "0/0" | "::/0" | "0.0.0.0/0.0.0.0");
    (!everybody || not).then(|| marked(not, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> (Edit, FirewallRule) {
        let words: Vec<&str> = text.split(' ').collect();
        match iptables_command(Family::Ip4, &words) {
            Some(Command::Rule(edit, rule)) => (edit, *rule),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn rules_as_scripts_write_them() {
        let (edit, read) = rule("-A INPUT -p tcp --dport 4028 -j ACCEPT");
        assert_eq!((edit, read.chain.as_str(), read.ports.as_slice()), (Edit::Append, "INPUT", &[(4028, 4028)][..]));
        assert_eq!((read.table.as_str(), read.action), ("filter", Action::Accept));
        let (edit, read) = rule("-w -I INPUT 2 -i eth0 ! -s 10.0.0.0/8 -m multiport --dports ssh,8000:8100 -m state --state NEW -jDROP");
        assert_eq!(edit, Edit::Insert(2));
        assert_eq!(read.ports, [(22, 22), (8000, 8100)]);
        assert_eq!((read.source.as_deref(), read.input.as_deref()), (Some("! 10.0.0.0/8"), Some("eth0")));
        assert_eq!((read.states, read.action, read.more), (vec!["new".to_owned()], Action::Drop, vec![]));
        let (_, read) = rule("-t nat -A PREROUTING -s ! 1.2.3.4 -p udp --dport=:53 -j REDIRECT --to-ports 5353");
        assert_eq!((read.table.as_str(), read.source.as_deref()), ("nat", Some("! 1.2.3.4")));
        assert_eq!((read.ports, read.action), (vec![(0, 53)], Action::Redirect("5353".into())));
        let (_, read) = rule("-A INPUT -p icmp --icmp-type echo-request -j ours");
        assert_eq!((read.more, read.action), (vec!["--icmp-type echo-request".to_owned()], Action::Jump("ours".into())));
    }

    #[test]
    fn what_is_not_known_is_said() {
        let (_, read) = rule("-A INPUT -p tcp --dport {} -j ACCEPT");
        assert_eq!((read.ports, read.more), (vec![], vec!["--dport {}".to_owned()]));
        let (_, read) = rule("-A INPUT -p tcp ! --dport 22 -j DROP");
        assert_eq!((read.ports, read.more), (vec![], vec!["! --dport 22".to_owned()]));
    }

    #[test]
    fn policies_and_the_rest() {
        let of = |text: &str| iptables_command(Family::Ip6, &text.split(' ').collect::<Vec<_>>());
        assert!(matches!(of("-P INPUT DROP"), Some(Command::Policy(Policy { family: Family::Ip6, action: Action::Drop, .. }))));
        assert_eq!(of("--flush"), Some(Command::Flush { table: "filter".into(), chain: None }));
        assert_eq!(of("-t nat -F ours"), Some(Command::Flush { table: "nat".into(), chain: Some("ours".into()) }));
        assert_eq!(of("-D INPUT 3"), Some(Command::Nothing));
        assert_eq!(of("-N ours"), Some(Command::NewChain { table: "filter".into(), chain: "ours".into() }));
        assert_eq!(of("-A"), None);
        assert_eq!(of("-ü é --é= !"), None);
    }
}
