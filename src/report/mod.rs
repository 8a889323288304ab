//! What is printed: text made of results, never a terminal.

pub mod diagnostic;
pub mod explain;
pub mod finding;
pub mod history;
pub mod json;
pub mod markdown;
pub mod since;
pub mod sql;
pub mod text;
