//! What kernels were configured to be, against what is recommended for their version.

use assay_core::{At, Cell, Evidence, Fact, FactBody, Locator, Question, Table, facts::ImageFact};

use super::{code::table, evidence, place};
use crate::kernel::{Wanted, Weight, outcomes};

/// The table.
pub(super) fn kernel(facts: &[Fact]) -> Table {
    let mut rows: Vec<(Vec<Cell>, Vec<Evidence>)> = Vec::new();
    for fact in facts {
        let FactBody::Image(ImageFact::KernelConfig(config)) = &fact.body else { continue };
        for outcome in outcomes(config) {
            let at = outcome.is.map_or_else(|| fact.locator.at.clone(), |option| At::Line(option.line));
            let cells = vec![
                format!("{} ({})", config.version, config.arch).into(),
                outcome.rule.name.as_str().into(),
                outcome.is.map_or("not set", |option| option.value.as_str()).into(),
                if outcome.rule.wanted == Wanted::Set { "y" } else { "not set" }.into(),
                if outcome.fits { "yes" } else { "no" }.into(),
                if outcome.rule.weight == Weight::High { "high" } else { "low" }.into(),
                outcome.rule.why.as_str().into(),
                place(&fact.locator),
            ];
            rows.push((cells, vec![evidence(&Locator { at, ..fact.locator.clone() })]));
        }
    }
    let columns = ["Kernel", "Option", "Is", "Wanted", "Fits", "Weight", "What it does", "Where"];
    table(Question::Provenance, "Kernel settings", &columns, rows)
}
