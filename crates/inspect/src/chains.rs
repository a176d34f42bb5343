//! Chains of keys within one input: which signature covers the key that another signature was made with.
//!
//! A chain is followed by trails: a key is found at a trail, and a signature is over what stands at a trail. Trails mean something
//! within one input alone, so the facts of one input make one [`Chains`].

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    Fact, FactBody, Sha256,
    facts::{ImageFact, KeyPlace, SignatureState},
};

/// A signature that holds.
pub(crate) struct Held<'a> {
    /// The fact.
    pub fact: &'a Fact,
    /// What it covers, in the package's words.
    pub over: &'a str,
    /// The key that validates it.
    pub key: Sha256,
    /// Trail to that key.
    pub key_path: &'a str,
    /// Is the key known from elsewhere?
    pub known: bool,
}

impl<'a> Held<'a> {
    /// Those among `facts`.
    pub fn all(facts: &'a [Fact]) -> Vec<Self> {
        let held = |fact: &'a Fact| match &fact.body {
            FactBody::Image(ImageFact::Signature { over, state: SignatureState::Valid, key: Some(key), place, key_path, .. }) => {
                Some(Held { fact, over, key: *key, key_path, known: *place == KeyPlace::Known })
            }
            _ => None,
        };
        facts.iter().filter_map(held).collect()
    }

    /// Trail to what it covers.
    pub fn part(&self) -> String {
        let package = &self.fact.locator.path;
        if package.is_empty() { plain(self.over) } else { plain(&format!("{package}!{}", self.over)) }
    }
}

/// A trail without the `/` and `./` that some containers write before their names, and packages do not.
pub(crate) fn plain(trail: &str) -> String {
    let parts = trail.split('!').map(|part| part.trim_start_matches('/').trim_start_matches("./"));
    parts.collect::<Vec<_>>().join("!")
}

/// Signatures by what they cover.
pub(crate) struct Chains<'a, 'b>(BTreeMap<String, Vec<&'b Held<'a>>>);

impl<'a, 'b> Chains<'a, 'b> {
    /// All of `held`.
    pub fn new(held: &'b [Held<'a>]) -> Self {
        let mut chains: BTreeMap<String, Vec<&Held>> = BTreeMap::new();
        for signature in held {
            chains.entry(signature.part()).or_default().push(signature);
        }
        Self(chains)
    }

    /// The last signature of the chain that `signature` hangs from.
    pub fn end(&self, signature: &'b Held<'a>) -> &'b Held<'a> {
        let mut end = signature;
        let mut seen = BTreeSet::new();
        // Two keys may sign each other: each is followed once.
        while !end.known && seen.insert(end.key) {
            let Some(above) = self.above(end) else { break };
            end = above;
        }
        end
    }

    /// The signature over the file or block that holds the key of `below`, one by a known key before others.
    fn above(&self, below: &Held) -> Option<&'b Held<'a>> {
        self.over(below.key, below.key_path)
    }

    /// The signature, by another key, over the file or block at `key_path` that holds `key`, one by a known key before others.
    pub fn over(&self, key: Sha256, key_path: &str) -> Option<&'b Held<'a>> {
        let path = plain(key_path);
        // A boot image's certificate calls its signature after the key alone.
        let covering = self.0.get(&path).or_else(|| self.0.get(path.strip_suffix(" of the certificate")?))?;
        covering.iter().copied().filter(|above| above.key != key).max_by_key(|above| above.known)
    }
}
