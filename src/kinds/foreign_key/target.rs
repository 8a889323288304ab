//! The target of a foreign key, as typed in SQL: `shop.users(id)`; and the action when that row is deleted or updated:
//! `set null (note)`.

use std::fmt;

use serde::Serialize;

use crate::diagnostic::{Code, Problem};
use crate::model::Address;
use crate::sql::{self, Token};

/// A table and some of its columns.
#[derive(Debug, Clone, Eq, Serialize)]
#[serde(into = "String")]
pub struct Target {
    /// The table's schema; the foreign key's own when absent.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// The columns; those of its primary key when there are none.
    pub columns: Vec<String>,
}

/// Unknown (empty) columns are equal to any.
impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        let known = !self.columns.is_empty() && !other.columns.is_empty();
        self.schema == other.schema && self.table == other.table && (!known || self.columns == other.columns)
    }
}

impl Target {
    /// Returns the table's dotted name.
    pub fn table_name(&self) -> String {
        sql::dotted(self.schema.as_deref().into_iter().chain([self.table.as_str()]))
    }

    /// Returns whether the target is the table at that address.
    pub fn is(&self, table: &Address) -> bool {
        table.key() == self.table && table.top().key() == self.schema.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.table_name())?;
        if self.columns.is_empty() { Ok(()) } else { write!(f, "({})", sql::idents(&self.columns)) }
    }
}

impl<'de> serde::Deserialize<'de> for Target {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::kinds::part::read_text(deserializer)
    }
}

impl TryFrom<String> for Target {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        let broken = || {
            Problem::new(Code::Sql, format!("`{text}` is no table with columns"))
                .help("write it as in SQL: `shop.users(id)`")
        };
        let tokens = sql::tokens(&text);
        let open = tokens.iter().position(|t| t.is("(")).unwrap_or(tokens.len());
        let name = text[..tokens.get(open).map_or(text.len(), |t| t.start)].trim();
        let mut parts = sql::split_name(name).filter(|p| p.len() <= 2).ok_or_else(broken)?;
        let table = parts.pop().ok_or_else(broken)?;
        let columns = names(&tokens[open..]).ok_or_else(broken)?;
        Ok(Self { schema: parts.pop(), table, columns })
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

/// What happens to rows whose target goes or changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Action {
    /// What.
    pub what: What,
    /// The columns that are set; all when there are none.
    pub columns: Vec<String>,
}

/// See <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK>.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum What {
    /// An error, unless the transaction mends it where the constraint can wait.
    #[default]
    NoAction,
    /// An error at once.
    Restrict,
    /// They go or change too.
    Cascade,
    /// Their columns become null.
    SetNull,
    /// Their columns become their defaults.
    SetDefault,
}

impl What {
    const ALL: [Self; 5] = [Self::NoAction, Self::Restrict, Self::Cascade, Self::SetNull, Self::SetDefault];

    fn words(self) -> &'static str {
        match self {
            Self::NoAction => "no action",
            Self::Restrict => "restrict",
            Self::Cascade => "cascade",
            Self::SetNull => "set null",
            Self::SetDefault => "set default",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what.words())?;
        if self.columns.is_empty() { Ok(()) } else { write!(f, " ({})", sql::idents(&self.columns)) }
    }
}

impl<'de> serde::Deserialize<'de> for Action {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::kinds::part::read_text(deserializer)
    }
}

impl TryFrom<String> for Action {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self, Problem> {
        let broken = || {
            let all: Vec<String> = What::ALL.iter().map(|w| format!("`{}`", w.words())).collect();
            Problem::new(Code::Sql, format!("`{text}` is no action of a foreign key"))
                .help(format!("write one of {}, the last two with columns if need be", all.join(", ")))
        };
        let tokens = sql::tokens(&text);
        let open = tokens.iter().position(|t| t.is("(")).unwrap_or(tokens.len());
        let words: Vec<String> = tokens[..open].iter().map(|t| t.text.to_lowercase()).collect();
        let what = What::ALL.into_iter().find(|w| w.words() == words.join(" ")).ok_or_else(broken)?;
        let columns = names(&tokens[open..]).ok_or_else(broken)?;
        let may = matches!(what, What::SetNull | What::SetDefault);
        if columns.is_empty() || may { Ok(Self { what, columns }) } else { Err(broken()) }
    }
}

impl From<Action> for String {
    fn from(action: Action) -> Self {
        action.to_string()
    }
}

/// Returns the names in `(a, "B")`, or an empty list if there are no tokens; `None` if they cannot be parsed.
fn names(tokens: &[Token<'_>]) -> Option<Vec<String>> {
    let Some((first, rest)) = tokens.split_first() else { return Some(Vec::new()) };
    let (last, inner) = rest.split_last()?;
    if !first.is("(") || !last.is(")") || inner.len() % 2 == 0 {
        return None;
    }
    let item = |(i, t): (usize, &Token<'_>)| if i % 2 == 0 { t.name().map(Some) } else { t.is(",").then_some(None) };
    let items: Option<Vec<Option<String>>> = inner.iter().enumerate().map(item).collect();
    Some(items?.into_iter().flatten().collect())
}

crate::kinds::part::text_schema!(Target, "The table and its columns: `shop.users(id)`.");
crate::kinds::part::own_schema!(Action, _generator => schemars::json_schema!({
    "type": "string",
    "description": "`no action`, `restrict`, `cascade`, `set null` or `set default`, the last two perhaps with columns.",
    "pattern": "^(no action|NO ACTION|restrict|RESTRICT|cascade|CASCADE|set null|SET NULL|set default|SET DEFAULT)",
    "examples": ["no action", "restrict", "cascade", "set null", "set default"]
}));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_read_as_in_sql() {
        for (written, printed) in [
            ("shop.users(id)", "shop.users(id)"),
            ("shop.users ( id , \"No\" )", "shop.users(id, \"No\")"),
            ("Users", "users"),
            ("shop.\"Order\"", "shop.\"Order\""),
            ("a.b.c(d)", ""),
            ("users(", ""),
            ("users()", ""),
            ("users(a b)", ""),
        ] {
            let target = Target::try_from(written.to_owned()).map(|t| t.to_string()).unwrap_or_default();
            assert_eq!(target, printed, "{written}");
        }
    }

    #[test]
    fn actions_read_as_in_sql() {
        for (written, printed) in [
            ("CASCADE", "cascade"),
            ("set  null", "set null"),
            ("set null (a, b)", "set null (a, b)"),
            ("cascade (a)", ""),
            ("nullify", ""),
        ] {
            let action = Action::try_from(written.to_owned()).map(|t| t.to_string()).unwrap_or_default();
            assert_eq!(action, printed, "{written}");
        }
    }
}
