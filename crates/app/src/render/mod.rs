//! Renderings of a dossier: a page, SARIF, and a summary for the terminal. They judge nothing and add nothing.

pub mod html;
pub mod sarif;
pub mod terminal;

/// A closed value's name as in JSON: `KeyHolder` gives `key-holder`.
fn kebab(value: impl std::fmt::Debug) -> String {
    let mut name = String::new();
    for letter in format!("{value:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// `part` of `total` in percent, one digit, rounded down so that 100.0 means all.
fn percent(part: u64, total: u64) -> String {
    let tenths = if total == 0 { 0 } else { u128::from(part) * 1000 / u128::from(total) };
    format!("{}.{} %", tenths / 10, tenths % 10)
}
