//! What words look like: is it one that people say, or one that somebody made up to be kept? Is it a shell?

/// Shells, as programs.
pub const SHELLS: &[&str] = &["ash", "bash", "dash", "hush", "ksh", "sh"];

/// Is it a shell, by its name or path?
#[must_use]
pub fn is_shell(program: &str) -> bool {
    program.rsplit('/').next().is_some_and(|name| SHELLS.contains(&name))
}

/// Is it a shell that runs what somebody types into it? One that is given a command (`-c`) or a script runs that, and nothing else.
#[must_use]
pub fn is_open_shell<'w>(words: impl IntoIterator<Item = &'w str>) -> bool {
    let mut words = words.into_iter();
    words.next().is_some_and(is_shell) && words.all(|word| word.starts_with("--") || (word.starts_with('-') && !word.contains('c')))
}

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
    fn shells_that_somebody_types_into() {
        for line in ["sh", "/bin/sh -i", "bash --norc -i"] {
            assert!(is_open_shell(line.split(' ')), "{line}");
        }
        for line in ["sh -c ls", "/bin/ash /etc/init.d/rcS", "sh -xc ls", "", "shutdown", "/usr/bin/ssh -i"] {
            assert!(!is_open_shell(line.split(' ')), "{line}");
        }
    }

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
