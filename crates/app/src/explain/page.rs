//! A rule's page for a terminal: the same words as in the manual, without the marks of Markdown, as wide as the terminal.

/// Lines longer than this are hard to read, however wide the terminal is.
const WIDEST: usize = 100;
/// Narrower than this nothing is broken any more.
const NARROWEST: usize = 30;

/// `page` (headings, paragraphs, lists and tables) in lines of at most `width` columns.
pub fn page(page: &str, width: usize) -> String {
    let width = width.clamp(NARROWEST, WIDEST);
    let mut text = String::new();
    for block in page.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        if !text.is_empty() {
            text.push('\n');
        }
        if let Some(heading) = block.strip_prefix("# ") {
            text.extend([heading, "\n", &"=".repeat(heading.chars().count()), "\n"]);
        } else if let Some(heading) = block.strip_prefix("## ") {
            text.extend([heading.to_uppercase().as_str(), "\n"]);
        } else if block.starts_with('|') {
            // The first two lines are the headings and the rule below them.
            for row in block.lines().skip(2) {
                let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
                wrap(&mut text, "  - ", &plain(&cells.join(": ")), width);
            }
        } else if block.starts_with("- ") {
            for item in block.trim_start_matches("- ").split("\n- ") {
                wrap(&mut text, "  - ", &plain(item), width);
            }
        } else {
            wrap(&mut text, "", &plain(block), width);
        }
    }
    text
}

/// Without the marks around code and links.
fn plain(text: &str) -> String {
    text.replace(['`', '<', '>'], "")
}

/// Adds `words` behind `mark`, further lines below the first word.
pub fn wrap(text: &mut String, mark: &str, words: &str, width: usize) {
    let mut line = mark.to_owned();
    let mut columns = mark.len();
    for word in words.split_whitespace() {
        let len = word.chars().count();
        if columns > mark.len() && columns + 1 + len > width {
            text.push_str(&line);
            text.push('\n');
            line = " ".repeat(mark.len());
            columns = mark.len();
        }
        if columns > mark.len() {
            line.push(' ');
            columns += 1;
        }
        line.push_str(word);
        columns += len;
    }
    text.push_str(&line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn headings_lists_and_tables_lose_their_marks() {
        let source = "# Some keys\n\n## What it shows\n\nA `key` and\nanother.\n\n| what | how |\n| --- | --- |\n| one | `high`, `firm` |\n\n- <https://a.example/>\n- b\n";
        let shown = "Some keys\n=========\n\nWHAT IT SHOWS\n\nA key and another.\n\n  - one: high, firm\n\n  - https://a.example/\n  - b\n";
        assert_eq!(page(source, 80), shown);
    }

    #[test]
    fn lines_are_broken_between_words() {
        let shown = page("- twelve words that stand in a list and have to be broken\n", 30);
        assert_eq!(shown, "  - twelve words that stand in\n    a list and have to be\n    broken\n");
        // A word that is longer than a line stands whole.
        assert_eq!(page(&"a".repeat(50), 30), format!("{}\n", "a".repeat(50)));
    }

    #[test]
    fn every_rule_has_a_page_that_fits() {
        for detector in assay_inspect::judge::DETECTORS.iter().copied().flatten() {
            let shown = page(&detector.page(), 80);
            assert!(shown.contains("\nFALSE POSITIVES\n") && !shown.contains(['`', '|']), "{}: {shown}", detector.id);
            let long = shown.lines().find(|line| line.chars().count() > 80 && line.trim().contains(' ') && !line.contains("https://"));
            assert_eq!(long, None, "{}", detector.id);
        }
    }
}
