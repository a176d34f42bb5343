//! `assay schema`: the JSON Schema (draft 2020-12) that every dossier follows, made from the types themselves.
//!
//! The schema is closed: a field that the types do not have is refused, so that a misspelt or forgotten one shows in a test and not in
//! a reader's tool. `docs/schema/` holds the published copy; a test compares the two.

use assay_core::{Dossier, SCHEMA};
use serde_json::{Value, json};

/// JSON Schema of the dossier, with a line's end.
pub fn schema() -> String {
    let mut schema = schemars::schema_for!(Dossier).to_value();
    close(&mut schema);
    schema["$id"] = json!("urn:assay:dossier:1");
    schema["title"] = json!("Assay dossier");
    schema["properties"]["schema"] = json!({"const": SCHEMA, "description": "Name of this schema."});
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

/// Refuses other fields in every object, and takes the marks of Rust's documentation out of descriptions.
fn close(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(fields) => {
            if fields.get("properties").is_some_and(Value::is_object) && fields.get("type") == Some(&json!("object")) {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
            for (name, field) in fields {
                match field {
                    Value::String(text) if name == "description" => {
                        *text = text.replace("[`", "`").replace("`]", "`").replace("crate::", "");
                    }
                    other => close(other),
                }
            }
        }
        _ => {}
    }
}
