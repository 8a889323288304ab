//! Short digests of what is declared or stored, to tell later whether it is still the same.

use sha2::{Digest, Sha256};

use super::write::write;
use crate::kind::{Entry, find};
use crate::model::{Address, Spec};

/// 32 hexadecimal digits: the first half of the SHA-256 of a text.
pub fn text(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(16).fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
}

/// The digest of an object's canonical YAML in its long form; what is under it is left out, and so is a secret.
pub fn spec(at: &Address, spec: &dyn Spec, register: &'static [Entry]) -> String {
    text(&write(&(find(register, at.kind()).write_long)(spec)))
}
