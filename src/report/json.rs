//! Shows a plan as JSON.

use serde_json::{Value, json};

use super::text::{lock, place};
use crate::diagnostic::Sources;
use crate::plan::Planned;

/// The version of the format. It is increased when readers would have to change.
const VERSION: u32 = 1;

/// Returns the plan as one JSON object.
pub fn plan(planned: &Planned, sources: &Sources) -> String {
    print(&object(planned, sources))
}

/// Returns the text of a JSON value.
pub(super) fn print(value: &Value) -> String {
    format!("{value:#}\n")
}

/// Returns the plan as a JSON value.
pub(super) fn object(planned: &Planned, sources: &Sources) -> Value {
    let [add, change, replace, drop] = planned.plan.counts();
    let changes: Vec<Value> = planned
        .plan
        .changes
        .iter()
        .map(|c| {
            let origin = c.origin.map(|s| place(s, sources));
            let diff: Vec<String> = planned.lines(c).iter().map(|(sign, line)| format!("{sign}{line}")).collect();
            json!({
                "kind": c.at.kind().0, "name": c.at.path().join("."), "verb": c.verb, "why": c.why,
                "from": c.from.as_ref().map(|f| f.path().join(".")), "origin": origin, "diff": diff,
                "moved": planned.moved.get(&c.at), "since": planned.since.get(&c.at),
            })
        })
        .collect();
    let steps: Vec<Value> = planned
        .plan
        .steps
        .iter()
        .map(|s| {
            json!({
                "kind": s.at.kind().0, "name": s.at.path().join("."), "verb": s.verb, "sql": s.text(),
                "lock": lock(s.lock), "hazards": s.hazards, "transaction": s.transaction, "segment": s.segment,
                "origin": s.origin.map(|o| place(o, sources)), "size": s.size, "activity": planned.holders(s),
            })
        })
        .collect();
    json!({
        "version": VERSION,
        "target": { "database": planned.server.database, "server_version": planned.server.version.0 },
        "summary": { "add": add, "change": change, "replace": replace, "drop": drop },
        "changes": changes,
        "steps": steps,
        "access": super::access::changes(&planned.access),
        "warnings": planned.warnings,
    })
}
