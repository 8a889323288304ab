//! An index. See <https://www.postgresql.org/docs/current/sql-createindex.html>.
//!
//! The index of a primary key, a unique or an exclusion constraint is that constraint's.

mod apart;
mod keyed;
mod parts;
mod twin;

pub use apart::{
    becomes_part, beside, check_apart, foreseen, is_apart, is_part_of_index, join, refuse_place, take_place,
};
pub use keyed::{drop_key, indexes_to_drop};
pub use twin::{give_place, stand_in};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::columns_in;
use super::column::Column;
use super::owner::Owner;
use super::part::catalog::{USER_SCHEMA, options, tablespace};
use super::part::constraint::{
    INCLUDED, beside_part, index_attached, index_steps, index_tail, is_on_partitioned, is_replaced_in_use,
    keeps_options,
};
use super::part::index_key::{self, Subject};
use super::part::names::object_name;
use super::part::{
    IndexKey, Parameters, Sql, follow_tablespace, is_default, refer_to_access_method, refer_to_tablespace, since,
};
use super::table::part::Usual;
use super::table::{Attached, Table, hide_plain, mark, only, part};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Misfit, RELATION, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, Lock, PgVersion, State, Step, Transaction};
use crate::sql;

/// An index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of PostgreSQL's own")]
pub struct Index {
    /// Its keys, as in `create index`.
    pub columns: Vec<IndexKey>,
    /// No two rows have the same keys.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unique: bool,
    /// Its access method; `btree` when absent.
    #[serde(default = "btree", skip_serializing_if = "is_btree")]
    #[schemars(extend("examples" = ["btree", "hash", "gist", "spgist", "gin", "brin"]))]
    pub method: String,
    /// Which rows it holds.
    #[serde(default, rename = "where", skip_serializing_if = "is_default")]
    pub predicate: Option<Sql>,
    /// Further columns that it contains.
    #[serde(default, skip_serializing_if = "is_default")]
    pub include: Vec<String>,
    /// Two nulls are equal; from PostgreSQL 15 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub nulls_not_distinct: bool,
    /// Storage parameters.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Parameters,
    /// Where it is; the database's own tablespace when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tablespace: Option<String>,
    /// Detail of planner statistics of keys that are expressions, by the key's number from 1.
    #[serde(default, skip_serializing_if = "is_default")]
    pub statistics: BTreeMap<u16, u16>,
    /// Of a partitioned table: it gets no parts but those that partitions declare, and is not valid until each has one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub only: bool,
    /// Building it failed halfway, so it is unusable. It is rebuilt unless this is declared.
    #[serde(default, skip_serializing_if = "is_default")]
    pub invalid: bool,
    /// Of a partition: it stands beside the part of an index above that is defined like it. Without this it is that part.
    #[serde(default, skip_serializing_if = "is_default")]
    pub apart: bool,
    /// Whether it is a part of its parent table's.
    #[serde(default, rename = "live_attached", skip_serializing)]
    pub attached: Attached,
}

fn btree() -> String {
    "btree".to_owned()
}

fn is_btree(method: &str) -> bool {
    method == "btree"
}

impl Kind for Index {
    const NAME: KindName = KindName("index");
    const NOUN: &'static str = "index";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Table::NAME, KindName("materialized_view")]), key: "indexes", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1259,
        self_adjusting: true,
        renames: true,
        nameless: true,
        comment: true,
        slots: &[RELATION],
        short_field: Some("columns"),
        deparsed: true,
        ..Rules::DEFAULT
    };

    fn catalog(server: PgVersion) -> Option<String> {
        let nulls = if server.at_least(15) { "i.indnullsnotdistinct" } else { "false" };
        Some(format!(
            "select ic.oid, 1259 as parent_class, i.indrelid as parent, ic.relname as key,
                    array({keys}) as columns, {INCLUDED} as include,
                    i.indisunique as \"unique\", am.amname::text as method, {nulls} as nulls_not_distinct,
                    pg_get_expr(i.indpred, i.indrelid) as \"where\",
                    {options} as options,
                    case when i.indexprs is not null then
                      (select jsonb_object_agg(a.attnum, a.attstattarget) from pg_attribute a
                       where a.attrelid = i.indexrelid and a.attstattarget >= 0) end as statistics,
                    {tablespace} as tablespace,
                    not i.indisvalid and ic.relkind = 'i' as invalid,
                    not i.indisvalid and ic.relkind = 'I' as only, {attached}, {beside} as apart
             from pg_index i
                  join pg_class ic on ic.oid = i.indexrelid
                  join pg_class c on c.oid = i.indrelid
                  join pg_namespace n on n.oid = ic.relnamespace
                  join pg_am am on am.oid = ic.relam
             where {USER_SCHEMA}
               and ic.oid not in (select d.objid from pg_depend d
                                  where d.classid = 1259 and d.refclassid = 2606 and d.deptype = 'i')
             order by i.indrelid, ic.relname",
            keys = index_key::catalog(""),
            tablespace = tablespace("ic"),
            options = options("ic.reloptions"),
            beside = beside_part(""),
            attached = index_attached("idx", "", "'named'", "e.classoid = 1259 and e.objoid = ic.oid"),
        ))
    }

    fn managed(&self, at: &Address, desired: &State) -> bool {
        let free = |their: &Address| !at.parent().is_some_and(|table| apart::has_key_as_part(table, their, desired));
        let alike = |their: &Address| desired.spec::<Self>(their).is_some_and(|t| t.is_defined_as(self));
        self.apart || self.attached.managed(at, desired, |their| alike(their) && free(their))
    }

    fn foresee(live: &mut State, desired: &State) {
        for (at, apart) in foreseen(Self::NAME, live, desired) {
            if let Some(index) = live.spec::<Self>(&at).cloned() {
                live.set(&at, Self { apart, ..index });
            }
        }
        for at in only::to_make_anew(Self::NAME, live, desired) {
            if let Some(index) = live.spec::<Self>(&at).cloned() {
                live.set(&at, Self { only: false, ..index });
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
        refer_to_tablespace(self.tablespace.as_ref(), out);
        refer_to_access_method(&self.method, "method", out);
        let table = at.parent().filter(|p| p.kind() == Table::NAME);
        let column = |name: &str| table.map(|t| t.child(Column::NAME, name));
        for key in &self.columns {
            key.references(out, "columns");
            match &key.subject {
                Subject::Column(name) => {
                    if let Some(column) = column(name) {
                        out.object(column, "columns");
                    }
                }
                Subject::Expression(text) => out.row_expression(text.as_str(), table, Column::NAME, "columns"),
            }
            if let Some(choices) = key.choices() {
                out.text(&choices, "columns");
            }
        }
        for name in &self.include {
            if let Some(column) = column(name) {
                out.object(column, "include");
            }
        }
        if let Some(predicate) = &self.predicate {
            out.row_expression(predicate.as_str(), table, Column::NAME, "where");
        }
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        let problem = Problem::new(Code::WrongType, "no column is named").help("name at least one: `[id]`");
        if self.columns.is_empty() {
            return vec![(problem, "columns")];
        }
        [only::check(at, desired), check_apart(at, desired)].concat()
    }

    /// When a column changes its type, PostgreSQL rebuilds an index with expressions and may spell these differently
    /// than before. Such an index is therefore rebuilt by the plan.
    fn adjusts(&self) -> bool {
        self.texts().next().is_none()
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        self.nulls_not_distinct.then(|| since(15, "`nulls not distinct`", "nulls_not_distinct", cx))?
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        if let Some((old, there)) = stand_in::<Self>(cx) {
            let rename = part::rename_index(old, cx.at.key()).into_iter();
            return rename.chain(self.settings_steps(there, cx)).collect();
        }
        let needs: Vec<Address> = self.texts().flat_map(|t| columns_in(t, cx.at, cx.desired)).collect();
        let needs: Vec<Address> = needs.into_iter().chain(part::parts_below(cx)).chain(beside(cx)).collect();
        let parts = parts::steps(self, false, cx);
        let at_once = || parts::unfinished(self, cx).into_iter().chain([self.build(&cx.name(), cx)]).collect();
        let mut steps: Vec<Step> = parts.unwrap_or_else(at_once);
        // PostgreSQL runs functions in it as the owner of the table, who is to be known by then.
        let owner = cx.at.parent().filter(|_| self.texts().next().is_some()).map(|table| table.child(Owner::NAME, ""));
        steps.splice(..1, [steps[0].clone().needs(needs).needs(owner)]);
        let is_whole = |own: &Self| !own.invalid && !own.only;
        let becomes_part =
            |own: &Self| matches!(own.attached, Attached::No) && own.is_defined_as(self) && is_whole(own);
        steps.extend(part::adopted(cx, |own| becomes_part(own).then(|| own.stem())?, "idx"));
        steps.extend(only::attach_parts(cx));
        steps.extend(only::join(cx));
        steps.extend(self.statistics_steps(&BTreeMap::new(), cx));
        steps.extend(mark::again(cx));
        steps
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { options, invalid, only, .. } = self;
        if old.invalid && !invalid {
            let online = self.replace_online(cx);
            let why = "it is invalid: building it failed half-way";
            return online.map_or_else(|| Alter::Replace(why.to_owned()), Alter::InPlace);
        }
        let goes_on = old.only && !only && self.is_defined_as(old) && *options == old.options;
        if let Some(steps) = Some(()).filter(|()| goes_on).and_then(|()| parts::steps(self, true, cx)) {
            return Alter::InPlace(steps);
        }
        if !self.is_defined_as(old) || *only != old.only {
            if let Some(steps) = self.replace_online(cx) {
                return Alter::InPlace(steps);
            }
            let same = self.is_defined_as(old);
            let why = if same { "it is to have other parts" } else { "it is defined otherwise" };
            return Alter::Replace(why.to_owned());
        }
        if let Some(replace) = keeps_options(&old.options, options, cx) {
            return replace;
        }
        take_place(Alter::InPlace(self.settings_steps(old, cx)), cx)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let step = Step::new(format!("drop index {}", cx.identity())).lock(Lock::AccessExclusive);
        let gives = self.usual_name(cx).is_none().then(|| give_place(step.clone(), cx));
        if let Some(steps) = gives.flatten().or_else(|| self.plain_again(cx)) {
            return steps;
        }
        keyed::drop_index(self, step.needs(self.attached.leaves_with(cx)), cx)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        follow_tablespace(&mut self.tablespace, renaming);
        self.columns.iter_mut().for_each(|key| key.follow(renaming));
        renaming.columns(&mut self.include);
        self.predicate.iter_mut().for_each(|p| p.follow(renaming));
    }
}

impl Index {
    /// Returns the statements that reset an undeclared index to the part that PostgreSQL creates by default, if it
    /// stays a part of an index above.
    fn plain_again(&self, cx: &Cx<'_>) -> Option<Vec<Step>> {
        let their = part::stays_part_of(cx.at, cx).filter(|_| !matches!(self.attached, Attached::No))?;
        let their = cx.desired.spec::<Self>(&their)?;
        let tablespace = (self.tablespace.as_deref(), their.tablespace.as_deref());
        let mut steps = index_steps(&cx.identity(), (&self.options, &their.options), tablespace);
        let name = self.usual_name(cx);
        let named = part::plain(name, &format!("index {}", cx.identity()), |to| part::rename_index(cx.at, to), cx);
        steps.extend(named);
        Some(steps)
    }

    /// Returns what stands between the table's name and `idx` in the name that PostgreSQL gives a part like it; `None` if it cannot
    /// be predicted, as for an expression.
    pub(super) fn stem(&self) -> Option<String> {
        parts::stem(self)
    }

    /// Returns the name that PostgreSQL gives such a part, if it is free and not the present one.
    fn usual_name(&self, cx: &Cx<'_>) -> Option<Usual> {
        part::usual_name(&self.stem()?, "idx", cx)
    }

    /// Returns the statements that change what does not affect its content from `old`.
    fn settings_steps(&self, old: &Self, cx: &Cx<'_>) -> Vec<Step> {
        let tablespace = (old.tablespace.as_deref(), self.tablespace.as_deref());
        let mut steps = index_steps(&cx.identity(), (&old.options, &self.options), tablespace);
        steps.extend(self.statistics_steps(&old.statistics, cx));
        steps
    }

    /// Returns the statements that set the statistics targets that differ from `old`.
    fn statistics_steps(&self, old: &BTreeMap<u16, u16>, cx: &Cx<'_>) -> Vec<Step> {
        let index = cx.identity();
        let set = |key: &u16, target: &str| {
            Step::new(format!("alter index {index} alter column {key} set statistics {target}"))
                .lock(Lock::ShareUpdateExclusive)
        };
        let gone = old.keys().filter(|key| !self.statistics.contains_key(key)).map(|key| set(key, "-1"));
        let differs = self.statistics.iter().filter(|(key, target)| old.get(key) != Some(target));
        gone.chain(differs.map(|(key, target)| set(key, &target.to_string()))).collect()
    }

    /// Returns the statement that builds the index under this name; if the table is in use, while readers and writers
    /// go on.
    fn build(&self, name: &str, cx: &Cx<'_>) -> Step {
        let table = format!("{}{}", if self.only { "only " } else { "" }, cx.parent().identity());
        let missed = cx.live.contains(cx.at) && name == cx.name();
        if cx.parent_is_in_use() && !missed && !is_on_partitioned(cx) && !self.only {
            let build = Step::new(self.definition("concurrently ", name, &table)).transaction(Transaction::Outside);
            return build.lock(Lock::ShareUpdateExclusive);
        }
        let build = Step::new(self.definition("", name, &table)).lock(Lock::Share);
        cx.reads_rows(build, "builds the index while writers wait")
    }

    /// Returns the statements that replace the old index by a new one, while the old one stays in use; `None` if the
    /// table is not in use, something else depends on the old index, or that may not suit the new type of a column.
    fn replace_online(&self, cx: &Cx<'_>) -> Option<Vec<Step>> {
        let is_retyped = |at: &Address| {
            let columns = cx.live.spec::<Column>(at).zip(cx.desired.spec::<Column>(at));
            columns.is_some_and(|(old, new)| new.changes_type(old))
        };
        if !is_replaced_in_use(cx) || is_on_partitioned(cx) || cx.live.uses(cx.at).iter().any(is_retyped) {
            return None;
        }
        let schema = cx.at.top().key();
        let own = object_name(cx.at.key(), "", "new");
        let needs = self.texts().flat_map(|t| columns_in(t, cx.at, cx.desired));
        let mut steps = vec![
            self.build(&sql::ident(&own), cx).needs(needs),
            Step::new(format!("drop index concurrently {}", cx.identity()))
                .lock(Lock::ShareUpdateExclusive)
                .transaction(Transaction::Outside),
            Step::new(format!("alter index {} rename to {}", sql::dotted([schema, &own]), cx.name()))
                .lock(Lock::ShareUpdateExclusive)
                .renews(),
        ];
        steps.extend(self.statistics_steps(&BTreeMap::new(), cx));
        Some(steps)
    }

    fn definition(&self, concurrently: &str, name: &str, on: &str) -> String {
        let unique = if self.unique { "unique " } else { "" };
        let method =
            if is_btree(&self.method) { String::new() } else { format!(" using {}", sql::ident(&self.method)) };
        let keys = index_key::list(&self.columns);
        let tail = index_tail(&self.include, self.nulls_not_distinct, &self.options, self.tablespace.as_deref());
        let mut sql = format!("create {unique}index {concurrently}{name} on {on}{method} ({keys}){tail}");
        if let Some(predicate) = &self.predicate {
            sql += &format!(" where {predicate}");
        }
        sql
    }

    /// Returns whether everything that cannot be changed in place is equal.
    pub fn is_defined_as(&self, other: &Self) -> bool {
        let Self {
            columns,
            unique,
            method,
            predicate,
            include,
            nulls_not_distinct,
            options: _,
            statistics: _,
            tablespace: _,
            only: _,
            invalid: _,
            apart: _,
            attached: _,
        } = self;
        *columns == other.columns
            && *unique == other.unique
            && *method == other.method
            && *predicate == other.predicate
            && *include == other.include
            && *nulls_not_distinct == other.nulls_not_distinct
    }

    fn texts(&self) -> impl Iterator<Item = &Sql> {
        let keys = self.columns.iter().filter_map(|k| match &k.subject {
            Subject::Expression(text) => Some(text),
            Subject::Column(_) => None,
        });
        keys.chain(&self.predicate)
    }
}
