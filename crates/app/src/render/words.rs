//! Numbers, names and days as the renderings write them.

use std::collections::{BTreeSet, HashMap};

use assay_core::{
    Cell, Control, Dossier, Evidence, Finding, Role, Sha256,
    coverage::{CallCount, FunctionCount},
    dossier::Subject,
    facts::code::Check,
};

/// Heading of the table of identity; its first two columns are field and value.
const IDENTITY: &str = "Identity";
/// Heading of the table of signatures, and of its column with the outcome, as `inspect` writes them.
pub const SIGNATURES: &str = "Signatures";
const OUTCOME: &str = "Outcome";
/// Outcomes that the summaries tell apart.
pub const INVALID: &str = "INVALID";
pub const VALID: &str = "valid";

/// How far programs were read.
pub fn read_of_code(functions: FunctionCount, calls: CallCount) -> String {
    format!(
        "{} of {} functions analysed, {} given up at a limit; {} of {} calls with a known target",
        grouped(functions.analysed),
        grouped(functions.found),
        grouped(functions.abandoned),
        grouped(calls.resolved),
        grouped(calls.resolved + calls.unresolved)
    )
}

/// A closed value's name as in JSON: `KeyHolder` gives `key-holder`.
pub fn kebab(value: impl std::fmt::Debug) -> String {
    let mut name = String::new();
    for letter in format!("{value:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// `part` of `total` in percent with one digit. A part that is not nothing never reads as 0 %, and one that is not all never as 100 %.
pub fn percent(part: u64, total: u64) -> String {
    let tenths = if total == 0 { 0 } else { u128::from(part) * 1000 / u128::from(total) };
    match (part, tenths) {
        (0, _) => "0 %".to_owned(),
        (_, 0) => "under 0.1 %".to_owned(),
        (_, 1000..) => "100 %".to_owned(),
        (_, 999) => "over 99.9 %".to_owned(),
        _ => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}

/// A whole number with its thousands apart: `13,705,140`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A length in bytes for people: `13.7 MB`, in powers of ten.
pub fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

/// Seconds since 1970 as `YYYY-MM-DD HH:MM:SS`, UTC; the number itself where no calendar has it.
pub fn time(seconds: i64) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(time) => time.to_string().replace('T', " ").trim_end_matches('Z').to_owned(),
        Err(_) => format!("{seconds} s"),
    }
}

/// First `digits` hexadecimal digits of a digest.
pub fn short(digest: &Sha256, digits: usize) -> String {
    digest.hex().chars().take(digits).collect()
}

/// A count and its noun: `1 gap`, `2 gaps`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number as u64))
}

/// The trail to an artifact; the input itself has none.
pub fn place(trail: &str) -> &str {
    if trail.is_empty() { "(input)" } else { trail }
}

/// Names the place of a piece of evidence: by its trail alone where there is one input, with the input's name where there are several.
pub struct Places<'d> {
    names: HashMap<Sha256, &'d str>,
}

impl<'d> Places<'d> {
    pub fn new(dossier: &'d Dossier) -> Self {
        let mut names = HashMap::new();
        if dossier.subjects.len() > 1 {
            for subject in &dossier.subjects {
                for id in artifacts(subject) {
                    names.entry(id).or_insert(subject.name.as_str());
                }
            }
        }
        Self { names }
    }

    pub fn of(&self, evidence: &Evidence) -> String {
        match (self.names.get(&evidence.artifact), evidence.path.as_str()) {
            (None, trail) => place(trail).to_owned(),
            (Some(name), "") => (*name).to_owned(),
            (Some(name), trail) => format!("{name}: {trail}"),
        }
    }
}

/// What the input is: kind, format, length.
pub fn what(subject: &Subject) -> String {
    use assay_core::dossier::SubjectKind::{Data, Executable, Firmware, Tree};
    let kind = match subject.kind {
        Firmware => "Firmware image".to_owned(),
        Tree => "Directory".to_owned(),
        Executable => "Program or script".to_owned(),
        Data => "Data of no known kind".to_owned(),
        kind => {
            let mut name = kebab(kind);
            name.get_mut(..1).map(str::make_ascii_uppercase);
            name
        }
    };
    let format = if subject.kind == Tree { String::new() } else { format!(", format {}", subject.format) };
    format!("{kind}{format}, {} bytes ({})", grouped(subject.size), size(subject.size))
}

/// Which machine it says it is for: maker, model, board. `None` where it says nothing.
pub fn machine(subject: &Subject) -> Option<String> {
    let who = &subject.identity;
    let mut text: Vec<&str> = [&who.maker, &who.model].into_iter().flatten().map(String::as_str).collect();
    let board = who.platform.as_ref().map(|platform| format!("({platform})"));
    text.extend(board.as_deref());
    (!text.is_empty()).then(|| text.join(" "))
}

/// Where the subject says `value` of itself, by the table of identity; empty where no row of it does.
pub fn identity_place(dossier: &Dossier, subject: &Subject, field: &str, value: &str) -> String {
    let artifacts = artifacts(subject);
    let is = |cell: Option<&Cell>, text: &str| matches!(cell, Some(Cell::Text(cell)) if cell == text);
    let rows = dossier.tables.iter().filter(|table| table.title == IDENTITY).flat_map(|table| table.rows.iter().zip(&table.evidence));
    let mut places = rows.filter(|(row, _)| is(row.first(), field) && is(row.get(1), value)).flat_map(|(_, evidence)| evidence);
    let found = places.find(|evidence| artifacts.contains(&evidence.artifact));
    found.map(|evidence| format!("{}, {}", place(&evidence.path), evidence.at)).unwrap_or_default()
}

/// Artifacts of a subject. Evidence belongs to the subject that has its artifact.
pub fn artifacts(subject: &Subject) -> BTreeSet<Sha256> {
    let own = subject.artifacts.iter().map(|artifact| artifact.id);
    own.chain(subject.manifest.iter().map(|tree| tree.artifact)).chain([subject.id]).collect()
}

/// Findings with evidence in one of `artifacts`, worst first.
pub fn findings_in<'d>(dossier: &'d Dossier, artifacts: &BTreeSet<Sha256>) -> Vec<&'d Finding> {
    let mut findings: Vec<&Finding> =
        dossier.findings.iter().filter(|finding| finding.evidence.iter().any(|evidence| artifacts.contains(&evidence.artifact))).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

/// How many findings of each severity, worst first: `2 high, 1 low`.
pub fn severities<'d>(findings: impl Iterator<Item = &'d Finding>) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for finding in findings {
        *counts.entry(finding.severity).or_insert(0_u64) += 1;
    }
    let words: Vec<String> = counts.iter().rev().map(|(severity, count)| format!("{} {severity}", grouped(*count))).collect();
    words.join(", ")
}

/// Words of an input on one line: where a line's end means something, it is seen.
pub fn line(words: &str) -> String {
    words.replace('\r', "\\r").replace('\n', "\\n")
}

/// Does a step of this role come with a condition in its note?
pub fn must(role: Role) -> bool {
    matches!(role, Role::Branch | Role::Guard)
}

/// How many pieces of `evidence` are the path of a finding or control: from the first to the first that acts. What comes behind them acts
/// as well. Nothing where they tell of no path.
pub fn way_len(evidence: &[Evidence]) -> usize {
    if evidence.iter().all(|one| one.role == Role::Other) {
        return 0;
    }
    evidence.iter().position(|one| one.role == Role::Actuator).map_or(evidence.len(), |last| last + 1)
}

/// The number, from 0, of the control whose path a finding shows.
pub fn control_behind(dossier: &Dossier, finding: &Finding) -> Option<usize> {
    let place = |one: &Evidence| (one.artifact, one.at.clone(), one.role);
    let way = &finding.evidence[..way_len(&finding.evidence)];
    let first = way.first()?;
    dossier.controls.iter().position(|control| {
        Some(control.effect) == finding.effect
            && Some(&control.holder) == finding.holder.as_ref()
            && control.path.first().is_some_and(|step| place(step) == place(first))
            && control.path[..way_len(&control.path)].iter().map(place).eq(way.iter().map(place))
    })
}

/// What a control's way is checked for, and what becomes of it: `password /etc/shadow: enforced`.
pub fn checks(control: &Control) -> Vec<String> {
    let words = |check: &Check| format!("{}: {}", format!("{} {}", kebab(check.kind), check.detail).trim_end(), kebab(check.enforced));
    control.checks.iter().map(words).collect()
}

/// Outcomes of the signatures in one of `artifacts`, as the table of signatures has them: outcome and how many, what holds last.
pub fn outcomes(dossier: &Dossier, artifacts: &BTreeSet<Sha256>) -> Vec<(String, u64)> {
    let mut outcomes: Vec<(String, u64)> = Vec::new();
    for table in dossier.tables.iter().filter(|table| table.title == SIGNATURES) {
        let Some(column) = table.columns.iter().position(|column| column.name == OUTCOME) else { continue };
        for (index, row) in table.rows.iter().enumerate() {
            let here = |evidence: &Vec<Evidence>| evidence.iter().any(|evidence| artifacts.contains(&evidence.artifact));
            if !table.evidence.get(index).is_some_and(here) {
                continue;
            }
            let Some(outcome) = row.get(column).map(ToString::to_string) else { continue };
            match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, count)) => *count += 1,
                None => outcomes.push((outcome, 1)),
            }
        }
    }
    outcomes.sort_by_key(|(outcome, _)| (outcome == VALID, outcome != INVALID));
    outcomes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_and_all_are_said_only_of_nothing_and_all() {
        let shown = [(0, 10), (1, 39_842_015), (39_837_407, 39_842_015), (7, 7), (1, 3), (0, 0)].map(|(part, total)| percent(part, total));
        assert_eq!(shown, ["0 %", "under 0.1 %", "over 99.9 %", "100 %", "33.3 %", "0 %"]);
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!([0, 999, 1000, 13_705_140].map(grouped), ["0", "999", "1,000", "13,705,140"]);
        assert_eq!([0, 999, 1_250, 13_705_140, u64::MAX].map(size), ["0 B", "999 B", "1.2 kB", "13.7 MB", "18446744.0 TB"]);
        assert_eq!([time(0), time(-1), time(i64::MAX)], ["1970-01-01 00:00:00", "1969-12-31 23:59:59", "9223372036854775807 s"]);
        assert_eq!(kebab(assay_core::HolderKind::LanUnauthenticated), "lan-unauthenticated");
    }
}
