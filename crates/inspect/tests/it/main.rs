//! Tests of judging as a whole: from facts and manifests to a dossier.

mod answers;
mod certificates;
mod findings;
mod known;
mod payments;
mod resolve;
mod system;

use assay_core::{
    Artifact, At, ByteMap, Coverage, Dossier, Entry, Fact, FactBody, FactId, Locator, Sha256, SpanKind,
    bytemap::Span,
    dossier::{Identity, Subject, SubjectKind, Tool},
    facts::{ImageFact, KeyPlace, SignatureState},
    manifest::Tree,
};

/// An input of that name, all of whose thousand bytes are explained, with one tree of `entries`.
fn subject(name: &str, entries: Vec<Entry>) -> Subject {
    let id = Sha256::of(name.as_bytes());
    let map = ByteMap(vec![Span { start: 0, len: 1000, kind: SpanKind::Content, note: String::new(), entropy: None, child: false }]);
    let mut coverage = Coverage::default();
    (coverage.bytes.total, coverage.bytes.explained) = (1000, 1000);
    Subject {
        id,
        name: name.to_owned(),
        kind: SubjectKind::Firmware,
        format: "tar".to_owned(),
        size: 1000,
        identity: Identity::default(),
        coverage,
        artifacts: vec![Artifact { id, size: 1000, format: "tar".to_owned(), path: String::new(), origin: None, map }],
        manifest: vec![Tree { artifact: id, path: String::new(), format: "tar".to_owned(), entries }],
    }
}

/// A setuid program of root, described at `offset`.
fn setuid(path: &str, offset: u64) -> Entry {
    let mut entry = Entry::new(path, assay_core::EntryKind::File, 10);
    (entry.mode, entry.uid, entry.gid, entry.offset) = (Some(0o4755), Some(0), Some(0), offset);
    entry
}

/// A fact of the input called `name`, at `offset` of the file at `path`.
fn fact(name: &str, path: &str, offset: u64, image: ImageFact) -> Fact {
    let locator = Locator { artifact: Sha256::of(name.as_bytes()), path: path.to_owned(), at: At::Offset(offset) };
    Fact {
        id: FactId(1),
        locator,
        producer: "unpack.tar".to_owned(),
        producer_version: 1,
        derived_from: Vec::new(),
        body: FactBody::Image(image),
    }
}

fn signature(over: &str, state: SignatureState, key: &[u8], place: KeyPlace, key_path: &str) -> ImageFact {
    let key = (place != KeyPlace::Nowhere).then(|| Sha256::of(key));
    ImageFact::Signature { over: over.to_owned(), scheme: "RSA".to_owned(), state, key, place, key_path: key_path.to_owned() }
}

/// The facts belong to the first subject.
fn inspect(subjects: Vec<Subject>, facts: Vec<Fact>) -> Dossier {
    inspect_each(subjects, vec![facts])
}

fn inspect_each(subjects: Vec<Subject>, facts: Vec<Vec<Fact>>) -> Dossier {
    let tool = Tool { name: "assay".to_owned(), version: "0".to_owned(), rules: Sha256::of(b""), as_of: "2026-11-23".to_owned() };
    assay_inspect::inspect(tool, subjects, facts, None, &[], true)
}
