//! How a column comes to refuse nulls. See <https://www.postgresql.org/docs/current/sql-altertable.html>.

use super::{Column, inherited};
use crate::kind::Cx;
use crate::kinds::not_null::named_at;
use crate::kinds::part::names::object_name;
use crate::kinds::part::unfit;
use crate::model::{Lock, Step, Transaction};
use crate::sql;

impl Column {
    /// Returns the statements after which the column refuses nulls, or does so by itself too. One that leaves a table above and
    /// joins it again does so anyhow.
    pub(super) fn refuses_nulls(&self, old: &Self, cx: &Cx<'_>) -> Vec<Step> {
        let comes_own = self.live_own_not_null.is_own() && old.live_own_not_null.is_only_above();
        match (self.not_null, old.not_null) {
            (true, _) if named_at(cx.at, cx.desired).is_some() => Vec::new(),
            (true, false) => self.set_not_null(cx),
            (true, true) if comes_own && self.inherited == old.inherited => vec![self.sets_not_null(cx)],
            (_, _) => Vec::new(),
        }
    }

    /// Returns `set not null`. Where the column above no longer refuses nulls, that reaches this one, too, so it comes first.
    fn sets_not_null(&self, cx: &Cx<'_>) -> Step {
        self.step(cx, "set not null").follows(inherited::above(cx.at, cx.desired))
    }

    /// Returns the statements for `set not null` where there may be nulls. If the table is in use, they first add a check and
    /// validate it while readers and writers go on, which spares the scan under the exclusive lock.
    fn set_not_null(&self, cx: &Cx<'_>) -> Vec<Step> {
        let set = self.sets_not_null(cx);
        if !cx.parent_is_in_use() {
            return vec![cx.reads_rows(set, "scans the table while writers wait")];
        }
        let table = cx.parent().identity();
        let check = sql::ident(&object_name(cx.at.key(), "", "is_not_null"));
        let alter = |what: String| Step::new(format!("alter table {table} {what}"));
        vec![
            alter(format!("add constraint {check} check ({} is not null) not valid", cx.name()))
                .lock(Lock::AccessExclusive),
            alter(format!("validate constraint {check}"))
                .lock(Lock::ShareUpdateExclusive)
                .transaction(Transaction::Outside)
                .unfit(unfit::rows(&format!("{} is null", cx.name()), cx)),
            set,
            alter(format!("drop constraint {check}")).lock(Lock::AccessExclusive),
        ]
    }
}
