//! A diagram: boxes with lines in them, and arrows between.

/// Boxes and arrows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagram {
    /// The boxes.
    pub boxes: Vec<Box>,
    /// The arrows.
    pub arrows: Vec<Arrow>,
}

/// A box: a table, a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Box {
    /// What stands at its head.
    pub title: String,
    /// What it is beyond that: the kind, or what a statement does.
    pub note: String,
    /// The lines in it.
    pub lines: Vec<Line>,
}

/// A line in a box: a column.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Its data type.
    pub data_type: String,
    /// It may be null.
    pub nullable: bool,
    /// It is in the primary key.
    pub primary: bool,
    /// It is in another key.
    pub unique: bool,
    /// It points at another box.
    pub foreign: bool,
}

impl Line {
    /// Returns its keys in short: `PK`, `FK`, `UK`.
    pub fn keys(&self) -> Vec<&'static str> {
        let all = [(self.primary, "PK"), (self.foreign, "FK"), (self.unique, "UK")];
        all.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
    }
}

/// An arrow from one box to another, both by their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// Where it starts.
    pub from: usize,
    /// Where it points.
    pub to: usize,
    /// What stands beside it.
    pub label: String,
    /// Its lines in the box that it starts from.
    pub columns: Vec<String>,
    /// At most one starts from there.
    pub single: bool,
    /// It need not point anywhere.
    pub optional: bool,
}
