//! A plan for people.

use std::fmt::Write;

use crate::diagnostic::{Sources, Span};
use crate::model::{Lock, Transaction};
use crate::plan::{Change, PlanStep, Planned, Verb};

/// Colours, or none.
struct Paint(bool);

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn sign(&self, verb: Verb) -> String {
        match verb {
            Verb::Create => self.with("32", "+"),
            Verb::Alter => self.with("33", "~"),
            Verb::Rename => self.with("33", "→"),
            Verb::Replace => self.with("35", "-/+"),
            Verb::Drop => self.with("31", "-"),
        }
    }
}

/// Changes, then statements, then the summary.
pub fn plan(planned: &Planned, sources: &Sources, color: bool) -> String {
    let paint = Paint(color);
    let mut out = String::new();
    if planned.plan.is_empty() {
        return "No changes: the database is as declared.\n".to_owned();
    }
    for change in &planned.plan.changes {
        write_change(&mut out, planned, change, sources, &paint);
    }
    let _ = writeln!(out, "\n{}", paint.with("1", "Statements, in order:"));
    for (i, step) in planned.plan.steps.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| planned.plan.steps[i].segment);
        write_step(&mut out, step, before.is_some_and(|b| b != step.segment), &paint);
    }
    let [add, change, replace, drop] = planned.plan.counts();
    let _ = writeln!(out, "\nPlan: {add} to add, {change} to change, {replace} to replace, {drop} to drop.");
    out
}

fn write_change(out: &mut String, planned: &Planned, change: &Change, sources: &Sources, paint: &Paint) {
    let place = planned.declared.get(&change.at).and_then(|o| o.origin.span()).map(|s| place(s, sources));
    let place = place.map(|p| paint.with("2", &format!("  # {p}"))).unwrap_or_default();
    let from = change.from.as_ref().map(|f| format!(" (was `{}`)", f.key())).unwrap_or_default();
    let why = change.why.as_ref().map(|w| format!(": {w}")).unwrap_or_default();
    let _ = writeln!(out, "{} {}{from}{why}{place}", paint.sign(change.verb), change.at);
    if !matches!(change.verb, Verb::Alter | Verb::Replace) {
        return;
    }
    for (sign, line) in planned.lines(change) {
        let line = format!("    {sign} {line}");
        let _ = match *sign {
            '+' => writeln!(out, "{}", paint.with("32", &line)),
            '-' => writeln!(out, "{}", paint.with("31", &line)),
            _ => writeln!(out, "{line}"),
        };
    }
}

fn write_step(out: &mut String, step: &PlanStep, new_segment: bool, paint: &Paint) {
    if new_segment {
        let _ = writeln!(out, "    {}", paint.with("2", "-- commit"));
    }
    for line in step.text().lines() {
        let _ = writeln!(out, "    {line}");
    }
    out.truncate(out.trim_end_matches('\n').len());
    out.push_str(";\n");
    let mut notes: Vec<String> = Vec::new();
    if step.transaction == Transaction::Outside {
        notes.push("outside a transaction".to_owned());
    }
    if step.lock != Lock::None {
        notes.push(format!("lock: {}", lock(step.lock)));
    }
    notes.extend(step.hazards.iter().map(|h| paint.with("31", &format!("hazard {}: {}", h.class.as_str(), h.what))));
    for note in notes {
        let _ = writeln!(out, "      -- {note}");
    }
}

/// A lock as PostgreSQL's manual calls it.
pub fn lock(lock: Lock) -> &'static str {
    match lock {
        Lock::None => "none",
        Lock::ShareUpdateExclusive => "share update exclusive",
        Lock::Share => "share",
        Lock::ShareRowExclusive => "share row exclusive",
        Lock::AccessExclusive => "access exclusive",
    }
}

/// `schema.yaml:12:7`.
pub fn place(span: Span, sources: &Sources) -> String {
    let (line, column) = sources.line_column(span);
    format!("{}:{line}:{column}", sources.name(span.file))
}
