//! Tables of times: what runs again and again.
//!
//! **Source**: `crontab(5)` of Vixie cron and of BusyBox crond; OpenWrt `/etc/crontabs`; Debian `run-parts(8)` for `cron.daily` and the like.
//!
//! **Limitations**: whether a cron daemon runs at all is told by the other steps. `anacron` and `at` jobs are not read.

use assay_core::{
    At,
    facts::image::{Phase, Starter},
};

use super::step::{line_step, plain_step};
use crate::{
    reader::Reader,
    text::{Text, unquoted},
};

/// All tables.
pub fn read(reader: &mut Reader) {
    let mut tables: Vec<(String, Option<String>)> = vec![("/etc/crontab".into(), None)];
    tables.extend(reader.list("/etc/cron.d").into_iter().map(|name| (format!("/etc/cron.d/{name}"), None)));
    // `/etc/crontabs` is often a link to the spool, or the other way round: each file is read once.
    let mut seen = Vec::new();
    for directory in ["/var/spool/cron/crontabs", "/etc/crontabs", "/var/spool/cron"] {
        for name in reader.list(directory) {
            let path = format!("{directory}/{name}");
            let Some(place) = reader.file(&path) else { continue };
            if !seen.contains(&place.path) && name != "cron.update" {
                seen.push(place.path);
                tables.push((path, Some(name.to_owned())));
            }
        }
    }
    for (path, user) in tables {
        if let Some(text) = reader.text(&path) {
            table(reader, &text, user.as_deref());
        }
    }
    for (name, when) in [("hourly", "every hour"), ("daily", "every day"), ("weekly", "every week"), ("monthly", "every month")] {
        for script in reader.list(&format!("/etc/cron.{name}")) {
            let path = format!("/etc/cron.{name}/{script}");
            let Some(place) = reader.file(&path).filter(|_| !script.starts_with('.') && !script.contains('.')) else { continue };
            let mut step = plain_step(Phase::Timer, Starter::Cron, script, &path, Vec::new());
            step.condition = Some(when.into());
            reader.step(reader.root.locate(&place, At::Line(1)), None, step);
        }
    }
}

/// One table; those of the system have the user as a field.
fn table(reader: &mut Reader, text: &Text, owner: Option<&str>) {
    let mut environment: Vec<String> = Vec::new();
    for (number, line) in text.plain_lines() {
        if let Some((name, value)) = line.split_once('=').filter(|(name, _)| is_name(name.trim())) {
            environment.push(format!("{}={}", name.trim(), unquoted(value)));
            continue;
        }
        let times = if line.starts_with('@') { 1 } else { 5 };
        let fields = times + usize::from(owner.is_none());
        let Some((head, command)) = split(line, fields) else {
            reader.bad_line(text, number, "a line of a crontab has its times and a command");
            continue;
        };
        let when = head[..times].join(" ");
        let phase = if when == "@reboot" { Phase::Boot } else { Phase::Timer };
        // What follows a percent sign is given to the command as its input.
        let command = command.split_once('%').filter(|(before, _)| !before.ends_with('\\')).map_or(command, |(before, _)| before);
        let mut step = line_step(phase, Starter::Cron, text.path.rsplit('/').next().unwrap_or_default(), command);
        step.user = owner.or_else(|| head.last().copied()).map(str::to_owned);
        step.condition = Some(when);
        step.environment.splice(0..0, environment.iter().cloned());
        reader.step(text.at(number), None, step);
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
        && !text.starts_with(|first: char| first.is_ascii_digit())
}

/// The first `count` words and what follows them.
fn split(line: &str, count: usize) -> Option<(Vec<&str>, &str)> {
    let (mut words, mut rest) = (Vec::new(), line);
    for _ in 0..count {
        let (word, after) = rest.split_once(' ')?;
        words.push(word);
        rest = after.trim_start();
    }
    (!rest.is_empty()).then_some((words, rest))
}
