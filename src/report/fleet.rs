//! Shows the plans of many databases, one for each group of equal plans.

use std::fmt::Write;

use serde_json::{Value, json};

use super::finding::{self, Finding};
use super::{json, text};
use crate::diagnostic::{Diagnostics, Sources};
use crate::fleet::{Fleet, Group};
use crate::plan::Planned;

/// The version of the JSON format. It is increased when readers would have to change.
const VERSION: u32 = 1;

/// The number of names that are listed before the rest is only counted.
const NAMES: usize = 12;

/// Returns a number with thousands separators: `1,204`.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a number out of all databases: `1,204 of 1,210 databases`.
pub fn part(fleet: &Fleet, number: usize) -> String {
    format!("{} of {}", count(number), databases(fleet.names.len()))
}

/// Returns a number of databases: `1 database`, `1,210 databases`.
pub fn databases(number: usize) -> String {
    format!("{} database{}", count(number), if number == 1 { "" } else { "s" })
}

/// Lists names of databases, as far as there is room: `a, b, c and 9 more`.
pub fn names(fleet: &Fleet, databases: &[usize]) -> String {
    let names = fleet.names_of(databases);
    let shown = names[..names.len().min(NAMES)].join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        more => format!("{shown} and {} more", count(more)),
    }
}

/// Describes a group: `1,204 of 1,210 databases: the same 3 steps`.
pub fn title(fleet: &Fleet, group: &Group) -> String {
    let steps = group.planned.plan.steps.len();
    let same = if group.databases.len() == 1 { "" } else { "the same " };
    let steps = format!("{same}{} {}", count(steps), if steps == 1 { "step" } else { "steps" });
    format!("{}: {steps}", part(fleet, group.databases.len()))
}

/// Counts the databases by result: `1,210 databases: 5 as declared, 1,204 differ, 1 failed`.
pub fn summary(fleet: &Fleet) -> String {
    let whole = match fleet.share {
        Some((shard, all)) => format!(" (share {shard} of {})", count(all)),
        None => String::new(),
    };
    let mut parts = vec![format!("{} as declared", count(fleet.settled.len()))];
    parts.push(format!("{} {}", count(fleet.differing()), if fleet.differing() == 1 { "differs" } else { "differ" }));
    if fleet.failing() > 0 {
        parts.push(format!("{} failed", count(fleet.failing())));
    }
    let left = fleet.names.len() - fleet.looked_at();
    if left > 0 {
        parts.push(format!("{} not looked at", count(left)));
    }
    format!("{}{whole}: {}.", databases(fleet.names.len()), parts.join(", "))
}

/// Returns each group with its plan as rendered by `one`, then the summary.
pub fn text(fleet: &Fleet, one: impl Fn(&Planned) -> String, color: bool) -> String {
    let mut out = String::new();
    for group in &fleet.groups {
        let title = text::Paint(color).with("1", &title(fleet, group));
        let _ = writeln!(out, "{title}\n  {}\n\n{}", names(fleet, &group.databases), one(&group.planned));
    }
    let _ = writeln!(out, "{}", text::Paint(color).with("1", &summary(fleet)));
    out
}

/// Returns everything as one JSON object.
pub fn json(fleet: &Fleet, sources: &Sources) -> String {
    let names = |databases: &[usize]| json!(fleet.names_of(databases));
    let group =
        |group: &Group| json!({ "databases": names(&group.databases), "plan": json::object(&group.planned, sources) });
    let failures: Vec<Value> = fleet
        .failures
        .iter()
        .map(|failure| json!({ "databases": names(&failure.databases), "problems": problems(&failure.problems) }))
        .collect();
    let warnings: Vec<Value> =
        fleet.warnings.iter().map(|(message, of)| json!({ "databases": names(of), "message": message })).collect();
    json::print(&json!({
        "version": VERSION,
        "databases": fleet.names.len(),
        "share": fleet.share.map(|(shard, all)| json!({ "number": shard.number, "of": shard.of, "databases": all })),
        "as_declared": names(&fleet.settled),
        "groups": fleet.groups.iter().map(group).collect::<Vec<_>>(),
        "failures": failures,
        "warnings": warnings,
    }))
}

fn problems(problems: &Diagnostics) -> Vec<Value> {
    let problem = |d: &crate::diagnostic::Diagnostic| json!({ "code": d.problem.code.as_str(), "message": d.problem.message, "help": d.problem.help });
    problems.iter().map(problem).collect()
}

/// Returns the findings of each failure and, as computed by `one`, of each group. Each names the databases that it is
/// about.
pub fn findings(fleet: &Fleet, one: impl Fn(&Planned) -> Vec<Finding>, sources: &Sources) -> Vec<Finding> {
    let told = |databases: &[usize], findings: Vec<Finding>| {
        let of = format!("\nin {}: {}", part(fleet, databases.len()), names(fleet, databases));
        findings.into_iter().map(move |finding| Finding { message: finding.message.clone() + &of, ..finding })
    };
    let failures = fleet.failures.iter().flat_map(|f| told(&f.databases, finding::problems(&f.problems, sources)));
    let groups = fleet.groups.iter().flat_map(|group| told(&group.databases, one(&group.planned)));
    failures.chain(groups).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_by_people() {
        assert_eq!([0, 999, 1_204, 1_234_567].map(count), ["0", "999", "1,204", "1,234,567"]);
    }
}
