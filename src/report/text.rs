//! Shows a plan to people: what changes and where the YAML declares it, then the statements with their locks and
//! hazards.

mod fold;

use std::fmt::Write;

use super::access;
use super::since;
use crate::diagnostic::{Sources, Span};
use crate::model::{Hazard, HazardClass, Lock, Transaction};
use crate::plan::{Change, PlanStep, Planned, Verb};

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Whether to use ANSI colours.
    pub color: bool,
    /// Whether to show only the first of many similar changes and statements, and of the lines of long statements.
    /// Drops and statements with hazards are always shown.
    pub fold: bool,
}

/// Whether to use colours.
pub(super) struct Paint(pub(super) bool);

impl Paint {
    /// Returns a text in a colour.
    pub(super) fn with(&self, code: &str, text: &str) -> String {
        if self.0 && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Returns the sign of a verb, padded to the width of the widest.
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

/// The widest line that the places in the YAML are aligned with.
const WIDEST: usize = 60;

/// Returns changes, statements and the summary.
pub fn plan(planned: &Planned, sources: &Sources, look: Look) -> String {
    if planned.plan.is_empty() {
        return "No changes: the database is as declared.\n".to_owned();
    }
    let paint = Paint(look.color);
    let mut out = String::new();
    let folded = write_changes(&mut out, planned, (sources, look.fold), &paint, false);
    let _ = writeln!(out, "\n{}\n", paint.with("1", "Statements, in order:"));
    if write_steps(&mut out, planned, look.fold, &paint) || folded {
        let _ = writeln!(out, "\n{}", paint.with("2", "Folded (…): `-v` shows it all."));
    }
    write_access(&mut out, planned, &paint);
    write_hazards(&mut out, planned, &paint);
    let [add, change, replace, drop] = planned.plan.counts();
    let summary = format!("Plan: {add} to add, {change} to change, {replace} to replace, {drop} to drop.");
    let _ = writeln!(out, "\n{}", paint.with("1", &summary));
    out
}

/// Shows the differences to somebody who watches a database.
pub fn drift(planned: &Planned, sources: &Sources, look: Look) -> String {
    if planned.plan.is_empty() {
        return "No drift: the database is as declared.\n".to_owned();
    }
    let paint = Paint(look.color);
    let places = match planned.plan.changes.len() {
        1 => "1 place".to_owned(),
        count => format!("{count} places"),
    };
    let title = format!("The database differs from the YAML in {places}. To make it as declared:");
    let mut out = format!("{}\n\n", paint.with("1", &title));
    if write_changes(&mut out, planned, (sources, look.fold), &paint, true) {
        let _ = writeln!(out, "\n{}", paint.with("2", "Folded (…): `-v` shows it all."));
    }
    out.push('\n');
    for apply in since::applies(planned) {
        let _ = writeln!(out, "{}", paint.with("2", &apply));
    }
    let summary = format!("Drift: {}.", since::summary(planned));
    let _ = writeln!(out, "{}", paint.with("1", &summary));
    out.push_str("`dbstate apply` makes it as declared; `dbstate drift --adopt` has the YAML say what it is.\n");
    out
}

/// Writes one or more lines for each change. Returns whether some are folded.
fn write_changes(
    out: &mut String,
    planned: &Planned,
    (sources, fold): (&Sources, bool),
    paint: &Paint,
    sides: bool,
) -> bool {
    let changes = &planned.plan.changes;
    let side = |change: &Change| since::side(planned, &change.at).filter(|_| sides);
    let diff = |change: &Change| if has_diff(change) { planned.lines(change) } else { &[] };
    let runs = fold::runs(changes, fold, |one, other| {
        let kinds = |change: &Change| (change.at.kind(), change.verb);
        let folds = !matches!(one.verb, Verb::Drop | Verb::Rename) && kinds(one) == kinds(other);
        folds && one.why == other.why && side(one) == side(other) && diff(one) == diff(other)
    });
    let shown = runs.iter().flat_map(|run| &changes[run.shown.clone()]);
    let width = shown.map(|c| head(c).chars().count()).filter(|w| *w <= WIDEST).max().unwrap_or_default();
    for run in &runs {
        for change in &changes[run.shown.clone()] {
            let place = change.origin.map(|span| paint.with("2", &place(span, sources))).unwrap_or_default();
            let line = format!("{} {:width$}  {place}", paint.sign(change.verb), head(change));
            let _ = writeln!(out, "{}", line.trim_end());
            if let Some(moved) = side(change) {
                let _ = writeln!(out, "        {}", paint.with("2", &moved));
            }
            if let Some(why) = &change.why {
                let _ = writeln!(out, "        {}", paint.with("2", &format!("because {why}")));
            }
            write_diff(out, planned, change, paint);
        }
        if run.more > 0 {
            let change = &changes[run.shown.start];
            let more = paint.with("2", &format!("… {} more: {}", run.more, change.at.kind()));
            let _ = writeln!(out, "{} {more}", paint.sign(change.verb));
        }
    }
    runs.iter().any(|run| run.more > 0)
}

/// Returns the address of a changed object, or both addresses if it is renamed.
pub fn head(change: &Change) -> String {
    match &change.from {
        Some(from) => format!("{from} → `{}`", change.at.key()),
        None => change.at.to_string(),
    }
}

/// Returns whether the lines that differ are shown for a change.
fn has_diff(change: &Change) -> bool {
    matches!(change.verb, Verb::Alter | Verb::Replace)
}

fn write_diff(out: &mut String, planned: &Planned, change: &Change, paint: &Paint) {
    if !has_diff(change) {
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

/// Writes the statements with their locks and hazards. Returns whether some are folded.
fn write_steps(out: &mut String, planned: &Planned, fold: bool, paint: &Paint) -> bool {
    let steps = &planned.plan.steps;
    let plain = |step: &PlanStep| step.hazards.is_empty() && planned.holders(step).is_empty();
    let runs = fold::runs(steps, fold, |one, other| {
        let form = |step: &PlanStep| (step.at.kind(), step.verb, step.transaction, step.lock);
        form(one) == form(other) && plain(one) && plain(other)
    });
    let mut folded = false;
    for run in runs {
        for i in run.shown.clone() {
            if i > 0 && steps[i - 1].segment != steps[i].segment {
                let _ = writeln!(out, "    {}", paint.with("2", "-- commit"));
            }
            folded |= write_step(out, &steps[i], fold && plain(&steps[i]), paint);
            for holder in planned.holders(&steps[i]) {
                let _ = writeln!(out, "      {}", paint.with("33", &format!("-- now: {holder}")));
            }
        }
        if run.more > 0 {
            let text = format!("-- … {} more like it: {}", run.more, steps[run.shown.start].at.kind());
            let _ = writeln!(out, "    {}", paint.with("2", &text));
            folded = true;
        }
    }
    folded
}

fn write_step(out: &mut String, step: &PlanStep, fold: bool, paint: &Paint) -> bool {
    let text = format!("{};", step.text().trim_end());
    let (lines, more) = fold::lines(&text, fold);
    for line in lines {
        let _ = writeln!(out, "{}", format!("    {line}").trim_end());
    }
    if more > 0 {
        let _ = writeln!(out, "    {}", paint.with("2", &format!("-- … {more} more lines")));
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
    more > 0
}

/// Writes how access changes.
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

/// Writes which classes of hazards the plan has, and how to allow them.
fn write_hazards(out: &mut String, planned: &Planned, paint: &Paint) {
    if let Some([list, allow]) = hazards(planned) {
        let text = format!("Hazards: {list}. To apply without being asked: --allow {allow}");
        let _ = writeln!(out, "\n{}", paint.with("31", &text));
    }
}

/// Returns how many hazards of each class a plan has, and the classes: `data 2, block 1` and `data,block`.
pub fn hazards(planned: &Planned) -> Option<[String; 2]> {
    let count = |class: HazardClass| planned.plan.hazards().filter(|(_, h)| h.class == class).count();
    let counts = HazardClass::ALL.into_iter().map(|class| (class.as_str(), count(class)));
    let found: Vec<(&str, usize)> = counts.filter(|(_, count)| *count > 0).collect();
    let list: Vec<String> = found.iter().map(|(class, count)| format!("{class} {count}")).collect();
    let allow: Vec<&str> = found.iter().map(|(class, _)| *class).collect();
    (!found.is_empty()).then(|| [list.join(", "), allow.join(",")])
}

/// Returns what a hazard may cost, with the object that it is about, for places where the statement is not shown.
pub fn risk(step: &PlanStep, hazard: &Hazard) -> String {
    let (at, risk) = (step.at.to_string(), step.risk(hazard));
    if risk.contains(&at) { risk } else { format!("{at}: {risk}") }
}

/// Returns the name of a lock mode as in PostgreSQL's manual.
pub fn lock(lock: Lock) -> &'static str {
    match lock {
        Lock::None => "none",
        Lock::ShareUpdateExclusive => "share update exclusive",
        Lock::Share => "share",
        Lock::ShareRowExclusive => "share row exclusive",
        Lock::AccessExclusive => "access exclusive",
    }
}

/// Returns a place in the form `schema.yaml:12:7`.
pub fn place(span: Span, sources: &Sources) -> String {
    let (line, column) = sources.line_column(span);
    format!("{}:{line}:{column}", sources.name(span.file))
}
