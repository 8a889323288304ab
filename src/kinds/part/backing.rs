//! What primary keys, unique and exclusion constraints have in common: the index behind the constraint.

use super::constraint::{index_steps, keeps_options};
use super::{Parameters, refer_to_tablespace};
use crate::kind::{Alter, Cx, Kind as _, References};
use crate::kinds::column::Column;
use crate::kinds::table::mark;
use crate::model::{Address, Step};
use crate::sql;

/// What is set besides the definition. Most of it can change in place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backing<'a> {
    /// Storage parameters.
    pub options: &'a Parameters,
    /// Where it is; the database's own tablespace when absent.
    pub tablespace: Option<&'a String>,
    /// A comment on it; the constraint's own is another.
    pub comment: Option<&'a String>,
    /// Whether it gets no parts but those that partitions declare.
    pub only: bool,
}

impl Backing<'_> {
    /// Returns the steps that create the constraint, followed by those that set its index's comment and mark the index
    /// again (`mark::again`).
    pub fn complete(self, steps: impl IntoIterator<Item = Step>, cx: &Cx<'_>) -> Vec<Step> {
        steps.into_iter().chain(self.commented(None, cx)).chain(mark::again(cx)).collect()
    }

    /// Returns the steps that replace another constraint by this one, and set the comment that was dropped along with
    /// it.
    pub fn replace(self, mut steps: Vec<Step>, cx: &Cx<'_>) -> Alter {
        steps.extend(self.commented(None, cx));
        Alter::InPlace(steps)
    }

    /// Returns how the index changes from `old` to this, while the constraint's definition stays the same.
    pub fn alter(self, old: Self, cx: &Cx<'_>) -> Alter {
        if self.only != old.only {
            return Alter::Replace("it is to have other parts".to_owned());
        }
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

/// Returns the qualified name of the index, which is that of its constraint.
fn name(cx: &Cx<'_>) -> String {
    sql::dotted([cx.at.top().key(), cx.at.key()])
}

/// Adds references to the tablespace of the index and to the columns in `lists`, each list with its field.
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
