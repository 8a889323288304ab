//! Short digests of what is declared or stored, to tell later whether it is still the same.

use super::write::write;
use crate::kind::{Entry, find};
use crate::model::{Address, Spec};

pub use crate::model::digest::{text, texts};

/// The digest of an object's canonical YAML in its long form; what is under it is left out, and so is a secret.
pub fn spec(at: &Address, spec: &dyn Spec, register: &'static [Entry]) -> String {
    text(&write(&(find(register, at.kind()).write_long)(spec)))
}
