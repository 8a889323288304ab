//! Writes a diagram as DOT, for Graphviz. See <https://graphviz.org/doc/info/lang.html>.

use std::fmt::Write;

use super::escape;
use crate::model::diagram::{Arrow, Box, Diagram};

/// Returns a diagram of tables and foreign keys.
pub fn tables(diagram: &Diagram) -> String {
    let mut out = start("RL");
    for (i, one) in diagram.boxes.iter().enumerate() {
        let _ = writeln!(out, "  t{i} [label=<{}>];", table(one));
    }
    for arrow in &diagram.arrows {
        let Arrow { from, to, label, single, optional, columns } = arrow;
        let place = |name: &String| diagram.boxes[*from].lines.iter().position(|line| line.name == *name);
        let port = columns.first().and_then(place).map(|i| format!(":c{i}")).unwrap_or_default();
        let tail = if *single { "teeodot" } else { "crowodot" };
        let head = if *optional { "teeodot" } else { "teetee" };
        let label = quoted(label);
        let _ =
            writeln!(out, "  t{from}{port} -> t{to} [dir=both, arrowtail={tail}, arrowhead={head}, tooltip={label}];");
    }
    out + "}\n"
}

/// Returns a diagram of statements.
pub fn statements(diagram: &Diagram) -> String {
    let mut out = start("TB");
    for (i, one) in diagram.boxes.iter().enumerate() {
        let _ = writeln!(out, "  s{i} [shape=box, label={}];", quoted(&format!("{}\n{}", one.title, one.note)));
    }
    for arrow in &diagram.arrows {
        let _ = writeln!(out, "  s{} -> s{};", arrow.from, arrow.to);
    }
    out + "}\n"
}

fn start(direction: &str) -> String {
    format!(
        "digraph dbstate {{\n  graph [rankdir={direction}];\n  node [shape=plain, fontname=\"Helvetica\", fontsize=11];\n  \
         edge [color=\"#667085\"];\n"
    )
}

/// Returns a table with a row per column, in Graphviz's HTML-like syntax.
fn table(one: &Box) -> String {
    let mut out = "<table border=\"0\" cellborder=\"1\" cellspacing=\"0\" cellpadding=\"4\">".to_owned();
    let _ = write!(out, "<tr><td colspan=\"3\" bgcolor=\"#e4e7ec\"><b>{}</b></td></tr>", text(&one.title));
    for (i, line) in one.lines.iter().enumerate() {
        let null = if line.nullable { "?" } else { "" };
        let cells =
            [line.keys().join(" "), line.name.clone(), format!("{}{null}", line.data_type)].map(|cell| text(&cell));
        let [keys, name, data_type] = cells;
        let _ = write!(
            out,
            "<tr><td>{keys}</td><td align=\"left\" port=\"c{i}\">{name}</td><td align=\"left\">{data_type}</td></tr>"
        );
    }
    out + "</table>"
}

/// Escapes the text of a cell. Graphviz does not accept empty text.
fn text(text: &str) -> String {
    if text.is_empty() { " ".to_owned() } else { escape(text) }
}

/// Returns a text in double quotes.
fn quoted(text: &str) -> String {
    let shown = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{shown}\"")
}
