//! Triggers as a reader should see them.

use assay_core::facts::code::{Trigger, TriggerKind};

/// Constants named for one control.
const MOST: usize = 64;

/// The constants that must fit, each once, in the order of the way.
pub fn named<'t>(triggers: impl Iterator<Item = &'t Trigger>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for trigger in triggers.filter(|trigger| trigger.fits) {
        if let Some(word) = word(trigger)
            && !words.contains(&word)
            && words.len() < MOST
        {
            words.push(word);
        }
    }
    words
}

/// A constant in words. Bytes that no person and no protocol writes are none: they were read beside a text.
pub fn word(trigger: &Trigger) -> Option<String> {
    match trigger.kind {
        TriggerKind::Number => Some(number(&trigger.value)),
        // A bound is a quantity: a date, a size.
        TriggerKind::Below | TriggerKind::Above => Some(trigger.value.clone()),
        _ => {
            let shown = |letter: char| !letter.is_control() || matches!(letter, '\r' | '\n' | '\t');
            let text = trigger.value.as_str();
            (!text.is_empty() && text.chars().all(|letter| shown(letter) && letter != '\u{fffd}')).then(|| text.to_owned())
        }
    }
}

/// Compilers compare short words as numbers: those whose bytes in memory are all letters, digits or signs are shown as the word.
fn number(value: &str) -> String {
    let Ok(number) = value.parse::<i64>() else { return value.to_owned() };
    let bits = if (i64::from(i32::MIN)..0).contains(&number) { u64::from(number as i32 as u32) } else { number as u64 };
    if bits < 0x100_0000 {
        return number.to_string();
    }
    let bytes: Vec<u8> = bits.to_le_bytes().into_iter().take_while(|byte| *byte != 0).collect();
    let whole = bits.checked_shr(8 * bytes.len() as u32).unwrap_or(0) == 0;
    match std::str::from_utf8(&bytes) {
        Ok(text) if whole && bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ') => text.to_owned(),
        _ => format!("{bits:#x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: TriggerKind, value: &str) -> Option<String> {
        word(&Trigger { kind, value: value.into(), fits: true })
    }

    #[test]
    fn numbers_that_are_words_are_words() {
        assert_eq!(shown(TriggerKind::Number, "1414745936").as_deref(), Some("POST"));
        assert_eq!(shown(TriggerKind::Number, "7").as_deref(), Some("7"));
        assert_eq!(shown(TriggerKind::Number, "-352691922").as_deref(), Some("0xeafa592e"));
        assert_eq!(shown(TriggerKind::Number, "20559").as_deref(), Some("20559"));
        assert_eq!(shown(TriggerKind::Above, "1830297600").as_deref(), Some("1830297600"));
        assert_eq!(shown(TriggerKind::Equals, "\u{10}@-\u{fffd}"), None);
    }
}
