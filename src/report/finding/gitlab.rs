//! Findings as GitLab's code quality report: <https://docs.gitlab.com/ci/testing/code_quality/>.

use serde_json::{Value, json};

use super::{Finding, Level, fingerprints};

/// Returns all findings as one list.
pub fn print(findings: &[Finding]) -> String {
    let item = |(finding, fingerprint): (&Finding, String)| {
        let place = finding.place_or_project();
        let severity = match finding.level {
            Level::Error => "critical",
            Level::Warning => "major",
            Level::Note => "info",
        };
        json!({
            "description": finding.text(),
            "check_name": finding.rule,
            "fingerprint": fingerprint,
            "severity": severity,
            "location": { "path": place.file, "lines": { "begin": place.line, "end": place.end_line } },
        })
    };
    let list: Vec<Value> = findings.iter().zip(fingerprints(findings)).map(item).collect();
    format!("{:#}\n", Value::Array(list))
}
