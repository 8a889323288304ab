//! Short digests of declared and stored objects, to tell later whether they have changed.

use super::write::write;
use crate::kind::{Entry, find};
use crate::model::{Address, Spec};

pub use crate::model::digest::{text, texts};

/// Returns the digest of an object's canonical YAML in its long form, without its children and without secrets.
pub fn spec(at: &Address, spec: &dyn Spec, register: &'static [Entry]) -> String {
    text(&write(&(find(register, at.kind()).write_long)(spec)))
}
