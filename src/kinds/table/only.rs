//! Indexes and keys of partitioned tables that say `only`: of their parts there are those that partitions declare and no others.
//!
//! PostgreSQL attaches such a part when told to, and never takes it out again. See
//! <https://www.postgresql.org/docs/current/sql-alterindex.html>.

use super::lineage::{heirs, is_part, makes, parents};
use super::part::attach;
use super::{Table, is_partitioned, takes_part};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Cx, Kind as _};
use crate::kinds::exclusion::Exclusion;
use crate::kinds::foreign_table::ForeignTable;
use crate::kinds::index::Index;
use crate::kinds::primary_key::PrimaryKey;
use crate::kinds::unique::Unique;
use crate::model::{Address, KindName, State, Step};

/// Returns whether an index or a constraint with an index says `only`.
pub fn is_only(at: &Address, state: &State) -> bool {
    let only = state.spec::<Index>(at).map(|index| index.only);
    let only = only.or_else(|| state.spec::<PrimaryKey>(at).map(|key| key.only));
    let only = only.or_else(|| state.spec::<Unique>(at).map(|key| key.only));
    only.or_else(|| state.spec::<Exclusion>(at).map(|exclusion| exclusion.only)).unwrap_or_default()
}

/// Refuses `only` where there are no parts.
pub fn check(at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
    let has_parts = at.parent().is_some_and(|table| is_partitioned(table, desired));
    let problem = Problem::new(Code::WrongType, "only what is on a partitioned table has parts").help("remove `only`");
    if is_only(at, desired) && !has_parts { vec![(problem, "only")] } else { Vec::new() }
}

/// Returns the statements that attach the declared parts of a new index or key with `only`.
pub fn attach_parts(cx: &Cx<'_>) -> Vec<Step> {
    let Some(table) = cx.at.parent() else { return Vec::new() };
    let parts = declared(cx.at, cx.desired).into_iter();
    parts.map(|(heir, own)| attach((cx.at.key(), table), (own.key(), heir))).collect()
}

/// Returns the statement that makes a new index or key a part of the one above with `only`, which stays; a new partition brings its
/// parts along.
pub fn join(cx: &Cx<'_>) -> Option<Step> {
    let heir = cx.at.parent().filter(|heir| stays_in_place(heir, cx.live, cx.desired))?;
    let above = parents(heir, cx.desired).into_iter().next()?;
    let is_whole = |their: &&Address| {
        let stays = is_only(their, cx.live) && same(their, cx.live, cx.desired);
        stays && declared(their, cx.desired).iter().any(|(_, own)| *own == cx.at)
    };
    let whole = cx.desired.children(&above).into_iter().find(is_whole)?;
    Some(attach((whole.key(), &above), (cx.at.key(), heir)))
}

/// Returns the live indexes or keys of a kind that say `only`, will do so, and must be made anew to have the parts that are declared.
/// Kinds foresee that these do not say `only`, and so replace them.
pub fn to_make_anew(kind: KindName, live: &State, desired: &State) -> Vec<Address> {
    let unfit = |at: &&Address| !is_settled(at, live, desired);
    live.of_kind(kind).iter().filter(unfit).cloned().collect()
}

/// Returns whether its live parts are declared, and what is declared and no part of it yet is created by the plan.
fn is_settled(whole: &Address, live: &State, desired: &State) -> bool {
    let Some(table) = whole.parent().filter(|_| is_only(whole, live) && is_only(whole, desired)) else { return true };
    let declared = declared(whole, desired);
    let same = same(whole, live, desired);
    heirs(table, desired).iter().filter(|heir| heir.kind() != ForeignTable::NAME).all(|heir| {
        let wanted = declared.iter().find(|(of, _)| *of == heir).map(|(_, own)| *own);
        if !stays_in_place(heir, live, desired) {
            return wanted.is_some();
        }
        let is_there = |own: &&Address| is_part(own, live) && makes(whole, own, live);
        match (live.children(heir).into_iter().find(is_there), wanted) {
            (Some(part), Some(wanted)) => {
                let is_kept = !is_partitioned(heir, live) || self::same(part, live, desired);
                part == wanted && is_kept && is_settled(part, live, desired)
            }
            (Some(_), None) => false,
            // A key may be a part of an index.
            (None, Some(wanted)) => wanted.kind() != whole.kind() || same && !live.contains(wanted),
            (None, None) => true,
        }
    })
}

/// Returns the declared parts of an index or key with `only`, each with its table; none where each partition has one that is whole,
/// since PostgreSQL would then take it for complete.
fn declared<'a>(whole: &Address, desired: &'a State) -> Vec<(&'a Address, &'a Address)> {
    let Some(table) = whole.parent().filter(|_| is_only(whole, desired)) else { return Vec::new() };
    let heirs = heirs(table, desired);
    let part = |heir: &'a Address| {
        Some((heir, desired.children(heir).into_iter().find(|own| takes_part(own, whole, desired))?))
    };
    let parts: Vec<(&Address, &Address)> = heirs.iter().filter_map(part).collect();
    let is_complete = parts.iter().filter(|(_, own)| !is_only(own, desired)).count() == heirs.len();
    if is_complete { Vec::new() } else { parts }
}

/// Returns whether a partition stays where it is.
pub fn stays_in_place(table: &Address, live: &State, desired: &State) -> bool {
    let tables = live.spec::<Table>(table).zip(desired.spec::<Table>(table));
    tables.is_some_and(|(old, new)| old.partition_of == new.partition_of && old.bounds == new.bounds)
}

fn same(at: &Address, live: &State, desired: &State) -> bool {
    live.get(at).zip(desired.get(at)).is_some_and(|(old, new)| old.spec.same(&*new.spec))
}
