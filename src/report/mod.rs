//! What is printed: text made of results, never a terminal.

pub mod diagnostic;
