//! The addresses of a state by parent and by kind.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{Address, KindName};

/// The addresses by parent and by kind, each list in the order added.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    children: FxHashMap<Address, Vec<Address>>,
    tops: Vec<Address>,
    kinds: FxHashMap<KindName, Vec<Address>>,
}

impl Places {
    /// Indexes addresses.
    pub(super) fn of<'a>(all: impl Iterator<Item = &'a Address>) -> Self {
        let mut places = Self::default();
        all.for_each(|at| places.add(at));
        places
    }

    /// Adds an address.
    pub(super) fn add(&mut self, at: &Address) {
        match at.parent().map(|parent| (parent, self.children.get_mut(parent))) {
            Some((_, Some(children))) => children.push(at.clone()),
            Some((parent, None)) => drop(self.children.insert(parent.clone(), vec![at.clone()])),
            None => self.tops.push(at.clone()),
        }
        self.kinds.entry(at.kind()).or_default().push(at.clone());
    }

    /// Removes addresses. Whatever is below them must be among them.
    pub(super) fn remove(&mut self, gone: &FxHashSet<Address>) {
        let parents: FxHashSet<Option<&Address>> = gone.iter().map(Address::parent).collect();
        for parent in parents {
            match parent {
                Some(parent) if gone.contains(parent) => drop(self.children.remove(parent)),
                Some(parent) => {
                    if let Some(children) = self.children.get_mut(parent) {
                        children.retain(|at| !gone.contains(at));
                    }
                }
                None => self.tops.retain(|at| !gone.contains(at)),
            }
        }
        let kinds: FxHashSet<KindName> = gone.iter().map(Address::kind).collect();
        for kind in kinds {
            self.kinds.entry(kind).or_default().retain(|at| !gone.contains(at));
        }
    }

    /// Returns the addresses of the top level.
    pub(super) fn tops(&self) -> &[Address] {
        &self.tops
    }

    /// Returns the addresses below one.
    pub(super) fn children(&self, at: &Address) -> &[Address] {
        self.children.get(at).map_or(&[], Vec::as_slice)
    }

    /// Returns the addresses of a kind.
    pub(super) fn of_kind(&self, kind: KindName) -> &[Address] {
        self.kinds.get(&kind).map_or(&[], Vec::as_slice)
    }
}
