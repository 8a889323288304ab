//! A not-null constraint that has something of its own: a name, a comment, `no inherit`, `not valid`.
//!
//! From PostgreSQL 18 on every column that refuses nulls has one; the usual kind is said by `not null` of the column.
//! See <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-NOT-NULL>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::{Column, above, below, column_above, is_handed_down, is_own};
use super::part::catalog::USER_SCHEMA;
use super::part::names::object_name;
use super::part::{FOREIGN_TABLE, constraint, is_default, since, unfit};
use super::primary_key;
use super::table::{Table, is_made_anew, renamed};
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, Misfit, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// The name of the constraint from which `con`, at the column `a`, comes.
const NAME_ABOVE: &str = "
    (select pc.conname
     from pg_inherits h join pg_attribute pa on pa.attrelid = h.inhparent and pa.attname = a.attname
          join pg_constraint pc on pc.conrelid = pa.attrelid and pc.contype = 'n' and pc.conkey[1] = pa.attnum
     where h.inhrelid = con.conrelid order by h.inhseqno limit 1)";

/// Says whether the constraint `con` of the column `a` holds for every row, while one above from which it comes need not: its
/// table came to stand below that one later.
pub const VALID_ALONE: &str = "
    (not con.conislocal and con.convalidated and exists (
         select from pg_inherits h join pg_attribute pa on pa.attrelid = h.inhparent and pa.attname = a.attname
              join pg_constraint pc on pc.conrelid = pa.attrelid and pc.contype = 'n' and pc.conkey[1] = pa.attnum
         where h.inhrelid = con.conrelid and not pc.convalidated))";

/// A not-null constraint with something of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotNull {
    /// The column.
    pub column: String,
    /// Tables below do not have it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_inherit: bool,
    /// Existing rows may violate it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_valid: bool,
}

impl Kind for NotNull {
    const NAME: KindName = KindName("not_null");
    const NOUN: &'static str = "constraint";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Table::NAME, FOREIGN_TABLE]), key: "not_nulls", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2606,
        identity: Identity::OnParent,
        self_adjusting: true,
        renames: true,
        comment: true,
        short_field: Some("column"),
        ..Rules::DEFAULT
    };

    fn catalog(server: PgVersion) -> Option<String> {
        // What comes from a table above is said there, but for a partition's own name.
        server.at_least(18).then(|| {
            format!(
                "select con.oid, 1259 as parent_class, con.conrelid as parent, con.conname as key, a.attname as column,
                        con.connoinherit as no_inherit, con.conislocal and not con.convalidated as not_valid
                 from pg_constraint con join pg_class c on c.oid = con.conrelid
                      join pg_namespace n on n.oid = c.relnamespace
                      join pg_attribute a on a.attrelid = con.conrelid and a.attnum = con.conkey[1]
                 where con.contype = 'n' and c.relkind in ('r', 'p', 'f') and {USER_SCHEMA}
                   and ((con.conislocal or c.relispartition)
                        and (con.connoinherit or con.conislocal and not con.convalidated
                             or con.conname <> case when con.coninhcount = 0 or a.attislocal
                                                    then left(c.relname || '_' || a.attname, 54) || '_not_null'
                                                    else {NAME_ABOVE} end
                             or exists (select from pg_description e where e.classoid = 2606 and e.objoid = con.oid))
                        or {VALID_ALONE})
                 order by con.conrelid, con.conname"
            )
        })
    }

    /// The name alone is nobody's unless one is declared for the column: it follows no rename of the table or the column.
    fn managed(&self, at: &Address, desired: &State) -> bool {
        let declared = |table: Address| {
            let was = |column: &str| desired.get(&table.child(Column::NAME, column)).and_then(|o| o.was());
            let is_mine = |c: &Self| c.column == self.column || was(&c.column) == Some(&*self.column);
            desired.children_of::<Self>(&table, Self::NAME).into_iter().any(|(_, c)| is_mine(c))
        };
        self.no_inherit || self.not_valid || at.parent().and_then(|table| renamed(table, desired)).is_some_and(declared)
    }

    /// Leaves out what says no more than that the column refuses nulls by itself: the constraint above has its name.
    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            if desired.spec::<Self>(&at).is_some_and(|constraint| constraint.is_like_above(&at, desired)) {
                desired.remove(&at);
            }
        }
    }

    fn references(&self, at: &Address, out: &mut References) {
        if let Some(column) = self.column_of(at) {
            out.object(column, "column");
        }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        since(18, "not-null constraints of their own", "column", cx).or_else(|| self.keeps_its_name(cx))
    }

    fn inline(&self, at: &Address) -> Option<String> {
        (!self.not_valid).then(|| constraint::inline(at, &self.words()))
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        // Once one above refuses nulls too, its name is that of both.
        let first = self.column_of(cx.at).map_or_else(Vec::new, |column| turning_above(&column, cx));
        self.created(cx).into_iter().map(|step| step.precedes(first.iter().cloned())).collect()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { column, no_inherit, not_valid } = self;
        if *column != old.column || *not_valid && !old.not_valid {
            return Alter::Replace("it is defined otherwise".to_owned());
        }
        let mut steps = self.turned(&cx.name(), old.no_inherit, &cx.name(), *no_inherit, cx);
        if old.not_valid && !not_valid {
            steps.push(checked(cx));
        }
        Alter::InPlace(steps)
    }

    /// The column may go on refusing nulls: then the constraint becomes a usual one.
    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Some(column) = self.column_of(cx.at) else { return Vec::new() };
        if cx.desired.spec::<Column>(&column).is_none_or(|c| !c.not_null) {
            return Vec::new();
        }
        if cx.desired.spec::<Self>(cx.at).is_some_and(|wanted| wanted.not_valid) {
            return constraint::drop(cx);
        }
        let said = !cx.live.children(cx.at).is_empty();
        let mut steps = Vec::new();
        steps.extend(said.then(|| Step::new(format!("comment on {} is null", cx.target()))));
        if named_at(&column, cx.desired).is_none() {
            steps.extend(self.not_valid.then(|| checked(cx)));
            steps.extend(self.as_usual(&column, cx));
        }
        steps
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        constraint::rename(to, cx)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        renaming.column(&mut self.column);
    }
}

impl NotNull {
    /// The steps that give a column this constraint, or make one that it has this one.
    fn created(&self, cx: &Cx<'_>) -> Vec<Step> {
        let there = self.column_of(cx.at).filter(|column| has_one(column, cx.live) && !goes_with_above(column, cx));
        let live = there.as_ref().and_then(|column| named_at(column, cx.live)).map(|(_, live)| live);
        let unchecked = live.is_some_and(|live| live.not_valid);
        let mut steps = Vec::new();
        if let Some(column) = there {
            let name = sql::ident(&name_of(&column, cx.live));
            if unchecked || !self.not_valid {
                let no_inherit = live.is_some_and(|live| live.no_inherit);
                steps.extend(self.turned(&name, no_inherit, &cx.name(), self.no_inherit, cx));
                steps.extend((unchecked && !self.not_valid).then(|| checked(cx)));
                steps.extend(comes_from_above(&column, cx.live).then(|| {
                    constraint::alter_table(cx, &format!("alter column {} set not null", sql::ident(&self.column)))
                }));
                let above = above(&column, cx.live);
                let comes_unchecked =
                    comes_from_above(&column, cx.live) && above.iter().any(|at| is_unchecked(at, cx.live));
                steps.extend((comes_unchecked && !self.not_valid).then(|| checked(cx)));
                let theirs = holder(cx.at, cx).and_then(|h| named_at(&h, cx.desired)).map(|(at, _)| at.clone());
                return steps.into_iter().map(|step| step.needs(theirs.clone())).collect();
            }
            let goes = !cx.live.contains(cx.at);
            steps.extend(goes.then(|| constraint::alter_table(cx, &format!("drop constraint {name}"))));
        }
        let cost = (!self.not_valid).then_some("scans the table while readers and writers wait");
        let unfit = unfit::rows(&format!("{} is null", sql::ident(&self.column)), cx);
        steps.extend(constraint::add_and_validate(cx, &self.words(), cost, unfit));
        // A key would give the column a constraint of the usual name.
        let key = self.column_of(cx.at).and_then(|column| primary_key::with_column(&column, cx.desired));
        let mut steps = steps.into_iter().map(|step| step.precedes(key.clone()));
        let first = steps.next().map_or_else(Vec::new, |add| after_name_is_free(cx.at, add, cx));
        first.into_iter().chain(steps).collect()
    }

    /// The steps that leave a constraint of the usual kind.
    fn as_usual(&self, column: &Address, cx: &Cx<'_>) -> Vec<Step> {
        self.turned(&cx.name(), self.no_inherit, &sql::ident(&usual_name(column)), false, cx)
    }

    /// True if it has nothing of its own below a constraint for the same column.
    fn is_like_above(&self, at: &Address, desired: &State) -> bool {
        let Some(column) = self.column_of(at) else { return false };
        let comes = desired.spec::<Column>(&column).is_some_and(|column| column.inherited.is_from_above_only());
        let theirs = above(&column, desired).into_iter().find(|_| comes);
        let like = |their: &Address| {
            is_handed_down(their, desired) && !is_unchecked(their, desired) && name_of(their, desired) == at.key()
        };
        !self.no_inherit && !self.not_valid && desired.children(at).is_empty() && theirs.as_ref().is_some_and(like)
    }

    fn words(&self) -> String {
        let inherit = if self.no_inherit { " no inherit" } else { "" };
        let state = if self.not_valid { " not valid" } else { "" };
        format!("not null {}{inherit}{state}", sql::ident(&self.column))
    }

    fn column_of(&self, at: &Address) -> Option<Address> {
        Some(at.parent()?.child(Column::NAME, &self.column))
    }

    /// Why it can't have this name: it comes from a table above, and PostgreSQL renames those there only.
    fn keeps_its_name(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let column = self.column_of(cx.at)?;
        let table = cx.at.parent().filter(|table| !is_made_anew(table, cx.live, cx.desired))?;
        let comes_from = |state| column_above(&column, state).is_some_and(|above| above.not_null);
        let there = cx.live.spec::<Column>(&column).is_some_and(|c| c.not_null) && comes_from(cx.live);
        let name = name_of(&column, cx.live);
        if !there || !comes_from(cx.desired) || !cx.desired.contains(table) || name == cx.at.key() {
            return None;
        }
        let message = format!("the not-null constraint `{name}` comes from a table above");
        let help =
            format!("PostgreSQL renames it there only: call it `{name}`, or take the table from below the other first");
        Some((Problem::new(Code::Refused, message).help(help), "column"))
    }

    /// The steps that give a live constraint another name, and to the tables below or not.
    ///
    /// PostgreSQL renames what is inherited in the tables below too, where they may call it otherwise.
    fn turned(&self, name: &str, no_inherit: bool, to: &str, none_inherits: bool, cx: &Cx<'_>) -> Vec<Step> {
        let alter = |what: String| constraint::alter_table(cx, &what);
        let rename = (name != to).then(|| alter(format!("rename constraint {name} to {to}")));
        let steps = match (no_inherit, none_inherits) {
            (false, true) => [Some(alter(format!("alter constraint {name} no inherit"))), rename],
            (true, false) => [rename, Some(alter(format!("alter constraint {to} inherit")))],
            (true, true) | (false, false) => [rename, None],
        };
        steps.into_iter().flatten().collect()
    }
}

/// True if a live column has a constraint before anything changes above it.
fn has_one(column: &Address, live: &State) -> bool {
    let is_foreseen = comes_from_above(column, live) && !above(column, live).iter().any(|at| is_handed_down(at, live));
    live.spec::<Column>(column).is_some_and(|column| column.not_null) && !is_foreseen
}

/// True if not every row need satisfy the constraint of a column.
fn is_unchecked(column: &Address, state: &State) -> bool {
    named_at(column, state).is_some_and(|(_, constraint)| constraint.not_valid)
}

/// True if a live column loses its constraint with that of one above, which comes back unchecked.
fn goes_with_above(column: &Address, cx: &Cx<'_>) -> bool {
    let above = above(column, cx.live).into_iter();
    comes_from_above(column, cx.live)
        && above.into_iter().any(|at| is_unchecked(&at, cx.desired) && !is_unchecked(&at, cx.live))
}

/// True if a live column refuses nulls because of one above only.
fn comes_from_above(column: &Address, live: &State) -> bool {
    live.spec::<Column>(column).is_some_and(|column| column.live_own_not_null.is_only_above())
}

/// The columns above that come to refuse nulls, and tell those below to.
fn turning_above(column: &Address, cx: &Cx<'_>) -> Vec<Address> {
    let mut turning = above(column, cx.desired);
    turning.retain(|at| cx.live.contains(at) && !is_handed_down(at, cx.live) && is_handed_down(at, cx.desired));
    turning
}

/// `validate constraint`, and what it costs.
fn checked(cx: &Cx<'_>) -> Step {
    cx.reads_rows(constraint::validate(cx), "scans the table")
}

/// The columns of a table with a not-null constraint: they refuse nulls, whether YAML says so or not.
pub fn columns_of(table: &Address, state: &State) -> Vec<String> {
    let constraints = state.children_of::<NotNull>(table, NotNull::NAME);
    constraints.into_iter().map(|(_, constraint)| constraint.column.clone()).collect()
}

/// The name that PostgreSQL gives the constraint of a column.
fn usual_name(column: &Address) -> String {
    object_name(column.parent().map_or("", Address::key), column.key(), "not_null")
}

/// The name of the constraint of a column: its own, that of the table above from which it comes, or the usual one.
pub fn name_of(column: &Address, state: &State) -> String {
    if let Some((at, _)) = named_at(column, state) {
        return at.key().to_owned();
    }
    let is_theirs = |c: &Column| c.inherited.is_from_above_only() || c.live_own_not_null.is_only_above();
    let comes = state.spec::<Column>(column).is_some_and(is_theirs);
    let theirs = above(column, state).into_iter().find(|_| comes);
    theirs.map_or_else(|| usual_name(column), |their| name_of(&their, state))
}

/// ` not null`, with its name where PostgreSQL would choose another: for a partition that is made by itself, and where another
/// table says that its constraint has that name.
pub fn words(cx: &Cx<'_>) -> String {
    let name = name_of(cx.at, cx.desired);
    let comes = || !is_own(cx.at, cx.desired) && column_above(cx.at, cx.desired).is_some_and(|above| above.not_null);
    let is_other = name != usual_name(cx.at);
    if cx.server.version.at_least(18) && (is_other && comes() || !is_other && is_said_elsewhere(&name, cx)) {
        format!(" constraint {} not null", sql::ident(&name))
    } else {
        " not null".to_owned()
    }
}

/// The constraint with something of its own that `add column` says too, and how: one that not all rows satisfy is added by
/// itself.
pub fn added_with(cx: &Cx<'_>) -> Option<(Address, String)> {
    let (at, constraint) = named_at(cx.at, cx.desired).filter(|(_, c)| !c.not_valid && !cx.parent_is_new())?;
    let inherit = if constraint.no_inherit { " no inherit" } else { "" };
    Some((at.clone(), format!("constraint {} not null{inherit}", sql::ident(at.key()))))
}

/// The steps that free the name of a constraint before `add`, the one that takes it, from that of another column.
pub fn after_name_is_free(at: &Address, add: Step, cx: &Cx<'_>) -> Vec<Step> {
    let Some(holder) = holder(at, cx) else { return vec![add] };
    if let Some((its_own, _)) = named_at(&holder, cx.desired) {
        return vec![add.needs([its_own.clone()])];
    }
    let is_alone = above(&holder, cx.live).is_empty() && below(&holder, cx.live).is_empty();
    if !is_alone || cx.desired.contains(&holder) {
        return vec![add.needs([holder])];
    }
    // What uses the column may need the new one before it lets the column go.
    let aside = sql::ident(&object_name(at.key(), "", "goes"));
    let rename = constraint::alter_table(cx, &format!("rename constraint {} to {aside}", sql::ident(at.key())));
    vec![rename.precedes([holder]), add.completes()]
}

/// The other column of the table whose live constraint has the name of the constraint at `at`.
fn holder(at: &Address, cx: &Cx<'_>) -> Option<Address> {
    let column = &cx.desired.spec::<NotNull>(at)?.column;
    let others = cx.live.children_of::<Column>(at.parent()?, Column::NAME).into_iter();
    let mut others = others.filter(|(other, spec)| spec.not_null && other.key() != column);
    others.find(|(other, _)| name_of(other, cx.live) == at.key()).map(|(other, _)| other.clone())
}

/// True if another table of the schema declares a constraint with that name.
fn is_said_elsewhere(name: &str, cx: &Cx<'_>) -> bool {
    let is_other = |at: &Address| at.top() == cx.at.top() && at.parent() != cx.at.parent();
    cx.desired.of_kind(NotNull::NAME).iter().any(|at| at.key() == name && is_other(at))
}

/// The constraint of a column that has something of its own.
pub fn named_at<'a>(column: &Address, state: &'a State) -> Option<(&'a Address, &'a NotNull)> {
    let list = state.children_of::<NotNull>(column.parent()?, NotNull::NAME);
    list.into_iter().find(|(_, c)| c.column == column.key())
}
