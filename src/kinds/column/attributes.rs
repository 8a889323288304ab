//! Storage, compression, statistics and options of a column.

use super::Column;
use crate::kind::Cx;
use crate::kinds::part::stored::{Reach, Stored};
use crate::kinds::table::heirs;
use crate::model::{Address, Step};

impl Column {
    /// Returns the statements that set storage, compression, statistics and options, which `create table` cannot set in
    /// every version.
    pub fn attribute_steps(&self, old: Option<&Self>, cx: &Cx<'_>) -> Vec<Step> {
        let is_above = |table: &Address| !heirs(table, cx.live).is_empty() || !heirs(table, cx.desired).is_empty();
        let below = cx.at.parent().is_some_and(is_above);
        self.stored().steps(old.map(Self::stored), cx, |reach, what| {
            let only = if below && reach == Reach::Here { "only " } else { "" };
            Step::new(format!("alter table {only}{} alter column {} {what}", cx.parent().identity(), cx.name()))
        })
    }

    pub(super) fn stored(&self) -> Stored<'_> {
        Stored {
            storage: self.storage.as_deref(),
            of_type: &self.live_storage,
            compression: self.compression.as_deref(),
            statistics: self.statistics,
            options: &self.options,
        }
    }
}
