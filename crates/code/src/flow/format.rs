//! Formats of `printf` and `scanf` (C 7.21.6.1 and 7.21.6.2), as far as it matters which value lands where.

/// A part of a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Text(Vec<u8>),
    /// A value.
    Value {
        /// Values that it takes before its own, for width and precision (`*`).
        stars: usize,
        /// What kind of value.
        kind: Kind,
        /// So many characters: of a scan at most, of a text that is made at least (`%15s`).
        width: Option<u64>,
        /// At most so many characters of a text that is made (`%.23s`); 0 where a value says it (`%.*s`).
        precision: Option<u64>,
    },
}

/// Kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `%s` and its like.
    Text,
    /// A number.
    Number,
    /// `%c`.
    Character,
}

/// The parts of `format`.
pub fn parts(format: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = Vec::new();
    let mut at = 0;
    while let Some(byte) = format.get(at) {
        at += 1;
        if *byte != b'%' {
            text.push(*byte);
            continue;
        }
        if format.get(at) == Some(&b'%') {
            text.push(b'%');
            at += 1;
            continue;
        }
        let (mut stars, mut width, mut precision) = (0, None::<u64>, None::<u64>);
        while let Some(byte) = format.get(at).filter(|byte| b"0123456789.-+ #'hlLqjztI*$".contains(byte)) {
            stars += usize::from(*byte == b'*');
            match byte {
                b'0'..=b'9' => {
                    let number = if precision.is_some() { &mut precision } else { &mut width };
                    *number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(byte - b'0')));
                }
                b'.' => precision = Some(0),
                // The number of a value, not of characters.
                b'$' => width = None,
                _ => {}
            }
            at += 1;
        }
        let kind = match format.get(at) {
            Some(b's' | b'S' | b'[') => Kind::Text,
            Some(b'c' | b'C') => Kind::Character,
            Some(b'm') | None => {
                at += 1;
                continue;
            }
            Some(_) => Kind::Number,
        };
        at += 1;
        if !text.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut text)));
        }
        parts.push(Part::Value { stars, kind, width, precision });
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

/// The parts of a format of names and values, as Jansson's `json_pack` has it: `{s:s, s:i}`.
pub fn packed_parts(format: &[u8]) -> Vec<Part> {
    let value = |kind| Part::Value { stars: 0, kind, width: None, precision: None };
    let (mut parts, mut text) = (Vec::new(), Vec::new());
    for byte in format {
        let kind = match byte {
            b'{' | b'}' | b'[' | b']' | b':' | b',' => {
                text.push(*byte);
                continue;
            }
            b's' | b'o' | b'O' => Kind::Text,
            b'i' | b'I' | b'b' | b'f' | b'#' | b'%' => Kind::Number,
            _ => continue,
        };
        let quoted = *byte == b's';
        if quoted {
            text.push(b'"');
        }
        parts.push(Part::Text(std::mem::take(&mut text)));
        parts.push(value(kind));
        if quoted {
            text.push(b'"');
        }
    }
    parts.push(Part::Text(text));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_their_places() {
        let found = parts(b"rm -f %s; led %*d 100%% %-5.2lx%c");
        let value = |stars, kind, width, precision| Part::Value { stars, kind, width, precision };
        assert_eq!(
            found,
            [
                Part::Text(b"rm -f ".to_vec()),
                value(0, Kind::Text, None, None),
                Part::Text(b"; led ".to_vec()),
                value(1, Kind::Number, None, None),
                Part::Text(b" 100% ".to_vec()),
                value(0, Kind::Number, Some(5), Some(2)),
                value(0, Kind::Character, None, None),
            ]
        );
        assert_eq!(parts(b"%"), []);
        // Filled up to 40 characters, and no end at any; at most 40; the second value.
        assert_eq!(parts(b"%-40s"), [value(0, Kind::Text, Some(40), None)]);
        assert_eq!(parts(b"%-40.40s"), [value(0, Kind::Text, Some(40), Some(40))]);
        assert_eq!(parts(b"%2$s"), [value(0, Kind::Text, None, None)]);
    }
}
