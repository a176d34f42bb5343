//! What the page says of one input: what it is, which machine, is it signed, what was found, and how much was understood.

use assay_core::{
    Dossier, Evidence, Finding, Gap, Severity,
    dossier::{Subject, SubjectKind},
};

use super::{
    super::words,
    bytemap::{self, Drawing},
    tree::Listing,
};

/// Gaps shown of one subject, largest first.
const GAPS: usize = 500;
/// Findings named in the summary of a subject.
const NAMED: usize = 5;

/// What the page says of one subject.
pub struct Section<'a> {
    pub d: &'a Dossier,
    pub s: &'a Subject,
    pub number: usize,
    pub machine: Option<String>,
    pub signed: Vec<(String, u64)>,
    pub findings: Vec<&'a Finding>,
    pub gaps: Vec<&'a Gap>,
    pub maps: Vec<Drawing<'a>>,
    pub listing: Listing<'a>,
}

/// Everything of one subject; `left` entries may still be shown.
pub fn section<'a>(dossier: &'a Dossier, subject: &'a Subject, number: usize, left: &mut usize) -> Section<'a> {
    let artifacts = words::artifacts(subject);
    let mut gaps: Vec<&Gap> = subject.coverage.gaps.iter().collect();
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.span.1));
    gaps.truncate(GAPS);
    Section {
        d: dossier,
        s: subject,
        number,
        machine: words::machine(subject),
        signed: words::outcomes(dossier, &artifacts),
        findings: words::findings_in(dossier, &artifacts),
        gaps,
        maps: bytemap::drawings(subject),
        listing: Listing::new(subject, left),
    }
}

impl Section<'_> {
    pub fn what(&self) -> String {
        words::what(self.s)
    }

    /// What the image says of itself: name, value, and where it says so, as far as the dossier's table of identity tells.
    pub fn told(&self) -> Vec<(&str, &str, String)> {
        let who = &self.s.identity;
        let words = [
            ("Maker", "maker", &who.maker),
            ("Model", "model", &who.model),
            ("Board", "platform", &who.platform),
            ("Firmware version", "version", &who.version),
            ("Built", "built", &who.built),
            ("System", "system", &who.system),
            ("Kernel", "kernel", &who.kernel),
            ("Compiler", "toolchain", &who.toolchain),
        ];
        let told = words.into_iter().filter_map(|(name, field, value)| Some((name, field, value.as_deref()?)));
        told.map(|(name, field, value)| (name, value, words::identity_place(self.d, self.s, field, value))).collect()
    }

    /// The tables of who waits, who is talked to and which words are waited for: their ids, and how many rows are this input's.
    pub fn talks(&self) -> Vec<(&str, String)> {
        let own = words::artifacts(self.s);
        let here = |row: &&Vec<Evidence>| row.iter().any(|evidence| own.contains(&evidence.artifact));
        let tables = self.d.tables.iter().filter_map(|table| {
            let noun = match table.title.as_str() {
                "Listeners" => "listener",
                "Endpoints" => "endpoint",
                "Command words" => "command word",
                _ => return None,
            };
            Some((table.id.as_str(), table.evidence.iter().filter(here).count(), noun))
        });
        tables.filter(|(_, rows, _)| *rows > 0).map(|(id, rows, noun)| (id, words::count(rows, noun))).collect()
    }

    pub fn severities(&self) -> String {
        words::severities(self.findings.iter().copied())
    }

    pub fn named(&self) -> &[&Finding] {
        self.findings.get(..NAMED).unwrap_or(&self.findings)
    }

    pub fn worst(&self) -> Option<Severity> {
        self.findings.first().map(|finding| finding.severity)
    }

    pub fn signatures(&self) -> u64 {
        self.signed.iter().map(|(_, count)| count).sum()
    }

    /// Does a missing signature mean something here?
    pub fn is_firmware(&self) -> bool {
        self.s.kind == SubjectKind::Firmware
    }

    /// A directory is named by its manifest.
    pub fn is_tree(&self) -> bool {
        self.s.kind == SubjectKind::Tree
    }

    pub fn all_valid(&self) -> bool {
        self.signed.iter().all(|(outcome, _)| outcome == words::VALID)
    }

    pub fn share(&self, part: &u64) -> String {
        words::percent(*part, self.s.coverage.bytes.total)
    }

    /// Start and width of explained, opaque and unknown in a bar of 1000; what is there at all is seen.
    pub fn bar(&self) -> Vec<(&'static str, u64, u64)> {
        let bytes = self.s.coverage.bytes;
        let width = |part: u64| if part == 0 { 0 } else { (u128::from(part) * 1000 / u128::from(bytes.total.max(1))).max(4) as u64 };
        let (opaque, unknown) = (width(bytes.opaque), width(bytes.unknown));
        let explained = if bytes.explained == 0 { 0 } else { 1000_u64.saturating_sub(opaque + unknown) };
        vec![("k-known", 0, explained), ("k-opaque", explained, opaque), ("k-unknown", explained + opaque, unknown)]
    }

    /// What was counted besides bytes: name, part, whole. Kinds of input that this one does not have are left out.
    pub fn counted(&self) -> Vec<(&'static str, String)> {
        let coverage = &self.s.coverage;
        let of = |part: u64, total: u64, done: &str| format!("{} of {} {done}", words::grouped(part), words::grouped(total));
        let functions = &coverage.functions;
        let calls = coverage.calls.resolved + coverage.calls.unresolved;
        let rows = [
            (coverage.files.total, "Files", of(coverage.files.read, coverage.files.total, "read whole")),
            (
                functions.found,
                "Functions",
                format!(
                    "{}, {} given up at a limit, {} of a processor that is not read",
                    of(functions.analysed, functions.found, "analysed"),
                    words::grouped(functions.abandoned),
                    words::grouped(functions.unsupported)
                ),
            ),
            (calls, "Calls", of(coverage.calls.resolved, calls, "with a known target")),
            (coverage.packets.total, "Packets", of(coverage.packets.read, coverage.packets.total, "read")),
            (coverage.rows.total, "Rows of tables", of(coverage.rows.read, coverage.rows.total, "read")),
            (coverage.buses.total, "Buses of networks", of(coverage.buses.read, coverage.buses.total, "read")),
        ];
        rows.into_iter().filter(|(total, ..)| *total > 0).map(|(_, name, text)| (name, text)).collect()
    }

    pub fn hidden_gaps(&self) -> usize {
        self.s.coverage.gaps.len() - self.gaps.len()
    }
}
