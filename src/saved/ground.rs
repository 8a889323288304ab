//! The ground of a plan: the objects that it touches or relies on, and how much of each counts.
//!
//! Of an object that the plan changes, everything counts except comments, owners and privileges. Of an object used by
//! these, only what can be used counts: the whole of a type or routine, a table without its columns, the columns that
//! are named. Of roles and schemas only their existence counts.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Place, Stand};
use crate::declare::digest;
use crate::kind::names::Names;
use crate::kind::{Entry, RELATION, Reference, References, Scope, find};
use crate::model::{Address, State};
use crate::plan::Planned;

/// How much of an object counts, in increasing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Only that it exists.
    Exists,
    /// Its own definition, without its children.
    Itself,
    /// Its definition and everything below it except comments, owners and privileges.
    Whole,
}

/// Returns the digest of an object in `whole`, or `None` if it is not there.
pub fn digest(at: &Address, extent: Extent, whole: &State, register: &'static [Entry]) -> Option<String> {
    let of = |at: &Address| Some(digest::spec(at, &*whole.get(at)?.spec, register));
    let own = of(at)?;
    Some(match extent {
        Extent::Exists => "exists".to_owned(),
        Extent::Itself => own,
        Extent::Whole => {
            let is_part = |other: &Address| {
                let below = std::iter::once(other).chain(other.ancestors()).take_while(|a| *a != at);
                !below.into_iter().any(|a| find(register, a.kind()).is_facet())
            };
            let mut parts: Vec<Address> = whole.descendants(at).into_iter().filter(is_part).collect();
            parts.sort();
            let lines = parts.iter().filter_map(|part| Some(format!("{part:?} {}\n", of(part)?)));
            digest::text(&lines.fold(own, |text, line| text + "\n" + &line))
        }
    })
}

/// Returns the ground of a plan, as the catalog has it now, sorted.
pub fn of(planned: &Planned, register: &'static [Entry]) -> Vec<Stand> {
    let (whole, desired) = (&planned.whole, &planned.desired);
    let touched: HashSet<&Address> = planned.plan.touched.iter().collect();
    let mut ground = Ground {
        whole,
        desired,
        register,
        names: [Names::of(whole, register), Names::of(desired, register)],
        extents: BTreeMap::new(),
    };
    for at in &planned.plan.touched {
        ground.touch(at);
    }
    // What the plan creates is touched, and is recorded as absent. Other objects that do not exist are left out.
    let stands = ground.extents.iter().filter(|(at, _)| whole.contains(at) || touched.contains(at));
    let stand = |(at, extent): (&Address, &Extent)| Stand {
        object: Place::of(at),
        extent: *extent,
        digest: digest(at, *extent, whole, register),
    };
    stands.map(stand).collect()
}

struct Ground<'a> {
    whole: &'a State,
    desired: &'a State,
    register: &'static [Entry],
    names: [Names; 2],
    extents: BTreeMap<Address, Extent>,
}

impl Ground<'_> {
    fn add(&mut self, at: &Address, extent: Extent) {
        let known = self.extents.entry(at.clone()).or_insert(extent);
        *known = extent.max(*known);
    }

    fn touch(&mut self, at: &Address) {
        if find(self.register, at.kind()).is_facet() {
            self.add(at, Extent::Itself);
            at.ancestors().for_each(|above| self.add(above, Extent::Exists));
        } else {
            let unit = self.unit(at);
            let stays = self.desired.contains(&unit) && find(self.register, unit.kind()).rules.space;
            self.add(&unit, if stays { Extent::Itself } else { Extent::Whole });
            unit.ancestors().for_each(|above| self.add(above, Extent::Exists));
        }
        for (used, extent) in self.uses(at) {
            self.add(&used, extent);
        }
    }

    /// Returns the outermost ancestor that is not a schema, such as the table of a column, or the object itself.
    fn unit(&self, at: &Address) -> Address {
        let solid = |a: &&Address| !find(self.register, a.kind()).rules.space;
        at.ancestors().filter(solid).last().unwrap_or(at).clone()
    }

    /// Returns what an object that stays or is created uses, on either side.
    fn uses(&self, at: &Address) -> Vec<(Address, Extent)> {
        let Some(object) = self.desired.get(at) else { return Vec::new() };
        let entry = find(self.register, at.kind());
        let known = self.whole.uses(at).iter().chain(self.desired.uses(at));
        let mut out: Vec<(Address, Extent)> = known.map(|used| (used.clone(), self.extent(used, false))).collect();
        let mut references = References::default();
        (entry.references)(&*object.spec, at, &mut references);
        for (reference, _) in &references.list {
            let is_text = matches!(reference, Reference::Text(_));
            for names in &self.names {
                out.extend(names.resolve(reference, at).into_iter().map(|used| {
                    let extent = self.extent(&used, is_text);
                    (used, extent)
                }));
            }
        }
        if entry.is_facet() {
            out = out.into_iter().map(|(used, _)| (used, Extent::Exists)).collect();
        }
        out
    }

    /// Returns how much of a used object counts. SQL text may use any column of a table that it names.
    fn extent(&self, used: &Address, by_text: bool) -> Extent {
        let rules = &find(self.register, used.kind()).rules;
        let named_by_parts = rules.slots.contains(&RELATION) || self.unit(used) != *used;
        match (rules.scope == Scope::Cluster || rules.space, named_by_parts && !by_text) {
            (true, _) => Extent::Exists,
            (false, true) => Extent::Itself,
            (false, false) => Extent::Whole,
        }
    }
}
