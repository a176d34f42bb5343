//! Which arguments of a command are meant: options, their values, operands.
//!
//! **Limitations**: options are told from operands by the rule's own list of options that take a value (POSIX.1-2024, Base Definitions,
//! section 12.2); an option that the list lacks counts as one without a value.

use serde::{Deserialize, Deserializer, de::Error};

use crate::script::interpret::Field;

/// A choice of arguments, written `operand:1`, `operand:2+`, `operand:last`, `operands`, `option:-O,--output`, `key:of=`, `all`, `stdin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// The operand of this number, from 1.
    Operand(usize),
    /// The operands from this number on.
    From(usize),
    /// The last operand; where there are at least two.
    Last,
    /// All operands but the last.
    ButLast,
    /// The values of these options.
    Option(Vec<String>),
    /// What stands behind this text in the same argument.
    Key(String),
    /// All arguments.
    All,
    /// Standard input.
    Input,
}

impl<'de> Deserialize<'de> for Select {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = |digits: &str| digits.parse::<usize>().ok().filter(|number| *number > 0);
        let parsed = match text.split_once(':') {
            None => match text.as_str() {
                "operands" => Some(Self::From(1)),
                "all" => Some(Self::All),
                "stdin" => Some(Self::Input),
                _ => None,
            },
            Some(("operand", "last")) => Some(Self::Last),
            Some(("operand", "but-last")) => Some(Self::ButLast),
            Some(("operand", rest)) => match rest.strip_suffix('+') {
                Some(digits) => number(digits).map(Self::From),
                None => number(rest).map(Self::Operand),
            },
            Some(("option", names)) => Some(Self::Option(names.split(',').map(str::to_owned).collect())),
            Some(("key", key)) if !key.is_empty() => Some(Self::Key(key.to_owned())),
            _ => None,
        };
        parsed.ok_or_else(|| D::Error::custom(format!("`{text}` chooses no arguments")))
    }
}

/// A command's arguments, sorted.
pub struct Arguments<'a> {
    all: &'a [Field],
    operands: Vec<usize>,
    options: Vec<(String, Field)>,
}

impl<'a> Arguments<'a> {
    /// Sorts `all`, the arguments without the command's name.
    pub fn new(all: &'a [Field], valued: &[String]) -> Self {
        let (mut operands, mut options) = (Vec::new(), Vec::new());
        let mut at = 0;
        let mut only_operands = false;
        while at < all.len() {
            let text = all[at].value.template();
            if only_operands || !text.starts_with('-') || text == "-" || text.starts_with("-{}") {
                operands.push(at);
            } else if text == "--" {
                only_operands = true;
            } else if let Some((name, _)) = text.split_once('=').filter(|_| text.starts_with("--")) {
                options.push((name.to_owned(), all[at].behind(name.len() + 1)));
            } else if valued.contains(&text) {
                if let Some(value) = all.get(at + 1) {
                    options.push((text, value.clone()));
                }
                at += 1;
            } else if let Some((name, end)) = clustered(&text, valued) {
                if end < text.len() {
                    // `-p22`, `-qO-`
                    options.push((name, all[at].behind(end)));
                } else {
                    // `-xzf archive`
                    options.extend(all.get(at + 1).map(|value| (name, value.clone())));
                    at += 1;
                }
            }
            at += 1;
        }
        Self { all, operands, options }
    }

    /// The arguments that are meant; standard input is the caller's.
    pub fn select(&self, select: &Select) -> Vec<Field> {
        let operand = |at: usize| self.operands.get(at).and_then(|at| self.all.get(*at)).cloned();
        match select {
            Select::Operand(number) => operand(number - 1).into_iter().collect(),
            Select::From(number) => (number - 1..self.operands.len()).filter_map(operand).collect(),
            Select::Last if self.operands.len() > 1 => operand(self.operands.len() - 1).into_iter().collect(),
            Select::ButLast => (0..self.operands.len().saturating_sub(1)).filter_map(operand).collect(),
            Select::Option(names) => self.options.iter().filter(|(name, _)| names.contains(name)).map(|(_, value)| value.clone()).collect(),
            Select::Key(key) => self
                .all
                .iter()
                .filter(|field| field.value.template().starts_with(key.as_str()))
                .map(|field| field.behind(key.len()))
                .collect(),
            Select::All => self.all.to_vec(),
            Select::Last | Select::Input => Vec::new(),
        }
    }

    /// Where a command within the command begins.
    pub fn start_of(&self, select: &Select) -> Option<usize> {
        match select {
            Select::From(number) | Select::Operand(number) => self.operands.get(number - 1).copied(),
            Select::All => Some(0),
            _ => None,
        }
    }

    /// Does some argument fit?
    pub fn any(&self, pattern: &str) -> bool {
        self.all.iter().any(|field| super::glob::fits(pattern, &field.value.template()))
    }
}

/// The first of several one-letter options that takes a value, and where that value begins.
fn clustered(text: &str, valued: &[String]) -> Option<(String, usize)> {
    if text.starts_with("--") {
        return None;
    }
    text.char_indices().skip(1).find_map(|(at, letter)| {
        let name = format!("-{letter}");
        valued.contains(&name).then_some((name, at + letter.len_utf8()))
    })
}

#[cfg(test)]
mod tests {
    use super::clustered;

    #[test]
    fn options_in_one_argument() {
        let valued = ["-O".to_owned(), "-f".to_owned()];
        assert_eq!(clustered("-qO-", &valued), Some(("-O".into(), 3)));
        assert_eq!(clustered("-xzf", &valued), Some(("-f".into(), 4)));
        assert_eq!(clustered("-q", &valued), None);
        assert_eq!(clustered("--file", &valued), None);
    }
}
