//! The pages of rules, taken apart for readers who do not have the command at hand.

use assay_inspect::judge::{DETECTORS, Detector};

/// All detectors.
pub fn detectors() -> impl Iterator<Item = &'static Detector> {
    DETECTORS.iter().copied().flatten()
}

/// A rule's page in sections.
pub struct RulePage {
    pub id: &'static str,
    pub version: u32,
    pub title: String,
    pub sections: Vec<Section>,
}

/// A heading and its paragraphs or points, each on one line.
pub struct Section {
    pub heading: String,
    pub blocks: Vec<String>,
}

impl RulePage {
    /// The page of a detector (Markdown: headings, paragraphs, points).
    pub fn new(detector: &Detector) -> Self {
        let mut page = Self { id: detector.id, version: detector.version, title: String::new(), sections: Vec::new() };
        let mut open = false;
        for line in detector.page().lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                page.sections.push(Section { heading: heading.to_owned(), blocks: Vec::new() });
                open = false;
            } else if let Some(title) = line.strip_prefix("# ") {
                title.clone_into(&mut page.title);
            } else if let Some(section) = page.sections.last_mut() {
                let (point, text) = line.strip_prefix("- ").map_or((false, line.trim()), |text| (true, text.trim()));
                match section.blocks.last_mut() {
                    _ if text.is_empty() => open = false,
                    Some(block) if open && !point => block.extend([" ", text]),
                    _ => {
                        section.blocks.push(text.to_owned());
                        open = true;
                    }
                }
            }
        }
        page
    }

    /// The first paragraph under a heading; empty where there is none.
    pub fn first(&self, heading: &str) -> &str {
        let section = self.sections.iter().find(|section| section.heading == heading);
        section.and_then(|section| section.blocks.first()).map_or("", String::as_str)
    }

    /// The page without marks of Markdown.
    pub fn plain(&self) -> String {
        let sections = self.sections.iter().map(|section| format!("\n\n{}\n\n{}", section.heading, section.blocks.join("\n\n")));
        sections.fold(self.title.clone(), |text, section| text + &section)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_page_with_all_its_sections() {
        assert!(detectors().count() > 5);
        for page in detectors().map(RulePage::new) {
            for heading in ["What it shows", "Why it matters", "How it works", "False positives", "False negatives", "References"] {
                assert!(!page.first(heading).is_empty(), "{}: {heading}", page.id);
            }
            assert!(!page.title.is_empty() && page.plain().starts_with(&page.title));
        }
    }
}
