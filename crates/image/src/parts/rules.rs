//! The rules by which components are known (`rules/image/components/*.toml`).
//!
//! Three kinds of signs: a text with the version in it (`find`, a literal that is searched for, and `version`, an expression over the whole
//! text around it), a version that stands alone as a text of its own in a program that another text identifies (`bare`), and the name of a
//! library's file (`name`). `with` is a text that must be in the same file, `file` an expression over its name: a program that prints the
//! version of a library that it was built with is not that library.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::Regex;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    component: Vec<Component>,
}

/// A component.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Vendor and product in the Common Platform Enumeration.
    pub cpe: String,
    found: Vec<Sign>,
    #[allow(dead_code, reason = "for whoever reviews the rules; a test reads it")]
    source: String,
    #[allow(dead_code, reason = "as above")]
    date: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sign {
    find: Option<String>,
    version: Option<String>,
    #[serde(default)]
    bare: bool,
    name: Option<String>,
    with: Option<String>,
    file: Option<String>,
    #[allow(dead_code, reason = "a test reads it")]
    positive: String,
    #[allow(dead_code, reason = "a test reads it")]
    negative: String,
}

/// How a sign tells the version.
pub enum How {
    /// By an expression over the text around a literal.
    Text(Regex),
    /// As a text of its own.
    Bare,
    /// By an expression over the file's name.
    Name(Regex),
}

/// A sign, made ready.
pub struct Ready {
    /// Its component's number.
    pub component: usize,
    /// How.
    pub how: How,
    /// Number of the literal to search for.
    pub find: Option<usize>,
    /// Number of the literal that must be there too.
    pub with: Option<usize>,
    /// What the file's name must fit.
    pub file: Option<Regex>,
    /// Is it for scripts of web pages, which are texts? Every other sign is for programs and libraries.
    pub script: bool,
}

/// Everything, made ready.
pub struct Rules {
    /// The components.
    pub components: Vec<Component>,
    /// Their signs.
    pub signs: Vec<Ready>,
    /// Finds all literals in one pass, overlapping ones too.
    pub literals: AhoCorasick,
    /// How many literals there are.
    pub count: usize,
}

/// The rules. They are constants of this crate, which a test reads: none is lost in a build that passes.
pub fn all() -> &'static Rules {
    static ALL: OnceLock<Rules> = OnceLock::new();
    ALL.get_or_init(|| {
        let files: Vec<File> = crate::rules::of_kind("components").unwrap_or_default();
        let components: Vec<Component> = files.into_iter().flat_map(|file| file.component).collect();
        let (mut texts, mut signs) = (Vec::<String>::new(), Vec::new());
        let mut number = |text: &Option<String>| {
            text.as_ref().map(|text| {
                texts.iter().position(|known| known == text).unwrap_or_else(|| {
                    texts.push(text.clone());
                    texts.len() - 1
                })
            })
        };
        for (index, component) in components.iter().enumerate() {
            for sign in &component.found {
                let how = match (&sign.version, &sign.name, sign.bare) {
                    (Some(version), None, false) => Regex::new(version).ok().map(How::Text),
                    (None, Some(name), false) => Regex::new(name).ok().map(How::Name),
                    (None, None, true) => Some(How::Bare),
                    _ => None,
                };
                let file = sign.file.as_deref().map(Regex::new).transpose();
                if let (Some(how), Ok(file)) = (how, file) {
                    let script = [&sign.file, &sign.name].into_iter().flatten().any(|name| name.contains(r"\.js"));
                    signs.push(Ready { component: index, how, find: number(&sign.find), with: number(&sign.with), file, script });
                }
            }
        }
        let count = texts.len();
        let literals = AhoCorasick::new(texts).expect("some hundred short texts fit an automaton");
        Rules { components, signs, literals, count }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_is_understood_and_tells_its_examples_apart() {
        let files: Vec<File> = crate::rules::of_kind("components").unwrap();
        let components: Vec<&Component> = files.iter().flat_map(|file| &file.component).collect();
        let mut names: Vec<&str> = components.iter().map(|component| component.name.as_str()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "two components of one name");
        assert!(names.len() >= 120, "{}", names.len());
        let mut signs = 0;
        for component in components {
            assert!(!component.source.is_empty() && component.date.len() == 10, "{}", component.name);
            assert!(component.cpe.replace("\\/", "").matches(':').count() == 1, "{}", component.name);
            for sign in &component.found {
                signs += 1;
                if sign.bare {
                    assert!(sign.with.is_some() && sign.find.is_none(), "{}: a version alone says nothing", component.name);
                    assert!(super::super::components::is_version(&sign.positive), "{}", component.name);
                    assert!(!super::super::components::is_version(&sign.negative), "{}", component.name);
                    continue;
                }
                let expression = sign.version.as_ref().or(sign.name.as_ref()).unwrap_or_else(|| panic!("{}: no sign", component.name));
                let expression = Regex::new(expression).unwrap_or_else(|error| panic!("{}: {error}", component.name));
                let version = expression.captures(&sign.positive).and_then(|found| found.get(1));
                assert!(version.is_some(), "{}: {} does not fit {}", component.name, expression, sign.positive);
                assert!(!expression.is_match(&sign.negative), "{}: {} fits {}", component.name, expression, sign.negative);
                assert!(sign.find.as_ref().is_none_or(|find| sign.positive.contains(find.as_str())), "{}: {:?}", component.name, sign.find);
                assert!(sign.file.as_deref().map(Regex::new).is_none_or(|file| file.is_ok()), "{}", component.name);
            }
        }
        assert_eq!(all().signs.len(), signs);
    }
}
