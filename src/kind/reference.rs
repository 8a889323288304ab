//! What an object needs before it.

use super::Slot;
use crate::model::Address;
use crate::sql;

/// Something an object needs before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// An object of the project.
    Object(Address),
    /// A name in a namespace; it may be PostgreSQL's own or an extension's.
    Name {
        /// The namespace.
        slot: Slot,
        /// The schema, when written.
        schema: Option<String>,
        /// The name.
        name: String,
    },
    /// SQL text: every name in it that the project declares.
    Text(String),
}

/// What an object needs, with the field that says so.
#[derive(Debug, Default)]
pub struct References {
    /// In the order found.
    pub list: Vec<(Reference, &'static str)>,
}

impl References {
    /// An object of the project, named in `field`.
    pub fn object(&mut self, at: Address, field: &'static str) {
        self.list.push((Reference::Object(at), field));
    }

    /// A dotted name as typed in SQL, named in `field`.
    pub fn name(&mut self, slot: Slot, dotted: &str, field: &'static str) {
        let Some(mut parts) = sql::split_name(dotted) else { return };
        let Some(name) = parts.pop() else { return };
        self.list.push((Reference::Name { slot, schema: parts.pop(), name }, field));
    }

    /// SQL text in `field`.
    pub fn text(&mut self, text: &str, field: &'static str) {
        self.list.push((Reference::Text(text.to_owned()), field));
    }
}
