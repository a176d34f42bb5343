//! Passwords, tokens and keys that stand in settings and scripts as they are.
//!
//! Two things tell a secret: a *name* that says so before a literal value (`api_key = …`, `option key '…'`, `"password": "…"`), or a *form*
//! of its own that a service gives its keys. A value that something is put into (`$PASS`, `{{ token }}`), a word that stands for "none",
//! and what a manual writes in place of one (`<password>`, `xxxx`, `your-token`) are no secrets.
//!
//! **Source**: forms of keys from the services' own documentation: AWS IAM, "Understanding unique ID prefixes" (`AKIA`); GitHub, "Behind
//! GitHub's new authentication token formats" (prefix, 30 digits, CRC-32 in base 62); Google Cloud, API keys (`AIza`); Slack, "Token types"
//! (`xoxb-`); RFC 7519 (JWT).
//!
//! **Limitations**: values over several lines and in XML are not read; of programs only what has a form of its own. Settings behind a colon
//! count where they are quoted.

use assay_core::{
    At, FactId, Locator, Sha256,
    facts::{
        ImageFact,
        image::{Secret, SecretKind},
    },
    root::Place,
};

use crate::{reader::Reader, text::Text};

mod forms;

/// Secrets of one root.
const MOST: usize = 1000;
/// Bytes of a file that is searched.
const BYTES: u64 = 4 << 20;
/// Where settings and scripts lie that are a machine's own.
const PLACES: [&str; 16] = [
    "/etc/",
    "/opt/",
    "/usr/local/",
    "/root/",
    "/home/",
    "/config/",
    "/conf/",
    "/data/",
    "/nvdata/",
    "/mnt/",
    "/overlay/",
    "/www/",
    "/srv/",
    "/var/www/",
    "/usr/sbin/",
    "/usr/bin/",
];
/// Last words of names whose values are secret.
const PASSWORDS: [&str; 7] = ["password", "passwd", "passphrase", "passwort", "pwd", "pass", "userpass"];
const TOKENS: [&str; 10] =
    ["secret", "token", "apikey", "accesskey", "secretkey", "authkey", "authtoken", "accesstoken", "apitoken", "encryptionkey"];
const WIRELESS: [&str; 3] = ["psk", "wpapassphrase", "wpapsk"];
/// Values that stand for something else, compared without case and signs.
const NONE: [&str; 30] = [
    "none",
    "null",
    "nil",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "empty",
    "string",
    "required",
    "optional",
    "prompt",
    "ask",
    "default",
    "unset",
    "undefined",
    "value",
    "text",
    "hidden",
    "input",
    "file",
    "files",
    "stdin",
    "disabled",
    "enabled",
    "auto",
    "system",
    "plain",
];

/// Searches the files of settings and scripts.
pub fn read(reader: &mut Reader) {
    let places: Vec<Place> = reader
        .root
        .files()
        .filter(|place| place.entry.is_some_and(|entry| (1..=BYTES).contains(&entry.size)))
        .filter(|place| PLACES.iter().any(|start| place.path.starts_with(start.as_bytes())))
        .collect();
    let mut left = MOST;
    for place in places {
        let Some(bytes) = reader.bytes(&place, BYTES as usize) else { continue };
        for (offset, word) in forms::find(&bytes) {
            let at = reader.root.locate(&place, At::Offset(offset as u64));
            tell(reader, at, SecretKind::Service, String::new(), word, &mut left);
        }
        if bytes.starts_with(b"\x7fELF") {
            continue;
        }
        let Some(text) = reader.text_at(&place) else { continue };
        settings(reader, &text, &mut left);
        if left == 0 {
            return;
        }
    }
}

fn settings(reader: &mut Reader, text: &Text, left: &mut usize) {
    // What a page shows beside a field is named after the field.
    if ["i18n", "l10n", "lang", "locale", "translation"].iter().any(|word| text.path.contains(word)) {
        return;
    }
    let wireless = text.path.contains("wireless") || text.path.contains("hostapd") || text.path.contains("wpa_supplicant");
    for (number, line) in text.plain_lines().filter(|(_, line)| !line.starts_with([';', '/', '*', '<'])) {
        if let Some(login) = forms::url_login(line).filter(|login| literal(login, true)) {
            tell(reader, text.at(number), SecretKind::Url, String::new(), login, left);
        }
        for (name, value, quoted) in pairs(line) {
            let label = value.to_ascii_lowercase().contains(&name.to_ascii_lowercase());
            if let Some(kind) = kind(name, wireless).filter(|kind| !label && literal(value, quoted) && likely(*kind, value)) {
                tell(reader, text.at(number), kind, name.to_owned(), value, left);
            }
        }
    }
}

fn tell(reader: &mut Reader, at: Locator, kind: SecretKind, name: String, value: &str, left: &mut usize) {
    if *left == 0 {
        return;
    }
    *left -= 1;
    let count = value.chars().count();
    let shown: String = value.chars().take(if count >= 12 { 4 } else { 1 }).collect();
    let secret = Secret { kind, name, shown: format!("{shown}… ({count})"), digest: Sha256::of(value.as_bytes()) };
    reader.fact(at, "secrets", None::<FactId>, ImageFact::Secret(secret));
}

/// Names and values of a line: `name = value`, `option name 'value'`, `"name": "value"`, and whether the value stands in quotes.
fn pairs(line: &str) -> Vec<(&str, &str, bool)> {
    let mut found = Vec::new();
    if let Some(rest) = line.strip_prefix("option ") {
        let (name, value) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
        let (value, quoted) = unquote(value.trim());
        return vec![(name.trim_matches(['\'', '"']), value, quoted)];
    }
    for part in line.split([';', ',']).take(64) {
        let split = part.split_once('=').map(|sides| (sides, false)).or_else(|| part.split_once(':').map(|sides| (sides, true)));
        let Some(((name, value), colon)) = split else { continue };
        let name = name.trim().trim_start_matches(['{', '[', '(', ' ', '$']);
        let name = name.strip_prefix("export ").unwrap_or(name).trim().trim_matches(['"', '\'']);
        let (value, quoted) = unquote(value.trim().trim_end_matches(['}', ']', ' ']));
        // Behind a colon, and behind `=` in a command, stands prose too.
        if (quoted || !colon) && !name.contains(' ') && !value.starts_with('=') {
            found.push((name, value, quoted));
        }
    }
    found
}

fn unquote(value: &str) -> (&str, bool) {
    for sign in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(sign).and_then(|rest| rest.split_once(sign)).map(|(inner, _)| inner) {
            return (inner, true);
        }
    }
    (value, false)
}

/// What a name says of its value. Words of a name are put together: `api_key`, `apiKey` and `api-key` are one.
fn kind(name: &str, wireless: bool) -> Option<SecretKind> {
    if name.is_empty() || name.len() > 64 || !name.chars().all(|sign| sign.is_ascii_alphanumeric() || "_-.".contains(sign)) {
        return None;
    }
    let whole: String = name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let ends = |words: &[&str]| words.iter().any(|word| whole.ends_with(word));
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or_default().to_ascii_lowercase();
    match () {
        () if ends(&WIRELESS) || wireless && whole == "key" => Some(SecretKind::Wireless),
        // Short words count only as words: `bypass` and `compass` are no passwords.
        () if PASSWORDS.contains(&last.as_str()) || PASSWORDS.iter().any(|word| word.len() > 5 && whole.ends_with(word)) => {
            Some(SecretKind::Password)
        }
        () if ends(&TOKENS) => Some(SecretKind::Token),
        () => None,
    }
}

/// A token is made by a machine: letters and digits, and many of them. `token=rwuser` is a variable of that name.
fn likely(kind: SecretKind, value: &str) -> bool {
    kind != SecretKind::Token
        || value.len() >= 8 && value.bytes().any(|sign| sign.is_ascii_digit()) && value.bytes().any(|sign| sign.is_ascii_alphabetic())
}

/// Is it a value, and not a name for one?
fn literal(value: &str, quoted: bool) -> bool {
    let plain: String = value.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let first = value.chars().next();
    (4..=256).contains(&value.len())
        && !value.contains(['$', '`', '<', '>', '{', '}', '%', '(', ')', '\\', '|'])
        && (quoted && !value.contains("  ") && value.matches(' ').count() < 3 || !value.contains([' ', '"', '\'']))
        // A path or a regular expression says where it is, not what.
        && !value.starts_with(['/', '^', '.', '@', '-', '&', '~'])
        && !value.ends_with(':')
        && !NONE.contains(&plain.as_str())
        && !["your", "example", "insert", "replace", "placeholder", "file"].iter().any(|word| plain.starts_with(word))
        && value.chars().any(|sign| Some(sign) != first)
        && plain.len() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(line: &str) -> Option<(SecretKind, String)> {
        pairs(line).into_iter().find_map(|(name, value, quoted)| {
            kind(name, false).filter(|kind| literal(value, quoted) && likely(*kind, value)).map(|kind| (kind, value.to_owned()))
        })
    }

    #[test]
    fn names_and_literal_values() {
        assert_eq!(secret("admin_password = hunter22"), Some((SecretKind::Password, "hunter22".into())));
        assert_eq!(secret("export API_KEY='a b9f03c'"), Some((SecretKind::Token, "a b9f03c".into())));
        assert_eq!(secret(r#"{"user": "x", "apiToken": "c0ffee11"}"#), Some((SecretKind::Token, "c0ffee11".into())));
        assert_eq!(secret("wpa_passphrase=correcthorse"), Some((SecretKind::Wireless, "correcthorse".into())));
        assert_eq!(secret("option password 'changeme'"), Some((SecretKind::Password, "changeme".into())));
        assert_eq!(secret("PASS=\"s3cret\""), Some((SecretKind::Password, "s3cret".into())));
    }

    #[test]
    fn what_only_looks_like_one() {
        for line in [
            "passwd: files systemd",
            "passwd: files",
            "password = $1",
            "password=",
            "token = <token>",
            "password=\"\"",
            "secret: ${SECRET}",
            "password = xxxxxxxx",
            "api_key=YOUR_API_KEY",
            "password_file = /etc/key",
            "bypass = always",
            "PASS_MAX_DAYS 99999",
            "password required pam_unix.so",
            "challengePassword = A challenge password",
            "if [ \"$pass\" == \"x123\" ]",
            "token=`cat /x`",
            "passwords=3",
            "compass=north",
        ] {
            assert_eq!(secret(line), None, "{line}");
        }
    }
}
