//! Keys and certificates that protect nothing: those for tests, for reading, and those by which cryptography tests itself.

/// Words of a folder's name that say that what is below is for tests or for reading; so does any that begins with `test`.
const SAMPLES: &[&str] = &["demo", "demos", "doc", "docs", "example", "examples", "regress", "sample", "samples", "unittests", "vectors"];
/// Ends of the names of sources, in which such a word counts in the file's own name too.
const SOURCES: &[&str] = &["c", "cc", "cpp", "go", "h", "java", "js", "pl", "py", "rb", "rs", "ts"];
/// Beginnings of the names of libraries and tools that test or measure themselves with keys.
#[rustfmt::skip]
const CRYPTOGRAPHY: &[&str] = &[
    "gnutls-", "libcrypto", "libfreebl", "libgcrypt", "libgnutls", "libmbed", "libnettle", "libnss", "libssl", "libtomcrypt", "libwolfssl",
];

/// Does the trail say that the file is for tests or for reading? The last container's own names count; a sample's folder may be any of them.
pub(crate) fn for_reading(trail: &str) -> bool {
    let path = trail.rsplit('!').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let folders = path.strip_suffix(name).unwrap_or_default();
    let source = name.rsplit_once('.').is_some_and(|(_, end)| SOURCES.contains(&end));
    folders.split('/').any(says_so) || (source && says_so(name))
}

/// Is a program or library of that name one that tests itself with keys?
pub(super) fn tests_itself(name: &str) -> bool {
    CRYPTOGRAPHY.iter().any(|library| name.starts_with(library))
}

/// Does one of the words of `name` say that it is for tests or for reading?
fn says_so(name: &str) -> bool {
    name.split(['-', '_', '.', ' ']).any(|word| SAMPLES.contains(&word) || word.starts_with("test"))
}
