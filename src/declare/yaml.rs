//! Temporary.
use crate::diagnostic::Span;
/// Temporary.
pub fn locate(_source: &str, span: Span, _text: &str, _start: usize, _end: usize) -> Span {
    span
}
