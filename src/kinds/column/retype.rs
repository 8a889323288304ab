//! Changes the type or the collation of a column.
//!
//! See <https://www.postgresql.org/docs/current/sql-altertable.html>. Such changes of one table are joined into one
//! statement, so that it is rewritten only once.

use super::{Column, inherited};
use crate::kind::{Cx, Kind as _};
use crate::kinds::domain::{has_rules, rests_on};
use crate::kinds::index::Index;
use crate::kinds::part::convert::{is_text, needs_text, reshaped, text_of};
use crate::kinds::part::narrow::{keeps_values, widens};
use crate::kinds::part::{FOREIGN_TABLE, TypeName};
use crate::model::{HazardClass, Step};

impl Column {
    /// Returns a statement about the column that may be joined with others about the table.
    pub(super) fn joining_step(&self, cx: &Cx<'_>, what: &str) -> Step {
        self.step(cx, what).joins(&format!("alter table {} ", cx.parent().identity()))
    }

    /// Returns whether its type or collation differs from that of `old`.
    pub fn changes_type(&self, old: &Self) -> bool {
        self.data_type != old.data_type || self.collation != old.collation
    }

    /// Returns the statement that changes type and collation from those of `old`.
    pub(super) fn type_step(&self, old: &Self, cx: &Cx<'_>) -> Step {
        let collate = self.collation.as_ref().map(|c| format!(" collate {c}")).unwrap_or_default();
        if cx.at.parent().is_some_and(|table| table.kind() == FOREIGN_TABLE) {
            let step = self.step(cx, &format!("type {}{collate}", self.data_type)).disturbs_users();
            return Step { retypes: true, ..step };
        }
        let way = if needs_text(&old.data_type, &self.data_type, cx) { text_of(&self.data_type) } else { "" };
        let below = inherited::below(cx.at, cx.live);
        let foreign = below.iter().any(|at| at.parent().is_some_and(|table| table.kind() == FOREIGN_TABLE));
        // PostgreSQL computes a generated column again and accepts no `using` for it, nor if there are foreign tables
        // below.
        let using = match self.generated {
            None if !foreign => {
                format!(" using {}", reshaped(&cx.name(), (&old.data_type, &self.data_type), &self.data_type, cx))
            }
            Some(_) | None => String::new(),
        };
        let step = self.joining_step(cx, &format!("type {}{collate}{using}", self.data_type)).disturbs_users();
        let step = Step { retypes: true, ..step.unseats(below) };
        if widens(&old.data_type, &self.data_type) {
            return step;
        }
        if self.data_type == old.data_type {
            let sorted = cx.live.edges().any(|(user, used)| used == cx.at && user.kind() == Index::NAME);
            let rebuilds = "rebuilds the indexes of the column while readers and writers wait";
            return if sorted { cx.reads_rows(step, rebuilds) } else { step };
        }
        let step = match self.risk(old, way, cx) {
            Some(risk) => step.hazard(HazardClass::Data, risk),
            None => step,
        };
        step.hazard(
            HazardClass::Rewrite,
            format!("rewrites the table to turn {} into {}", old.data_type, self.data_type),
        )
    }

    /// Returns what may happen to values that the new type cannot hold unchanged. Those of a generated column are
    /// computed again.
    fn risk(&self, old: &Self, way: &str, cx: &Cx<'_>) -> Option<String> {
        if self.generated.is_some() {
            return None;
        }
        let base = |t: &TypeName, state| rests_on(t, state).unwrap_or_else(|| t.clone());
        let (from, to) = (base(&old.data_type, cx.live), base(&self.data_type, cx.desired));
        if old.data_type.element().is_some() && self.data_type.element().is_none() && !is_text(&self.data_type) {
            return Some(format!("keeps of each {} the first element only", old.data_type));
        }
        if !way.is_empty() || from == to && has_rules(&self.data_type, cx.desired) {
            return Some(format!("fails where a value is no {}", self.data_type));
        }
        let risk = || format!("turns {} into {}: values may be cut, rounded or refused", old.data_type, self.data_type);
        (!keeps_values(&from, &to)).then(risk)
    }
}
