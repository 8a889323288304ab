//! A site of pages about a database: what `ops` hands to `report`.

use super::diagram::Diagram;

/// All pages.
#[derive(Debug, Default)]
pub struct Site {
    /// The name of the database or the project.
    pub name: String,
    /// The pages; the first is where a reader begins.
    pub pages: Vec<Page>,
}

/// One page.
#[derive(Debug, Default)]
pub struct Page {
    /// Its file, relative to the first page's directory, with `/` between names.
    pub file: String,
    /// What it is about.
    pub title: String,
    /// What sort of thing that is.
    pub kind: String,
    /// The pages above it, the topmost first, by their places.
    pub above: Vec<usize>,
    /// What is said of it, in the words of whoever made it.
    pub comment: Option<String>,
    /// Facts of one line each: a word and what it is.
    pub facts: Vec<(String, Cell)>,
    /// A diagram, and the page of each box.
    pub diagram: Option<(Diagram, Vec<usize>)>,
    /// What follows.
    pub sections: Vec<Section>,
    /// Words besides its title by which it is found: its columns.
    pub words: String,
}

/// A part of a page: a table.
#[derive(Debug, Default)]
pub struct Section {
    /// Its title, of which its anchor is made.
    pub title: String,
    /// The heads of the columns.
    pub heads: Vec<&'static str>,
    /// The rows, each with what its anchor is made of.
    pub rows: Vec<(Option<String>, Vec<Cell>)>,
}

/// What stands in a cell.
#[derive(Debug, Clone)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A name or code, as it is.
    Code(String),
    /// A name with short marks behind it.
    Marked(String, Vec<&'static str>),
    /// A name that leads to the page at that place.
    Link(String, usize),
    /// Several in a row.
    List(Vec<Self>),
}
