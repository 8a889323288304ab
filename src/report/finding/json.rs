//! Findings as JSON. `docs/findings.schema.json` describes the format.

use serde_json::json;

use super::Finding;

/// The version of the format. It is increased when readers would have to change.
const VERSION: u32 = 1;

/// Returns all findings as one JSON object.
pub fn print(findings: &[Finding]) -> String {
    let item = |finding: &Finding| {
        let Finding { rule, level, subject: _, message, help, place, related } = finding;
        let related: Vec<_> = related.iter().map(|(place, text)| json!({ "place": place, "message": text })).collect();
        json!({
            "rule": rule, "level": level, "message": message, "help": help, "place": place, "related": related,
        })
    };
    let list: Vec<_> = findings.iter().map(item).collect();
    format!("{:#}\n", json!({ "version": VERSION, "findings": list }))
}
