//! Tables of what was seen: identity, signatures, boot stages, partitions, hardware, checksums, keys, what was not examined, contents.
//!
//! A table judges nothing. Each row has its evidence: the place of the fact that it shows.

use assay_core::{
    At, Cell, Column, ColumnType,
    EntryKind::{self, File, Hardlink, Member, Symlink},
    Evidence, Fact, FactBody, Locator, Question, Role, Sha256, Table,
    dossier::Subject,
    facts::{ImageFact, KeyPlace, SignatureState},
};

mod access;
mod code;
mod endpoints;
mod hardening;
mod kernel;
mod known;
mod listeners;
mod parts;
mod pools;
mod start;
mod update;
mod words;

pub use code::Code;
pub(crate) use code::table as rows_table;
pub(crate) use endpoints::disclosed;
pub(crate) use known::known;
pub(crate) use pools::tables as pools;

use crate::chains::{Chains, Held};

/// All tables that have rows, numbered. `counts`: how many of the facts each subject has. `more`: those that take more than facts.
#[must_use]
pub fn tables(subjects: &[Subject], facts: &[Fact], counts: &[usize], code: Code, more: Vec<Table>) -> Vec<Table> {
    let text = |name| Column::new(name, ColumnType::Text);
    let number = |name, unit| Column::new(name, ColumnType::Integer).unit(unit);
    let mut tables = vec![
        table("Identity", vec![text("Field"), text("Value"), text("Weight"), text("Where")], facts, identity),
        signatures(facts, counts),
        table(
            "Boot stages",
            vec![
                text("Stage"),
                text("Header asks for authentication"),
                text("Encrypted"),
                Column::new("Load", ColumnType::Address),
                Column::new("Entry", ColumnType::Address),
                text("Where"),
            ],
            facts,
            boot,
        ),
        table(
            "Partitions",
            vec![text("Table"), text("Name"), number("Start", "B"), number("Length", "B"), text("Where")],
            facts,
            partition,
        ),
        table("Hardware and boot settings", vec![text("Property"), text("Value"), text("Where")], facts, hardware),
        table("Checksums", vec![text("Field"), text("Algorithm"), text("Holds"), text("Where")], facts, checksum),
        table(
            "Keys and certificates",
            vec![text("Kind"), text("Name or size"), Column::new("Fingerprint", ColumnType::Hash), text("Where")],
            facts,
            key,
        ),
        table("Not examined", vec![text("What"), text("Why"), text("Where")], facts, not_examined),
        contents(subjects),
    ];
    tables.push(start::start(facts));
    tables.push(parts::parts(facts));
    tables.push(hardening::hardening(facts));
    tables.push(kernel::kernel(facts));
    tables.extend(access::tables(subjects, facts, counts));
    tables.extend(code.finish());
    tables.extend(more);
    tables.retain(|table| !table.rows.is_empty());
    for (index, table) in tables.iter_mut().enumerate() {
        table.id = format!("T{}", index + 1);
    }
    tables
}

type Row = fn(&ImageFact, &Locator) -> Option<Vec<Cell>>;

fn table(title: &str, columns: Vec<Column>, facts: &[Fact], row: Row) -> Table {
    let mut table = Table {
        id: String::new(),
        question: Question::Provenance,
        title: title.to_owned(),
        columns,
        rows: Vec::new(),
        evidence: Vec::new(),
    };
    for fact in facts {
        if let FactBody::Image(image) = &fact.body
            && let Some(cells) = row(image, &fact.locator)
        {
            table.rows.push(cells);
            table.evidence.push(vec![evidence(&fact.locator)]);
        }
    }
    table
}

pub(crate) fn evidence(locator: &Locator) -> Evidence {
    let Locator { artifact, path, at } = locator.clone();
    Evidence { artifact, path, at, function: None, role: Role::Other, note: String::new(), excerpt: String::new() }
}

fn place(locator: &Locator) -> Cell {
    Cell::Text(if locator.path.is_empty() { "(input)".to_owned() } else { locator.path.clone() })
}

fn yes(value: bool) -> Cell {
    Cell::from(if value { "yes" } else { "no" })
}

fn address(value: Option<u64>) -> Cell {
    value.map_or(Cell::Empty, |value| Cell::Text(format!("{value:#x}")))
}

fn identity(fact: &ImageFact, locator: &Locator) -> Option<Vec<Cell>> {
    let ImageFact::Identity { field, value, weight } = fact else { return None };
    Some(vec![format!("{field:?}").to_lowercase().into(), value.as_str().into(), weight.to_string().into(), place(locator)])
}

fn signatures(facts: &[Fact], counts: &[usize]) -> Table {
    let text = |name| Column::new(name, ColumnType::Text);
    let columns = vec![
        text("Over"),
        text("Outcome"),
        text("Scheme"),
        Column::new("Key", ColumnType::Hash),
        text("Where the key is"),
        text("What the key hangs from"),
        text("Where"),
    ];
    let mut all = table("Signatures", columns, &[], |_, _| None);
    for facts in crate::split(facts, counts) {
        let held = Held::all(facts);
        let chains = Chains::new(&held);
        for fact in facts {
            if let FactBody::Image(ImageFact::Signature { over, scheme, state, key, place: at, key_path }) = &fact.body {
                let hangs = key.map_or_else(String::new, |key| hangs_from(key, key_path, *at, &chains));
                let outcome = outcome(*state).into();
                let key = key.map(|key| key.to_string()).into();
                all.rows.push(vec![
                    over.as_str().into(),
                    outcome,
                    scheme.as_str().into(),
                    key,
                    key_place(*at, key_path).into(),
                    hangs.into(),
                    place(&fact.locator),
                ]);
                all.evidence.push(vec![evidence(&fact.locator)]);
            }
        }
    }
    all
}

fn outcome(state: SignatureState) -> &'static str {
    match state {
        SignatureState::Valid => "valid",
        SignatureState::Invalid => "INVALID",
        SignatureState::NoKey => "no key for it",
        SignatureState::NotChecked => "not checked",
    }
}

fn key_place(at: KeyPlace, key_path: &str) -> String {
    match at {
        KeyPlace::Known => format!("known: {key_path}"),
        KeyPlace::InImage => format!("in the same image: {key_path}"),
        KeyPlace::Nowhere => "nowhere that was looked at".to_owned(),
    }
}

/// What stands above a key: the key that signed the file it is in, and the end of that chain.
fn hangs_from(key: Sha256, key_path: &str, at: KeyPlace, chains: &Chains) -> String {
    if at == KeyPlace::Known {
        return "nothing above it: a known root".to_owned();
    }
    let Some(above) = chains.over(key, key_path) else { return "nothing that was found".to_owned() };
    let end = chains.end(above);
    let root = if end.known { "known" } else { "in the same image" };
    format!("{} ({root}: {})", end.key, end.key_path)
}

fn boot(fact: &ImageFact, locator: &Locator) -> Option<Vec<Cell>> {
    let ImageFact::Boot(stage) = fact else { return None };
    Some(vec![
        stage.name.as_str().into(),
        yes(stage.authenticated),
        yes(stage.encrypted),
        address(stage.load),
        address(stage.entry),
        place(locator),
    ])
}

fn partition(fact: &ImageFact, locator: &Locator) -> Option<Vec<Cell>> {
    let ImageFact::Partition { table, name, start, len } = fact else { return None };
    Some(vec![table.as_str().into(), name.as_str().into(), (*start).into(), (*len).into(), place(locator)])
}

fn hardware(fact: &ImageFact, locator: &Locator) -> Option<Vec<Cell>> {
    let ImageFact::Hardware { name, value } = fact else { return None };
    Some(vec![name.as_str().into(), value.as_str().into(), place(locator)])
}

fn checksum(fact: &ImageFact, locator: &Locator) -> Option<Vec<Cell>> {
    let ImageFact::Checksum { name, algorithm, ok, .. } = fact else { return None };
    Some(vec![name.as_str().into(), algorithm.as_str().into(), yes(*ok), place(locator)])
}

fn key(fact: &ImageFact, locator: &Locator) -> Option<Vec<Cell>> {
    match fact {
        ImageFact::Key { fingerprint, algorithm, bits, private, encrypted } => {
            let kind = match (private, encrypted) {
                (false, _) => "public key",
                (true, false) => "private key",
                (true, true) => "private key under a password",
            };
            let size = bits.map_or_else(|| algorithm.clone(), |bits| format!("{algorithm}, {bits} bits"));
            Some(vec![kind.into(), size.into(), fingerprint.map(|digest| digest.to_string()).into(), place(locator)])
        }
        ImageFact::Certificate { subject, not_before, not_after, key, signed_with, authority, .. } => Some(vec![
            if *authority { "certificate of an authority" } else { "certificate" }.into(),
            format!("{subject}, {not_before} to {not_after}, signed with {signed_with}").into(),
            key.to_string().into(),
            place(locator),
        ]),
        _ => None,
    }
}

fn not_examined(fact: &ImageFact, locator: &Locator) -> Option<Vec<Cell>> {
    let ImageFact::NotExamined { what, why } = fact else { return None };
    Some(vec![what.as_str().into(), why.as_str().into(), place(locator)])
}

/// What each container holds, in sums.
fn contents(subjects: &[Subject]) -> Table {
    let columns = vec![
        Column::new("Container", ColumnType::Text),
        Column::new("Format", ColumnType::Text),
        Column::new("Entries", ColumnType::Integer),
        Column::new("Files", ColumnType::Integer),
        Column::new("Links", ColumnType::Integer),
        Column::new("Content", ColumnType::Integer).unit("B"),
    ];
    let mut table = Table {
        id: String::new(),
        question: Question::Provenance,
        title: "Contents".to_owned(),
        columns,
        rows: Vec::new(),
        evidence: Vec::new(),
    };
    for tree in subjects.iter().flat_map(|subject| &subject.manifest) {
        let count = |kinds: &[EntryKind]| tree.entries.iter().filter(|entry| kinds.contains(&entry.kind)).count() as u64;
        let bytes: u64 =
            tree.entries.iter().filter(|entry| matches!(entry.kind, File | Member)).map(|entry| entry.size).fold(0, u64::saturating_add);
        let path = if tree.path.is_empty() { "(input)" } else { &tree.path };
        let start = Locator { artifact: tree.artifact, path: tree.path.clone(), at: At::Offset(0) };
        table.evidence.push(vec![evidence(&start)]);
        table.rows.push(vec![
            path.into(),
            tree.format.as_str().into(),
            (tree.entries.len() as u64).into(),
            count(&[File]).into(),
            count(&[Symlink, Hardlink]).into(),
            bytes.into(),
        ]);
    }
    table
}
