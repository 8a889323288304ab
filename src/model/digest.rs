//! Short digests of texts, to tell later whether they are still the same.

use sha2::{Digest, Sha256};

/// Returns 32 hexadecimal digits: the first half of the SHA-256 of a text.
pub fn text(text: &str) -> String {
    shown(Sha256::new_with_prefix(text.as_bytes()))
}

/// Returns the same for several texts in their order. The length of each is included, so that none runs into the next.
pub fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    shown(
        texts
            .into_iter()
            .fold(Sha256::new(), |hash, text| hash.chain_update(text.len().to_le_bytes()).chain_update(text)),
    )
}

fn shown(hash: Sha256) -> String {
    let digit = |n: u8| char::from_digit(n.into(), 16).unwrap_or_default();
    hash.finalize().iter().take(16).flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
