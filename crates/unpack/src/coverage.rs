//! Puts a run together: artifacts, manifest, facts, signatures, coverage, identity.

use std::collections::BTreeMap;

use assay_core::{
    Artifact, At, ByteMap, Coverage, EntryKind, Fact, FactBody, FactId, Gap, GapKind, Locator, Origin, Sha256, SpanKind,
    dossier::{Identity, Subject, SubjectKind},
    escape::escape,
    facts::{Anomaly, IdentityField, ImageFact},
    hash::hex,
    manifest::Tree,
};

use crate::{
    DirectoryEntry, Unpacked,
    engine::{Node, Run},
    formats::bmu::SUBTYPE_HASH,
    identity::identify,
    signatures::{FoundKey, TRIALS, check, known_keys},
    tree::directory_digest,
};

/// The subject that `run` is about: `size` bytes, or a directory's `entries`.
pub fn gather(entries: Option<&[DirectoryEntry]>, size: u64, name: &[u8], run: Run) -> Unpacked {
    let Run { mut nodes, complete } = run;
    if let Some(entries) = entries
        && let Some(first) = nodes.first_mut()
    {
        first.id = directory_digest(entries, &first.child_ids);
    }
    let id = nodes.first().map_or_else(|| Sha256::of(b""), |node| node.id);
    let keys = keys_of(&nodes);
    let rules = known_keys();
    let mut trials = TRIALS;
    let mut facts = Vec::new();
    let mut coverage = Coverage::default();
    for node in &nodes {
        for (offset, body) in &node.opened.facts {
            facts.push(fact(node, *offset, body.clone()));
        }
        for claim in &node.opened.claims {
            facts.push(fact(node, claim.offset, check(claim, &node.path, &keys, &rules, &mut trials)));
        }
        coverage.gaps.extend(gaps(node, nodes.get(node.parent.unwrap_or(0))));
        coverage.bytes.total += node.lost;
        coverage.bytes.unknown += node.lost;
    }
    facts.extend(subtypes(&nodes));
    for (number, fact) in facts.iter_mut().enumerate() {
        fact.id = FactId(number as u32 + 1);
    }
    let complete = complete && !coverage.gaps.iter().any(|gap| gap.why == GapKind::OverLimit);
    let (artifacts, manifest) = collect(&mut nodes, &mut coverage);
    let format = nodes.first().map_or("data", |node| node.format).to_owned();
    let kind = match format.as_str() {
        "directory" => SubjectKind::Tree,
        "elf" | "script" => SubjectKind::Executable,
        "data" if artifacts.len() <= 1 => SubjectKind::Data,
        "text" => SubjectKind::Data,
        _ => SubjectKind::Firmware,
    };
    let identity: Identity = identify(&facts);
    let subject = Subject { id, name: escape(name), kind, format, size, identity, coverage, artifacts, manifest };
    Unpacked { subject, facts, complete }
}

/// Every public key that was found, by fingerprint; of several copies the first.
fn keys_of(nodes: &[Node]) -> BTreeMap<Sha256, FoundKey> {
    let mut keys = BTreeMap::new();
    for node in nodes {
        for der in &node.opened.keys {
            keys.entry(Sha256::of(der)).or_insert_with(|| FoundKey { der: der.clone(), path: node.path.clone() });
        }
    }
    keys
}

/// Compares the hash of the sub-type in each package's header with the sub-types that files of the image name. A word may stand in one
/// package of a merged file and be the same file as in the next, so every word is tried.
fn subtypes(nodes: &[Node]) -> Vec<Fact> {
    let mut words: Vec<(&str, &str)> = Vec::new();
    for node in nodes {
        words.extend(node.opened.facts.iter().filter_map(|(_, fact)| match fact {
            ImageFact::Identity { field: IdentityField::SubType, value, .. } => Some((value.as_str(), node.path.as_str())),
            _ => None,
        }));
    }
    let mut facts = Vec::new();
    if words.is_empty() {
        return facts;
    }
    for node in nodes {
        for (offset, body) in &node.opened.facts {
            let ImageFact::Hardware { name, value: stated } = body else { continue };
            if name != SUBTYPE_HASH {
                continue;
            }
            let hashed = |word: &str| hex(&farmhash::fingerprint64(word.as_bytes()).to_le_bytes());
            let body = match words.iter().find(|(word, _)| hashed(word) == *stated) {
                Some((word, path)) => ImageFact::Checksum {
                    name: format!("sub-type {word} ({path})"),
                    algorithm: "FarmHash Fingerprint64".into(),
                    covers: (0, word.len() as u64),
                    stated: stated.clone(),
                    computed: hashed(word),
                    ok: true,
                },
                None => ImageFact::Anomaly {
                    kind: Anomaly::NameHashMismatch,
                    subject: format!(
                        "sub-type hash {stated} is of none of: {}",
                        words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
                    ),
                },
            };
            facts.push(fact(node, *offset, body));
        }
    }
    facts
}

fn fact(node: &Node, offset: u64, body: ImageFact) -> Fact {
    Fact {
        id: FactId(0),
        locator: Locator { artifact: node.id, path: node.path.clone(), at: At::Offset(offset) },
        producer: format!("unpack.{}", node.format),
        producer_version: node.version,
        derived_from: Vec::new(),
        body: FactBody::Image(body),
    }
}

fn gaps(node: &Node, parent: Option<&Node>) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = node.loading.iter().map(|problem| Gap::of(problem, parent.unwrap_or(node).id, &node.path)).collect();
    gaps.extend(node.opened.problems.iter().map(|problem| Gap::of(problem, node.id, &node.path)));
    for span in &node.opened.spans {
        let why = match span.kind {
            SpanKind::Unknown => GapKind::Unknown,
            SpanKind::Opaque => GapKind::Encrypted,
            _ => continue,
        };
        let bits = span.entropy.map(|bits| format!(" ({bits} bits a byte)")).unwrap_or_default();
        let note = format!("{}{bits}", span.note);
        gaps.push(Gap { id: String::new(), artifact: node.id, path: node.path.clone(), span: (span.start, span.len), why, note });
    }
    gaps
}

fn collect(nodes: &mut [Node], coverage: &mut Coverage) -> (Vec<Artifact>, Vec<Tree>) {
    let ids: Vec<Sha256> = nodes.iter().map(|node| node.id).collect();
    let formats: Vec<&'static str> = nodes.iter().map(|node| node.format).collect();
    let (mut artifacts, mut manifest) = (Vec::new(), Vec::new());
    for node in nodes {
        if node.same_as.is_some() {
            continue;
        }
        let map = ByteMap(std::mem::take(&mut node.opened.spans));
        coverage.bytes.add(map.count());
        let entries: Vec<_> = std::mem::take(&mut node.opened.entries)
            .into_iter()
            .map(|named| {
                let mut entry = named.entry;
                let id = named.child.and_then(|child| node.child_ids.get(child).copied().flatten());
                entry.content = entry.content.or(id);
                if entry.kind == EntryKind::File && entry.size == 0 {
                    entry.content = Some(Sha256::of(b""));
                }
                if entry.kind == EntryKind::File {
                    coverage.files.total += 1;
                    coverage.files.read += u64::from(entry.content.is_some());
                }
                entry
            })
            .collect();
        if !entries.is_empty() {
            manifest.push(Tree { artifact: node.id, path: node.path.clone(), format: node.format.to_owned(), entries });
        }
        let origin = node.parent.map(|parent| Origin { parent: ids[parent], format: formats[parent].to_owned(), span: node.span });
        artifacts.push(Artifact { id: node.id, size: node.size, format: node.format.to_owned(), path: node.path.clone(), origin, map });
    }
    (artifacts, manifest)
}
