//! Two texts, line by line, by the algorithm of Myers (crate `similar`).

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Lines shown of one text.
const MOST: usize = 40;

/// Lines that only one of the two has, each with its number, before it `-` for the first and `+` for the second.
pub fn between(old: &[String], new: &[String]) -> Vec<String> {
    let mut shown = Vec::new();
    let mut more = 0;
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        let (gone, come) = match op {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { old_index, old_len, .. } => (old_index..old_index + old_len, 0..0),
            DiffOp::Insert { new_index, new_len, .. } => (0..0, new_index..new_index + new_len),
            DiffOp::Replace { old_index, old_len, new_index, new_len } => (old_index..old_index + old_len, new_index..new_index + new_len),
        };
        let lines = gone.map(|at| ('-', at, &old[at])).chain(come.map(|at| ('+', at, &new[at])));
        for (sign, at, line) in lines {
            if shown.len() < MOST {
                shown.push(format!("{sign}{}: {line}", at + 1));
            } else {
                more += 1;
            }
        }
    }
    if more > 0 {
        shown.push(format!("… and {more} lines more"));
    }
    shown
}

#[cfg(test)]
mod tests {
    #[test]
    fn only_what_differs_is_shown() {
        let text = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let shown = super::between(&text(&["a", "b", "c"]), &text(&["a", "x", "c", "d"]));
        assert_eq!(shown, ["-2: b", "+2: x", "+4: d"]);
        assert!(super::between(&text(&["a"]), &text(&["a"])).is_empty());
    }
}
