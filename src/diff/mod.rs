//! Two states compared, address by address.

pub mod scope;
pub mod show;

use indexmap::IndexMap;

use crate::model::{Address, State};

/// How an address differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// Only wanted.
    Missing,
    /// Only there.
    Extra,
    /// Both, and unequal.
    Unequal,
}

/// Every address that differs: what is wanted in its order, then what is only there.
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
