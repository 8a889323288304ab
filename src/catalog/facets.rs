//! The facets in the row of an object: its owner, its grants.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::kind::{Entry, FacetRow, Rules};
use crate::model::{KindName, Spec};

/// For how many rows of a kind it is kept what they say. Then it begins anew.
const MOST: usize = 4096;

/// Reads facets. Most rows of a kind say what others do: that is read once, and is in memory once.
pub(super) struct Facets {
    kinds: Vec<&'static Entry>,
    known: FxHashMap<KindName, FxHashMap<FacetRow, Arc<[Facet]>>>,
}

/// A facet: its kind, its key and its spec.
pub(super) type Facet = (KindName, String, Arc<dyn Spec>);

impl Facets {
    pub(super) fn new(register: &'static [Entry]) -> Self {
        Self { kinds: register.iter().filter(|e| e.is_facet()).collect(), known: FxHashMap::default() }
    }

    /// Returns the facets in the row of an object of a kind.
    pub(super) fn of(&mut self, row: FacetRow, kind: KindName, rules: &Rules) -> Arc<[Facet]> {
        let known = self.known.entry(kind).or_default();
        if let Some(facets) = known.get(&row) {
            return Arc::clone(facets);
        }
        let of_kind = |entry: &&'static Entry| {
            let name = entry.name;
            (entry.facet)(&row, rules).into_iter().map(move |(key, spec)| (name, key, spec))
        };
        let facets: Arc<[Facet]> = self.kinds.iter().flat_map(of_kind).collect();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(row, Arc::clone(&facets));
        facets
    }
}
