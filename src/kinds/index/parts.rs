//! An index of a partitioned table, built partition by partition while readers and writers go on.
//!
//! The index of the partitioned table is first created without parts, and is not usable. Each part is built by itself
//! and attached. With the last of them, PostgreSQL marks the index as valid. If an apply is interrupted, the next
//! continues from what there is: parts that are attached, not attached yet, or invalid.

use super::Index;
use super::apart::is_apart;
use super::keyed::has_keyed_part;
use crate::kind::{Cx, Kind};
use crate::kinds::foreign_table::ForeignTable;
use crate::kinds::part::index_key::Subject;
use crate::kinds::part::names::{is_taken, object_name};
use crate::kinds::table::part::attach;
use crate::kinds::table::{Attached, Table, heirs, is_made_anew, is_partitioned, sprung_from, takes_part};
use crate::model::{Address, Lock, State, Step, Transaction};
use crate::sql;

/// Returns the statements that create the index, or complete one that `stands` without all of its parts; `None` if the
/// table is not in use, or its partitions change too.
pub fn steps(index: &Index, stands: bool, cx: &Cx<'_>) -> Option<Vec<Step>> {
    let table = cx.at.parent()?;
    let twin = |at: &Address| cx.desired.spec::<Index>(at).is_some_and(|other| other.is_defined_as(index));
    let twins = cx.desired.children(table).into_iter().filter(|at| *at != cx.at && twin(at)).count();
    let apart = index.only || twins > 0 || stands != cx.live.contains(cx.at);
    if apart || !cx.parent_is_in_use() || !is_partitioned(table, cx.live) || !is_partitioned(table, cx.desired) {
        return None;
    }
    let mut steps = Vec::new();
    if !stands {
        steps.push(on_only(index, cx.at.key(), table));
    }
    below(index, Whole { name: cx.at.key(), table, stands }, cx, &mut steps)?;
    Some(steps)
}

/// Returns the statements that drop what PostgreSQL would take for parts of the index although they lack parts themselves.
pub fn unfinished(index: &Index, cx: &Cx<'_>) -> Vec<Step> {
    // Most tables have none below, and need no look at all others.
    let table = cx.at.parent().filter(|table| !index.only && !heirs(table, cx.desired).is_empty());
    let below = table.map(|table| sprung_from(table, cx.desired)).unwrap_or_default();
    let own = below.iter().flat_map(|heir| cx.whole.children_of::<Index>(heir, Index::NAME));
    let goes = |(at, own): &(&Address, &Index)| {
        own.only
            && own.is_defined_as(index)
            && matches!(own.attached, Attached::No)
            && !cx.live.contains(at)
            && !cx.desired.contains(at)
    };
    let drop = |(at, _): (&Address, &Index)| {
        Step::new(format!("drop index {}", sql::dotted([at.top().key(), at.key()]))).lock(Lock::AccessExclusive)
    };
    own.filter(goes).map(drop).collect()
}

/// An index above, of which the others are parts.
#[derive(Clone, Copy)]
struct Whole<'a> {
    name: &'a str,
    table: &'a Address,
    /// It exists already, so keys of partitions may be parts of it.
    stands: bool,
}

/// Returns `create index … on only …`, which builds no parts and takes no time.
fn on_only(index: &Index, name: &str, table: &Address) -> Step {
    let on = format!("only {}", sql::dotted(table.path()));
    Step::new(index.definition("", &sql::ident(name), &on)).lock(Lock::Share)
}

/// Adds the statements for the parts of an index. Returns `None` if a partition changes in the same plan, or a part cannot
/// be handled this way.
fn below(index: &Index, whole: Whole<'_>, cx: &Cx<'_>, steps: &mut Vec<Step>) -> Option<()> {
    let (live, desired) = (heirs(whole.table, cx.live), heirs(whole.table, cx.desired));
    let moves = |heir: &Address| {
        let place = |state: &'_ State| state.spec::<Table>(heir).map(|t| (t.partition_of.clone(), t.bounds.clone()));
        let stays = cx.whole.contains(heir) && place(cx.live) == place(cx.desired);
        heir.kind() == ForeignTable::NAME || !stays || is_made_anew(heir, cx.live, cx.desired)
    };
    if live.len() != desired.len() || live.iter().any(moves) {
        return None;
    }
    live.iter().try_for_each(|heir| part(index, whole, heir, cx, steps))
}

/// Adds the statements for the part of one partition. Returns `None` if the part cannot be handled this way.
fn part(index: &Index, whole: Whole<'_>, heir: &Address, cx: &Cx<'_>, steps: &mut Vec<Step>) -> Option<()> {
    if has_keyed_part(index, heir, cx.live) {
        return whole.stands.then_some(());
    }
    let above = (whole.name, whole.table);
    let is_mid = is_partitioned(heir, cx.live);
    let alike =
        cx.whole.children_of::<Index>(heir, Index::NAME).into_iter().filter(|(_, own)| own.is_defined_as(index));
    let alike = alike.filter(|(own, _)| !is_apart(own, cx.desired));
    let there = alike.min_by_key(|(_, own)| (matches!(own.attached, Attached::No), own.invalid));
    let declared = cx.desired.children(heir).into_iter().find(|own| takes_part(own, cx.at, cx.desired));
    match (there, declared) {
        (_, Some(key)) if key.kind() != Index::NAME => {
            steps.push(attach(above, (key.key(), heir)).needs([key.clone()]));
        }
        // The plan drops this index or resets it.
        (Some((at, _)), _) if cx.live.contains(at) && !cx.desired.contains(at) => return None,
        (Some((at, own)), _) if !own.invalid => {
            if is_mid && own.only {
                below(index, Whole { name: at.key(), table: heir, stands: true }, cx, steps)?;
            }
            if matches!(own.attached, Attached::No) {
                steps.push(attach(above, (at.key(), heir)));
            }
        }
        (None, Some(own)) => steps.push(attach(above, (own.key(), heir)).needs([own.clone()])),
        (Some(_), Some(_)) => return None,
        (broken, None) => {
            let own = part_name(index, heir)?;
            if let Some((at, _)) = broken {
                let drop = Step::new(format!("drop index concurrently {}", sql::dotted([at.top().key(), at.key()])));
                steps.push(drop.lock(Lock::ShareUpdateExclusive).transaction(Transaction::Outside));
            }
            if broken.is_none_or(|(at, _)| at.key() != own) && is_taken(&own, heir.top(), cx) {
                return None;
            }
            if is_mid {
                steps.push(on_only(index, &own, heir).takes(own.clone()));
                below(index, Whole { name: &own, table: heir, stands: false }, cx, steps)?;
            } else {
                let sql = index.definition("concurrently ", &sql::ident(&own), &sql::dotted(heir.path()));
                let build = Step::new(sql).lock(Lock::ShareUpdateExclusive).transaction(Transaction::Outside);
                steps.push(build.takes(own.clone()));
            }
            steps.push(attach(above, (&own, heir)));
        }
    }
    Some(())
}

/// Returns the name that PostgreSQL itself gives a part; `None` if it cannot be predicted, as for an expression.
pub(super) fn part_name(index: &Index, table: &Address) -> Option<String> {
    Some(object_name(table.key(), &stem(index)?, "idx"))
}

/// Returns the middle of that name, between the table's name and `idx`.
pub(super) fn stem(index: &Index) -> Option<String> {
    let key = |subject: &Subject| match subject {
        Subject::Column(name) => Some(name.clone()),
        Subject::Expression(_) => None,
    };
    let keys = index.columns.iter().map(|k| key(&k.subject)).collect::<Option<Vec<String>>>()?;
    let names: Vec<String> = keys.into_iter().chain(index.include.iter().cloned()).collect();
    let twice = names.iter().enumerate().any(|(i, name)| names[..i].contains(name));
    (!twice).then(|| names.join("_"))
}
