//! Remediation: the egress list of a dossier as a packet filter, as rules of an intrusion detection, and as a MUD profile.
//!
//! What is on the list is decided in `assay_inspect::egress`; here it is only written down. Names come from an input and may be made to
//! break out of a comment or a rule, so that nothing of them is written as it is: [`plain`] leaves letters, digits and a few marks, and a
//! host gets into a rule only as a [`Target`], which is an address or a well-formed name and nothing else.

pub mod mud;
pub mod nft;
pub mod suricata;

use std::{fmt::Write, net::IpAddr};

use assay_inspect::egress::Line;

/// What stands in a list of an image that was not read to its end.
fn incomplete(complete: bool) -> &'static str {
    if complete { "" } else { "# NOT COMPLETE: a limit cut the reading of the image short; it may talk to others than these lines say.\n" }
}

/// The other end of a line, fit for a rule.
pub enum Target {
    /// An address.
    Address(IpAddr),
    /// A name of the form that RFC 1123 (section 2.1) and RFC 1035 (section 2.3.4) allow.
    Name(String),
    /// The site's own servers.
    Site,
    /// Nothing that a rule could say.
    None,
}

impl Target {
    /// Of a line.
    pub fn of(line: &Line) -> Self {
        if line.host.is_empty() {
            return Self::Site;
        }
        if let Ok(address) = line.host.parse() {
            return Self::Address(address);
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        let name = line.host.strip_suffix('.').unwrap_or(&line.host);
        // A name whose last part is a number is an address that is written wrongly (WHATWG URL, section 3.5).
        let number = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if name.len() <= 253 && !number && name.split('.').all(label) { Self::Name(name.to_ascii_lowercase()) } else { Self::None }
    }
}

/// Words for a comment or a message: letters, digits and marks that mean nothing in any of the languages stay, every other byte becomes
/// `%XX`. Cut to `most` bytes.
pub fn plain(words: &str, most: usize) -> String {
    let mut text = String::new();
    for byte in words.bytes() {
        if byte.is_ascii_alphanumeric() || b" ._-/:!@,()=+".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        if text.len() > most {
            text.truncate(most.saturating_sub(3));
            return text + "...";
        }
    }
    text
}

/// Bytes of a citation in a comment.
const CITATION: usize = 600;

/// What a line is for, and what it rests on.
pub fn citation(line: &Line) -> String {
    plain(&format!("{}, {}", line.purpose, line.because), CITATION)
}

/// `tcp` or `udp`, where that is known.
pub fn transport(line: &Line) -> Option<&str> {
    matches!(line.transport.as_str(), "tcp" | "udp").then_some(line.transport.as_str())
}

#[cfg(test)]
pub(super) mod tests {
    use assay_inspect::egress::Verdict;

    use super::*;

    /// A line.
    pub fn line(verdict: Verdict, host: &str, port: u16) -> Line {
        Line {
            verdict,
            host: host.to_owned(),
            port: Some(port),
            transport: "tcp".to_owned(),
            purpose: "pool".to_owned(),
            words: vec!["reboot;\"|\n".to_owned()],
            because: format!("/etc/{host}.conf line 3"),
        }
    }

    /// Hosts that try to get out of a comment, a string or a rule.
    pub const HOSTILE: [&str; 8] = [
        "a\nadd rule inet assay_miners miners accept",
        "a\" accept; #",
        "*/ accept /*",
        "a; sid:1;) alert tcp any any -> any any (",
        "a\\",
        "\u{202e}a\r\u{85}b\u{2028}c",
        "$(reboot)`x`",
        "-a..b",
    ];

    #[test]
    fn nothing_hostile_is_a_target() {
        for host in HOSTILE {
            assert!(matches!(Target::of(&line(Verdict::Deny, host, 1)), Target::None), "{host:?}");
            let text = plain(host, 600);
            assert!(!text.contains(['\n', '\r', '"', '\\', ';', '*', '#', '$', '`', '{', '\u{202e}']), "{text}");
        }
        assert!(matches!(Target::of(&line(Verdict::Deny, "1.2.3.999", 1)), Target::None));
        assert!(matches!(Target::of(&line(Verdict::Deny, "Eu.pool-1.test.", 1)), Target::Name(name) if name == "eu.pool-1.test"));
        assert_eq!(plain("abcdefgh", 6), "abc...");
    }
}
