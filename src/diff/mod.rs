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
    for (at, wanted) in desired.iter() {
        match live.get(at) {
            None => {
                out.insert(at.clone(), Difference::Missing);
            }
            Some(there) if !there.spec.same(&*wanted.spec) => {
                out.insert(at.clone(), Difference::Unequal);
            }
            Some(_) => {}
        }
    }
    for (at, _) in live.iter().filter(|(at, _)| !desired.contains(at)) {
        out.insert(at.clone(), Difference::Extra);
    }
    out
}
