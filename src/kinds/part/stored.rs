//! How a column's values are stored and counted: the attributes that only `alter … alter column` can set.
//!
//! See <https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-STORAGE>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalog::options;
use super::parameters::{self, Parameters};
use crate::diagnostic::{Code, Problem};
use crate::kind::Cx;
use crate::model::suggest::did_you_mean;
use crate::model::{Lock, Step};

/// The attributes of one column.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// `plain`, `external`, `extended` or `main`; the type's own way when absent.
    pub storage: Option<&'a str>,
    /// How the type itself stores values, where the catalog says.
    pub of_type: &'a OfType,
    /// `pglz` or `lz4`; the server's default when absent.
    pub compression: Option<&'a str>,
    /// Detail of planner statistics; the server's default when absent.
    pub statistics: Option<u16>,
    /// `n_distinct`, `n_distinct_inherited`.
    pub options: &'a Parameters,
}

/// Whose column a statement changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// That of the table alone.
    Here,
    /// Those of the tables below too.
    Below,
}

/// What the catalog says of a column's type: it is looked up, and never compared.
#[derive(Debug, Clone, Default, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct OfType(Option<String>);

impl PartialEq for OfType {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// Returns SQL for the word that a letter in the catalog stands for.
pub fn word(letter: &str) -> String {
    format!("case {letter} when 'p' then 'plain' when 'e' then 'external' when 'x' then 'extended' else 'main' end")
}

/// Returns the fields for a catalog query: `a` is `pg_attribute`, `t` the column's `pg_type`.
pub fn fields() -> String {
    format!(
        "case when a.attstorage <> t.typstorage then {} end as storage,
         case when a.attstorage <> t.typstorage then {} end as live_storage,
         case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end as compression,
         nullif(a.attstattarget, -1) as statistics,
         {} as options",
        word("a.attstorage"),
        word("t.typstorage"),
        options("a.attoptions")
    )
}

impl Stored<'_> {
    /// Reports values that PostgreSQL does not know, each with its field.
    pub fn check(&self) -> Vec<(Problem, &'static str)> {
        let words = [
            ("storage", self.storage, &["plain", "external", "extended", "main"][..]),
            ("compression", self.compression, &["pglz", "lz4"]),
        ];
        let unknown = words.into_iter().filter_map(|(field, word, known)| {
            let word = word.filter(|w| !known.contains(w))?;
            let problem = Problem::new(Code::WrongType, format!("unknown value `{word}`"));
            Some((problem.help(did_you_mean(word, known)), field))
        });
        unknown.collect()
    }

    /// Returns the steps that give these attributes to a new column, or to one with `old` attributes. `alter` turns
    /// words such as `set storage external` into a statement, which applies to child tables too for `Reach::Below`.
    pub fn steps(self, old: Option<Self>, cx: &Cx<'_>, alter: impl Fn(Reach, &str) -> Step) -> Vec<Step> {
        let mut steps = Vec::new();
        if self.storage != old.and_then(|o| o.storage) {
            let by_name = cx.server.version.at_least(16); // before, `default` is no word for it
            let of_type = old.and_then(|o| o.of_type.0.as_deref()).filter(|_| !by_name);
            let storage = self.storage.or(of_type).unwrap_or("default");
            steps.push(alter(Reach::Below, &format!("set storage {storage}")).lock(Lock::AccessExclusive));
        }
        if self.compression != old.and_then(|o| o.compression) {
            let compression = self.compression.unwrap_or("default");
            steps.push(alter(Reach::Here, &format!("set compression {compression}")).lock(Lock::AccessExclusive));
        }
        if self.statistics != old.and_then(|o| o.statistics) {
            let target = self.statistics.map_or_else(|| "-1".to_owned(), |s| s.to_string());
            steps.push(alter(Reach::Here, &format!("set statistics {target}")).lock(Lock::ShareUpdateExclusive));
        }
        let none = Parameters::new();
        let changes = parameters::changes(old.map_or(&none, |o| o.options), self.options);
        steps.extend(changes.iter().map(|change| alter(Reach::Here, change).lock(Lock::ShareUpdateExclusive)));
        steps
    }
}
