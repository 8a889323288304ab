//! Says which side of a difference moved, and since which apply.

use super::text::head;
use crate::model::{Address, Moved, Stamp};
use crate::plan::{Change, Planned, Verb};

/// Returns which side moved: `the database moved since apply 7`; `None` if that is not known.
pub fn side(planned: &Planned, at: &Address) -> Option<String> {
    let moved = match planned.moved.get(at)? {
        Moved::Project => "the YAML moved",
        Moved::Database => "the database moved",
        Moved::Both => "the YAML and the database moved",
        Moved::Neither => return None,
    };
    let since =
        planned.since.get(at).map_or_else(|| "the last apply".to_owned(), |stamp| format!("apply {}", stamp.id));
    Some(format!("{moved} since {since}"))
}

/// Describes a difference from the point of view of the database: `view `shop.open` is in the database alone`.
pub fn difference(change: &Change) -> String {
    let how = match change.verb {
        Verb::Create => "is in the YAML alone",
        Verb::Drop => "is in the database alone",
        Verb::Alter | Verb::Replace => "differs",
        Verb::Rename => "has another name",
    };
    format!("{} {how}", head(change))
}

/// Returns the applies that [`side`] mentions, the latest first: `apply 7: 2026-05-04T10:20:30Z by deploy, revision
/// 0123456789ab`.
pub fn applies(planned: &Planned) -> Vec<String> {
    let mut stamps: Vec<&Stamp> = planned.since.values().collect();
    stamps.sort_by_key(|stamp| -stamp.id);
    stamps.dedup_by_key(|stamp| stamp.id);
    stamps.into_iter().map(stamp).collect()
}

/// Returns the number, time, role and revision of an apply.
pub fn stamp(stamp: &Stamp) -> String {
    let revision = stamp.revision.as_deref().map(|r| format!(", revision {}", short(r))).unwrap_or_default();
    format!("apply {}: {} by {}{revision}", stamp.id, stamp.at, stamp.by)
}

/// Returns a git revision abbreviated to 12 characters.
pub fn short(revision: &str) -> String {
    revision.chars().take(12).collect()
}

/// Counts the differences by the side that moved: `1 in the YAML, 2 in the database, 0 in both, 1 unknown`.
pub fn summary(planned: &Planned) -> String {
    let count = |wanted: Option<Moved>| {
        let moved = |at| planned.moved.get(at).copied().filter(|moved| *moved != Moved::Neither);
        planned.plan.changes.iter().filter(|change| moved(&change.at) == wanted).count()
    };
    let [yaml, database, both] = [Moved::Project, Moved::Database, Moved::Both].map(|moved| count(Some(moved)));
    let unknown = match count(None) {
        0 => String::new(),
        unknown => format!(", {unknown} unknown"),
    };
    format!("{yaml} in the YAML, {database} in the database, {both} in both{unknown}")
}
