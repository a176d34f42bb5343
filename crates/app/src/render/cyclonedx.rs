//! The bill of materials as CycloneDX 1.6 (ECMA-424).
//!
//! **Specification**: <https://cyclonedx.org/docs/1.6/json/>; ECMA-424, 1st edition.
//!
//! One component for each part and version, whatever shows it: packages of a database, programs and libraries known by their own texts, the
//! kernel and its modules. `evidence.identity` says by what and how surely, `evidence.occurrences` where, and the hashes are those of the file
//! where one file alone shows the part. Nothing here varies from run to run: the serial number is made of the digests of the inputs, and there
//! is no time. What depends on what is not known from the bytes, and is not claimed: the bill is stated to be incomplete.

use std::collections::BTreeMap;

use assay_core::{
    Dossier, Fact, FactBody, Sha256,
    escape::visible,
    facts::{
        ImageFact,
        image::{Part, PartKind, PartSign},
    },
};
use serde_json::{Map, Value, json};

/// Places of one component.
const PLACES: usize = 100;

/// The bill. `facts` are those of the dossier, which need not carry them itself.
#[must_use]
pub fn render(dossier: &Dossier, facts: &[Fact]) -> String {
    let mut parts: BTreeMap<(PartKind, &str, &str), Vec<(&Fact, &Part)>> = BTreeMap::new();
    for fact in facts {
        if let FactBody::Image(ImageFact::Part(part)) = &fact.body {
            parts.entry((part.kind, &part.name, part.version.as_deref().unwrap_or_default())).or_default().push((fact, part));
        }
    }
    let components: Vec<Value> = parts.values().enumerate().map(|(index, seen)| component(index + 1, seen)).collect();
    let main = dossier.subjects.first().map_or_else(
        || json!({"type": "firmware", "bom-ref": "input", "name": "nothing"}),
        |subject| {
            let mut main = json!({"type": "firmware", "bom-ref": "input", "name": named(&subject.name),
                "hashes": [{"alg": "SHA-256", "content": subject.id.hex()}]});
            if let Some(version) = &subject.identity.version {
                main["version"] = json!(visible(version));
            }
            if let Some(maker) = &subject.identity.maker {
                main["manufacturer"] = json!({"name": visible(maker)});
            }
            main
        },
    );
    let refs: Vec<String> = (1..=components.len()).map(reference).collect();
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial(dossier),
        "version": 1,
        "metadata": {
            "tools": {"components": [{"type": "application", "name": dossier.tool.name, "version": dossier.tool.version}]},
            "component": main},
        "components": components,
        "compositions": [{"aggregate": "incomplete", "assemblies": refs}]});
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn reference(number: usize) -> String {
    format!("part-{number}")
}

fn component(number: usize, seen: &[(&Fact, &Part)]) -> Value {
    // The surest sign speaks for the part.
    let best = seen.iter().min_by_key(|(_, part)| part.by).map(|(_, part)| *part);
    let Some(part) = best else { return Value::Null };
    let mut out = Map::new();
    out.insert("type".into(), json!(kind(part)));
    out.insert("bom-ref".into(), json!(reference(number)));
    out.insert("name".into(), json!(named(&part.name)));
    if let Some(version) = &part.version {
        out.insert("version".into(), json!(visible(version)));
    }
    if let Some(supplier) = &part.supplier {
        out.insert("supplier".into(), json!({"name": visible(supplier)}));
    }
    if let Some(licence) = &part.licence {
        out.insert("licenses".into(), json!([{"license": {"name": visible(licence)}}]));
    }
    if let Some(cpe) = &part.cpe {
        out.insert("cpe".into(), json!(cpe));
    }
    if let Some(purl) = &part.purl {
        out.insert("purl".into(), json!(purl));
    }
    let files: std::collections::BTreeSet<Sha256> =
        seen.iter().filter(|(_, part)| part.by != PartSign::Database).map(|(fact, _)| fact.locator.artifact).collect();
    if let (1, Some(file)) = (files.len(), files.first()) {
        out.insert("hashes".into(), json!([{"alg": "SHA-256", "content": file.hex()}]));
    }
    let methods: Vec<Value> = seen.iter().take(PLACES).map(|(_, part)| method(part)).fold(Vec::new(), |mut known, method| {
        if !known.contains(&method) {
            known.push(method);
        }
        known
    });
    let occurrences: Vec<Value> = seen
        .iter()
        .take(PLACES)
        .map(|(fact, _)| {
            let mut place = json!({"location": named(&fact.locator.path)});
            match fact.locator.at {
                assay_core::At::Line(line) => place["line"] = json!(line),
                assay_core::At::Offset(offset) => place["offset"] = json!(offset),
                _ => {}
            }
            place
        })
        .collect();
    let confidence = method(part)["confidence"].clone();
    out.insert(
        "evidence".into(),
        json!({"identity": [{"field": if part.version.is_some() { "version" } else { "name" }, "confidence": confidence, "methods": methods}],
            "occurrences": occurrences}),
    );
    Value::Object(out)
}

/// How a sign shows a part, and how surely.
fn method(part: &Part) -> Value {
    let (technique, confidence) = match part.by {
        PartSign::Database => ("manifest-analysis", 1.0),
        PartSign::Text => ("binary-analysis", 0.9),
        PartSign::ModuleInfo => ("binary-analysis", 1.0),
        PartSign::FileName => ("filename", 0.7),
    };
    json!({"technique": technique, "confidence": confidence, "value": visible(&part.shown)})
}

fn kind(part: &Part) -> &'static str {
    match part.kind {
        PartKind::System | PartKind::Kernel => "operating-system",
        PartKind::Module => "device-driver",
        PartKind::Component if part.shown.contains(".so") => "library",
        PartKind::Package | PartKind::Component => "application",
    }
}

/// A name that is never empty, with nothing in it that hides.
fn named(text: &str) -> String {
    if text.is_empty() { "(input)".to_owned() } else { visible(text).into_owned() }
}

/// A version 8 UUID (RFC 9562, section 5.8) of the digests of the inputs and of the rules.
fn serial(dossier: &Dossier) -> String {
    let mut bytes: Vec<u8> = dossier.tool.rules.0.to_vec();
    bytes.extend(dossier.subjects.iter().flat_map(|subject| subject.id.0));
    let mut id = [0; 16];
    id.copy_from_slice(&Sha256::of(&bytes).0[..16]);
    id[6] = id[6] & 0x0F | 0x80;
    id[8] = id[8] & 0x3F | 0x80;
    let hex = assay_core::hash::hex(&id);
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
