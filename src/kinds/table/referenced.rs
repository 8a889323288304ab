//! Drops of partitions while foreign keys refer to the table above. PostgreSQL refuses to drop such a partition unless
//! it is detached first.

use super::lineage::{is_partition, parents};
use super::{Table, is_made_anew};
use crate::kind::{Cx, Kind};
use crate::kinds::foreign_key::ForeignKey;
use crate::model::{Address, Lock, State, Step};

/// Adds edges from foreign keys that are dropped to the partitions that are dropped, so that the keys go first, and from every
/// foreign key to the partitions that are made anew, so that the key is, too. A partition that is detached need not wait for
/// them.
pub fn note(live: &mut State, desired: &State) {
    let partitions = live.of_kind(Table::NAME).into_iter().filter(|t| is_partition(t, live));
    let (stay, go): (Vec<Address>, Vec<Address>) = partitions.partition(|t| desired.contains(t));
    let anew: Vec<&Address> = stay.iter().filter(|t| is_made_anew(t, live, desired)).collect();
    let go: Vec<&Address> = go.iter().filter(|t| !is_referred_to(t, live, desired)).collect();
    if anew.is_empty() && go.is_empty() {
        return;
    }
    let mut edges = Vec::new();
    for key in live.of_kind(ForeignKey::NAME) {
        let go = go.iter().filter(|_| !stays(&key, live, desired));
        let below = anew.iter().chain(go).filter(|partition| refers(&key, partition, live));
        edges.extend(below.map(|partition| (key.clone(), (*partition).clone())));
    }
    for (key, partition) in edges {
        live.add_edge(key, partition);
    }
}

/// Returns `detach partition` if a foreign key that stays refers to the table above.
pub fn detach(cx: &Cx<'_>) -> Option<Step> {
    let above = parents(cx.at, cx.live).into_iter().find(|_| is_partition(cx.at, cx.live))?;
    if !is_referred_to(cx.at, cx.live, cx.desired) {
        return None;
    }
    let sql = format!("alter table {} detach partition {}", cx.at(&above).identity(), cx.identity());
    Some(Step::new(sql).lock(Lock::AccessExclusive))
}

/// Returns whether a foreign key that stays refers to a table above a partition.
fn is_referred_to(partition: &Address, live: &State, desired: &State) -> bool {
    live.of_kind(ForeignKey::NAME).iter().any(|key| stays(key, live, desired) && refers(key, partition, live))
}

/// Returns whether a foreign key is neither dropped nor made anew along with its table.
fn stays(key: &Address, live: &State, desired: &State) -> bool {
    desired.contains(key) && !key.parent().is_some_and(|table| is_made_anew(table, live, desired))
}

/// Returns whether a live foreign key refers to a table above a partition.
fn refers(key: &Address, partition: &Address, live: &State) -> bool {
    let targets = |table: &Address| live.spec::<ForeignKey>(key).is_some_and(|key| key.references.is(table));
    is_partition(partition, live) && parents(partition, live).iter().any(|t| targets(t) || refers(key, t, live))
}
