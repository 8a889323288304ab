//! The objects of a state, by address.
//!
//! The place of an object is looked up by the number of its address, so that what was added one after the other is also looked up
//! side by side.

use super::Object;
use crate::model::Address;

/// How many numbers a page has. Those of a few addresses may be far apart.
const PAGE: usize = 256;

/// Objects by address, in the order in which they were added.
#[derive(Debug, Clone, Default)]
pub(super) struct Objects {
    all: Vec<(Address, Object)>,
    /// For the number of each address, the place in `all`, from 1; 0 if there is no object.
    pages: Vec<Option<Box<[u32; PAGE]>>>,
}

impl Objects {
    /// Adds an object at an address at which there is none.
    pub(super) fn add(&mut self, at: Address, object: Object) {
        self.all.push((at, object));
        self.note(self.all.len() - 1);
    }

    /// Notes where the object at a place is.
    fn note(&mut self, place: usize) {
        let number = self.all[place].0.number();
        if self.pages.len() <= number / PAGE {
            self.pages.resize(number / PAGE + 1, None);
        }
        let page = self.pages[number / PAGE].get_or_insert_with(|| Box::new([0; PAGE]));
        page[number % PAGE] = u32::try_from(place + 1).expect("fewer objects than the server has oids");
    }

    /// Returns the place of the object at an address.
    fn place(&self, at: &Address) -> Option<usize> {
        let page = self.pages.get(at.number() / PAGE)?.as_ref()?;
        usize::try_from(page[at.number() % PAGE]).ok()?.checked_sub(1)
    }

    /// Returns the object at an address.
    pub(super) fn get(&self, at: &Address) -> Option<&Object> {
        self.place(at).map(|place| &self.all[place].1)
    }

    /// Returns the object at an address, to change it.
    pub(super) fn get_mut(&mut self, at: &Address) -> Option<&mut Object> {
        self.place(at).map(|place| &mut self.all[place].1)
    }

    /// Returns whether there is an object at an address.
    pub(super) fn contains(&self, at: &Address) -> bool {
        self.place(at).is_some()
    }

    /// Returns all objects with their addresses, in the order added.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Address, &Object)> {
        self.all.iter().map(|(at, object)| (at, object))
    }

    /// Returns the number of objects.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Removes the objects at the addresses for which `keep` returns false.
    pub(super) fn retain(&mut self, keep: impl Fn(&Address) -> bool) {
        self.all.retain(|(at, _)| keep(at));
        self.pages.clear();
        (0..self.all.len()).for_each(|place| self.note(place));
    }
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
