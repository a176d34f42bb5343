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

#[cfg(test)]
mod tests {
    use super::*;

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
