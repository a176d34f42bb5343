//! Evidence made again from the inputs, to be laid beside what a dossier says.
//!
//! The inputs are opened as for `assay vet`. Code around an address or a line is shown again by the same reading, in a child of its own.
//! What a rule says of bytes (a digest, a mode) is judged again from what the opening shows. Nothing of the dossier goes into either.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::{Path, PathBuf},
    rc::Rc,
};

use assay_core::{At, Dossier, Evidence, Finding, Sha256};
use assay_inspect::inspect;

use crate::{
    Exit, Failure,
    cli::Opening,
    inputs, pipeline,
    sandbox::{self, Blobs, Keep, protocol::Quote},
};

/// What became of a piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is there, and is what the dossier says.
    Agrees,
    /// Something else stands there; nothing where no code does.
    Differs(String),
    /// The artifact is there, and what the dossier says of it takes more than the artifact: an earlier version wrote no code beside it, or
    /// it comes from the reading of the whole system.
    Unsaid(String),
    /// The artifact is not in the inputs.
    Absent,
}

/// Bytes of an artifact, where the inputs have it.
type Content = Option<Rc<Vec<u8>>>;

/// The inputs, opened again.
pub struct Replay {
    stores: Vec<Blobs>,
    quoted: BTreeMap<(Sha256, At), String>,
    /// Findings that the opening alone leads to.
    judged: Vec<Finding>,
    read: RefCell<BTreeMap<Sha256, Content>>,
}

impl Replay {
    /// Opens `paths` and makes the evidence of `findings` again.
    pub fn of(
        dossier: &Dossier,
        findings: &[&Finding],
        paths: &[PathBuf],
        golden: Option<&Path>,
        opening: &Opening,
    ) -> Result<Self, Failure> {
        let limits = inputs::limits(opening)?;
        let mut places: BTreeMap<Sha256, BTreeSet<At>> = BTreeMap::new();
        for evidence in findings.iter().flat_map(|finding| &finding.evidence).filter(|evidence| is_code(evidence)) {
            places.entry(evidence.artifact).or_default().insert(evidence.at.clone());
        }
        let (mut stores, mut subjects, mut facts, mut base) = (Vec::new(), Vec::new(), Vec::new(), 0_u32);
        let mut quoted = BTreeMap::new();
        for path in paths {
            let done = inputs::open(path, opening, &limits, Keep::All, true)?;
            subjects.push(done.unpacked.subject);
            let mut own = done.unpacked.facts;
            for fact in &mut own {
                fact.shift(base);
            }
            base += own.len() as u32;
            facts.push(own);
            let Some(blobs) = done.blobs else { continue };
            let here = places.iter().filter(|(id, _)| blobs.get(id).is_some()).map(|(id, places)| (*id, places.clone())).collect();
            let request = Quote { limits, threads: opening.threads(), places: here };
            let made = sandbox::quote(&blobs, &request, !opening.no_sandbox).map_err(|error| inputs::failure(path, &error))?;
            quoted.extend(made.into_iter().map(|(id, at, text)| ((id, at), text)));
            stores.push(blobs);
        }
        let mut judged = inspect(dossier.tool.clone(), subjects, facts, None, &[], true).findings;
        // What the input lacks is to be seen in the golden image.
        if let Some(path) = golden {
            stores.extend(inputs::open(path, opening, &limits, Keep::All, true)?.blobs);
        }
        // What the opening alone does not lead to comes from the reading of the system, which takes longer.
        let shown =
            |finding: &Finding| finding.evidence.iter().all(is_code) || judged.iter().any(|one| one.fingerprint == finding.fingerprint);
        if !findings.iter().all(|finding| shown(finding)) {
            judged = read(dossier, paths, golden, opening)?;
        }
        Ok(Self { stores, quoted, judged, read: RefCell::default() })
    }

    /// The bytes of an artifact. What a child wrote is not to be believed: they have that digest, or this fails.
    pub fn bytes(&self, id: Sha256) -> Result<Content, Failure> {
        if let Some(known) = self.read.borrow().get(&id) {
            return Ok(known.clone());
        }
        let mut content = None;
        if let Some(mut reader) = self.stores.iter().find_map(|store| store.get(&id)) {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map_err(|error| Failure::new(Exit::Unreadable, error.to_string()))?;
            if Sha256::of(&bytes) != id {
                return Err(Failure::new(Exit::Unreadable, format!("the content kept for {id} has another digest")));
            }
            content = Some(Rc::new(bytes));
        }
        self.read.borrow_mut().insert(id, content.clone());
        Ok(content)
    }

    /// Lays what a dossier says beside what is there.
    pub fn compare(&self, finding: &Finding, evidence: &Evidence) -> Result<Outcome, Failure> {
        let Some(bytes) = self.bytes(evidence.artifact)? else { return Ok(Outcome::Absent) };
        let now = if is_code(evidence) {
            self.quoted.get(&(evidence.artifact, evidence.at.clone())).cloned()
        } else {
            let same = self.judged.iter().find(|judged| judged.fingerprint == finding.fingerprint);
            let same =
                same.and_then(|judged| judged.evidence.iter().find(|one| (one.artifact, &one.at) == (evidence.artifact, &evidence.at)));
            same.map(|one| one.excerpt.clone())
        };
        let within = !matches!(evidence.at, At::Offset(offset) if offset > bytes.len() as u64);
        Ok(match now {
            Some(now) if now == evidence.excerpt => Outcome::Agrees,
            Some(now) if evidence.excerpt.is_empty() => Outcome::Unsaid(now),
            Some(now) => Outcome::Differs(now),
            None if is_code(evidence) || !within => Outcome::Differs(String::new()),
            None => Outcome::Unsaid(String::new()),
        })
    }
}

/// Findings of the inputs, opened and read once more as for `assay vet`.
fn read(dossier: &Dossier, paths: &[PathBuf], golden: Option<&Path>, opening: &Opening) -> Result<Vec<Finding>, Failure> {
    let made = pipeline::make(paths, golden, opening, &inputs::limits(opening)?, dossier.tool.as_of.clone(), &[], true)?;
    Ok(made.dossier.findings)
}

/// Is it code that the evidence shows: instructions, or lines with the one meant behind `>`? What a rule says of a line of settings is judged
/// again instead.
pub fn is_code(evidence: &Evidence) -> bool {
    let quoted = || evidence.excerpt.is_empty() || evidence.excerpt.lines().any(|line| line.starts_with('>'));
    matches!(evidence.at, At::Address(_)) || matches!(evidence.at, At::Line(_)) && quoted()
}
