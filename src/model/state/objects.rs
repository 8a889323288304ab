//! The objects of a state by address, by parent and by kind.
//!
//! What is known of an address is looked up by its number, so that what was added one after the other is also looked up side by
//! side. Lists of objects are made of their places.

use rustc_hash::FxHashMap;

use super::Object;
use crate::model::{Address, KindName};

/// How many numbers a page has. Those of a few addresses may be far apart.
const PAGE: usize = 256;

/// Objects in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub(super) struct Objects {
    all: Vec<(Address, Object)>,
    /// For the object at each place, the next one with the same parent.
    next: Vec<Place>,
    /// For each address, by its number.
    pages: Vec<Option<Box<[Spot; PAGE]>>>,
    /// The objects at the top level.
    tops: Children,
    kinds: FxHashMap<KindName, Vec<Place>>,
}

/// The place of an object, from 1; 0 if there is none.
#[derive(Debug, Clone, Copy, Default)]
struct Place(u32);

/// What is known of an address.
#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    object: Place,
    children: Children,
}

/// The first and the last of the objects with the same parent.
#[derive(Debug, Clone, Copy, Default)]
struct Children {
    first: Place,
    last: Place,
}

impl Place {
    /// Returns the place with that index.
    fn of(index: usize) -> Self {
        Self(u32::try_from(index + 1).expect("fewer objects than the server has oids"))
    }

    fn index(self) -> Option<usize> {
        usize::try_from(self.0).ok()?.checked_sub(1)
    }
}

impl Objects {
    /// Adds an object at an address at which there is none.
    pub(super) fn add(&mut self, at: Address, object: Object) {
        self.all.push((at, object));
        self.note(self.all.len() - 1);
    }

    /// Notes the object with that index, which is the last of those noted.
    fn note(&mut self, index: usize) {
        let place = Place::of(index);
        let Self { all, next, pages, tops, kinds } = self;
        let (at, _) = &all[index];
        spot(pages, at).object = place;
        let siblings = at.parent().map_or(tops, |parent| &mut spot(pages, parent).children);
        match std::mem::replace(&mut siblings.last, place).index() {
            Some(last) => next[last] = place,
            None => siblings.first = place,
        }
        next.push(Place::default());
        kinds.entry(at.kind()).or_default().push(place);
    }

    /// Returns what is known of an address.
    fn spot(&self, at: &Address) -> Spot {
        let page = self.pages.get(at.number() / PAGE).and_then(Option::as_ref);
        page.map_or(Spot::default(), |page| page[at.number() % PAGE])
    }

    /// Returns the object at an address.
    pub(super) fn get(&self, at: &Address) -> Option<&Object> {
        self.spot(at).object.index().map(|index| &self.all[index].1)
    }

    /// Returns the object at an address, to change it.
    pub(super) fn get_mut(&mut self, at: &Address) -> Option<&mut Object> {
        self.spot(at).object.index().map(|index| &mut self.all[index].1)
    }

    /// Returns all objects.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Address, &Object)> {
        self.all.iter().map(|(at, object)| (at, object))
    }

    /// Returns all objects, to change them.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&Address, &mut Object)> {
        self.all.iter_mut().map(|(at, object)| (&*at, object))
    }

    /// Returns the number of objects.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns the objects at the top level.
    pub(super) fn tops(&self) -> impl Iterator<Item = (&Address, &Object)> {
        self.list(self.tops)
    }

    /// Returns the objects below an address.
    pub(super) fn children(&self, at: &Address) -> impl Iterator<Item = (&Address, &Object)> {
        self.list(self.spot(at).children)
    }

    fn list(&self, children: Children) -> impl Iterator<Item = (&Address, &Object)> {
        let first = children.first.index();
        std::iter::successors(first, |index| self.next[*index].index())
            .map(|index| (&self.all[index].0, &self.all[index].1))
    }

    /// Returns the objects of a kind.
    pub(super) fn of_kind(&self, kind: KindName) -> impl Iterator<Item = (&Address, &Object)> {
        let places = self.kinds.get(&kind).into_iter().flatten();
        places.filter_map(|place| place.index()).map(|index| (&self.all[index].0, &self.all[index].1))
    }

    /// Removes the objects at the addresses for which `keep` returns false.
    pub(super) fn retain(&mut self, keep: impl Fn(&Address) -> bool) {
        let mut all = std::mem::take(&mut self.all);
        all.retain(|(at, _)| keep(at));
        *self = Self { all, ..Self::default() };
        (0..self.all.len()).for_each(|index| self.note(index));
    }
}

/// Returns what is known of an address, to change it.
fn spot<'p>(pages: &'p mut Vec<Option<Box<[Spot; PAGE]>>>, at: &Address) -> &'p mut Spot {
    let page = at.number() / PAGE;
    if pages.len() <= page {
        pages.resize(page + 1, None);
    }
    &mut pages[page].get_or_insert_with(|| Box::new([Spot::default(); PAGE]))[at.number() % PAGE]
}

impl IntoIterator for Objects {
    type Item = (Address, Object);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

impl FromIterator<(Address, Object)> for Objects {
    fn from_iter<T: IntoIterator<Item = (Address, Object)>>(all: T) -> Self {
        let mut objects = Self::default();
        for (at, object) in all {
            match objects.get_mut(&at) {
                Some(there) => *there = object,
                None => objects.add(at, object),
            }
        }
        objects
    }
}
