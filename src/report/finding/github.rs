//! Findings as workflow commands, which GitHub shows next to the lines of a pull request.
//!
//! See <https://docs.github.com/actions/reference/workflow-commands-for-github-actions>. GitHub shows at most ten of
//! each type per step.

use super::{Finding, Level};

/// Returns a line for each finding.
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
        // Columns are allowed only within one line.
        if place.line == place.end_line {
            properties.push(format!("col={},endColumn={}", place.column, place.end_column));
        }
    }
    properties.push(format!("title={}", property(&format!("dbstate: {}", finding.rule))));
    format!("::{command} {}::{}\n", properties.join(","), data(&finding.text()))
}

/// Escapes the text after the `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
