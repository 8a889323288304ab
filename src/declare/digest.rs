//! Short digests of declared and stored objects, to tell later whether they have changed.

use std::marker::PhantomData;

use rustc_hash::FxHashMap;

use super::write::write;
use crate::kind::{Entry, find};
use crate::model::{Address, Spec};

pub use crate::model::digest::{text, texts};

/// Returns the digest of an object's canonical YAML in its long form, without its children and without secrets.
pub fn spec(at: &Address, spec: &dyn Spec, register: &'static [Entry]) -> String {
    text(&write(&(find(register, at.kind()).write_long)(spec)))
}

/// The digests of many objects. A spec that several objects share is digested once.
pub struct Digests<'a> {
    register: &'static [Entry],
    /// By the place of the spec in memory, which stays the same as long as the spec is borrowed.
    known: FxHashMap<*const (), String>,
    specs: PhantomData<&'a dyn Spec>,
}

impl<'a> Digests<'a> {
    /// Starts with none.
    pub fn new(register: &'static [Entry]) -> Self {
        Self { register, known: FxHashMap::default(), specs: PhantomData }
    }

    /// Returns what [`spec`] returns.
    pub fn of(&mut self, at: &Address, spec: &'a dyn Spec) -> &str {
        let place = std::ptr::from_ref(spec).cast();
        self.known.entry(place).or_insert_with(|| self::spec(at, spec, self.register))
    }
}
