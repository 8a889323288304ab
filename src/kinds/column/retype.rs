//! A column that gets another type or collation, and what that costs.

use super::{Column, inherited};
use crate::kind::{Cx, Kind as _};
use crate::kinds::index::Index;
use crate::kinds::part::convert::{needs_text, text_of};
use crate::kinds::part::{FOREIGN_TABLE, TypeName};
use crate::model::{HazardClass, Step};

impl Column {
    /// True where its type or collation is another.
    pub fn changes_type(&self, old: &Self) -> bool {
        self.data_type != old.data_type || self.collation != old.collation
    }

    /// The statement that gives it its type and collation, from those of `old`.
    pub(super) fn type_step(&self, old: &Self, cx: &Cx<'_>) -> Step {
        let collate = self.collation.as_ref().map(|c| format!(" collate {c}")).unwrap_or_default();
        if cx.at.parent().is_some_and(|table| table.kind() == FOREIGN_TABLE) {
            let step = self.step(cx, &format!("type {}{collate}", self.data_type)).disturbs_users();
            return Step { retypes: true, ..step };
        }
        let way = if needs_text(&old.data_type, &self.data_type) { text_of(&self.data_type) } else { "" };
        // PostgreSQL computes a generated column anew, and takes no `using` for it.
        let using = match self.generated {
            Some(_) => String::new(),
            None => format!(" using {}{way}::{}", cx.name(), self.data_type),
        };
        let step = self.step(cx, &format!("type {}{collate}{using}", self.data_type)).disturbs_users();
        let step = Step { retypes: true, ..step.unseats(inherited::below(cx.at, cx.live)) };
        if widens(&old.data_type, &self.data_type) {
            return step;
        }
        if self.data_type == old.data_type {
            let sorted = cx.live.edges().any(|(user, used)| used == cx.at && user.kind() == Index::NAME);
            let rebuilds = "rebuilds the indexes of the column while readers and writers wait";
            return if sorted { step.hazard(HazardClass::Block, rebuilds) } else { step };
        }
        let step = match way {
            "" => step,
            _ => step.hazard(HazardClass::Data, format!("fails where a value is no {}", self.data_type)),
        };
        step.hazard(
            HazardClass::Rewrite,
            format!("rewrites the table to turn {} into {}", old.data_type, self.data_type),
        )
    }
}

/// True where PostgreSQL changes the type without rewriting: the same base type with a longer or no limit.
fn widens(old: &TypeName, new: &TypeName) -> bool {
    let limit = |t: &TypeName| -> Option<u32> {
        t.as_str().strip_prefix("character varying")?.strip_prefix('(')?.strip_suffix(')')?.parse().ok()
    };
    let varchar = |t: &TypeName| t.as_str().starts_with("character varying") && !t.as_str().ends_with("[]");
    match (varchar(old), varchar(new)) {
        (true, true) => limit(new).is_none_or(|n| limit(old).is_some_and(|o| o <= n)),
        (true, false) => new.as_str() == "text",
        (false, true) => old.as_str() == "text" && limit(new).is_none(),
        (false, false) => false,
    }
}
