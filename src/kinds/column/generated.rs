//! Changes a generated column: it gets another expression, or becomes a plain column.
//!
//! From PostgreSQL 17 on, the expression of a stored column can be changed in place, which also changes the tables
//! below. A virtual column stores nothing, and is dropped and created again. See
//! <https://www.postgresql.org/docs/current/ddl-generated-columns.html>.

use super::{Column, Inherited, inherited};
use crate::kind::{Alter, Cx, Kind as _};
use crate::model::{Address, HazardClass, Step};

impl Column {
    /// Returns how to turn `old` into `self`, where `generated` or `stored` differ.
    pub(super) fn alter_generated(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        match (&self.generated, &old.generated) {
            (None, Some(_)) if old.stored => {
                let drop = self.step(cx, "drop expression");
                let plain = Self { generated: None, stored: false, ..old.clone() };
                self.alter_after(drop.into(), &plain, cx)
            }
            (Some(expression), Some(_)) if self.takes_expression(old, cx) => {
                let below = inherited::below(cx.at, cx.live).into_iter();
                let set = self
                    .step(cx, &format!("set expression as ({expression})"))
                    .hazard(HazardClass::Rewrite, "rewrites the table to compute the column anew")
                    .needs(inherited::above(cx.at, cx.desired))
                    .speaks_for(below.filter(|at| self.is_computed_as(at, cx)));
                let comes_from_above = inherited::above(cx.at, cx.desired).iter().any(|at| {
                    self.is_computed_as(at, cx)
                        && cx.live.spec::<Self>(at).is_some_and(|c| c.generated != self.generated)
                });
                let same = Self { generated: self.generated.clone(), ..old.clone() };
                self.alter_after((!comes_from_above).then_some(set), &same, cx)
            }
            (None, None) => Alter::InPlace(Vec::new()),
            (None, Some(_)) => Alter::Replace("it holds no values of its own".to_owned()),
            (Some(_), _) => Alter::Replace("its values are computed otherwise".to_owned()),
        }
    }

    /// Returns the step `first`, followed by those that still turn `old` into `self` after it.
    fn alter_after(&self, first: Option<Step>, old: &Self, cx: &Cx<'_>) -> Alter {
        match self.alter(old, cx) {
            Alter::InPlace(more) => Alter::InPlace(first.into_iter().chain(more).collect()),
            other => other,
        }
    }

    /// Returns whether PostgreSQL can change the expression in place and compute the stored values again.
    fn takes_expression(&self, old: &Self, cx: &Cx<'_>) -> bool {
        cx.server.version.at_least(17) && self.stored && old.stored && !self.changes_type(old)
    }

    /// Returns whether the column of a new table has the expression from one above, which says the same. Before PostgreSQL 16 it
    /// can't be said again.
    pub(super) fn is_computed_by_birth(&self, cx: &Cx<'_>) -> bool {
        let says_too = matches!(self.inherited, Inherited::Both) && !cx.server.version.at_least(16);
        says_too
            && cx.parent_is_new()
            && inherited::above(cx.at, cx.desired).iter().any(|at| self.is_computed_as(at, cx))
    }

    /// Returns whether another column is declared with the same expression.
    fn is_computed_as(&self, other: &Address, cx: &Cx<'_>) -> bool {
        cx.desired.spec::<Self>(other).is_some_and(|c| c.generated == self.generated)
    }
}
