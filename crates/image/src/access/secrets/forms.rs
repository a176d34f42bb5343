//! Secrets that their own form tells, in texts and in programs.

use base64ct::{Base64UrlUnpadded, Encoding};

/// Finds of one content.
const MOST: usize = 32;

/// A form: what it begins with, how many signs follow, which, and what else must hold.
struct Form {
    start: &'static [u8],
    len: std::ops::RangeInclusive<usize>,
    signs: fn(u8) -> bool,
    holds: fn(&str) -> bool,
}

fn word(sign: u8) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, b'_' | b'-')
}

fn upper(sign: u8) -> bool {
    sign.is_ascii_uppercase() || sign.is_ascii_digit()
}

fn token(sign: u8) -> bool {
    word(sign) || sign == b'.'
}

/// Enough different signs that nobody typed it as an example.
fn varied(text: &str) -> bool {
    let mut signs: Vec<u8> = text.bytes().skip(4).collect();
    signs.sort_unstable();
    signs.dedup();
    signs.len() >= 10 && !text.contains("EXAMPLE")
}

#[rustfmt::skip]
const FORMS: [Form; 9] = [
    Form { start: b"AKIA", len: 20..=20, signs: upper, holds: varied },
    Form { start: b"AIza", len: 39..=39, signs: word, holds: varied },
    Form { start: b"ghp_", len: 40..=40, signs: word, holds: github },
    Form { start: b"gho_", len: 40..=40, signs: word, holds: github },
    Form { start: b"ghs_", len: 40..=40, signs: word, holds: github },
    Form { start: b"xoxb-", len: 40..=80, signs: word, holds: varied },
    Form { start: b"xoxp-", len: 40..=90, signs: word, holds: varied },
    Form { start: b"sk_live_", len: 24..=120, signs: word, holds: varied },
    Form { start: b"eyJ", len: 36..=4096, signs: token, holds: jwt },
];

/// Places and texts of secrets in a content.
pub fn find(bytes: &[u8]) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for form in &FORMS {
        for at in memchr::memmem::find_iter(bytes, form.start) {
            let before = at.checked_sub(1).and_then(|before| bytes.get(before));
            let len = bytes[at..].iter().take(form.len.end() + 1).take_while(|sign| (form.signs)(**sign)).count();
            let text = bytes.get(at..at + len).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default();
            if before.is_none_or(|sign| !word(*sign)) && form.len.contains(&len) && (form.holds)(text) {
                found.push((at, text));
                if found.len() == MOST {
                    return found;
                }
            }
        }
    }
    found.sort_unstable();
    found
}

/// The last six digits are the CRC-32 of the thirty before them, in base 62.
fn github(text: &str) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (Some(body), Some(sum)) = (text.get(4..34), text.get(34..)) else { return false };
    let number = sum.bytes().try_fold(0_u64, |number, digit| {
        let value = DIGITS.iter().position(|one| *one == digit)?;
        Some(number * 62 + value as u64)
    });
    number == Some(u64::from(crc32fast::hash(body.as_bytes())))
}

/// Header, claims and signature, each base 64, the header a JSON object that names an algorithm.
fn jwt(text: &str) -> bool {
    let parts: Vec<&str> = text.trim_end_matches('.').split('.').collect();
    let [header, claims, signature] = parts[..] else { return false };
    let object = |part: &str| {
        let bytes = Base64UrlUnpadded::decode_vec(part).ok()?;
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes).ok()
    };
    signature.len() >= 20 && object(header).is_some_and(|header| header.contains_key("alg")) && object(claims).is_some()
}

/// The password of `scheme://user:password@host`.
pub fn url_login(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("://")?;
    let end = rest.find(|sign: char| sign.is_whitespace() || "/\"'?#".contains(sign)).unwrap_or(rest.len());
    let (login, host) = rest[..end].rsplit_once('@')?;
    let (user, password) = login.split_once(':')?;
    // `stratum+tcp://user:x@pool`: the password of a worker is none.
    (!user.is_empty() && host.contains('.') && !line.contains("stratum")).then_some(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_hold_or_not() {
        // Made for this test: the sum belongs to the thirty signs.
        let body = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5";
        let mut sum = u64::from(crc32fast::hash(body.as_bytes()));
        let mut digits = String::new();
        for _ in 0..6 {
            digits.insert(0, char::from(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(sum % 62) as usize]));
            sum /= 62;
        }
        let good = format!("x=ghp_{body}{digits}\n");
        assert_eq!(find(good.as_bytes()).len(), 1, "{good}");
        assert!(find(good.replace("a1B2", "a1B3").as_bytes()).is_empty());
        assert_eq!(find(b"key AKIAQ3EGRZX7T4MNB2KD;").len(), 1);
        assert!(find(b"AKIAIOSFODNN7EXAMPLE AKIAAAAAAAAAAAAAAAAA XAKIAQ3EGRZX7T4MNB2KD").is_empty());
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJyaWcifQ.c2lnbmF0dXJlLXRoYXQtaXMtbm9uZQ";
        assert_eq!(find(jwt.as_bytes()).len(), 1);
        assert!(find(b"eyJhbGciOiJIUzI1NiJ9.nothing.here").is_empty());
    }

    #[test]
    fn logins_in_urls() {
        assert_eq!(url_login("url = https://rig:hunter22@fleet.example.org/api"), Some("hunter22"));
        assert_eq!(url_login("https://fleet.example.org/a@b:c"), None);
        assert_eq!(url_login("stratum+tcp://wallet.rig:x123@pool.example.org:3333"), None);
    }
}
