//! Writes a diagram as Mermaid, which GitHub and GitLab draw in Markdown.
//!
//! See <https://mermaid.js.org/syntax/entityRelationshipDiagram.html> and
//! <https://mermaid.js.org/syntax/flowchart.html>.

use std::fmt::Write;

use crate::model::diagram::{Arrow, Diagram, Line};

/// Returns tables and foreign keys as an entity-relationship diagram.
pub fn tables(diagram: &Diagram) -> String {
    let mut out = "erDiagram\n".to_owned();
    for (i, one) in diagram.boxes.iter().enumerate() {
        let _ = writeln!(out, "    t{i}[\"{}\"] {{", quoted(&one.title));
        for line in &one.lines {
            let _ = writeln!(out, "        {}", attribute(line));
        }
        out += "    }\n";
    }
    for arrow in &diagram.arrows {
        let Arrow { from, to, label, single, optional, .. } = arrow;
        let left = if *optional { "|o" } else { "||" };
        let right = if *single { "o|" } else { "o{" };
        let _ = writeln!(out, "    t{to} {left}--{right} t{from} : \"{}\"", quoted(label));
    }
    out
}

/// Returns statements as a flow chart.
pub fn statements(diagram: &Diagram) -> String {
    let mut out = "flowchart TD\n".to_owned();
    for (i, one) in diagram.boxes.iter().enumerate() {
        let _ = writeln!(out, "    s{i}[\"{}<br/>{}\"]", quoted(&one.title), quoted(&one.note));
    }
    for arrow in &diagram.arrows {
        let _ = writeln!(out, "    s{} --> s{}", arrow.from, arrow.to);
    }
    out
}

/// Returns a column: its type and name as words that Mermaid accepts, followed by the originals where they differ.
fn attribute(line: &Line) -> String {
    let keys = line.keys().join(", ");
    let (data_type, name) = (word(&line.data_type), word(&line.name));
    let mut note = Vec::new();
    if name != line.name {
        note.push(quoted(&line.name));
    }
    if data_type != line.data_type {
        note.push(quoted(&line.data_type));
    }
    if line.nullable {
        note.push("null".to_owned());
    }
    let note = if note.is_empty() { String::new() } else { format!("\"{}\"", note.join("; ")) };
    [data_type, name, keys, note].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Turns a text into a word of letters, digits and `_` that starts with a letter.
fn word(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let plain = plain.trim_matches('_');
    if plain.starts_with(|c: char| c.is_ascii_alphabetic()) { plain.to_owned() } else { format!("x{plain}") }
}

/// Escapes text for double quotes: characters with a meaning in Mermaid become entities.
fn quoted(text: &str) -> String {
    let entity = |c: char| match c {
        '"' | '#' | '&' | '<' | '>' | ';' | '`' | '\\' | '%' | '{' | '}' => format!("#{};", c as u32),
        c if c.is_control() => " ".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(entity).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_quotes_hold_what_mermaid_takes() {
        assert_eq!(word("numeric(12,2)"), "numeric_12_2");
        assert_eq!(word("état civil"), "tat_civil");
        assert_eq!(word("1"), "x1");
        assert_eq!(word("\"\""), "x");
        assert_eq!(quoted("a \"b\"; <i>\n%%"), "a #34;b#34;#59; #60;i#62; #37;#37;");
    }
}
