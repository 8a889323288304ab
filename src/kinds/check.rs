//! A check on a table. See <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::{Column, joins_again};
use super::part::{FOREIGN_TABLE, Sql, constraint, is_default, since, unfit};
use super::table::{Attached, Table, above, half_detached, hide_plain, is_partition, is_sprung_from};
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, Misfit, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// Says whether the check `con` of a partition holds for every row, while the one above that it is a part of need not.
const VALID_ALONE: &str = "
    (not con.conislocal and c.relispartition and con.convalidated and exists (
         select from pg_inherits h join pg_constraint pc on pc.conrelid = h.inhparent
         where h.inhrelid = con.conrelid and pc.contype = 'c' and pc.conname = con.conname and not pc.convalidated))";

/// A check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the statement, or of the catalog")]
pub struct Check {
    /// What every row must satisfy. PostgreSQL would spell it otherwise once the type of a column it names changes.
    pub expression: Sql,
    /// Tables that inherit from this one do not have it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_inherit: bool,
    /// Stored rows need not satisfy it yet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_valid: bool,
    /// Nothing is checked; from PostgreSQL 18 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_enforced: bool,
    /// Whether it comes from a table above.
    #[serde(default, rename = "live_attached", skip_serializing)]
    pub attached: Attached,
    /// Whether it comes from a table above alone, unless that is a partitioned one: what is declared is the table's own.
    #[serde(default, rename = "live_lent", skip_serializing)]
    pub lent: bool,
}

impl Kind for Check {
    const NAME: KindName = KindName("check");
    const NOUN: &'static str = "constraint";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Table::NAME, FOREIGN_TABLE]), key: "checks", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2606,
        identity: Identity::OnParent,
        renames: true,
        nameless: true,
        comment: true,
        short_field: Some("expression"),
        deparsed: true,
        ..Rules::DEFAULT
    };

    fn catalog(server: PgVersion) -> Option<String> {
        let enforced = if server.at_least(18) { "con.conenforced" } else { "true" };
        Some(constraint::catalog(
            'c',
            &format!(
                "pg_get_expr(con.conbin, con.conrelid) as expression, con.connoinherit as no_inherit,
                 not con.convalidated and {enforced} as not_valid, not {enforced} as not_enforced,
                 case when {VALID_ALONE} then 'named' when not con.conislocal then 'plain' else 'no' end as live_attached,
                 not con.conislocal and not c.relispartition as live_lent"
            ),
        ))
    }

    /// What holds for all rows of a partition although the one above need not stays so: no statement takes it back.
    fn managed(&self, at: &Address, desired: &State) -> bool {
        let stays = !matches!(self.attached, Attached::Named) || desired.contains(at);
        let is_like = |their: &Address| desired.spec::<Self>(their).is_none_or(|their| self.may_be(their));
        stays && self.attached.managed(at, desired, |their| their.key() == at.key() && is_like(their))
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        hide_plain(state, Self::NAME, |spec: &Self| spec.attached);
    }

    /// A check that is both the table's own and inherited can be dropped only after the one above. One that is merely
    /// inherited becomes the table's own once the table is no longer below another.
    fn foresee(live: &mut State, desired: &State) {
        for at in live.of_kind(Self::NAME) {
            if let Some(check) = live.spec::<Self>(&at).filter(|check| check.lent && leaves(&at, live, desired)) {
                let check = Self { lent: false, ..check.clone() };
                live.set(&at, check);
            }
            if !live.spec::<Self>(&at).is_some_and(|check| matches!(check.attached, Attached::No)) {
                continue;
            }
            for their in same_above(&at, live) {
                let tables = at.parent().zip(their.parent());
                if tables.is_some_and(|(table, above)| is_sprung_from(table, above, desired)) {
                    live.add_edge(their, at.clone());
                }
            }
        }
    }

    fn carry(&mut self, stored: &Self) {
        self.attached = stored.attached;
    }

    fn references(&self, at: &Address, out: &mut References) {
        out.row_expression(self.expression.as_str(), at.parent(), Column::NAME, "expression");
    }

    fn inline(&self, at: &Address) -> Option<String> {
        // PostgreSQL takes `not valid` in `create table`, and does not keep it.
        let stays = !self.not_valid && constraint::is_closed(self.expression.as_str());
        stays.then(|| constraint::inline(at, &self.words()))
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        self.not_enforced.then(|| since(18, "checks that are `not enforced`", "not_enforced", cx))?
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        if let Some(above) = self.is_validated_part_of(cx) {
            return vec![
                cx.reads_rows(constraint::validate(cx), "scans the table while readers and writers go on")
                    .needs([above]),
            ];
        }
        let costs = !self.not_enforced && !self.not_valid;
        let cost = costs.then_some("scans the table while readers and writers wait");
        let mut needs = columns_in(&self.expression, cx.at, cx.desired);
        needs.extend(constraint::others_below(cx));
        let expression = self.expression.as_str();
        let unfit =
            constraint::is_closed(expression).then(|| unfit::rows(&format!("not ({expression})"), cx)).flatten();
        let steps = constraint::add_and_validate(cx, &self.words(), cost, unfit).into_iter();
        steps.map(|step| step.needs(needs.clone())).collect()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { expression, no_inherit, not_valid, not_enforced, attached: _, lent: _ } = self;
        let same = *expression == old.expression && *no_inherit == old.no_inherit && *not_enforced == old.not_enforced;
        let forgets = *not_valid && !old.not_valid;
        if !same || forgets {
            let scans = !not_valid && !not_enforced && matches!(old.attached, Attached::No);
            let online = scans.then(|| constraint::replace_validated(cx, &self.words())).flatten();
            let needs = columns_in(expression, cx.at, cx.desired);
            let online = online.map(|steps| steps.into_iter().map(|s| s.needs(needs.clone())).collect());
            return online.map_or_else(|| Alter::Replace("it is defined otherwise".to_owned()), Alter::InPlace);
        }
        // PostgreSQL merges the two, and looks at no rows.
        let own = old.lent.then(|| constraint::add(cx, &self.words(), None));
        let validate = (old.not_valid && !not_valid).then(|| constraint::validate(cx));
        Alter::InPlace(validate.into_iter().chain(own).collect())
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let needs = self.leaves_with(cx).or_else(|| half_detached(cx));
        constraint::drop(cx).into_iter().map(|step| step.needs(needs.clone())).collect()
    }

    fn keeps_name(&self, at: &Address, desired: &State) -> bool {
        let is_below = at.parent().is_some_and(|table| !above(table, desired).is_empty());
        is_below && !matches!(self.attached, Attached::No)
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        let needs = self.leaves_with(cx);
        constraint::rename(to, cx).into_iter().map(|step| step.needs(needs.clone())).collect()
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.expression.follow(renaming);
    }
}

impl Check {
    /// Returns the table that must leave the one above before the check can be dropped or renamed.
    fn leaves_with(&self, cx: &Cx<'_>) -> Option<Address> {
        let table = || cx.at.parent().filter(|t| cx.desired.contains(t) && !same_above(cx.at, cx.live).is_empty());
        self.attached.leaves_with(cx).or_else(|| table().cloned())
    }

    /// Returns `false` for a check with other values: that is another check, however PostgreSQL spells either.
    fn may_be(&self, other: &Self) -> bool {
        let values = |check: &Self| -> Vec<String> {
            let tokens = sql::tokens(check.expression.as_str());
            let values = tokens.iter().filter(|t| t.text.starts_with(|c: char| c == '\'' || c.is_ascii_digit()));
            values.map(|t| t.text.trim_matches('\'').to_owned()).collect()
        };
        self.no_inherit == other.no_inherit && values(self) == values(other)
    }

    /// Returns the check of the table above that is not valid, of which a partition's is the valid part.
    fn is_validated_part_of(&self, cx: &Cx<'_>) -> Option<Address> {
        let is_partition = cx.at.parent().is_some_and(|table| is_partition(table, cx.desired));
        let mut above = same_above(cx.at, cx.desired).into_iter();
        above.find(|at| {
            is_partition && !self.not_valid && cx.desired.spec::<Self>(at).is_some_and(|check| check.not_valid)
        })
    }

    /// What stands behind its name.
    pub fn words(&self) -> String {
        let Self { expression, no_inherit, not_valid, not_enforced, attached: _, lent: _ } = self;
        let inherit = if *no_inherit { " no inherit" } else { "" };
        let state = match (not_enforced, not_valid) {
            (true, _) => " not enforced",
            (false, true) => " not valid",
            (false, false) => "",
        };
        format!("check ({expression}){inherit}{state}")
    }
}

/// Returns whether the table of a check will be below none or a partition, or leaves meanwhile.
fn leaves(at: &Address, live: &State, desired: &State) -> bool {
    let parted = |table: &Address| is_partition(table, desired) || above(table, desired).is_empty();
    at.parent().is_none_or(|table| parted(table) || joins_again(table, live, desired))
}

/// Returns the checks of the tables above that the one at `at` is also a part of.
fn same_above(at: &Address, live: &State) -> Vec<Address> {
    let tables = at.parent().map(|table| above(table, live)).unwrap_or_default();
    let same = tables.into_iter().map(|table| table.child(Check::NAME, at.key()));
    same.filter(|their| live.spec::<Check>(their).is_some_and(|check| !check.no_inherit)).collect()
}

/// The declared columns that an expression over the table of `at` may name.
pub fn columns_in(expression: &Sql, at: &Address, desired: &State) -> Vec<Address> {
    let Some(table) = at.parent() else { return Vec::new() };
    let names = sql::tokens(expression.as_str()).into_iter().filter_map(|t| t.name());
    let mut list: Vec<Address> = names.map(|n| table.child(Column::NAME, &n)).filter(|c| desired.contains(c)).collect();
    list.sort();
    list.dedup();
    list
}
