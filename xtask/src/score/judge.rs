//! One dossier against one `expect.toml`.
//!
//! - A variant that has the behaviour is **told** where one finding of its rule agrees in effect, holder, host and triggers; it is
//!   **noticed** where a finding of its rule is there at all. Recall is counted over what was told.
//! - A variant that has it not (a twin, a harmless program) is **flagged** where its rule fires, or any rule of programs at `medium` or
//!   above, unless `twin_may` or `may` allows it.
//! - A **false alarm** on a variant that has the behaviour is a rule at `medium` or above that is not among those that may fire there.

use super::{Dossier, Finding, triggers};
use crate::fixtures::expect::{Fixture, May};

/// What a comparison came to.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Has it the behaviour?
    pub shown: bool,
    /// A finding of the rule is there.
    pub noticed: bool,
    /// And it agrees.
    pub told: bool,
    /// Something is said that should not be.
    pub flagged: bool,
    /// What is not as expected.
    pub faults: Vec<String>,
}

/// What must be said of a variant.
struct Wanted<'f> {
    rule: &'f str,
    effect: &'f str,
    holders: Vec<&'f str>,
    host: Option<&'f str>,
    triggers: &'f [String],
}

/// Compares what is said of `variant` with what its fixture expects.
pub fn verdict(fixture: &Fixture, variant: &str, said: &Dossier) -> Verdict {
    let expect = &fixture.expect;
    let mut verdict = Verdict::default();
    let wanted = wanted(fixture, variant);
    let may = if fixture.kind == "harmless" { &expect.may } else { &expect.twin_may };
    let Some(wanted) = wanted else {
        for finding in said.findings.iter().filter(|finding| concerns_code(finding)) {
            let own = expect.rule.as_deref() == Some(&finding.rule);
            if (own || loud(finding)) && !allowed(may, finding) {
                verdict.flagged = true;
                verdict.faults.push(format!("flagged: {}", brief(finding)));
            }
        }
        return verdict;
    };
    verdict.shown = true;
    let mut nearest = None;
    for finding in said.findings.iter().filter(|finding| concerns_code(finding)) {
        if finding.rule == wanted.rule {
            verdict.noticed = true;
            match disagreement(&wanted, finding) {
                None => verdict.told = true,
                Some(words) => nearest = Some(format!("{words}: {}", brief(finding))),
            }
        } else if loud(finding)
            && !expect.also.contains(&finding.rule)
            && (finding.rule != "control.hidden-command" || wanted.triggers.is_empty())
        {
            verdict.flagged = true;
            verdict.faults.push(format!("false alarm: {}", brief(finding)));
        }
    }
    if !verdict.told {
        verdict.faults.push(nearest.unwrap_or_else(|| format!("missed: {}", wanted.rule)));
    }
    verdict
}

/// None for what must be passed over in silence.
fn wanted<'f>(fixture: &'f Fixture, variant: &str) -> Option<Wanted<'f>> {
    let expect = &fixture.expect;
    if let Some(other) = expect.variant.iter().find(|other| other.name == variant) {
        let rule = (!other.rule.is_empty()).then_some(other.rule.as_str())?;
        return Some(Wanted { rule, effect: &other.effect, holders: vec![&other.holder], host: None, triggers: &other.trigger });
    }
    if variant != "shown" {
        return None;
    }
    Some(Wanted {
        rule: expect.rule.as_deref()?,
        effect: expect.effect.as_deref()?,
        holders: expect.holder.iter().chain(&expect.holder_also).map(String::as_str).collect(),
        host: expect.host.as_deref(),
        triggers: &expect.trigger,
    })
}

/// Why a finding of the right rule is not the one that is wanted.
fn disagreement(wanted: &Wanted, finding: &Finding) -> Option<String> {
    if finding.effect.as_deref() != Some(wanted.effect) {
        return Some(format!("effect is not {}", wanted.effect));
    }
    let Some(holder) = &finding.holder else { return Some("no holder".into()) };
    if !wanted.holders.contains(&holder.who.as_str()) {
        return Some(format!("holder is not {}", wanted.holders.join(" or ")));
    }
    if let Some(host) = wanted.host
        && holder.who == "fixed-remote"
        && !holder.detail.contains(host)
    {
        return Some(format!("host is not {host}"));
    }
    let lacking: Vec<_> = wanted.triggers.iter().filter(|trigger| !triggers::named(trigger, &finding.trigger)).collect();
    (!lacking.is_empty()).then(|| format!("trigger {lacking:?} is not named"))
}

/// Rules about the package as such are none of these fixtures' business.
fn concerns_code(finding: &Finding) -> bool {
    finding.rule.starts_with("control.") || finding.rule.starts_with("disclosure.")
}

fn loud(finding: &Finding) -> bool {
    matches!(finding.severity.as_str(), "medium" | "high" | "critical")
}

/// A finding that may be there: quiet, or in another's hand, which the reason then names.
fn allowed(may: &[May], finding: &Finding) -> bool {
    may.iter().filter(|may| may.rule == finding.rule).any(|may| {
        let holder = finding.holder.as_ref().map_or("", |holder| holder.who.as_str());
        !loud(finding) || (!holder.is_empty() && may.why.contains(holder))
    })
}

fn brief(finding: &Finding) -> String {
    let (who, detail) = finding.holder.as_ref().map_or(("-", ""), |holder| (&holder.who, &holder.detail));
    let effect = finding.effect.as_deref().unwrap_or("-");
    format!("{} {} {effect} {who} [{detail}] {:?} “{}”", finding.rule, finding.severity, finding.trigger, finding.title)
}
