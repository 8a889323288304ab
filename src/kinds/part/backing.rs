//! The index that keeps a constraint: what primary keys, unique and exclusion constraints say of it.

use super::constraint::{index_steps, keeps_options};
use super::{Parameters, refer_to_tablespace};
use crate::kind::{Alter, Cx, Kind as _, References};
use crate::kinds::column::Column;
use crate::kinds::table::mark;
use crate::model::{Address, Step};
use crate::sql;

/// What can change in place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backing<'a> {
    /// Storage parameters.
    pub options: &'a Parameters,
    /// Where it is; the database's own tablespace when absent.
    pub tablespace: Option<&'a String>,
    /// A comment on it; the constraint's own is another.
    pub comment: Option<&'a String>,
}

impl Backing<'_> {
    /// The steps that make the constraint, with what must follow them.
    pub fn complete(self, steps: impl IntoIterator<Item = Step>, cx: &Cx<'_>) -> Vec<Step> {
        steps.into_iter().chain(self.commented(None, cx)).chain(mark::again(cx)).collect()
    }

    /// The steps that put the constraint in the place of another, with the comment that went with that.
    pub fn replace(self, mut steps: Vec<Step>, cx: &Cx<'_>) -> Alter {
        steps.extend(self.commented(None, cx));
        Alter::InPlace(steps)
    }

    /// How the index of the same constraint gets from `old` to this.
    pub fn alter(self, old: Self, cx: &Cx<'_>) -> Alter {
        if let Some(replace) = keeps_options(old.options, self.options, cx) {
            return replace;
        }
        let tablespaces = (old.tablespace.map(String::as_str), self.tablespace.map(String::as_str));
        let mut steps = index_steps(&name(cx), (old.options, self.options), tablespaces);
        steps.extend(self.commented(old.comment, cx));
        Alter::InPlace(steps)
    }

    fn commented(self, old: Option<&String>, cx: &Cx<'_>) -> Option<Step> {
        let text = self.comment.map_or_else(|| "null".to_owned(), |text| sql::literal(text));
        (old != self.comment).then(|| Step::new(format!("comment on index {} is {text}", name(cx))))
    }
}

/// The index has the name of its constraint.
fn name(cx: &Cx<'_>) -> String {
    sql::dotted([cx.at.top().key(), cx.at.key()])
}

/// Notes the tablespace of the index, and the columns that it and its constraint name, each list with its field.
pub fn references(
    at: &Address,
    tablespace: Option<&String>,
    lists: &[(&[String], &'static str)],
    out: &mut References,
) {
    refer_to_tablespace(tablespace, out);
    let Some(table) = at.parent() else { return };
    for (columns, field) in lists {
        for column in *columns {
            out.object(table.child(Column::NAME, column), field);
        }
    }
}
