//! Specs that were read from the same text: there is one in memory, and it is read once.
//!
//! Most columns of a database are like another one.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::model::{KindName, Spec};

/// The longest text that is looked up, in bytes: longer ones seldom occur twice.
const LONGEST: usize = 256;

/// How many specs are kept. Then it begins anew.
const MOST: usize = 4096;

/// The specs read so far, by what they were read from.
#[derive(Default)]
pub struct Shared {
    specs: FxHashMap<Box<[u8]>, Arc<dyn Spec>>,
    text: Vec<u8>,
}

impl Shared {
    /// Begins the text of a spec.
    pub fn begin(&mut self, kind: KindName) {
        self.text.clear();
        self.add(Some(kind.0.as_bytes()));
    }

    /// Adds a part to the text, or that there is none.
    pub fn add(&mut self, part: Option<&[u8]>) {
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        self.text.extend(length.to_le_bytes());
        self.text.extend(part.unwrap_or_default());
    }

    /// Returns the spec that was read from the text.
    pub fn get(&self) -> Option<Arc<dyn Spec>> {
        self.specs.get(self.text.as_slice()).cloned()
    }

    /// Keeps the spec that was just read from the text.
    pub fn keep(&mut self, spec: &Arc<dyn Spec>) {
        if self.specs.len() >= MOST {
            self.specs.clear();
        }
        if self.text.len() <= LONGEST {
            self.specs.insert(self.text.as_slice().into(), Arc::clone(spec));
        }
    }
}
