//! YAML text to nodes, nodes to typed shapes, and back.

pub mod bridge;
pub mod write;
pub mod yaml;
