//! A primary key. See <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-PRIMARY-KEYS>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::index::{beside, check_apart, drop_key, foreseen, join, refuse_place, take_place};
use super::part::backing::{self, Backing};
use super::part::constraint::{self, APART, Keyed, columns, index_fields, index_tail, index_words, timing};
use super::part::names::object_name;
use super::part::{Parameters, follow_tablespace, is_default, since, unfit};
use super::table::{Attached, Table, hide_plain, only, part};
use crate::diagnostic::Problem;
use crate::kind::picture::Mark;
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, Misfit, RELATION, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// A primary key. Its name is in its address.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of PostgreSQL's own")]
pub struct PrimaryKey {
    /// Its name; `<table>_pkey` when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub name: Option<String>,
    /// Its columns.
    pub columns: Vec<String>,
    /// Further columns that its index contains.
    #[serde(default, skip_serializing_if = "is_default")]
    pub include: Vec<String>,
    /// The last column holds ranges that must not overlap; from PostgreSQL 18 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub without_overlaps: bool,
    /// May be checked at the end of a transaction.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deferrable: bool,
    /// Is checked at the end of a transaction unless set otherwise.
    #[serde(default, skip_serializing_if = "is_default")]
    pub initially_deferred: bool,
    /// Storage parameters of its index.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Parameters,
    /// Where its index is; the database's own tablespace when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tablespace: Option<String>,
    /// A comment on its index.
    #[serde(default, skip_serializing_if = "is_default")]
    pub index_comment: Option<String>,
    /// Of a partitioned table: it gets no parts but those that partitions declare, and is not valid until each has one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub only: bool,
    /// Of a partition: it stands beside the part of an index above that is defined like it and no key. Without this it is that
    /// part.
    #[serde(default, skip_serializing_if = "is_default")]
    pub apart: bool,
    /// Whether it is a part of its parent table's.
    #[serde(default, rename = "live_attached", skip_serializing)]
    pub attached: Attached,
}

impl PartialEq for PrimaryKey {
    fn eq(&self, other: &Self) -> bool {
        self.definition() == other.definition() && self.backing() == other.backing() && self.apart == other.apart
    }
}

impl Kind for PrimaryKey {
    const NAME: KindName = KindName("primary_key");
    const NOUN: &'static str = "constraint";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Table::NAME]), key: "primary_key", form: Form::One }];
    const RULES: Rules = Rules {
        class: 2606,
        identity: Identity::OnParent,
        self_adjusting: true,
        renames: true,
        nameless: true,
        comment: true,
        slots: &[RELATION],
        short_field: Some("columns"),
        ..Rules::DEFAULT
    };

    fn catalog(server: PgVersion) -> Option<String> {
        let overlaps = if server.at_least(18) { "con.conperiod" } else { "false" };
        let fields = format!(
            "case when con.conname <> c.relname || '_pkey' then con.conname::text end as name,
             {} as columns, {overlaps} as without_overlaps, {index}, {attached}, {APART} as apart",
            columns("con.conkey", "con.conrelid"),
            index = index_fields(),
            attached = constraint::attached("pkey"),
        );
        Some(constraint::catalog('p', &fields))
    }

    fn one_key(&self, parent: Option<&Address>) -> String {
        let table = parent.map_or("", Address::key);
        self.name.clone().unwrap_or_else(|| object_name(table, "", "pkey"))
    }

    fn managed(&self, at: &Address, desired: &State) -> bool {
        self.attached.managed(at, desired, |their| their.kind() == Self::NAME)
    }

    fn foresee(live: &mut State, desired: &State) {
        for (at, apart) in foreseen(Self::NAME, live, desired) {
            if let Some(key) = live.spec::<Self>(&at).cloned() {
                live.set(&at, Self { apart, ..key });
            }
        }
        for at in only::to_make_anew(Self::NAME, live, desired) {
            if let Some(key) = live.spec::<Self>(&at).cloned() {
                live.set(&at, Self { only: false, ..key });
            }
        }
    }

    fn is_upset(live: &State, desired: &State) -> bool {
        !only::to_make_anew(Self::NAME, live, desired).is_empty()
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        hide_plain(state, Self::NAME, |spec: &Self| spec.attached);
    }

    fn carry(&mut self, stored: &Self) {
        self.attached = stored.attached;
    }

    fn references(&self, at: &Address, out: &mut References) {
        let columns: [(&[String], _); 2] = [(&self.columns, "columns"), (&self.include, "include")];
        backing::references(at, self.tablespace.as_ref(), &columns, out);
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        let own = constraint::check_columns(&self.columns, "columns");
        [own, only::check(at, desired), check_apart(at, desired)].concat()
    }

    fn inline(&self, at: &Address) -> Option<String> {
        (self.index_comment.is_none() && !self.only && !self.apart).then(|| constraint::inline(at, &self.words()))
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let overlaps = self.without_overlaps.then(|| since(18, "keys `without overlaps`", "without_overlaps", cx));
        overlaps.flatten().or_else(|| refuse_place(cx))
    }

    fn draw(&self, _at: &Address) -> Option<Mark> {
        Some(Mark::Key { columns: self.columns.clone(), primary: true })
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let cost = "builds an index while readers and writers wait";
        let online = self.keyed(cx).and_then(|keyed| keyed.add(cx));
        let at_once = || vec![constraint::add_key(cx, &self.words(), self.only, cost)];
        let mut steps = online.unwrap_or_else(at_once);
        // A table has one at a time.
        let goes = |at: &Address| !cx.desired.contains(at);
        let before = cx.at.parent().map(|table| cx.live.children_of::<Self>(table, Self::NAME)).unwrap_or_default();
        let before: Vec<Address> = before.into_iter().map(|(at, _)| at.clone()).filter(goes).collect();
        if let Some(last) = steps.pop() {
            steps.push(last.needs(before));
        }
        let steps = steps.into_iter().chain(only::attach_parts(cx)).chain(only::join(cx));
        let becomes_part = |own: &Self| matches!(own.attached, Attached::No).then(String::new);
        let steps = steps.map(|step| step.needs(part::parts_below(cx)).needs(beside(cx)));
        let steps = steps.chain(part::adopted(cx, becomes_part, "pkey")).chain(join(cx));
        self.backing().complete(steps, cx)
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        if self.definition() == old.definition() {
            return take_place(self.backing().alter(old.backing(), cx), cx);
        }
        let free = !matches!(old.attached, Attached::Keyed) && !self.apart && !old.apart;
        match self.keyed(cx).filter(|_| free).and_then(|keyed| keyed.replace(cx)) {
            Some(steps) => self.backing().replace(steps, cx),
            None => Alter::Replace("it is defined otherwise".to_owned()),
        }
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        if let Some(steps) = self.plain_again(cx) {
            return steps;
        }
        let needs = self.attached.leaves_with(cx);
        let steps = constraint::drop(cx).into_iter().map(|s| s.needs(needs.iter().cloned()));
        steps.flat_map(|step| drop_key(step, cx)).collect()
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        constraint::rename(to, cx)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        follow_tablespace(&mut self.tablespace, renaming);
        renaming.columns(&mut self.columns);
        renaming.columns(&mut self.include);
    }
}

/// The columns of a table's primary key: they refuse nulls, whether YAML says so or not.
pub fn columns_of(table: &Address, state: &State) -> Vec<String> {
    let keys = state.children_of::<PrimaryKey>(table, PrimaryKey::NAME);
    keys.into_iter().flat_map(|(_, key)| key.columns.clone()).collect()
}

/// Returns the primary key that contains a column.
pub fn with_column(column: &Address, state: &State) -> Option<Address> {
    let mut keys = state.children_of::<PrimaryKey>(column.parent()?, PrimaryKey::NAME).into_iter();
    keys.find(|(_, key)| key.columns.iter().any(|name| name == column.key())).map(|(at, _)| at.clone())
}

impl PrimaryKey {
    /// The statements after which it is the part that PostgreSQL makes, where it stays one and is not declared.
    fn plain_again(&self, cx: &Cx<'_>) -> Option<Vec<Step>> {
        let their = part::stays_part_of(cx.at, cx).filter(|_| !matches!(self.attached, Attached::No))?;
        let their = cx.desired.spec::<Self>(&their)?;
        part::plain_constraint(self.backing(), their.backing(), part::usual_name("", "pkey", cx), cx)
    }

    fn backing(&self) -> Backing<'_> {
        let Self { options, tablespace, index_comment, only, .. } = self;
        Backing { options, tablespace: tablespace.as_ref(), comment: index_comment.as_ref(), only: *only }
    }

    /// What stands behind its name.
    fn words(&self) -> String {
        let Self { include, options, tablespace, .. } = self;
        let words = index_words(include, options, tablespace.as_deref());
        format!("{}{words}{}", self.keys(), timing(self.deferrable, self.initially_deferred))
    }

    /// What its index is, where one can be built beforehand.
    fn keyed(&self, cx: &Cx<'_>) -> Option<Keyed<'_>> {
        let Self { columns, include, options, tablespace, deferrable, initially_deferred, .. } = self;
        let tail = index_tail(include, false, options, tablespace.as_deref());
        let index = format!(" ({}){tail}", sql::idents(columns));
        let timing = timing(*deferrable, *initially_deferred);
        let unfit = unfit::repeated(columns, false, cx);
        (!self.without_overlaps).then_some(Keyed { word: "primary key", index, timing, unfit })
    }

    fn keys(&self) -> String {
        let overlaps = if self.without_overlaps { " without overlaps" } else { "" };
        format!("primary key ({}{overlaps})", sql::idents(&self.columns))
    }

    /// What can't be changed in place.
    fn definition(&self) -> (String, &[String], &'static str) {
        let Self {
            name: _,
            columns: _,
            without_overlaps: _,
            include,
            deferrable,
            initially_deferred,
            options: _,
            tablespace: _,
            index_comment: _,
            only: _,
            apart: _,
            attached: _,
        } = self;
        (self.keys(), include, timing(*deferrable, *initially_deferred))
    }
}
