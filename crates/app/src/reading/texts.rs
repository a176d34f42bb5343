//! Texts that rules look for, and addresses of pools, in every content: one pass over the bytes of each, with one automaton for all of them.
//!
//! A text that stands somewhere proves nothing of what is done with it; that is why each is told with its place, and nothing more.
//!
//! **Limitations**: texts that are put together from pieces, disguised, or written in two bytes a letter are not found. Of each text the
//! first place in a content is told, and how often it stands there up to a limit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use aho_corasick::AhoCorasick;
use assay_core::{
    At, Fact, FactBody, Problem, Root, Sha256,
    escape::escape,
    facts::{
        ImageFact,
        image::{KnownText, Pool, PoolPlace, TextPlace},
    },
    pool_url,
};
use assay_inspect::known::{Wanted, texts};

use super::{
    Contents,
    collect::{Collector, Producer, moved},
    files::Kind,
    spread::spread,
};

/// Bytes of one content that are searched.
const MOST_BYTES: usize = 64 << 20;
/// Places of one text in one content that are counted.
const COUNTED: u32 = 1000;
/// Addresses of pools that are told of one content.
const POOLS: usize = 64;
/// Facts of one input.
const FACTS: usize = 20_000;
/// Bytes shown on either side of a text.
const AROUND: usize = 80;

/// What is looked for.
struct Search {
    wanted: Vec<Wanted>,
    automaton: AhoCorasick,
}

fn search() -> &'static Search {
    static SEARCH: OnceLock<Search> = OnceLock::new();
    SEARCH.get_or_init(|| {
        let wanted = texts();
        let all = wanted.iter().map(|wanted| wanted.text).chain(pool_url::SCHEMES);
        let automaton = AhoCorasick::new(all).expect("some hundred short texts fit an automaton");
        Search { wanted, automaton }
    })
}

/// What was found in one content: places, and what stands there.
type Found = Vec<(At, ImageFact)>;

/// Searches everything that `roots` and `loose` name, and tells it where the first name of each content is.
pub fn add(roots: &[Root<'_>], loose: &[(Sha256, String)], contents: Contents<'_>, threads: usize, out: &mut Collector) {
    let mut places: BTreeMap<Sha256, assay_core::Locator> = BTreeMap::new();
    let mut work: Vec<Sha256> = Vec::new();
    for root in roots {
        for place in root.files() {
            if let Some(id) = place.content().filter(|id| !places.contains_key(id)) {
                places.insert(id, root.locate(&place, At::Offset(0)));
                work.push(id);
            }
        }
    }
    for (id, trail) in loose {
        if !places.contains_key(id) {
            places.insert(*id, assay_core::Locator { artifact: *id, path: trail.clone(), at: At::Offset(0) });
            work.push(*id);
        }
    }
    let found = spread(&work, threads, |id| contents(id).map(|bytes| find(&bytes[..bytes.len().min(MOST_BYTES)])).unwrap_or_default());
    // Settings have a reader of their own, which knows what belongs together.
    let told = |facts: &[Fact]| -> BTreeSet<(Sha256, String)> {
        let pool = |fact: &Fact| match &fact.body {
            FactBody::Image(ImageFact::Pool(pool)) => Some((fact.locator.artifact, pool.url.clone())),
            _ => None,
        };
        facts.iter().filter_map(pool).collect()
    };
    let known = told(&out.facts);
    let mut left = FACTS;
    for (id, found) in work.iter().zip(found) {
        let new = |fact: &ImageFact| !matches!(fact, ImageFact::Pool(pool) if known.contains(&(*id, pool.url.clone())));
        for (at, fact) in found.into_iter().filter(|(_, fact)| new(fact)) {
            if left == 0 {
                let problem = Problem::over_limit(0, format!("more than {FACTS} texts that rules look for: the rest is not told"));
                return out.problem(*id, &places[id].path, &problem);
            }
            left -= 1;
            out.image(Producer::Search, moved(&places[id], &at), &[], fact);
        }
    }
}

/// Everything of interest in `bytes`, in the order of the places.
fn find(bytes: &[u8]) -> Found {
    let search = search();
    let mut first: BTreeMap<usize, (usize, u32)> = BTreeMap::new();
    let mut pools: BTreeMap<String, (usize, Pool)> = BTreeMap::new();
    let mut within = None;
    for hit in search.automaton.find_overlapping_iter(bytes) {
        let number = hit.pattern().as_usize();
        let within = *within.get_or_insert_with(|| kind(bytes));
        match search.wanted.get(number) {
            Some(wanted) if wanted.inside || stands_alone(bytes, hit.start(), hit.end()) => {
                let (_, count) = first.entry(number).or_insert((hit.start(), 0));
                *count = (*count + 1).min(COUNTED);
            }
            None if pools.len() < POOLS => {
                if let Some(pool) = pool(bytes, hit.start(), within) {
                    pools.entry(format!("{} {:?}", pool.url, pool.user)).or_insert((hit.start(), pool));
                }
            }
            _ => {}
        }
    }
    let texts = first.into_iter().map(|(number, (at, count))| {
        let text = search.wanted[number].text.to_owned();
        let shown = shown(bytes, at);
        (at, ImageFact::KnownText(Box::new(KnownText { text, shown, count, within: within.unwrap_or(TextPlace::Data) })))
    });
    let pools = pools.into_values().map(|(at, pool)| (at, ImageFact::Pool(Box::new(pool))));
    let mut all: Vec<(usize, ImageFact)> = texts.chain(pools).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().map(|(at, fact)| (place(bytes, at, within), fact)).collect()
}

fn kind(bytes: &[u8]) -> TextPlace {
    match Kind::of(bytes) {
        Some(Kind::Program) => TextPlace::Program,
        Some(Kind::Script | Kind::Other(_)) => TextPlace::Script,
        Some(Kind::Text) => TextPlace::Text,
        None => TextPlace::Data,
    }
}

/// A line in texts, an offset in everything else.
fn place(bytes: &[u8], at: usize, within: Option<TextPlace>) -> At {
    match within {
        Some(TextPlace::Script | TextPlace::Text) => At::Line(memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64 + 1),
        _ => At::Offset(at as u64),
    }
}

/// Is the text a word of its own? A dot goes on with a name, unless it ends a sentence.
fn stands_alone(bytes: &[u8], start: usize, end: usize) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let at = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let before = start.checked_sub(1).map_or(0, at);
    let joined_before = word(before) || (before == b'.' && start >= 2 && word(at(start - 2)));
    let joined_after = word(at(end)) || (at(end) == b'.' && word(at(end + 1)));
    let goes_on = (word(at(start)) && joined_before) || (word(at(end - 1)) && joined_after);
    !goes_on
}

/// The text around a place: what can be shown of its line.
fn shown(bytes: &[u8], at: usize) -> String {
    let plain = |byte: &u8| !byte.is_ascii_control();
    let before = bytes[at.saturating_sub(AROUND)..at].iter().rev().take_while(|byte| plain(byte)).count();
    let after = bytes[at..].iter().take(2 * AROUND).take_while(|byte| plain(byte)).count();
    escape(bytes[at - before..at + after].trim_ascii())
}

/// The pool whose address begins at `at`, with the user that the same text names (`-u worker`).
fn pool(bytes: &[u8], at: usize, within: TextPlace) -> Option<Pool> {
    let text = shown(bytes, at);
    let end = |byte: &u8| !byte.is_ascii_graphic() || b"\"'<>,;()|\\`".contains(byte);
    let len = bytes[at..].iter().take(512).position(end).unwrap_or(512.min(bytes.len() - at));
    let found = pool_url::parse(std::str::from_utf8(&bytes[at..at + len]).ok()?)?;
    let after = text.split_once(found.url.as_str()).map_or("", |(_, after)| after);
    let mut words = after.split([' ', '"', '\'', ',']).filter(|word| !word.is_empty());
    let named = words.find(|word| matches!(*word, "-u" | "--user" | "--username")).and_then(|_| words.next());
    let place = match within {
        TextPlace::Program | TextPlace::Data => PoolPlace::Program,
        TextPlace::Script => PoolPlace::Script,
        TextPlace::Text => PoolPlace::Settings,
    };
    let user = found.user.or(named.map(str::to_owned));
    let (url, host, port) = (found.url, found.host, found.port);
    Some(Pool { url, host, port, scheme: true, user, place, name: String::new(), fee: None, share: None })
}

#[cfg(test)]
mod tests {
    use assay_inspect::known::controls;

    use super::*;

    fn texts_in(bytes: &[u8]) -> Vec<String> {
        let text = |fact| match fact {
            ImageFact::KnownText(text) => Some(text.text),
            _ => None,
        };
        find(bytes).into_iter().filter_map(|(_, fact)| text(fact)).collect()
    }

    #[test]
    fn every_text_is_found_and_none_of_those_that_look_like_it() {
        for (wanted, unlike) in controls() {
            let alone = format!("\x7fELF\0{}\0", wanted.text);
            assert!(texts_in(alone.as_bytes()).iter().any(|text| text == wanted.text), "{}", wanted.text);
            let line = format!("see {}.\n", wanted.text);
            assert!(texts_in(line.as_bytes()).iter().any(|text| text == wanted.text), "{}", wanted.text);
            assert!(!texts_in(unlike.as_bytes()).iter().any(|text| text == wanted.text), "{} in {unlike}", wanted.text);
        }
    }

    #[test]
    fn a_word_of_its_own() {
        let alone = |text: &[u8]| stands_alone(text, 2, 7);
        assert!(alone(b"x hello y") && alone(b"\0\0hello") && alone(b"/ hello.") && alone(b"=\"hello\""));
        assert!(!alone(b"xxhello") && !alone(b"x hello-y") && !alone(b"x.hello") && !alone(b"  hello.org"));
    }

    #[test]
    fn pools_in_programs_and_scripts() {
        let pools = |bytes: &[u8]| -> Vec<(At, Option<String>)> {
            let pool = |(at, fact)| match fact {
                ImageFact::Pool(pool) => Some((at, pool.user)),
                _ => None,
            };
            find(bytes).into_iter().filter_map(pool).collect()
        };
        let program = b"\x7fELF\0stratum+tcp://pool.example.net:3333\0stratum+tcp://%s:%d\0";
        assert_eq!(pools(program), [(At::Offset(5), None)]);
        let script = b"#!/bin/sh\n\nminer -o stratum+tcp://pool.example.net:3333 -u a.1 -p x\n";
        assert_eq!(pools(script), [(At::Line(3), Some("a.1".to_owned()))]);
        let settings = b"MINER_OPTS=\"-o stratum+tcp://pool.example.net:3333 --user b\"\n";
        assert_eq!(pools(settings), [(At::Line(1), Some("b".to_owned()))]);
    }

    #[test]
    fn many_places_are_counted_up_to_a_limit() {
        let (wanted, _) = controls()[0];
        let many = format!("{} ", wanted.text).repeat(5000);
        let found = find(many.as_bytes());
        assert!(found.iter().any(|(_, fact)| matches!(fact, ImageFact::KnownText(text) if text.count == COUNTED)), "{found:?}");
    }
}
