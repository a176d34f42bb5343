//! SARIF 2.1.0 (OASIS), for tools that collect findings.
//!
//! One result per finding; its first piece of evidence is the location, the others are related locations, and where evidence has roles
//! (source, branch, guard, actuator) the way is a code flow too. Artifacts found inside an input are nested artifacts (section 3.24):
//! their URI is the trail. The rules are all detectors that ran, each with its page, so that a reader sees what was looked for.
//!
//! A statement of maker or owner is **not** a suppression: a suppression takes a result out of sight, a statement changes nothing of
//! the finding. Statements are in the result's properties. Nothing here varies from run to run; times are in `run.json`.

use std::collections::HashMap;

use assay_core::{At, Dossier, Evidence, Finding, Role, Severity, Sha256, escape::visible};
use serde_json::{Map, Value, json};
use serde_sarif::sarif::Sarif;

use super::{
    pages::{RulePage, detectors},
    words,
};

/// The findings as SARIF.
#[must_use]
pub fn render(dossier: &Dossier) -> String {
    let rules = Rules::new(&dossier.findings);
    let artifacts = Artifacts::new(dossier);
    let results: Vec<Value> = dossier.findings.iter().map(|finding| result(finding, &rules, &artifacts)).collect();
    let mut document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": dossier.tool.name, "version": dossier.tool.version, "semanticVersion": dossier.tool.version,
                "rules": rules.list, "properties": {"rules": dossier.tool.rules}}},
            "invocations": [{"executionSuccessful": dossier.complete, "toolExecutionNotifications": notifications(dossier)}],
            "artifacts": artifacts.list,
            "results": results,
            "columnKind": "unicodeCodePoints",
            "properties": {"schema": dossier.schema, "complete": dossier.complete, "asOf": dossier.tool.as_of}}]});
    show(&mut document);
    // Through serde-sarif's types, so that a misspelt field shows in the tests and not in the reader's tool.
    let text = serde_json::from_value::<Sarif>(document.clone()).and_then(|sarif| serde_json::to_string_pretty(&sarif));
    text.unwrap_or_else(|_| document.to_string()) + "\n"
}

/// Makes visible in every string what would hide or rearrange text.
fn show(value: &mut Value) {
    match value {
        Value::String(text) => *text = visible(text).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(show),
        Value::Object(fields) => fields.values_mut().for_each(show),
        _ => {}
    }
}

/// What limits the results: a run cut short, and what each input has of unread bytes.
fn notifications(dossier: &Dossier) -> Vec<Value> {
    let cut = "A limit cut the work short: what is not among the results was not looked at.";
    let mut list: Vec<Value> = Vec::new();
    if !dossier.complete {
        list.push(json!({"level": "warning", "message": {"text": cut}}));
    }
    for (index, subject) in dossier.subjects.iter().enumerate().filter(|(_, subject)| !subject.coverage.gaps.is_empty()) {
        let bytes = subject.coverage.bytes;
        let gaps = words::count(subject.coverage.gaps.len(), "gap");
        let (opaque, unknown) = (words::percent(bytes.opaque, bytes.total), words::percent(bytes.unknown, bytes.total));
        let text = format!("{}: {gaps}; {opaque} of the bytes are opaque, {unknown} unknown.", subject.name);
        let place = json!({"physicalLocation": {"artifactLocation": {"uri": uri(&subject.name), "index": index}}});
        list.push(json!({"level": "note", "message": {"text": text}, "locations": [place]}));
    }
    list
}

/// Detectors as reporting descriptors.
struct Rules {
    list: Vec<Value>,
    ids: Vec<String>,
}

impl Rules {
    fn new(findings: &[Finding]) -> Self {
        let mut rules = Self { list: Vec::new(), ids: Vec::new() };
        for detector in detectors() {
            let page = RulePage::new(detector);
            rules.push(
                detector.id,
                &json!({
                "shortDescription": {"text": page.title},
                "fullDescription": {"text": page.first("What it shows")},
                "help": {"text": page.plain(), "markdown": detector.page()},
                "properties": {"version": detector.version, "question": detector.question.name(), "tags": [detector.question.name()]}}),
            );
        }
        // A dossier of another version may know rules that this one does not.
        for finding in findings {
            if !rules.ids.contains(&finding.rule) {
                rules.push(
                    &finding.rule,
                    &json!({
                    "shortDescription": {"text": finding.rule},
                    "properties": {"version": finding.version, "question": finding.question.name(), "tags": [finding.question.name()]}}),
                );
            }
        }
        rules
    }

    fn push(&mut self, id: &str, rest: &Value) {
        let mut rule = rest.clone();
        rule["id"] = json!(id);
        self.ids.push(id.to_owned());
        self.list.push(rule);
    }
}

/// The inputs, then every artifact that evidence lies in.
struct Artifacts {
    list: Vec<Value>,
    index: HashMap<(Sha256, String), usize>,
}

impl Artifacts {
    fn new(dossier: &Dossier) -> Self {
        let mut artifacts = Self { list: Vec::new(), index: HashMap::new() };
        let mut known = HashMap::new();
        for (index, subject) in dossier.subjects.iter().enumerate() {
            for artifact in &subject.artifacts {
                known.entry(artifact.id).or_insert((index, artifact));
            }
            artifacts.index.entry((subject.id, String::new())).or_insert(index);
            artifacts.list.push(json!({"location": {"uri": uri(&subject.name)}, "description": {"text": words::what(subject)},
                "length": subject.size, "roles": ["analysisTarget"], "hashes": {"sha-256": subject.id.hex()}}));
        }
        for evidence in dossier.findings.iter().flat_map(|finding| &finding.evidence) {
            if artifacts.index(evidence).is_some() {
                continue;
            }
            let trail = format!("/{}", uri(evidence.path.trim_start_matches('/')));
            let mut value = json!({"location": {"uri": trail}, "hashes": {"sha-256": evidence.artifact.hex()}});
            if let Some((parent, artifact)) = known.get(&evidence.artifact) {
                value["parentIndex"] = json!(parent);
                value["length"] = json!(artifact.size);
                value["description"] = json!({"text": format!("format {}", artifact.format)});
            }
            artifacts.index.insert((evidence.artifact, evidence.path.clone()), artifacts.list.len());
            artifacts.list.push(value);
        }
        artifacts
    }

    fn index(&self, evidence: &Evidence) -> Option<usize> {
        self.index.get(&(evidence.artifact, evidence.path.clone())).copied()
    }

    fn location(&self, evidence: &Evidence) -> Value {
        let mut physical = Map::new();
        if let Some(index) = self.index(evidence) {
            let uri = self.list.get(index).map(|artifact| artifact["location"]["uri"].clone());
            physical.insert("artifactLocation".to_owned(), json!({"uri": uri, "index": index}));
        }
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let mut region = match &evidence.at {
            At::Offset(offset) => json!({"byteOffset": number(*offset)}),
            At::Line(line) => json!({"startLine": number(*line).max(1)}),
            _ => Value::Null,
        };
        if let At::Address(address) = evidence.at {
            physical.insert("address".to_owned(), json!({"absoluteAddress": number(address)}));
        }
        if !region.is_null() {
            // Around a line there are more lines: what is there is in the properties, and no snippet of the one line.
            if !evidence.excerpt.is_empty() && matches!(evidence.at, At::Offset(_)) {
                region["snippet"] = json!({"text": evidence.excerpt});
            }
            physical.insert("region".to_owned(), region);
        }
        let (place, at) = (words::place(&evidence.path), &evidence.at);
        let text = if evidence.note.is_empty() { format!("{place}, {at}") } else { format!("{} ({place}, {at})", evidence.note) };
        let mut location = json!({"physicalLocation": physical, "message": {"text": text},
            "properties": {
                "artifact": evidence.artifact, "path": evidence.path, "at": evidence.at,
                "role": words::kebab(evidence.role), "excerpt": evidence.excerpt}});
        if let Some(function) = &evidence.function {
            location["logicalLocations"] = json!([{"name": function, "kind": "function"}]);
        }
        location
    }
}

fn result(finding: &Finding, rules: &Rules, artifacts: &Artifacts) -> Value {
    let mut related: Vec<Value> = finding.evidence.iter().skip(1).map(|evidence| artifacts.location(evidence)).collect();
    for (index, location) in related.iter_mut().enumerate() {
        location["id"] = json!(index + 1);
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": rules.ids.iter().position(|id| *id == finding.rule),
        "level": level(finding.severity),
        "message": {"text": finding.title},
        "locations": finding.evidence.iter().take(1).map(|evidence| artifacts.location(evidence)).collect::<Vec<_>>(),
        "relatedLocations": related,
        "partialFingerprints": {"assay/v1": finding.fingerprint.hex()},
        "properties": {
            "id": finding.id, "severity": finding.severity, "confidence": finding.confidence,
            "question": finding.question, "ruleVersion": finding.version,
            "effect": finding.effect, "holder": finding.holder, "stage": finding.stage, "trigger": finding.trigger,
            "statements": finding.statements, "references": finding.references}});
    if finding.evidence.iter().any(|evidence| evidence.role != Role::Other) {
        let step = |evidence| json!({"location": artifacts.location(evidence), "kinds": [words::kebab(evidence.role)]});
        result["codeFlows"] = json!([{"threadFlows": [{"locations": finding.evidence.iter().map(step).collect::<Vec<_>>()}]}]);
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A name as a relative reference (RFC 3986): everything but unreserved characters and slashes is percent-encoded.
fn uri(name: &str) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase();
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(char::from(byte)),
            _ => text.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
    text
}
