//! Findings as a `JUnit` report, limited to what all its dialects share: a failed test for each finding above a note.

use super::{Finding, Level};

/// Returns one suite with the name of the command. If nothing was found, it contains one test that passes.
pub fn print(command: &str, findings: &[Finding]) -> String {
    let cases: String = findings.iter().map(case).collect();
    let (count, cases) = match findings.len() {
        0 => (1, "    <testcase classname=\"dbstate\" name=\"the database is as declared\"/>\n".to_owned()),
        count => (count, cases),
    };
    let failures = findings.iter().filter(|finding| finding.level != Level::Note).count();
    let counts = format!("tests=\"{count}\" failures=\"{failures}\" errors=\"0\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dbstate\" {counts}>\n  \
         <testsuite name=\"{}\" {counts}>\n{cases}  </testsuite>\n</testsuites>\n",
        escape(command)
    )
}

fn case(finding: &Finding) -> String {
    let place = finding.place.as_ref().map(|place| format!("\n{}:{}:{}", place.file, place.line, place.column));
    let text = escape(&(finding.text() + &place.unwrap_or_default()));
    let told = if finding.level == Level::Note {
        format!("<system-out>{text}</system-out>")
    } else {
        let message = finding.message.lines().next().unwrap_or_default();
        format!("<failure type=\"{}\" message=\"{}\">{text}</failure>", finding.rule, escape(message))
    };
    let name = escape(&finding.subject);
    format!("    <testcase classname=\"dbstate.{}\" name=\"{name}\">\n      {told}\n    </testcase>\n", finding.rule)
}

/// Escapes text for elements and attributes of XML 1.0. Characters that XML does not allow become U+FFFD.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push(char::REPLACEMENT_CHARACTER),
            other => out.push(other),
        }
    }
    out
}
