//! Columns that a table has from the tables above it.
//!
//! Every column is an object, so that indexes, comments and grants may refer to it. YAML lists a column from above only
//! if it says something about it, and then without a type. When a column above changes, PostgreSQL changes those below
//! too. This is applied to the live state in advance, so that only what remains is a change.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::own_not_null::{self, OwnNotNull};
use super::{Column, OwnSequence};
use crate::kind::{Cx, Kind};
use crate::kinds::not_null::{self, named_at};
use crate::kinds::part::{Parameters, Sql, TypeName};
use crate::kinds::primary_key;
use crate::kinds::table::{heirs, is_made_anew, is_partition, is_sprung_from, parents, tables};
use crate::model::{Address, Object, Origin, State, Step};

/// Whose a column is. Compared as far as the tables above do not say: whether it is the table's own too.
#[derive(Debug, Clone, Copy, Default, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Inherited {
    /// The table's own.
    #[default]
    No,
    /// That of a table above.
    Above,
    /// That of a table above, and the table has it too: it stays when the one above goes.
    Both,
}

impl PartialEq for Inherited {
    fn eq(&self, other: &Self) -> bool {
        self.is_from_above_only() == other.is_from_above_only()
    }
}

impl Inherited {
    /// Returns whether both say the same, also where that is not compared.
    pub fn is_just(self, other: Self) -> bool {
        matches!((self, other), (Self::No, Self::No) | (Self::Above, Self::Above) | (Self::Both, Self::Both))
    }

    /// Returns whether `create table` need not list the column.
    pub fn is_from_above_only(self) -> bool {
        matches!(self, Self::Above)
    }
}

/// Adds the columns that come from above, to the upper tables first.
pub fn complete(desired: &mut State) {
    let mut done = HashSet::new();
    for at in tables(desired) {
        fill(&at, desired, &mut done);
    }
}

fn fill(at: &Address, desired: &mut State, done: &mut HashSet<Address>) {
    if !done.insert(at.clone()) {
        return;
    }
    let above = parents(at, desired);
    for parent in &above {
        fill(parent, desired, done);
    }
    let partition = is_partition(at, desired);
    // A partition that lists every column determines their order.
    let all = |p: &Address| desired.children_of::<Column>(p, Column::NAME).len();
    let ordered = partition && above.first().is_some_and(|p| all(at) >= all(p));
    let mut ordinal = 0;
    let mut seen = HashSet::new();
    for parent in above {
        let columns = desired.children_of::<Column>(&parent, Column::NAME);
        let columns: Vec<(Address, Column)> =
            columns.into_iter().map(|(a, c)| (a.clone(), handed_down(a, c, desired))).collect();
        for (their, column) in columns {
            ordinal += 1;
            let own = at.child(Column::NAME, their.key());
            if !seen.insert(own.clone()) {
                continue;
            }
            let column = column_above(&own, desired).unwrap_or(column);
            let spec = match desired.spec::<Column>(&own) {
                Some(said) => said.over(&column, partition),
                None if partition => Column { live_own_not_null: OwnNotNull::default(), ..column.as_inherited() },
                None => column.as_inherited(),
            };
            if let Some(object) = desired.get_mut(&own) {
                object.spec = Arc::new(spec);
                object.ordinal = if ordered { object.ordinal } else { ordinal };
                continue;
            }
            let span = desired.get(at).and_then(|o| o.origin.span());
            let mut object = Object::new(Arc::new(spec), Origin::Derived(span));
            object.ordinal = ordinal;
            desired.insert(own, object);
        }
    }
    shift_own(at, ordinal, &seen, desired);
    for name in primary_key::columns_of(at, desired) {
        refuse_nulls(&at.child(Column::NAME, &name), OwnNotNull::default(), desired);
    }
    for name in not_null::columns_of(at, desired) {
        refuse_nulls(&at.child(Column::NAME, &name), OwnNotNull::said(true, !partition), desired);
    }
}

/// Sets `not_null` of a column with a primary key or a constraint that refuses nulls.
fn refuse_nulls(at: &Address, own: OwnNotNull, desired: &mut State) {
    let says = |spec: &&Column| !spec.not_null || spec.live_own_not_null.is_only_above();
    if let Some(spec) = desired.spec::<Column>(at).filter(says) {
        let live_own_not_null = if spec.live_own_not_null.is_only_above() { own } else { spec.live_own_not_null };
        let spec = Column { not_null: true, live_own_not_null, ..spec.clone() };
        desired.set(at, spec);
    }
}

/// Orders a table's own columns after those from above.
fn shift_own(at: &Address, by: u32, from_above: &HashSet<Address>, desired: &mut State) {
    let columns = desired.children_of::<Column>(at, Column::NAME).into_iter().map(|(a, _)| a.clone());
    for own in columns.filter(|a| !from_above.contains(a)).collect::<Vec<_>>() {
        if let Some(object) = desired.get_mut(&own) {
            object.ordinal += by;
        }
    }
}

/// Returns whether a table is a partition whose columns are in another order than those of the table above.
pub fn has_order_of_its_own(table: &Address, state: &State) -> bool {
    let names = |at: &Address| -> Vec<String> {
        state.children_of::<Column>(at, Column::NAME).into_iter().map(|(a, _)| a.key().to_owned()).collect()
    };
    is_partition(table, state) && parents(table, state).first().is_some_and(|above| names(above) != names(table))
}

/// Reduces columns from above to what is said about them in their own table alone, and removes those of which nothing
/// remains.
pub fn before_raise(state: &mut State) {
    let mut changed: Vec<(Address, Option<Column>)> = Vec::new();
    for at in state.of_kind(Column::NAME) {
        let Some(column) = state.spec::<Column>(&at).filter(|c| !matches!(c.inherited, Inherited::No)) else {
            continue;
        };
        let Some(theirs) = column_above(&at, state) else { continue };
        // What is named says so itself, and a partition does not say it.
        let silent = named_at(&at, state).is_some() || at.parent().is_some_and(|table| is_partition(table, state));
        let rest = column.besides(&theirs, silent);
        let bare = rest == Column::of_type(TypeName::absent()) && state.children(&at).is_empty();
        let bare = bare && !at.parent().is_some_and(|table| has_order_of_its_own(table, state));
        changed.push((at, (!bare).then_some(rest)));
    }
    let gone: HashSet<Address> = changed.iter().filter(|(_, rest)| rest.is_none()).map(|(at, _)| at.clone()).collect();
    for (at, rest) in changed {
        if let Some(rest) = rest {
            state.set(&at, rest);
        }
    }
    if !gone.is_empty() {
        state.retain(|at, _| !gone.contains(at));
    }
}

/// Returns what the column inherits from the first table above that has one of the same name. It refuses nulls if the
/// column of any table above does.
pub fn column_above(at: &Address, state: &State) -> Option<Column> {
    let theirs = above(at, state).into_iter();
    let theirs = theirs.filter_map(|their| Some(handed_down(&their, state.spec::<Column>(&their)?, state)));
    theirs.reduce(|first, other| Column { not_null: first.not_null || other.not_null, ..first })
}

/// Returns a column as the tables below inherit it. They do not inherit a not-null constraint that is `no inherit`.
pub(super) fn handed_down(at: &Address, column: &Column, state: &State) -> Column {
    let kept = column.not_null && named_at(at, state).is_some_and(|(_, constraint)| constraint.no_inherit);
    Column { not_null: column.not_null && !kept, ..column.clone() }
}

/// Returns whether the column above has the same default, as stored or as declared: that of a new column is not stored
/// yet.
fn has_default_above(default: Option<&Sql>, at: &Address, state: &State) -> bool {
    let parents = at.parent().map(|table| parents(table, state)).unwrap_or_default();
    let Some(above) = parents.iter().map(|p| p.child(Column::NAME, at.key())).find(|p| state.contains(p)) else {
        return false;
    };
    let sides = [state.spec::<Column>(&above), state.written::<Column>(&above)];
    sides.into_iter().flatten().any(|column| column.default.as_ref() == default)
}

/// Returns whether a column is its table's own.
pub fn is_own(at: &Address, state: &State) -> bool {
    state.spec::<Column>(at).is_some_and(|column| !column.inherited.is_from_above_only())
}

/// Returns the columns of the same name in the tables directly above.
pub fn above(at: &Address, state: &State) -> Vec<Address> {
    let Some(table) = at.parent() else { return Vec::new() };
    parents(table, state).iter().map(|p| p.child(Column::NAME, at.key())).filter(|c| state.contains(c)).collect()
}

/// Returns the columns in tables below that come from this one, each followed by those below it.
pub fn below(at: &Address, state: &State) -> Vec<Address> {
    let mut out = Vec::new();
    let Some(table) = at.parent() else { return out };
    for heir in heirs(table, state) {
        let column = heir.child(Column::NAME, at.key());
        if state.contains(&column) {
            out.push(column.clone());
            out.extend(below(&column, state));
        }
    }
    out
}

/// Returns the columns in tables below that go with a live one, each followed by those below it.
pub fn falling(at: &Address, live: &State) -> Vec<Address> {
    let Some(table) = at.parent() else { return Vec::new() };
    let columns = heirs(table, live).iter().map(|heir| heir.child(Column::NAME, at.key()));
    let falls = |at: &Address| live.spec::<Column>(at).is_some_and(|column| column.inherited.is_from_above_only());
    columns.filter(falls).flat_map(|at| [at.clone()].into_iter().chain(falling(&at, live))).collect()
}

/// Returns whether the table of a column stays, but no longer below that of `above` in the same way. It leaves before the
/// column above is dropped, and keeps its own.
pub fn leaves(at: &Address, above: &Address, cx: &Cx<'_>) -> bool {
    let tables = at.parent().zip(above.parent());
    tables.is_some_and(|(heir, table)| cx.desired.contains(heir) && !stays_below(heir, table, cx))
}

/// Returns whether a table is and stays below another, and so do those in between.
fn stays_below(heir: &Address, table: &Address, cx: &Cx<'_>) -> bool {
    let kept = kept_parents(heir, cx.live, cx.desired);
    kept.iter().any(|parent| parent == table || stays_below(parent, table, cx))
}

/// Returns the tables directly above a live table that stay there.
pub(super) fn kept_parents(at: &Address, live: &State, desired: &State) -> Vec<Address> {
    let (mut kept, stay) = (parents(at, live), parents(at, desired));
    kept.retain(|parent| stay.contains(parent));
    kept
}

/// Returns whether a column stays below the one in the table above, and both are dropped and created again because they
/// become generated columns, or are virtual ones that hold no values.
///
/// Neither can change by itself: <https://www.postgresql.org/docs/current/ddl-generated-columns.html>.
pub fn is_computed_with(at: &Address, above: &Address, cx: &Cx<'_>) -> bool {
    let is_below = |state: &State| {
        let tables = at.parent().zip(above.parent());
        tables.is_some_and(|(heir, table)| is_sprung_from(heir, table, state))
    };
    let is_made_anew = |at: &Address| {
        let specs = cx.live.spec::<Column>(at).zip(cx.desired.spec::<Column>(at));
        specs.is_some_and(|(old, new)| new.generated.is_some() || old.generated.is_some() && !old.stored)
    };
    is_below(cx.live) && is_below(cx.desired) && is_made_anew(at) && is_made_anew(above)
}

/// For each column name, the changes that statements make to the columns above: from what to what, in order.
type Changes = HashMap<String, Vec<(Column, Column)>>;

/// Applies to the live columns below what changes to those above will do to them.
pub fn foresee(live: &mut State, desired: &State) {
    let mut tables: Vec<Address> = tables(live);
    tables.retain(|t| !heirs(t, live).is_empty() && kept_parents(t, live, desired).is_empty());
    for table in tables {
        pass_down(&table, &Changes::new(), &HashSet::new(), live, desired);
    }
    own_not_null::keep(live, desired);
}

/// Applies the changes in `above`, and those of `table` itself, to the tables below. `new` contains the names of
/// columns that are added above.
fn pass_down(table: &Address, above: &Changes, new: &HashSet<String>, live: &mut State, desired: &State) {
    let (mut changes, mut new) = (above.clone(), new.clone());
    for (at, wanted) in desired.children_of::<Column>(table, Column::NAME) {
        match live.spec::<Column>(at) {
            None => {
                new.insert(at.key().to_owned());
            }
            Some(there) => {
                let (old, mut new) = (handed_down(at, there, live), handed_down(at, wanted, desired));
                new.not_null |= old.not_null && wanted.not_null; // what is inherited no more stays below
                if old != new {
                    changes.entry(at.key().to_owned()).or_default().push((old, new));
                }
            }
        }
    }
    for heir in heirs(table, live).to_vec() {
        if !parents(&heir, desired).contains(table) || is_made_anew(&heir, live, desired) {
            continue;
        }
        let mut passed = changes.clone();
        for (name, list) in &mut passed {
            let own = heir.child(Column::NAME, name);
            if let Some(mut mine) = live.spec::<Column>(&own).cloned() {
                let stays = mine.live_own_not_null.stays(&own, table, live);
                for (old, new) in list {
                    new.not_null |= old.not_null && mine.not_null && stays;
                    mine = mine.after(old, new);
                }
                live.set(&own, mine);
            }
        }
        for own in new.iter().map(|name| heir.child(Column::NAME, name)) {
            // The statement that adds the column above adds this one too, unless it is the table's own.
            if let Some(object) = desired.get(&own).filter(|_| !live.contains(&own) && !is_own(&own, desired)) {
                live.insert(own, object.clone());
            }
        }
        pass_down(&heir, &passed, &new, live, desired);
    }
}

impl Column {
    /// Returns the column that a table below has if it says nothing about it.
    #[must_use]
    pub fn as_inherited(&self) -> Self {
        Self {
            inherited: Inherited::Above,
            identity: None,
            statistics: None,
            options: Parameters::default(),
            live_own_not_null: OwnNotNull::said(false, true),
            ..self.clone()
        }
    }

    /// Returns the column of a table below, given that YAML says `self` about it and the one above is `above`.
    fn over(&self, above: &Self, partition: bool) -> Self {
        let typed = !self.data_type.is_absent();
        let collation = if typed { &self.collation } else { &above.collation };
        let dropped = self.default.as_ref().is_some_and(is_null);
        Self {
            data_type: if typed { self.data_type.clone() } else { above.data_type.clone() },
            collation: collation.clone(),
            not_null: self.not_null || above.not_null,
            default: if dropped { None } else { self.default.clone().or_else(|| above.default.clone()) },
            identity: self.identity.clone(),
            generated: self.generated.clone().or_else(|| above.generated.clone()),
            stored: self.stored || above.stored,
            storage: self.storage.clone().or_else(|| above.storage.clone()),
            compression: self.compression.clone().or_else(|| above.compression.clone()),
            live_storage: self.live_storage.clone(),
            live_sequence: OwnSequence::default(),
            statistics: self.statistics,
            options: self.options.clone(),
            inherited: if typed && !partition { Inherited::Both } else { Inherited::Above },
            live_own_not_null: OwnNotNull::said(self.not_null, above.not_null && !partition),
        }
    }

    /// Returns what must be said about this column of a table below, so that [`Column::over`] yields it.
    fn besides(&self, above: &Self, silent: bool) -> Self {
        let both = matches!(self.inherited, Inherited::Both);
        let own = self.live_own_not_null.is_own() && !silent;
        let data_type = if both { self.data_type.clone() } else { TypeName::absent() };
        let default = match (&self.default, &above.default) {
            (own, theirs) if own == theirs => None,
            (None, _) => Some(Sql::new("null")),
            (own, _) => own.clone(),
        };
        Self {
            data_type,
            collation: self.collation.clone().filter(|_| both),
            not_null: self.not_null && (own || !above.not_null),
            default,
            identity: self.identity.clone(),
            generated: self.generated.clone().filter(|g| above.generated.as_ref() != Some(g)),
            stored: self.stored && !above.stored,
            storage: self.storage.clone().filter(|s| above.storage.as_ref() != Some(s)),
            compression: self.compression.clone().filter(|c| above.compression.as_ref() != Some(c)),
            inherited: Inherited::No,
            live_own_not_null: OwnNotNull::default(),
            ..self.clone()
        }
    }

    /// Returns this live column as it is once the one above has changed from `old` to `new`.
    fn after(&self, old: &Self, new: &Self) -> Self {
        let retyped = new.changes_type(old);
        let redefaulted = new.default != old.default || retyped && new.default.is_some();
        let mut mine = self.clone();
        if retyped {
            mine.data_type = new.data_type.clone();
            mine.collation.clone_from(&new.collation);
            // A change of type resets how values are stored, and storage is then set for all these tables at once.
            mine.storage.clone_from(&new.storage);
            mine.compression = None;
        }
        if redefaulted {
            mine.default.clone_from(&new.default);
        }
        if new.not_null != old.not_null {
            mine.not_null = new.not_null;
        }
        if new.storage != old.storage {
            mine.storage.clone_from(&new.storage);
        }
        if old.stored && new.generated.is_none() {
            mine.generated = None;
            mine.stored = false;
        }
        mine
    }

    /// Returns what a partition or a table of a composite type must say about a column in `create table`, beyond what
    /// comes from above: ` default 1 not null`.
    pub fn words_besides(&self, cx: &Cx<'_>) -> String {
        let above = column_above(cx.at, cx.desired);
        let above = above.as_ref();
        let mut words = String::new();
        match self.default.as_ref().filter(|d| !has_default_above(Some(d), cx.at, cx.desired)) {
            Some(default) => words += &format!(" default {default}"),
            None if self.default.is_none() && above.is_some_and(|a| a.default.is_some()) => words += " default null",
            None => {}
        }
        if let Some(generated) = self.generated.as_ref().filter(|_| above.is_none()) {
            let kind = if self.stored { "stored" } else { "virtual" };
            words += &format!(" generated always as ({generated}) {kind}");
        }
        if self.not_null && above.is_none_or(|a| !a.not_null) && named_at(cx.at, cx.desired).is_none() {
            words += " not null";
        }
        words
    }

    /// Returns the statements for what a new table's column still lacks after `create table`.
    pub fn after_create(&self, apart: bool, cx: &Cx<'_>) -> Vec<Step> {
        let above = column_above(cx.at, cx.desired).filter(|_| !apart);
        let above = above.as_ref();
        let mut steps = Vec::new();
        let plain = cx.at.parent().is_some_and(|t| !is_partition(t, cx.desired));
        if let Some(above) = above.filter(|_| plain && self.inherited.is_from_above_only()) {
            if !has_default_above(self.default.as_ref(), cx.at, cx.desired) {
                let what =
                    self.default.as_ref().map_or_else(|| "drop default".to_owned(), |d| format!("set default {d}"));
                steps.push(self.step(cx, &what));
            }
            let is_own = self.live_own_not_null.is_own();
            if self.not_null && (is_own || !above.not_null) && named_at(cx.at, cx.desired).is_none() {
                steps.push(self.step(cx, "set not null"));
            }
        }
        let from = above.map(|a| Self { statistics: None, options: Parameters::default(), ..a.clone() });
        steps.extend(self.attribute_steps(from.as_ref(), cx));
        steps
    }
}

fn is_null(default: &Sql) -> bool {
    default.as_str().eq_ignore_ascii_case("null")
}
