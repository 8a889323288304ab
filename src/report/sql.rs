//! A plan as statements for psql: nothing at all when there is nothing to do.

use std::fmt::Write;

use crate::model::Transaction;
use crate::plan::Plan;
use crate::sql::ident;

/// The statements, each segment in its transaction, and as whom each runs where that is another role.
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
            // A secret is for `dbstate apply` alone: what stands for it must not run.
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
