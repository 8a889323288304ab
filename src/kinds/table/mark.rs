//! The marks that a table or materialized view sets on one of its indexes: `cluster on`, `replica identity using
//! index`.
//!
//! PostgreSQL stores them with the index, so they are set again after the index is rebuilt.

use super::lineage::line_of;
use super::{Table, Words};
use crate::kind::{Cx, Kind, Renaming};
use crate::kinds::column::Column;
use crate::kinds::exclusion::Exclusion;
use crate::kinds::index::Index;
use crate::kinds::materialized_view::MaterializedView;
use crate::kinds::primary_key::PrimaryKey;
use crate::kinds::unique::Unique;
use crate::model::{Address, Lock, State, Step};
use crate::sql;

/// Returns the statement with `replica identity …`; `cx` is the table's.
pub fn replica_identity(identity: Option<&Words>, cx: &Cx<'_>) -> Step {
    let words = identity.map_or("default", Words::as_str);
    let index = identity.and_then(index_named);
    Step::new(format!("alter {} replica identity {words}", cx.target()))
        .lock(Lock::AccessExclusive)
        .late()
        .needs(index.into_iter().flat_map(|i| makers(&i, cx)))
}

/// Returns the statement with `cluster on …` or `set without cluster`; `cx` is the relation's.
pub fn cluster_on(index: Option<&str>, cx: &Cx<'_>) -> Step {
    let what = index.map_or_else(|| "set without cluster".to_owned(), |i| format!("cluster on {}", sql::ident(i)));
    let needs = index.into_iter().flat_map(|i| makers(i, cx));
    Step::new(format!("alter {} {what}", cx.target())).lock(Lock::ShareUpdateExclusive).late().needs(needs)
}

/// Returns the statements that mark the new index at `cx` again, where its relation had and keeps the mark. A new
/// materialized view gets its mark here as well.
pub fn again(cx: &Cx<'_>) -> Vec<Step> {
    let relation = cx.parent();
    let stays = |of: fn(&Address, &State) -> Option<String>| {
        let wanted = of(relation.at, cx.desired).filter(|name| name == cx.at.key())?;
        let live = of(relation.at, cx.live);
        let is_new_view = cx.desired.spec::<MaterializedView>(relation.at).is_some() && cx.parent_is_new();
        (is_new_view || live.as_ref() == Some(&wanted)).then_some(wanted)
    };
    let cluster = stays(clustered).map(|name| cluster_on(Some(&name), &relation));
    let table = cx.desired.spec::<Table>(relation.at);
    let identity = stays(identified).and(table).map(|t| replica_identity(t.replica_identity.as_ref(), &relation));
    cluster.into_iter().chain(identity).collect()
}

/// Follows the rename of an index that the table names.
pub fn follow(table: &mut Table, renaming: Renaming<'_>) {
    if !renaming.is_of_part() || renaming.from.kind() == Column::NAME {
        return;
    }
    let (from, to) = (renaming.from.key(), renaming.to.key());
    if table.cluster_on.as_deref() == Some(from) {
        table.cluster_on = Some(to.to_owned());
    }
    if table.replica_identity.as_ref().and_then(index_named).as_deref() == Some(from) {
        table.replica_identity = Some(Words::new(&format!("using index {}", sql::ident(to))));
    }
}

fn clustered(at: &Address, state: &State) -> Option<String> {
    let view = state.spec::<MaterializedView>(at).and_then(|v| v.cluster_on.clone());
    view.or_else(|| state.spec::<Table>(at)?.cluster_on.clone())
}

fn identified(at: &Address, state: &State) -> Option<String> {
    index_named(state.spec::<Table>(at)?.replica_identity.as_ref()?)
}

/// Returns the name of the index in `using index …`.
fn index_named(identity: &Words) -> Option<String> {
    sql::tokens(identity.as_str()).get(2).and_then(sql::Token::name)
}

/// Returns what makes the index of that name: the index or constraint itself or, where a partition does not declare it,
/// whatever may have it as a part.
fn makers(name: &str, cx: &Cx<'_>) -> Vec<Address> {
    let of = |table: &Address| cx.desired.children(table).into_iter().filter(|c| c.kind() != Column::NAME).cloned();
    let own: Vec<Address> = of(cx.at).filter(|c| c.key() == name).collect();
    if !own.is_empty() {
        return own;
    }
    let has_index = |c: &Address| [Index::NAME, PrimaryKey::NAME, Unique::NAME, Exclusion::NAME].contains(&c.kind());
    line_of(cx.at, cx.desired).iter().flat_map(of).filter(has_index).collect()
}
