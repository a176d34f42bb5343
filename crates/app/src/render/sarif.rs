//! SARIF 2.1.0 (OASIS), for tools that collect findings.

use std::collections::BTreeMap;

use assay_core::{At, Dossier, Evidence, Severity};
use serde_json::{Value, json};
use serde_sarif::sarif::Sarif;

/// The findings as SARIF: one result each.
#[must_use]
pub fn render(dossier: &Dossier) -> String {
    let mut rules = BTreeMap::new();
    for finding in &dossier.findings {
        rules.entry(finding.rule.as_str()).or_insert_with(|| {
            json!({"id": finding.rule, "shortDescription": {"text": finding.rule},
                   "properties": {"version": finding.version, "question": finding.question.name()}})
        });
    }
    let results: Vec<Value> = dossier
        .findings
        .iter()
        .map(|finding| {
            json!({"ruleId": finding.rule, "level": level(finding.severity), "message": {"text": finding.title},
               "partialFingerprints": {"assay/v1": finding.fingerprint.hex()},
               "locations": finding.evidence.iter().map(location).collect::<Vec<_>>(),
               "properties": {"id": finding.id, "severity": finding.severity.to_string(), "confidence": finding.confidence.to_string()}})
        })
        .collect();
    let artifacts: Vec<Value> = dossier
        .subjects
        .iter()
        .map(|subject| json!({"description": {"text": subject.name}, "length": subject.size, "hashes": {"sha-256": subject.id.hex()}}))
        .collect();
    let document = json!({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [{
        "tool": {"driver": {"name": dossier.tool.name, "version": dossier.tool.version, "rules": rules.into_values().collect::<Vec<_>>()}},
        "artifacts": artifacts, "results": results}]});
    // Through serde-sarif's types, so that a misspelt field shows in the test and not in the reader's tool.
    serde_json::from_value::<Sarif>(document.clone())
        .and_then(|sarif| serde_json::to_string_pretty(&sarif))
        .unwrap_or_else(|_| document.to_string())
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn location(evidence: &Evidence) -> Value {
    let name = evidence.function.clone().unwrap_or_else(|| evidence.path.clone());
    let mut value = json!({"message": {"text": format!("{} ({})", evidence.note, evidence.at)},
        "logicalLocations": [{"name": name, "fullyQualifiedName": evidence.path}],
        "properties": {"sha-256": evidence.artifact.hex(), "at": evidence.at.to_string()}});
    if let At::Line(line) = evidence.at {
        value["physicalLocation"] = json!({"artifactLocation": {"uri": format!("sha256:{}", evidence.artifact.hex())},
            "region": {"startLine": line.max(1)}});
    } else if let At::Offset(offset) = evidence.at {
        value["physicalLocation"] = json!({"artifactLocation": {"uri": format!("sha256:{}", evidence.artifact.hex())},
            "region": {"byteOffset": i64::try_from(offset).unwrap_or(i64::MAX)}});
    }
    value
}
