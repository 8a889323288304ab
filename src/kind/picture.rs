//! What objects are in a diagram: boxes, lines in them, and arrows between them.

use crate::model::Address;

/// What one object is in a diagram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// A box.
    Box,
    /// A line in the box of its parent.
    Line {
        /// Its data type.
        data_type: String,
        /// It refuses nulls.
        not_null: bool,
    },
    /// A key of its parent.
    Key {
        /// The lines that it is over.
        columns: Vec<String>,
        /// Rows are known by it.
        primary: bool,
    },
    /// An arrow from its parent to another box.
    Arrow {
        /// The lines that it starts from.
        columns: Vec<String>,
        /// The box it points at.
        to: Address,
        /// The lines that it points at; those of the primary key when empty.
        to_columns: Vec<String>,
    },
}
