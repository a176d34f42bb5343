//! The summary for a terminal.
//!
//! Every text of an input passes [`visible`] on its way into a line, so that the only escape codes are the colours put there here.

use std::{collections::BTreeMap, fmt::Write};

use assay_core::{At, Dossier, Evidence, Finding, Severity, Sha256, Table, dossier::Subject, escape::visible};

use super::words::{self, Places, count, grouped, kebab, percent, place};

/// Gaps of one subject, largest first.
const GAPS: usize = 5;
/// Findings shown in full.
const FINDINGS: usize = 40;
/// Signatures listed.
const SIGNATURES: usize = 60;
/// Characters of an excerpt.
const EXCERPT: usize = 160;
/// Digits of a digest.
const DIGITS: usize = 12;

/// The summary, wrapped to `width` columns; no escape codes unless `color`.
#[must_use]
pub fn render(dossier: &Dossier, width: usize, color: bool) -> String {
    let mut out = Lines { text: String::new(), width: width.max(40), color };
    for subject in &dossier.subjects {
        overview(&mut out, dossier, subject);
    }
    findings(&mut out, dossier);
    for table in dossier.tables.iter().filter(|table| table.title == words::SIGNATURES) {
        signatures(&mut out, table, &Places::new(dossier));
    }
    out.heading("Answers");
    for answer in &dossier.answers {
        let state = answer.state.to_string();
        out.item(&format!("  {:<11} {state:<13} ", answer.question), None, &answer.summary);
    }
    if !dossier.complete {
        out.heading("Not complete");
        out.item("  ", Some(Severity::High), "A limit cut the work short: what is not shown here was not looked at.");
    }
    out.text
}

/// What it is, which machine, is it signed, what was found, how much was understood.
fn overview(out: &mut Lines, dossier: &Dossier, subject: &Subject) {
    let who = &subject.identity;
    let artifacts = words::artifacts(subject);
    let bytes = subject.coverage.bytes;
    let share = |part| percent(part, bytes.total);
    let signed = words::outcomes(dossier, &artifacts);
    let outcomes: Vec<String> = signed.iter().map(|(outcome, number)| format!("{outcome}: {number}")).collect();
    let found = words::findings_in(dossier, &artifacts);
    let worst = found.first().map(|finding| finding.severity);
    let bad = signed.iter().any(|(outcome, _)| outcome == words::INVALID).then_some(Severity::High);

    out.heading(&subject.name);
    out.field("what", None, &words::what(subject));
    out.field("machine", None, words::machine(subject).as_deref().unwrap_or("the input does not say"));
    for (name, value) in
        [("version", &who.version), ("built", &who.built), ("system", &who.system), ("kernel", &who.kernel), ("compiler", &who.toolchain)]
    {
        if let Some(value) = value {
            out.field(name, None, value);
        }
    }
    out.field("signatures", bad, if signed.is_empty() { "none found".to_owned() } else { outcomes.join(", ") }.as_str());
    out.field("findings", worst, if found.is_empty() { "none".to_owned() } else { words::severities(found.into_iter()) }.as_str());
    out.field(
        "understood",
        None,
        &format!(
            "{} of {} bytes; {} opaque, {} unknown",
            share(bytes.explained),
            grouped(bytes.total),
            share(bytes.opaque),
            share(bytes.unknown)
        ),
    );
    let files = subject.coverage.files;
    if files.total > 0 {
        out.field("files", None, &format!("{} of {} read whole", grouped(files.read), grouped(files.total)));
    }
    if subject.coverage.functions.found > 0 {
        out.field("code", None, &words::read_of_code(subject.coverage.functions, subject.coverage.calls));
    }
    let mut gaps: Vec<_> = subject.coverage.gaps.iter().collect();
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.span.1));
    let more = if gaps.len() > GAPS { format!(", the {GAPS} largest:") } else { String::new() };
    out.field("gaps", None, &format!("{}{more}", grouped(gaps.len() as u64)));
    for gap in gaps.iter().take(GAPS) {
        let len = if gap.span.1 == 0 { "length not known".to_owned() } else { format!("{} bytes", grouped(gap.span.1)) };
        out.item(&format!("    {:<4} ", gap.id), None, &format!("{} {}, {len}: {}", kebab(gap.why), place(&gap.path), gap.note));
    }
}

fn findings(out: &mut Lines, dossier: &Dossier) {
    let (findings, places) = (&dossier.findings, Places::new(dossier));
    out.heading(&format!("Findings: {}", grouped(findings.len() as u64)));
    let mut findings: Vec<&Finding> = findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings.iter().take(FINDINGS) {
        let severity = finding.severity.to_string();
        out.item(&format!("  {:<4} {severity:<8} ", finding.id), Some(finding.severity), &finding.title);
        let mut about = format!("{}, {}, fingerprint {}", finding.rule, finding.confidence, words::short(&finding.fingerprint, DIGITS));
        if let Some(effect) = finding.effect {
            let _ = write!(about, "; effect {}", kebab(effect));
        }
        if let Some(holder) = &finding.holder {
            let _ = write!(about, "; held by {} {}", kebab(holder.who), holder.detail);
        }
        if !finding.trigger.is_empty() {
            let _ = write!(about, "; trigger {}", finding.trigger.join(", "));
        }
        out.item(INDENT, None, about.trim_end());
        if let Some(first) = finding.evidence.first() {
            let more = finding.evidence.len() - 1;
            let more = if more > 0 { format!(" (and {more} more)") } else { String::new() };
            out.item(INDENT, None, &format!("{}{more}", evidence(first, &places)));
        }
        for said in &finding.statements {
            out.item(INDENT, None, &format!("{}, {}: \"{}\" {}", said.by, said.date, said.text, said.source));
        }
    }
    if findings.len() > FINDINGS {
        out.item("  ", None, &format!("{} more, none worse than these, are in the dossier.", grouped((findings.len() - FINDINGS) as u64)));
    }
}

/// Under the title of a finding.
const INDENT: &str = "                ";

fn evidence(evidence: &Evidence, places: &Places) -> String {
    let function = evidence.function.as_ref().map(|function| format!(" in {function}")).unwrap_or_default();
    // Code has its place, which is enough for a line.
    let excerpt = if matches!(evidence.at, At::Address(_) | At::Line(_)) { String::new() } else { brief(&evidence.excerpt) };
    let parts = [evidence.note.clone(), excerpt].into_iter().filter(|part| !part.is_empty());
    let mut text = format!("{} at {}{function}", places.of(evidence), evidence.at);
    parts.for_each(|part| text.extend([": ", &part]));
    text
}

/// An excerpt of one or two lines; of a digest alone, its first digits.
fn brief(excerpt: &str) -> String {
    let most = if excerpt.parse::<Sha256>().is_ok() { "sha256:".len() + DIGITS } else { EXCERPT };
    let cut: String = excerpt.chars().take(most).collect();
    if cut.len() < excerpt.len() { cut + "…" } else { cut }
}

/// A line for each signature, and one for each key: most signatures of an image hang from few keys.
fn signatures(out: &mut Lines, table: &Table, places: &Places) {
    let column = |name: &str| table.columns.iter().position(|column| column.name == name);
    let (over, outcome, scheme, key) = (column("Over"), column("Outcome"), column("Scheme"), column("Key"));
    let (at, above, package) = (column("Where the key is"), column("What the key hangs from"), column("Where"));
    let cell = |row: usize, column: Option<usize>| {
        table.rows.get(row).and_then(|row| row.get(column?)).map(ToString::to_string).unwrap_or_default()
    };
    let short = |key: &str| key.trim_start_matches("sha256:").chars().take(DIGITS).collect::<String>();
    let mut keys: BTreeMap<(String, String), u64> = BTreeMap::new();
    let mut rows = Vec::new();
    for row in 0..table.rows.len() {
        let key = short(&cell(row, key));
        let package =
            table.evidence.get(row).and_then(|row| row.first()).map_or_else(|| cell(row, package), |evidence| places.of(evidence));
        let over = if package.is_empty() || package == place("") { cell(row, over) } else { format!("{package}!{}", cell(row, over)) };
        if !key.is_empty() {
            *keys.entry((key.clone(), cell(row, at) + &hanging(&cell(row, above)))).or_default() += 1;
        }
        rows.push([cell(row, outcome), over, key, cell(row, scheme)].map(|text| visible(&text).into_owned()));
    }
    let widest = |index: usize| rows.iter().filter_map(|row| row.get(index)).map(|text| text.chars().count()).max().unwrap_or(0);
    let (first, second) = (widest(0).min(14), widest(1).min(out.width / 2));
    let room = out.width >= 2 + first + 2 + second + 2 + DIGITS + 2 + widest(3);
    out.heading(&format!("Signatures: {}", grouped(rows.len() as u64)));
    for [outcome, over, key, scheme] in rows.iter().take(SIGNATURES) {
        let style = (outcome == words::INVALID).then_some(Severity::High);
        let lead = format!("  {outcome:<first$}  ");
        // With the name padded the key stands in a column of its own; the name is one word for the wrapping below.
        let rest = if key.is_empty() { String::new() } else { format!("  {key}") };
        let scheme = if room { format!("  {scheme}") } else { String::new() };
        if lead.chars().count() + second.max(over.chars().count()) + rest.len() + scheme.chars().count() <= out.width {
            out.raw(&lead, style, &format!("{over:<second$}{rest:<pad$}{scheme}", pad = DIGITS + 2));
        } else {
            out.item(&lead, style, &format!("{over} {key}"));
        }
    }
    if rows.len() > SIGNATURES {
        out.item("  ", None, &format!("{} more are in the dossier.", grouped((rows.len() - SIGNATURES) as u64)));
    }
    for ((key, at), number) in &keys {
        out.item(&format!("  key {key}  "), None, &format!("{at} ({})", count(*number as usize, "signature")));
    }
}

/// What a key hangs from, its digest cut to the digits that the other lines show.
fn hanging(above: &str) -> String {
    match above.strip_prefix("sha256:") {
        Some(rest) => {
            let tail = rest.find(' ').map_or("", |at| &rest[at..]);
            format!("; hangs from {}{tail}", rest.chars().take(DIGITS).collect::<String>())
        }
        None => String::new(),
    }
}

/// Text that grows line by line.
struct Lines {
    text: String,
    width: usize,
    color: bool,
}

impl Lines {
    fn heading(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let text = self.painted(&visible(text).replace('\n', " "), "1");
        self.text.push_str(&text);
        self.text.push('\n');
    }

    fn field(&mut self, name: &str, style: Option<Severity>, text: &str) {
        self.item(&format!("  {name:<10}  "), style, text);
    }

    /// A lead, coloured by `style`, and one paragraph whose later lines stand under its first; words longer than a line are broken.
    fn item(&mut self, lead: &str, style: Option<Severity>, text: &str) {
        let lead = visible(lead);
        let indent = lead.chars().count().min(self.width / 2);
        let room = self.width - indent;
        let mut lines: Vec<String> = vec![String::new()];
        let mut column = 0;
        for word in visible(text).split_whitespace() {
            let len = word.chars().count();
            if column > 0 && column + 1 + len > room {
                lines.push(String::new());
                column = 0;
            } else if column > 0 {
                lines.last_mut().map(|line| line.push(' ')).unwrap_or_default();
                column += 1;
            }
            for letter in word.chars() {
                if column >= room {
                    lines.push(String::new());
                    column = 0;
                }
                lines.last_mut().map(|line| line.push(letter)).unwrap_or_default();
                column += 1;
            }
        }
        self.raw(&lead, style, lines.first().map_or("", String::as_str));
        for line in lines.iter().skip(1) {
            self.text.push_str(&" ".repeat(indent));
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// A lead and a line that is already safe and short enough.
    fn raw(&mut self, lead: &str, style: Option<Severity>, line: &str) {
        let lead = match style {
            Some(Severity::Critical | Severity::High) => self.painted(lead, "31"),
            Some(Severity::Medium) => self.painted(lead, "33"),
            Some(Severity::Low) => self.painted(lead, "36"),
            Some(Severity::Info) | None => lead.to_owned(),
        };
        self.text.push_str(&lead);
        self.text.push_str(line.trim_end());
        if line.trim_end().is_empty() {
            self.text.truncate(self.text.trim_end_matches(' ').len());
        }
        self.text.push('\n');
    }

    fn painted(&self, text: &str, code: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
