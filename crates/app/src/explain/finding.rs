//! A finding step by step: what stands at each place of its path, what must be true there, and whether it is what the dossier says.

use std::fmt::Write;

use assay_core::{At, Control, Dossier, Evidence, Finding, Role, Sha256};

use super::{
    page::wrap,
    replay::{Outcome, Replay, is_code},
};
use crate::{
    Failure,
    render::words::{self, Places, kebab},
};

/// Bytes shown at an offset.
const SHOWN_BYTES: usize = 128;

/// How the places of findings compare, by number.
#[derive(Default)]
struct Tally {
    agree: usize,
    differ: usize,
    absent: usize,
    unsaid: usize,
}

/// `findings` in words; true where nothing is other than the dossier says.
pub fn explain(dossier: &Dossier, findings: &[&Finding], replay: &Replay, width: usize) -> Result<(String, bool), Failure> {
    let places = Places::new(dossier);
    let (mut text, mut all) = (String::new(), Tally::default());
    for finding in findings {
        if !text.is_empty() {
            text.push('\n');
        }
        let mut out = Page { text, width: width.clamp(40, 110), places: &places };
        let tally =
            out.finding(finding, words::control_behind(dossier, finding).and_then(|number| dossier.controls.get(number)), replay)?;
        text = out.text;
        all.add(&tally);
    }
    if findings.len() != 1 {
        let _ = writeln!(text, "\n{}: {}", words::count(findings.len(), "finding"), all.words());
    }
    Ok((text, all.differ + all.absent == 0))
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.agree += other.agree;
        self.differ += other.differ;
        self.absent += other.absent;
        self.unsaid += other.unsaid;
    }

    fn words(&self) -> String {
        let all = self.agree + self.differ + self.absent + self.unsaid;
        let mut words = format!("replayed {}, {} as the dossier has it", words::count(all, "place"), self.agree);
        for (number, what) in [
            (self.differ, "NOT AS THE DOSSIER HAS IT"),
            (self.absent, "in no input that was given"),
            (self.unsaid, "with nothing in the dossier to compare"),
        ] {
            if number > 0 {
                let _ = write!(words, ", {number} {what}");
            }
        }
        words + "."
    }
}

struct Page<'p> {
    text: String,
    width: usize,
    places: &'p Places<'p>,
}

impl Page<'_> {
    fn finding(&mut self, finding: &Finding, control: Option<&Control>, replay: &Replay) -> Result<Tally, Failure> {
        self.item("", &format!("{} {}: {}", finding.id, finding.severity, finding.title));
        let mut facts = vec![format!("rule {} version {}, {}", finding.rule, finding.version, finding.confidence)];
        facts.extend(finding.effect.map(|effect| format!("effect {}", kebab(effect))));
        facts
            .extend(finding.holder.as_ref().map(|holder| format!("held by {} {}", kebab(holder.who), holder.detail).trim_end().to_owned()));
        if let Some(stage) = &finding.stage {
            let doors: Vec<String> = stage.authorised.iter().map(kebab).collect();
            let doors = if doors.is_empty() { "not known".to_owned() } else { doors.join(", ") };
            facts.push(format!(
                "present {}, reachable {}, authorised by {doors}, observed {}",
                if stage.present { "yes" } else { "no" },
                kebab(stage.reachable),
                kebab(stage.observed)
            ));
        }
        facts.extend((!finding.trigger.is_empty()).then(|| format!("set off by {}", listed(&finding.trigger))));
        for fact in facts {
            self.item("  ", &fact);
        }
        let mut shown: Vec<(Sha256, At)> = Vec::new();
        let mut tally = Tally::default();
        let mut program = String::new();
        let steps = words::way_len(&finding.evidence);
        for (index, evidence) in finding.evidence.iter().enumerate() {
            let place = self.places.of(evidence);
            if place != program {
                let _ = writeln!(self.text, "\nIn {place}\n  {}", evidence.artifact);
                program = place;
            }
            self.heading(index, steps, evidence);
            let outcome = replay.compare(finding, evidence)?;
            let place = (evidence.artifact, evidence.at.clone());
            match shown.iter().position(|known| *known == place) {
                Some(before) if outcome == Outcome::Agrees => self.item("  ", &format!("(the same place as {})", step_name(before, steps))),
                _ => self.outcome(evidence, &outcome, replay)?,
            }
            shown.push(place);
            *match outcome {
                Outcome::Agrees => &mut tally.agree,
                Outcome::Differs(_) => &mut tally.differ,
                Outcome::Unsaid(_) => &mut tally.unsaid,
                Outcome::Absent => &mut tally.absent,
            } += 1;
        }
        self.conditions(finding, steps, control);
        for said in &finding.statements {
            self.text.push('\n');
            self.item("", &format!("{} says ({}): {}", said.by, said.date, said.text));
        }
        let _ = writeln!(self.text, "\n{}: {}", finding.id, tally.words());
        Ok(tally)
    }

    fn heading(&mut self, index: usize, steps: usize, evidence: &Evidence) {
        self.text.push('\n');
        let what = match evidence.role {
            Role::Other => "Evidence".to_owned(),
            role if index < steps => format!("Step {} of {steps}, {}", index + 1, kebab(role)),
            role => format!("Also, {}", kebab(role)),
        };
        let function = evidence.function.as_ref().map(|function| format!(" in {function}")).unwrap_or_default();
        self.item("", &format!("{what}: {}{function}", evidence.at));
        if !evidence.note.is_empty() {
            let must = if words::must(evidence.role) { "must be true: " } else { "" };
            self.item("  ", &format!("{must}{}", words::line(&evidence.note)));
        }
    }

    /// What is there now, and how it compares.
    fn outcome(&mut self, evidence: &Evidence, outcome: &Outcome, replay: &Replay) -> Result<(), Failure> {
        let said = &evidence.excerpt;
        match outcome {
            Outcome::Agrees => self.block(said),
            Outcome::Differs(now) => {
                self.block(if now.is_empty() { "(nothing that could be shown)" } else { now });
                self.item("  ", "NOT AS THE DOSSIER HAS IT, which says:");
                self.block(if said.is_empty() { "(nothing)" } else { said });
            }
            Outcome::Unsaid(now) if now.is_empty() => {
                self.block(said);
                self.item(
                    "  ",
                    "The artifact is the same; what the rule says of it comes from more than these bytes: `assay verify` makes it again.",
                );
            }
            Outcome::Unsaid(now) => {
                self.block(now);
                self.item("  ", "The dossier has no excerpt here to compare with.");
            }
            Outcome::Absent => self.item("  ", "This artifact is not in the inputs given."),
        }
        if let (false, At::Offset(offset), Some(bytes)) = (is_code(evidence), &evidence.at, replay.bytes(evidence.artifact)?) {
            dump(&bytes, *offset, &mut self.text);
        }
        Ok(())
    }

    /// Everything that must be true for the last step, in one place.
    fn conditions(&mut self, finding: &Finding, steps: usize, control: Option<&Control>) {
        let must: Vec<String> = finding.evidence[..steps]
            .iter()
            .enumerate()
            .filter(|(_, evidence)| words::must(evidence.role))
            .map(|(index, evidence)| format!("{} (step {})", words::line(&evidence.note), index + 1))
            .collect();
        let checks = control.map(words::checks).unwrap_or_default();
        let assumed = control.map(|control| control.assumed.clone()).unwrap_or_default();
        for (title, lines) in
            [("What must be true for it:", must), ("What is checked on the way:", checks), ("What was taken for granted:", assumed)]
        {
            if !lines.is_empty() {
                let _ = writeln!(self.text, "\n{title}");
                for line in lines {
                    self.item("  - ", &line);
                }
            }
        }
    }

    /// Words as wide as the terminal.
    fn item(&mut self, mark: &str, words: &str) {
        wrap(&mut self.text, mark, words, self.width);
    }

    /// Lines as they are: evidence is not broken.
    fn block(&mut self, lines: &str) {
        for line in lines.lines() {
            let _ = writeln!(self.text, "    {line}");
        }
    }
}

fn step_name(index: usize, steps: usize) -> String {
    if index < steps { format!("step {}", index + 1) } else { "before".to_owned() }
}

fn listed(words: &[String]) -> String {
    words.iter().map(|word| format!("{word:?}")).collect::<Vec<_>>().join(", ")
}

/// Sixteen bytes a line, as `hexdump -C` shows them.
fn dump(bytes: &[u8], offset: u64, text: &mut String) {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let end = (start + SHOWN_BYTES).min(bytes.len());
    for (line, chunk) in bytes.get(start..end).unwrap_or_default().chunks(16).enumerate() {
        let hex = chunk.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        let shown: String = chunk.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' }).collect();
        let _ = writeln!(text, "    {:08x}  {hex:<48} |{shown}|", start + line * 16);
    }
}
