//! The summary for a terminal.

use std::fmt::Write;

use assay_core::{Dossier, Severity};

use super::{kebab, percent};

/// The summary, wrapped to `width` columns; no escape codes unless `color`.
#[must_use]
pub fn render(dossier: &Dossier, width: usize, color: bool) -> String {
    let mut out = String::new();
    let width = width.max(20);
    for subject in &dossier.subjects {
        wrap(&mut out, &format!("{}: {} ({}), {} bytes", subject.name, kebab(subject.kind), subject.format, subject.size), 2, width);
        let who = &subject.identity;
        for (name, value) in [
            ("maker", &who.maker),
            ("model", &who.model),
            ("platform", &who.platform),
            ("version", &who.version),
            ("built", &who.built),
            ("kernel", &who.kernel),
        ] {
            if let Some(value) = value {
                wrap(&mut out, &format!("  {name}: {value}"), 4, width);
            }
        }
        let bytes = subject.coverage.bytes;
        wrap(
            &mut out,
            &format!(
                "  bytes: {} explained, {} opaque, {} unknown; files read: {} of {}",
                percent(bytes.explained, bytes.total),
                percent(bytes.opaque, bytes.total),
                percent(bytes.unknown, bytes.total),
                subject.coverage.files.read,
                subject.coverage.files.total
            ),
            4,
            width,
        );
        let mut gaps: Vec<_> = subject.coverage.gaps.iter().collect();
        wrap(&mut out, &format!("  gaps: {}", gaps.len()), 4, width);
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.span.1));
        for gap in gaps.iter().take(5) {
            wrap(&mut out, &format!("    {} {} {} ({} bytes): {}", gap.id, kebab(gap.why), gap.path, gap.span.1, gap.note), 6, width);
        }
    }
    out.push_str("\nAnswers\n");
    for answer in &dossier.answers {
        wrap(&mut out, &format!("  {}: {}. {}", answer.question, answer.state, answer.summary), 4, width);
    }
    let _ = writeln!(out, "\nFindings: {}", dossier.findings.len());
    let mut findings: Vec<_> = dossier.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in findings {
        let mut block = String::new();
        let word = finding.severity.to_string();
        wrap(&mut block, &format!("  {} {word} {} [{}]", finding.id, finding.title, finding.rule), 4, width);
        if color {
            let code = if finding.severity >= Severity::High { "31" } else { "33" };
            block = block.replacen(&word, &format!("\x1b[{code}m{word}\x1b[0m"), 1);
        }
        out.push_str(&block);
    }
    for table in dossier.tables.iter().filter(|table| table.title.to_lowercase().contains("signature")) {
        let _ = writeln!(out, "\n{}", table.title);
        for row in &table.rows {
            let cells: Vec<_> = row.iter().map(ToString::to_string).collect();
            wrap(&mut out, &format!("  {}", cells.join(" | ")), 4, width);
        }
    }
    if !dossier.complete {
        wrap(&mut out, "\nA limit cut the work short: this dossier is not complete.", 0, width);
    }
    out
}

/// One paragraph, later lines indented; words longer than a line are broken.
fn wrap(out: &mut String, text: &str, indent: usize, width: usize) {
    let lead = text.len() - text.trim_start_matches(' ').len();
    let mut column = lead;
    out.push_str(&" ".repeat(lead));
    let mut first = true;
    for word in text.split_whitespace() {
        let len = word.chars().count();
        if !first && column + 1 + len > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if !first {
            out.push(' ');
            column += 1;
        }
        first = false;
        for letter in word.chars() {
            if column >= width {
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                column = indent;
            }
            out.push(letter);
            column += 1;
        }
    }
    out.push('\n');
}
