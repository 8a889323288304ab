//! Nodes to typed shapes and back, through serde, with the place of every error.
//!
//! A scalar means what its reader asks for: text takes any scalar, so `default: 0` reads as the text `0`; numbers and
//! booleans take plain scalars only, and the only booleans are `true` and `false`. A visitor that asks for anything
//! gets scalars as text. `null` is the `None` of an option and nothing else. A list is never a struct.

mod error;
mod fields;
mod read;
mod scalar;
mod write;

pub use scalar::is_number;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::diagnostic::{Diagnostic, Problem, Span};
use crate::model::node::Node;

/// Why a node is not of the shape asked for, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BridgeError {
    /// What is wrong and how to cure it.
    pub problem: Problem,
    /// The key for an unknown key, the value for a wrong type, the map for a missing key; absent if the node was made
    /// and not parsed.
    pub span: Option<Span>,
}

impl From<BridgeError> for Diagnostic {
    fn from(error: BridgeError) -> Self {
        match error.span {
            Some(span) => error.problem.at(span, ""),
            None => error.problem.into(),
        }
    }
}

impl From<BridgeError> for Box<Diagnostic> {
    fn from(error: BridgeError) -> Self {
        Self::new(error.into())
    }
}

impl std::fmt::Display for BridgeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for BridgeError {}

/// Reads a node as the shape `T`.
///
/// # Errors
/// The first thing that does not fit. A hand-written `Deserialize` reports a problem by [`Problem::to_text`].
pub fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T, BridgeError> {
    T::deserialize(read::Reader(node)).map_err(|e| e.or_at(node.span))
}

/// Writes a shape as a node without places: maps in the order of the fields, numbers and booleans plain, text as text.
///
/// # Panics
/// When the shape has a map whose keys are no text, or its `Serialize` fails by itself.
pub fn to_node<T: Serialize>(value: &T) -> Node {
    value.serialize(write::Writer).expect("a shape has keys of text and serializes")
}

/// Returns the keys of a struct's long form, as serde knows them.
pub fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    fields::of::<T>()
}

/// Returns the candidate that `word` was most likely meant to be, if any is near: at most a third of the letters
/// differ, or one is the beginning of the other.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = word.to_lowercase();
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        let limit = (lower.chars().count().max(candidate.chars().count()) / 3).max(1);
        let distance = strsim::osa_distance(&lower, &candidate);
        let is_start = lower.len() >= 3 && (candidate.starts_with(&lower) || lower.starts_with(&candidate));
        match distance {
            d if d <= limit && d < lower.chars().count().max(1) => Some(d),
            _ if is_start && candidate.len() >= 3 => Some(limit + 1),
            _ => None,
        }
    };
    let near = candidates.into_iter().filter_map(|c| Some((distance(c)?, c)));
    let alike = |candidate: &str| strsim::jaro_winkler(&lower, &candidate.to_lowercase());
    near.min_by(|a, b| a.0.cmp(&b.0).then_with(|| alike(b.1).total_cmp(&alike(a.1)))).map(|(_, c)| c.to_owned())
}

#[cfg(test)]
mod tests;
