//! Findings as SARIF 2.1.0: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Finding, Level, Place, fingerprints};
use crate::report::explain;

/// The characters that are not escaped in the path of a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_').remove(b'~');

/// Returns all findings as one run, with a rule for each that occurs.
pub fn print(findings: &[Finding]) -> String {
    let mut rules: Vec<&str> = findings.iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let result = |(finding, fingerprint): (&Finding, String)| {
        let related: Vec<Value> = finding.related.iter().map(|(place, text)| related(place, text)).collect();
        json!({
            "ruleId": finding.rule,
            "ruleIndex": rules.binary_search(&finding.rule).unwrap_or_default(),
            "level": level(finding.level),
            "message": { "text": finding.text() },
            "locations": [{ "physicalLocation": physical(&finding.place_or_project()) }],
            "relatedLocations": related,
            "partialFingerprints": { "dbstate/v1": fingerprint },
        })
    };
    let results: Vec<Value> = findings.iter().zip(fingerprints(findings)).map(result).collect();
    let driver = json!({
        "name": "dbstate",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules.iter().map(|rule| described(rule)).collect::<Vec<_>>(),
    });
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "columnKind": "unicodeCodePoints", "results": results }],
    });
    format!("{log:#}\n")
}

/// Returns a rule with its page of `dbstate explain`.
fn described(rule: &str) -> Value {
    let page = explain::page(rule).unwrap_or_default();
    let (title, text) = page.split_once('\n').unwrap_or((page, ""));
    let title = title.split_once(": ").map_or(title, |(_, title)| title);
    json!({
        "id": rule,
        "shortDescription": { "text": title },
        "help": { "text": text.trim(), "markdown": text.trim() },
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

fn physical(place: &Place) -> Value {
    let Place { file, line, column, end_line, end_column } = place;
    let uri = utf8_percent_encode(file, PATH).to_string();
    json!({
        "artifactLocation": { "uri": uri, "uriBaseId": "%SRCROOT%" },
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    })
}

fn related(place: &Place, text: &str) -> Value {
    let message = if text.is_empty() { "and here" } else { text };
    json!({ "physicalLocation": physical(place), "message": { "text": message } })
}
