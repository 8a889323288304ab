//! Compares two states by address.

pub mod scope;
pub mod show;

use indexmap::IndexMap;

use crate::model::{Address, State};

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
    let mut out = IndexMap::new();
    let mut shared = 0;
    for (at, wanted) in desired.iter() {
        let there = live.get(at);
        shared += usize::from(there.is_some());
        match there {
            None => {
                out.insert(at.clone(), Difference::Missing);
            }
            Some(there) if !there.is_like(wanted) => {
                out.insert(at.clone(), Difference::Unequal);
            }
            Some(_) => {}
        }
    }
    if shared < live.len() {
        for (at, _) in live.iter().filter(|(at, _)| !desired.contains(at)) {
            out.insert(at.clone(), Difference::Extra);
        }
    }
    out
}
