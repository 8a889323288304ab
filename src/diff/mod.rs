//! Compares two states by address.

pub mod scope;
pub mod show;

use indexmap::IndexMap;

use crate::model::{Address, Object, State};

/// How the two states differ at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Only the desired state has the object.
    Missing,
    /// Only the live state has the object.
    Extra,
    /// Both have the object, with different specs.
    Unequal,
}

/// Returns every address that differs: first those of the desired state in its order, then those of the live state
/// alone.
pub fn diff(live: &State, desired: &State) -> IndexMap<Address, Difference> {
    let differs = |(): &mut (), at: &Address, wanted: &Object| live.get(at).is_none_or(|there| !there.is_like(wanted));
    let differing = desired.sift(|| (), differs).into_iter().map(|(at, _)| (at.clone(), of_desired(live, at)));
    let mut out: IndexMap<Address, Difference> = differing.collect();
    let missing = out.values().filter(|difference| **difference == Difference::Missing).count();
    if desired.len() - missing < live.len() {
        let extra = live.iter().filter(|(at, _)| !desired.contains(at));
        out.extend(extra.map(|(at, _)| (at.clone(), Difference::Extra)));
    }
    out
}

/// Returns how a desired object that differs does.
fn of_desired(live: &State, at: &Address) -> Difference {
    if live.contains(at) { Difference::Unequal } else { Difference::Missing }
}

/// Returns which of some addresses differ, in their order.
pub fn diff_among<'a>(
    suspects: impl IntoIterator<Item = &'a Address>,
    live: &State,
    desired: &State,
) -> IndexMap<Address, Difference> {
    let difference = |at: &Address| match (live.get(at), desired.get(at)) {
        (None, Some(_)) => Some(Difference::Missing),
        (Some(_), None) => Some(Difference::Extra),
        (Some(there), Some(wanted)) => (!there.is_like(wanted)).then_some(Difference::Unequal),
        (None, None) => None,
    };
    suspects.into_iter().filter_map(|at| Some((at.clone(), difference(at)?))).collect()
}
