//! A plan for people: what changes and where the YAML asks for it, then the statements with what they cost.

use std::fmt::Write;

use super::access;
use super::since;
use crate::diagnostic::{Sources, Span};
use crate::model::{Hazard, HazardClass, Lock, Transaction};
use crate::plan::{Change, PlanStep, Planned, Verb};

/// Colours, or none.
pub(super) struct Paint(pub(super) bool);

impl Paint {
    /// Text in a colour.
    pub(super) fn with(&self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A verb's sign, as wide as the widest.
    fn sign(&self, verb: Verb) -> String {
        let (color, sign) = match verb {
            Verb::Create => ("32", "  +"),
            Verb::Alter => ("33", "  ~"),
            Verb::Rename => ("33", "  →"),
            Verb::Replace => ("35", "-/+"),
            Verb::Drop => ("31", "  -"),
        };
        self.with(color, sign)
    }
}

/// The widest line that pushes the places of all others to the right.
const WIDEST: usize = 60;

/// Changes, then statements, then the summary.
pub fn plan(planned: &Planned, sources: &Sources, color: bool) -> String {
    if planned.plan.is_empty() {
        return "No changes: the database is as declared.\n".to_owned();
    }
    let paint = Paint(color);
    let mut out = String::new();
    write_changes(&mut out, planned, sources, &paint, false);
    let _ = writeln!(out, "\n{}\n", paint.with("1", "Statements, in order:"));
    let steps = &planned.plan.steps;
    for (i, step) in steps.iter().enumerate() {
        let commits = i > 0 && steps[i - 1].segment != step.segment;
        write_step(&mut out, step, commits, &paint);
        for holder in planned.holders(step) {
            let _ = writeln!(out, "      {}", paint.with("33", &format!("-- now: {holder}")));
        }
    }
    write_access(&mut out, planned, &paint);
    write_hazards(&mut out, planned, &paint);
    let [add, change, replace, drop] = planned.plan.counts();
    let summary = format!("Plan: {add} to add, {change} to change, {replace} to replace, {drop} to drop.");
    let _ = writeln!(out, "\n{}", paint.with("1", &summary));
    out
}

/// What differs, in the words of somebody who watches a database.
pub fn drift(planned: &Planned, sources: &Sources, color: bool) -> String {
    if planned.plan.is_empty() {
        return "No drift: the database is as declared.\n".to_owned();
    }
    let paint = Paint(color);
    let places = match planned.plan.changes.len() {
        1 => "1 place".to_owned(),
        count => format!("{count} places"),
    };
    let title = format!("The database differs from the YAML in {places}. To make it as declared:");
    let mut out = format!("{}\n\n", paint.with("1", &title));
    write_changes(&mut out, planned, sources, &paint, true);
    out.push('\n');
    for apply in since::applies(planned) {
        let _ = writeln!(out, "{}", paint.with("2", &apply));
    }
    let summary = format!("Drift: {}.", since::summary(planned));
    let _ = writeln!(out, "{}", paint.with("1", &summary));
    out.push_str("`dbstate apply` makes it as declared; `dbstate drift --adopt` has the YAML say what it is.\n");
    out
}

fn write_changes(out: &mut String, planned: &Planned, sources: &Sources, paint: &Paint, sides: bool) {
    let changes = &planned.plan.changes;
    let heads: Vec<String> = changes.iter().map(head).collect();
    let width = heads.iter().map(|h| h.chars().count()).filter(|w| *w <= WIDEST).max().unwrap_or_default();
    for (change, head) in changes.iter().zip(&heads) {
        let place = planned.origin(change).map(|span| paint.with("2", &place(span, sources))).unwrap_or_default();
        let line = format!("{} {head:width$}  {place}", paint.sign(change.verb));
        let _ = writeln!(out, "{}", line.trim_end());
        if let Some(moved) = since::side(planned, &change.at).filter(|_| sides) {
            let _ = writeln!(out, "        {}", paint.with("2", &moved));
        }
        if let Some(why) = &change.why {
            let _ = writeln!(out, "        {}", paint.with("2", &format!("because {why}")));
        }
        write_diff(out, planned, change, paint);
    }
}

/// What changes: its address, or both where it is renamed.
pub fn head(change: &Change) -> String {
    match &change.from {
        Some(from) => format!("{from} → `{}`", change.at.key()),
        None => change.at.to_string(),
    }
}

fn write_diff(out: &mut String, planned: &Planned, change: &Change, paint: &Paint) {
    if !matches!(change.verb, Verb::Alter | Verb::Replace) {
        return;
    }
    for (sign, line) in planned.lines(change) {
        let color = match *sign {
            '+' => "32",
            '-' => "31",
            _ => "2",
        };
        let line = format!("{sign} {line}");
        let _ = writeln!(out, "        {}", paint.with(color, line.trim_end()));
    }
}

fn write_step(out: &mut String, step: &PlanStep, commits: bool, paint: &Paint) {
    if commits {
        let _ = writeln!(out, "    {}", paint.with("2", "-- commit"));
    }
    let text = format!("{};", step.text().trim_end());
    for line in text.lines() {
        let _ = writeln!(out, "{}", format!("    {line}").trim_end());
    }
    let mut costs: Vec<String> = Vec::new();
    if step.transaction == Transaction::Outside {
        costs.push("outside a transaction".to_owned());
    }
    if step.lock != Lock::None {
        costs.push(format!("lock: {}", lock(step.lock)));
    }
    if !costs.is_empty() {
        let _ = writeln!(out, "      {}", paint.with("2", &format!("-- {}", costs.join(", "))));
    }
    for hazard in &step.hazards {
        let text = format!("-- hazard {}: {}", hazard.class.as_str(), step.risk(hazard));
        let _ = writeln!(out, "      {}", paint.with("31", &text));
    }
}

/// Who may do more, less or something else afterwards.
fn write_access(out: &mut String, planned: &Planned, paint: &Paint) {
    if planned.access.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}\n", paint.with("1", "Access, as it changes:"));
    for (sign, line) in access::lines(&planned.access) {
        let color = match sign {
            '+' => "32",
            '-' => "31",
            _ => "33",
        };
        let _ = writeln!(out, "  {} {line}", paint.with(color, &sign.to_string()));
    }
}

/// Which classes of hazards there are, and how to allow them.
fn write_hazards(out: &mut String, planned: &Planned, paint: &Paint) {
    let count = |class: HazardClass| planned.plan.hazards().filter(|(_, h)| h.class == class).count();
    let found: Vec<(HazardClass, usize)> =
        HazardClass::ALL.into_iter().map(|class| (class, count(class))).filter(|(_, count)| *count > 0).collect();
    if found.is_empty() {
        return;
    }
    let list: Vec<String> = found.iter().map(|(class, count)| format!("{} {count}", class.as_str())).collect();
    let allow: Vec<&str> = found.iter().map(|(class, _)| class.as_str()).collect();
    let text = format!("Hazards: {}. To apply without being asked: --allow {}", list.join(", "), allow.join(","));
    let _ = writeln!(out, "\n{}", paint.with("31", &text));
}

/// What a hazard may cost, where its statement does not stand beside it: with the object that it is about.
pub fn risk(step: &PlanStep, hazard: &Hazard) -> String {
    let (at, risk) = (step.at.to_string(), step.risk(hazard));
    if risk.contains(&at) { risk } else { format!("{at}: {risk}") }
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
