//! What it means to write to a path: `rules/code/places/*.toml`.

use std::sync::LazyLock;

use assay_core::facts::code::ActuatorKind;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "source")]
    _source: String,
    place: Vec<Place>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    paths: Vec<String>,
    kind: ActuatorKind,
}

fn rows() -> Result<Vec<Place>, String> {
    let files = super::files().into_iter().filter(|(name, _)| name.starts_with("code/places/"));
    let mut places = Vec::new();
    for (name, text) in files {
        let file: File = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        places.extend(file.place);
    }
    Ok(places)
}

/// What writing to `path` does; a path with holes (`{}`) fits where its known parts do.
pub fn kind_of_path(path: &str) -> Option<ActuatorKind> {
    static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| rows().unwrap_or_default());
    let place = PLACES.iter().find(|place| place.paths.iter().any(|pattern| fits(pattern.as_bytes(), path.as_bytes())));
    place.map(|place| place.kind)
}

/// Does `text` fit `pattern`, in which `*` stands for any text? Without recursion: the last star is tried again further on.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|byte| *byte == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            p = at + 1;
            t = from + 1;
            star = Some((at, t));
        } else {
            return false;
        }
    }
    pattern[p.min(pattern.len())..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_well_formed() {
        assert!(rows().unwrap().len() > 5);
    }

    #[test]
    fn paths_have_a_meaning() {
        assert_eq!(kind_of_path("/dev/mtd2"), Some(ActuatorKind::Flash));
        assert_eq!(kind_of_path("/sys/class/gpio/gpio{}/value"), Some(ActuatorKind::Gpio));
        assert_eq!(kind_of_path("/home/x/.ssh/authorized_keys"), Some(ActuatorKind::Key));
        assert_eq!(kind_of_path("/tmp/x"), None);
        assert!(fits(b"*a*b", b"xxaab") && !fits(b"*a*b", b"xxaabc") && fits(b"a*", b"a"));
    }
}
