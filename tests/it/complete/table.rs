//! `docs/catalogs.yaml`: what is made of every column of every system catalog.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

/// The table as it is written.
pub const TEXT: &str = include_str!("../../../docs/catalogs.yaml");

/// Catalogs by their names.
pub type Table = BTreeMap<String, Catalog>;

/// One system catalog.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Catalog {
    /// Columns, each with the kinds and keys that manage it, separated by blanks.
    pub managed: BTreeMap<String, String>,
    /// Columns that follow from managed ones; from what.
    pub derived: BTreeMap<String, String>,
    /// Columns that are no part of the desired state; why.
    pub left_out: BTreeMap<String, String>,
    /// Majors that have a column, where not all of them have it.
    pub only: BTreeMap<String, Majors>,
    /// Majors that have the catalog.
    pub majors: Option<Majors>,
    /// What holds for all of it.
    #[serde(with = "serde_yaml_09::with::singleton_map_recursive")]
    #[serde(rename = "catalog")]
    pub whole: Option<Whole>,
    /// Why no server of the tests can hold anything in it.
    pub untested: Option<String>,
}

/// A decision about a whole catalog.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whole {
    /// It follows from what is managed.
    Derived(String),
    /// It is no part of the desired state.
    LeftOut(String),
}

/// Majors from one to another: `15-17`, or just `18`.
#[derive(Debug, Deserialize)]
#[serde(from = "Word")]
pub struct Majors {
    first: u32,
    last: u32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Word {
    One(u32),
    Range(String),
}

impl From<Word> for Majors {
    fn from(word: Word) -> Self {
        match word {
            Word::One(major) => Self { first: major, last: major },
            Word::Range(text) => {
                let (first, last) = text.split_once('-').expect("`15-17`");
                Self { first: first.parse().expect("a number"), last: last.parse().expect("a number") }
            }
        }
    }
}

impl Majors {
    fn holds(&self, major: u32) -> bool {
        (self.first..=self.last).contains(&major)
    }

    fn text(&self) -> String {
        if self.first == self.last { self.first.to_string() } else { format!("{}–{}", self.first, self.last) }
    }
}

/// The table, read by another YAML reader than the program's.
pub fn table() -> Table {
    serde_yaml_09::from_str(TEXT).expect("docs/catalogs.yaml is well formed")
}

impl Catalog {
    /// True where that major has the catalog.
    pub fn is_in(&self, major: u32) -> bool {
        self.majors.as_ref().is_none_or(|m| m.holds(major))
    }

    /// The columns that are decided one by one, each once for every decision about it.
    pub fn columns(&self) -> impl Iterator<Item = &String> {
        self.managed.keys().chain(self.derived.keys()).chain(self.left_out.keys())
    }

    /// True where that major has the column.
    pub fn has(&self, column: &str, major: u32) -> bool {
        self.only.get(column).is_none_or(|m| m.holds(major))
    }

    /// The managed columns of that major.
    pub fn managed_in(&self, major: u32) -> Vec<&str> {
        if !self.is_in(major) {
            return Vec::new();
        }
        self.managed.keys().map(String::as_str).filter(|c| self.has(c, major)).collect()
    }
}

/// The page that people read.
pub fn page(table: &Table) -> String {
    let mut out = String::from(
        "# What dbstate makes of PostgreSQL's catalogs\n\n\
         Every column of every system catalog of PostgreSQL 14 to 18: *managed*, by a kind (its name or place in the YAML) \
         or by a key of a kind; *derived* from what is managed; or *left out*, with the reason. The page is made from \
         [catalogs.yaml](catalogs.yaml). A test compares that with the catalogs of the running server and with the register \
         of kinds, and sees every managed column survive a round trip: see [CONTRIBUTING.md](../CONTRIBUTING.md).\n",
    );
    for (name, catalog) in table {
        let majors = catalog.majors.as_ref().map(|m| format!(" ({})", m.text())).unwrap_or_default();
        _ = write!(out, "\n## {name}{majors}\n\n");
        match &catalog.whole {
            Some(Whole::Derived(what)) => _ = writeln!(out, "Derived: {what}."),
            Some(Whole::LeftOut(why)) => _ = writeln!(out, "Left out: {why}."),
            None => out += &rows(catalog),
        }
        if let Some(why) = &catalog.untested {
            _ = write!(out, "\nIn no round trip: {why}.\n");
        }
    }
    out
}

fn rows(catalog: &Catalog) -> String {
    let mut out = String::from("| column | versions | | |\n|---|---|---|---|\n");
    let keys = |text: &str| text.split(' ').map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" ");
    let managed = catalog.managed.iter().map(|(column, text)| (column, "managed", keys(text)));
    let derived = catalog.derived.iter().map(|(column, text)| (column, "derived", text.clone()));
    let left_out = catalog.left_out.iter().map(|(column, text)| (column, "left out", text.clone()));
    for (column, word, text) in managed.chain(derived).chain(left_out) {
        let majors = catalog.only.get(column).map(Majors::text).unwrap_or_default();
        _ = writeln!(out, "| {column} | {majors} | {word} | {text} |");
    }
    out
}
