//! One rule of sudoers, aliases put in.

use assay_core::facts::image::Privilege;

use super::{DEPTH, NAMES, Sudoers};

/// Parts between signs that are not inside quotes, parentheses or behind a backslash.
pub fn split(text: &str, sign: char) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut quoted, mut inside, mut escaped) = (false, 0_u32, false);
    for character in text.chars() {
        match character {
            _ if escaped => {}
            '"' => quoted = !quoted,
            '(' if !quoted => inside += 1,
            ')' if !quoted => inside = inside.saturating_sub(1),
            _ => {}
        }
        if character == sign && !quoted && !escaped && inside == 0 {
            parts.push(std::mem::take(&mut part).trim().to_owned());
        } else {
            part.push(character);
        }
        escaped = character == '\\' && !escaped;
    }
    parts.push(part.trim().to_owned());
    parts
}

pub fn list(text: &str) -> Vec<String> {
    split(text, ',').into_iter().filter(|one| !one.is_empty()).collect()
}

/// `users hosts = (run as) TAG: command, command : hosts = …`.
pub fn privileges(sudoers: &Sudoers, rule: &str) -> Option<Vec<Privilege>> {
    let mut found: Vec<Privilege> = Vec::new();
    let mut users = Vec::new();
    for (number, part) in split(rule, ':').into_iter().fold(Vec::<String>::new(), glue).into_iter().enumerate() {
        let mut sides = part.splitn(2, '=');
        let (head, body) = (sides.next()?.trim().to_owned(), sides.next()?.trim().to_owned());
        let hosts = if number == 0 {
            // Names are put together by commas; the last word before the sign begins the hosts.
            let (who, hosts) = divide(&head)?;
            users = expand(sudoers, 'U', &list(who));
            hosts.to_owned()
        } else {
            head
        };
        let hosts = expand(sudoers, 'H', &list(&hosts));
        let (mut run_as, mut no_password, mut set_environment) = (vec!["root".to_owned()], sudoers.nobody_asked, sudoers.keeps_loader);
        for item in list(&body) {
            let mut item = item.as_str();
            if let Some(rest) = item.strip_prefix('(') {
                let (who, rest) = rest.split_once(')')?;
                // `(user : group)`.
                run_as = expand(sudoers, 'R', &list(who.split(':').next().unwrap_or_default()));
                item = rest.trim();
            }
            while let Some((tag, rest)) = item
                .split_once(':')
                .filter(|(tag, _)| !tag.is_empty() && tag.trim().bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
            {
                match tag.trim() {
                    "NOPASSWD" => no_password = true,
                    "PASSWD" => no_password = false,
                    "SETENV" => set_environment = true,
                    "NOSETENV" => set_environment = false,
                    _ => {}
                }
                item = rest.trim();
            }
            if item.is_empty() {
                return None;
            }
            let commands = expand(sudoers, 'C', &[item.to_owned()]);
            // `ALL` brings the tag along (sudoers(5), "Tag_Spec").
            let set_environment = set_environment || commands.iter().any(|command| command == "ALL");
            let new = Privilege {
                users: users.clone(),
                hosts: hosts.clone(),
                run_as: run_as.clone(),
                no_password,
                commands: Vec::new(),
                set_environment,
            };
            if found.last().is_none_or(|last| Privilege { commands: Vec::new(), ..last.clone() } != new) {
                found.push(new);
            }
            if let Some(last) = found.last_mut() {
                last.commands.extend(commands);
            }
        }
    }
    (!found.is_empty()).then_some(found)
}

/// A colon ends one part only where a new `hosts =` follows; behind a tag it does not.
fn glue(mut parts: Vec<String>, part: String) -> Vec<String> {
    let begins = part.split_once('=').is_some_and(|(head, _)| !head.contains(['(', '/']) && !head.trim().is_empty());
    match parts.last_mut() {
        Some(last)
            if !begins
                || last.ends_with(|end: char| end.is_ascii_uppercase())
                    && last.rsplit([' ', ')', '=', ',', ':']).next().is_some_and(is_tag) =>
        {
            last.push(':');
            last.push_str(&part);
        }
        _ => parts.push(part),
    }
    parts
}

fn is_tag(word: &str) -> bool {
    matches!(
        word,
        "NOPASSWD"
            | "PASSWD"
            | "NOEXEC"
            | "EXEC"
            | "SETENV"
            | "NOSETENV"
            | "LOG_INPUT"
            | "NOLOG_INPUT"
            | "LOG_OUTPUT"
            | "NOLOG_OUTPUT"
            | "FOLLOW"
            | "NOFOLLOW"
            | "MAIL"
            | "NOMAIL"
            | "INTERCEPT"
            | "NOINTERCEPT"
    )
}

/// Users and hosts: the first list of names, then the second. A name goes on behind a comma.
fn divide(head: &str) -> Option<(&str, &str)> {
    let mut end = 0;
    let mut expecting = true;
    for word in head.split_inclusive(' ') {
        let trimmed = word.trim_end();
        if trimmed.is_empty() {
            end += word.len();
            continue;
        }
        if !expecting && !trimmed.starts_with(',') {
            let (users, hosts) = head.split_at(end);
            return Some((users.trim(), hosts.trim()));
        }
        expecting = trimmed.ends_with([',', '\\']);
        end += word.len();
    }
    None
}

/// Aliases put in, each name once; a `!` before an alias goes before what it stands for.
fn expand(sudoers: &Sudoers, kind: char, names: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open: Vec<(String, bool, usize)> = names.iter().rev().map(|name| (name.clone(), false, 0)).collect();
    let mut steps = 0;
    while let Some((name, not, depth)) = open.pop() {
        steps += 1;
        if found.len() >= NAMES || steps > 8 * NAMES {
            break;
        }
        let bare = name.trim_start_matches('!').trim();
        let not = not ^ (name.matches('!').take_while(|_| name.starts_with('!')).count() % 2 == 1);
        // Runas lists may name aliases of users too.
        let alias =
            sudoers.aliases.get(&(kind, bare.to_owned())).or_else(|| sudoers.aliases.get(&('U', bare.to_owned())).filter(|_| kind == 'R'));
        if let Some(members) = alias.filter(|_| depth < DEPTH) {
            open.extend(members.iter().rev().map(|member| (member.clone(), not, depth + 1)));
            continue;
        }
        let told = if not { format!("!{bare}") } else { bare.to_owned() };
        if !found.contains(&told) {
            found.push(told);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rule: &str) -> Vec<Privilege> {
        let mut sudoers = Sudoers::default();
        sudoers.aliases.insert(('U', "WEB".into()), vec!["www-data".into(), "!WEB".into()]);
        sudoers.aliases.insert(('C', "POWER".into()), vec!["/sbin/halt".into(), "/sbin/reboot -f".into()]);
        privileges(&sudoers, rule).unwrap_or_else(|| panic!("{rule}"))
    }

    #[test]
    fn rules() {
        let read = of("WEB, %ops ALL=(ALL) NOPASSWD: POWER, !/sbin/poweroff");
        assert_eq!(
            read[0].users[..2],
            ["www-data", "!www-data"].map(str::to_owned)[..1].iter().cloned().chain(["!www-data".to_owned()]).collect::<Vec<_>>()[..]
        );
        assert!(read[0].no_password && read[0].run_as == ["ALL"]);
        assert_eq!(read[0].commands, ["/sbin/halt", "/sbin/reboot -f", "!/sbin/poweroff"]);
        let read = of("operator rig1 = (root:wheel) /bin/a, NOPASSWD:SETENV: /bin/b, PASSWD: /bin/c : rig2 = NOPASSWD: ALL");
        let told: Vec<_> = read.iter().map(|one| (one.hosts[0].as_str(), one.no_password, one.commands.join(","))).collect();
        assert_eq!(
            told,
            [
                ("rig1", false, "/bin/a".into()),
                ("rig1", true, "/bin/b".into()),
                ("rig1", false, "/bin/c".into()),
                ("rig2", true, "ALL".into())
            ]
        );
        assert_eq!(of("root ALL=(ALL) ALL")[0].commands, ["ALL"]);
        assert_eq!(of("#1000 ALL = ALL")[0].users, ["#1000"]);
        assert!(privileges(&Sudoers::default(), "nonsense").is_none());
        assert!(privileges(&Sudoers::default(), "a b = NOPASSWD:").is_none());
    }
}
