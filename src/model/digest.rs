//! Short digests of texts, to tell later whether they are still the same.

use sha2::{Digest, Sha256};

/// 32 hexadecimal digits: the first half of the SHA-256 of a text.
pub fn text(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(16).fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
}
