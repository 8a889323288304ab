//! Findings as workflow commands, which GitHub shows beside the lines of a pull request.
//!
//! See <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>. GitHub shows ten of each sort
//! for a step.

use super::{Finding, Level};

/// A line for each.
pub fn print(findings: &[Finding]) -> String {
    findings.iter().map(line).collect()
}

fn line(finding: &Finding) -> String {
    let command = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let mut properties = Vec::new();
    if let Some(place) = &finding.place {
        properties.push(format!("file={}", property(&place.file)));
        properties.push(format!("line={},endLine={}", place.line, place.end_line));
        // Columns count only within one line.
        if place.line == place.end_line {
            properties.push(format!("col={},endColumn={}", place.column, place.end_column));
        }
    }
    properties.push(format!("title={}", property(&format!("dbstate: {}", finding.rule))));
    format!("::{command} {}::{}\n", properties.join(","), data(&finding.text()))
}

/// Text after the `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
