//! Writes what an editor shows when hovering over an object, as Markdown.

use crate::model::Address;
use crate::plan::Lines;

/// What is known about an object.
pub enum Side {
    /// It is in the database. The lines that `apply` would change are marked `-` or `+`.
    Live(Lines),
    /// It is not in the database yet; these statements create it.
    Missing(Vec<String>),
    /// No database was asked; these statements create it.
    Declared(Vec<String>),
}

/// Returns the object and its definition.
pub fn markdown(at: &Address, side: &Side) -> String {
    let title = match side {
        Side::Live(lines) if lines.iter().all(|(sign, _)| *sign == ' ') => "as declared in the database",
        Side::Live(_) => "in the database it differs: `-` is there, `+` is declared",
        Side::Missing(_) => "not in the database yet",
        Side::Declared(_) => "as declared",
    };
    let (language, text) = match side {
        Side::Live(lines) if lines.iter().all(|(sign, _)| *sign == ' ') => {
            ("yaml", lines.iter().map(|(_, line)| format!("{line}\n")).collect::<String>())
        }
        Side::Live(lines) => ("diff", lines.iter().map(|(sign, line)| format!("{sign} {line}\n")).collect()),
        Side::Missing(list) | Side::Declared(list) => ("sql", list.iter().map(|sql| format!("{sql};\n")).collect()),
    };
    let fence = "`".repeat(text.split(|c| c != '`').map(str::len).max().unwrap_or_default().max(2) + 1);
    let body = if text.is_empty() { String::new() } else { format!("\n\n{fence}{language}\n{text}{fence}") };
    format!("**{at}**: {title}{body}\n")
}
