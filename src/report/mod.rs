//! Turns results into what is printed. Nothing here knows the terminal.

pub mod access;
pub mod diagnostic;
pub mod docs;
pub mod explain;
pub mod finding;
pub mod fleet;
pub mod graph;
pub mod history;
pub mod hover;
pub mod json;
pub mod markdown;
pub mod rights;
pub mod since;
pub mod sql;
pub mod text;
