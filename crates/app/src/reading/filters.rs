//! Commands of the packet filter in scripts, as policies and rules.
//!
//! **Limitations**: rules that are taken away again are told all the same: a script has a part that starts and a part that stops, and
//! nothing in the list of its commands says which of them ran last. What is not `iptables` is a gap.

use assay_core::{
    At, Problem,
    facts::ImageFact,
    firewall::{Command, Edit, Family, FirewallRule, Policy, iptables_command},
};

/// What the commands of one script leave in the filter.
#[derive(Debug, Default)]
pub struct Filter {
    /// What chains do with the rest.
    policies: Vec<(At, Policy)>,
    /// Rules, those put before others in their place.
    rules: Vec<(At, Box<FirewallRule>)>,
    /// Commands that are not understood.
    pub problems: Vec<Problem>,
}

impl Filter {
    /// Reads `commands`, each with its words, in the order of their execution.
    pub fn of<'c>(commands: impl IntoIterator<Item = &'c (At, Vec<String>)>) -> Self {
        let mut filter = Self::default();
        for (at, words) in commands {
            filter.command(at, words);
        }
        filter
    }

    fn command(&mut self, at: &At, words: &[String]) {
        let Some((name, words)) = words.split_first() else { return };
        let family = match name.rsplit('/').next().unwrap_or_default() {
            "iptables" => Family::Ip4,
            "ip6tables" => Family::Ip6,
            // What is loaded from a file stands in that file.
            "iptables-restore" | "ip6tables-restore" => return,
            other => {
                return self.problems.push(Problem::unsupported(0, format!("{at}: a packet filter's command, {other}, that is not read")));
            }
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match iptables_command(family, &words) {
            Some(Command::Policy(policy)) => self.policies.push((at.clone(), policy)),
            Some(Command::Rule(edit, rule)) => self.rule(at, edit, rule),
            Some(_) => {}
            None => self.problems.push(Problem::corrupt(0, format!("{at}: a command of the packet filter that is not understood"))),
        }
    }

    fn rule(&mut self, at: &At, edit: Edit, rule: Box<FirewallRule>) {
        let chain = |other: &FirewallRule| (other.family, &other.table, &other.chain) == (rule.family, &rule.table, &rule.chain);
        let place = |number: u32| {
            let mut own = self.rules.iter().enumerate().filter(|(_, (_, other))| chain(other)).map(|(index, _)| index);
            own.nth(number.saturating_sub(1) as usize)
        };
        match edit {
            Edit::Append => self.rules.push((at.clone(), rule)),
            Edit::Insert(number) => match place(number) {
                Some(index) => self.rules.insert(index, (at.clone(), rule)),
                None => self.rules.push((at.clone(), rule)),
            },
            Edit::Replace(number) => {
                if let Some(slot) = place(number).and_then(|index| self.rules.get_mut(index)) {
                    *slot = (at.clone(), rule);
                }
            }
            Edit::Delete => {}
        }
    }

    /// The policies, and the rules in the order in which packets meet them.
    pub fn facts(self) -> impl Iterator<Item = (At, ImageFact)> {
        let policies = self.policies.into_iter().map(|(at, policy)| (at, ImageFact::FirewallPolicy(policy)));
        policies.chain(self.rules.into_iter().map(|(at, rule)| (at, ImageFact::FirewallRule(rule))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_stand_as_packets_meet_them() {
        let commands = [
            "/sbin/iptables -P INPUT DROP",
            "iptables -A INPUT -p tcp --dport 22 -j ACCEPT",
            "iptables -I INPUT -i lo -j ACCEPT",
            "ip6tables -A INPUT -j DROP",
            "iptables -D INPUT 1",
            "iptables -R INPUT 2 -p tcp --dport 80 -j ACCEPT",
            "nft flush ruleset",
            "iptables -A",
        ];
        let commands: Vec<(At, Vec<String>)> = (1..).zip(commands).map(|(line, text)| (At::Line(line), words(text))).collect();
        let filter = Filter::of(&commands);
        assert_eq!(filter.problems.len(), 2, "{:?}", filter.problems);
        let lines: Vec<At> = filter.facts().map(|(at, _)| at).collect();
        assert_eq!(lines, [1, 3, 6, 4].map(At::Line));
    }

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }
}
