//! What words look like: is it one that people say, or one that somebody made up to be kept?

/// Letters and digits by turns, as in passwords, keys and serial numbers.
#[must_use]
pub fn is_secret_text(word: &str) -> bool {
    // `key=…` of a query, `Token: …` of a header.
    let word = word.rsplit(['=', ':', ' ', '"']).next().unwrap_or(word);
    let (digits, letters) = (word.chars().filter(char::is_ascii_digit).count(), word.chars().filter(char::is_ascii_alphabetic).count());
    let kinds: Vec<bool> = word.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.is_ascii_digit()).collect();
    let turns = kinds.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let plain = word.contains(['/', '.', '<', '{']) || word.len() < 8;
    !plain && digits >= 2 && letters >= 2 && (turns >= 3 || (turns >= 2 && word.contains(['-', '_'])))
}

/// A password as `crypt` makes it: `$id$salt$hash` (crypt(5)).
#[must_use]
pub fn is_password_hash(word: &str) -> bool {
    let mut parts = word.split('$');
    let (before, id) = (parts.next(), parts.next().unwrap_or_default());
    let named = before == Some("") && (1..=8).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    named && parts.next().is_some() && word.len() >= 20 && !word.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_passwords() {
        for word in ["$1$k3Vq8wZd$9KaScberGBxI1BIqTCCVH0", "$2b$10$abcdefghijklmnopqrstuv./ABCDEFGHIJ", "$6$rounds=5000$salt$hash./hash"] {
            assert!(is_password_hash(word), "{word}");
        }
        for word in ["$HOME/bin/something-or-other", "$1", "plain", "$ $ a long text with a dollar sign"] {
            assert!(!is_password_hash(word), "{word}");
        }
    }

    #[test]
    fn what_is_made_up() {
        for word in ["key=zq91-open-service", "pX7-factory-41", "b7f3c0a2d94e4c51"] {
            assert!(is_secret_text(word), "{word}");
        }
        for word in
            ["disablechain", "HTTP/1.1", "application/x-www-form-urlencoded", "/api/v2/pause", "CMD04", "{type:root}", "client.reconnect"]
        {
            assert!(!is_secret_text(word), "{word}");
        }
    }
}
