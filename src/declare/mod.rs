//! YAML to a state, and back.

pub mod adopt;
pub mod bodies;
pub mod check;
pub mod digest;
mod edit;
pub mod format;
pub mod graft;
pub mod imprint;
pub mod json_schema;
pub mod layout;
pub mod lower;
pub mod pinpoint;
pub mod project;
pub mod rename;
pub mod raise;
pub mod settings;
pub mod splice;
pub mod variables;
pub mod write;
pub mod yaml;
