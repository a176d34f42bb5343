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
        /// At most so many characters of it: `%15s` in a scan, `%.23s` in a text that is made.
        bound: Option<u64>,
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
        let (mut stars, mut number, mut bound) = (0, None::<u64>, None);
        while let Some(byte) = format.get(at).filter(|byte| b"0123456789.-+ #'hlLqjztI*$".contains(byte)) {
            stars += usize::from(*byte == b'*');
            match byte {
                b'0'..=b'9' => number = Some(number.unwrap_or(0).saturating_mul(10).saturating_add(u64::from(byte - b'0'))),
                b'.' => number = None,
                _ => {}
            }
            bound = number;
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
        parts.push(Part::Value { stars, kind, bound });
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    parts
}

/// The parts of a format of names and values, as Jansson's `json_pack` has it: `{s:s, s:i}`.
pub fn packed_parts(format: &[u8]) -> Vec<Part> {
    let value = |kind| Part::Value { stars: 0, kind, bound: None };
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
        let value = |stars, kind, bound| Part::Value { stars, kind, bound };
        assert_eq!(
            found,
            [
                Part::Text(b"rm -f ".to_vec()),
                value(0, Kind::Text, None),
                Part::Text(b"; led ".to_vec()),
                value(1, Kind::Number, None),
                Part::Text(b" 100% ".to_vec()),
                value(0, Kind::Number, Some(2)),
                value(0, Kind::Character, None),
            ]
        );
        assert_eq!(parts(b"%"), []);
    }
}
