//! Shows what was applied to a database, the latest first.

use std::fmt::Write;

use serde_json::json;

use super::since::short;
use crate::model::Applied;

/// The version of the JSON format. It is increased when readers would have to change.
const VERSION: u32 = 1;

/// Returns text with a line for each apply, and its statements if `statements`.
pub fn text(applies: &[Applied], statements: bool) -> String {
    if applies.is_empty() {
        return "No history: the ledger of this database has no apply.\n".to_owned();
    }
    let by = applies.iter().map(|a| a.by.chars().count()).max().unwrap_or_default();
    let mut out = String::new();
    for apply in applies {
        let count = match apply.statements.len() {
            1 => "1 statement".to_owned(),
            count => format!("{count} statements"),
        };
        let seconds = std::time::Duration::from_millis(u64::try_from(apply.milliseconds).unwrap_or_default());
        let _ = write!(out, "{}  {:by$}  {count} in {:.3} s", apply.at, apply.by, seconds.as_secs_f64());
        if let Some(revision) = &apply.revision {
            let _ = write!(out, "  revision {}", short(revision));
        }
        let _ = writeln!(out, "{}", if apply.complete { "" } else { "  (did not end as declared)" });
        for statement in apply.statements.iter().filter(|_| statements) {
            for line in format!("{};", statement.trim_end()).lines() {
                let _ = writeln!(out, "{}", format!("    {line}").trim_end());
            }
        }
    }
    out
}

/// Returns JSON with everything.
pub fn json(applies: &[Applied]) -> String {
    let value = json!({ "version": VERSION, "applies": applies });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}
