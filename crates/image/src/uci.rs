//! OpenWrt's unified configuration: packages of sections with options and lists.
//!
//! **Source**: OpenWrt, "The UCI system", file syntax; `libuci` `file.c`.
//!
//! ```text
//! config uhttpd 'main'
//!         list listen_http '0.0.0.0:80'
//!         option home '/www'
//! ```
//!
//! **Limitations**: values over several lines are cut at the first. The last of two options of one name holds, as in libuci.

use crate::{
    reader::Reader,
    text::{Text, words},
};

/// One section.
pub struct Section {
    /// Type.
    pub kind: String,
    /// Line of its head.
    pub line: u64,
    /// Options and list items in order: name, value, line.
    pub values: Vec<(String, String, u64)>,
}

impl Section {
    /// The option of that name.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.values.iter().rev().find(|(key, ..)| key == name).map(|(_, value, _)| value.as_str())
    }

    /// Every value of that name, options with several words split.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let own = self.values.iter().filter(|(key, ..)| key == name);
        own.flat_map(|(_, value, _)| value.split_ascii_whitespace()).collect()
    }

    /// Is the switch on? `None`: not written.
    pub fn switch(&self, name: &str) -> Option<bool> {
        self.option(name).map(|value| matches!(value, "1" | "on" | "true" | "yes" | "enabled"))
    }
}

/// All sections of a file; lines that are none of the language become gaps.
pub fn parse(reader: &mut Reader, text: &Text) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (number, line) in text.plain_lines() {
        let parts = words(line);
        let mut parts = parts.iter().map(String::as_str);
        match (parts.next(), parts.next(), parts.next(), sections.last_mut()) {
            (Some("config"), Some(kind), ..) => sections.push(Section { kind: kind.to_owned(), line: number, values: Vec::new() }),
            (Some("option" | "list"), Some(key), Some(value), Some(section)) => {
                section.values.push((key.to_owned(), value.to_owned(), number));
            }
            (Some("package"), Some(_), ..) => {}
            _ => reader.bad_line(text, number, "a line of UCI is config, option or list"),
        }
    }
    sections
}

/// Does a text look like this language: nothing but its keywords at the start of lines?
pub fn looks_like(text: &Text) -> bool {
    let mut heads = 0;
    for (_, line) in text.plain_lines().take(200) {
        match line.split(' ').next() {
            Some("config") => heads += 1,
            Some("option" | "list" | "package") => {}
            _ => return false,
        }
    }
    heads > 0
}
