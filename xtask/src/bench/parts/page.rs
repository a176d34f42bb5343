//! The manual's page about parts.

use std::fmt::Write;

use super::outcome::Outcome;

/// The page.
pub fn page(outcomes: &[Outcome]) -> String {
    let mut page = String::from(
        "# Recognising parts\n\n\
         Written by `cargo xtask bench parts`. Files of Debian's packages in one tree, without any database of packages; what Assay finds in \
         their bytes, against what the packages say of themselves. *recall*: of the packages that carry programs and that a rule is about, those \
         of which a file shows the component with its version. *precision*: of the parts found in files of packages, those that name the \
         package's source and its upstream version. Time is that of the whole `assay vet` with the following of code switched off.\n\n\
         | set | packages | found | recall | parts | right | precision | components | s | `strings` and `grep`, s | lines that leaves to read |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for one in outcomes {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {:.1} % | {} | {} | {:.1} % | {} | {:.1} | {:.1} | {} |",
            one.name,
            one.expected,
            one.found,
            100.0 * one.recall(),
            one.judged,
            one.right,
            100.0 * one.precision(),
            one.components,
            one.seconds,
            one.peer.0,
            one.peer.1
        );
    }
    for one in outcomes {
        let list = |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join("; ") };
        let _ = writeln!(page, "\n## {}\n\n{}.\n", one.name, one.about);
        let _ = writeln!(page, "- Not found: {}", list(&one.missed));
        let _ = writeln!(page, "- Wrong: {}", list(&one.wrong));
        let _ = writeln!(page, "- Packages with programs that no rule is about: {}", list(&one.without_rule));
    }
    page.push_str(
        "\n`cve-bin-tool` is the peer that people name; it asks for its database of vulnerabilities before it looks at a file, so that here \
         stands what is left without it: `strings` over every file, and a search for versions.\n",
    );
    page
}
