//! Writes a plan as statements for psql. An empty plan gives an empty text.

use std::fmt::Write;

use crate::model::Transaction;
use crate::plan::Plan;
use crate::sql::ident;

/// Returns the statements, each segment in its transaction, with `set role` where a statement runs as another role.
pub fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    if plan.is_empty() {
        return out;
    }
    out.push_str("set search_path = '';\nset check_function_bodies = off;\n");
    for segment in plan.steps.chunk_by(|a, b| a.segment == b.segment) {
        let inside = segment.iter().all(|s| s.transaction != Transaction::Outside);
        if inside {
            out.push_str("begin;\n");
        }
        for step in segment {
            for hazard in &step.hazards {
                let _ = writeln!(out, "-- hazard {}: {}", hazard.class.as_str(), hazard.what);
            }
            if let Some(role) = &step.run_as {
                let _ = writeln!(out, "set {}role {};", if inside { "local " } else { "" }, ident(role));
            }
            // Only `dbstate apply` has the secret; the placeholder in its place must not run.
            let _ = match &step.shown {
                None => writeln!(out, "{};", step.sql),
                Some(shown) => writeln!(out, "-- only `dbstate apply` can run: {};", shown.replace('\n', "\n-- ")),
            };
            if step.run_as.is_some() {
                out.push_str("reset role;\n");
            }
        }
        if inside {
            out.push_str("commit;\n");
        }
    }
    out
}
