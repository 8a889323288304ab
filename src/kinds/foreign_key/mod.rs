//! A foreign key. See <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK>.

mod echo;
mod target;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use echo::{ECHOES, Echoes};
pub use target::{Action, Target, What};

use super::column::Column;
use super::index::Index;
use super::part::constraint::{self, FROM_ABOVE, alter_table, columns, timing};
use super::part::{TypeName, is_default, since, unfit};
use super::primary_key::PrimaryKey;
use super::schema::Schema;
use super::table::{Attached, Table, hide_plain, line_of};
use super::unique::Unique;
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::picture::Mark;
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, Misfit, RELATION, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, Lock, PgVersion, State, Step};
use crate::sql;

/// A foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of PostgreSQL's own")]
pub struct ForeignKey {
    /// The referencing columns.
    pub columns: Vec<String>,
    /// The referenced table and columns.
    pub references: Target,
    /// What happens when the referenced row is deleted.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_delete: Action,
    /// What happens when the referenced row is updated.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_update: Action,
    /// How rows count in which some of several columns are null.
    #[serde(default, rename = "match", skip_serializing_if = "is_default")]
    pub matching: Match,
    /// The last column is a range that must be covered; from PostgreSQL 18 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub period: bool,
    /// May be checked at the end of a transaction.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deferrable: bool,
    /// Is checked at the end of a transaction unless set otherwise.
    #[serde(default, skip_serializing_if = "is_default")]
    pub initially_deferred: bool,
    /// Stored rows need not satisfy it yet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_valid: bool,
    /// Nothing is checked; from PostgreSQL 18 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_enforced: bool,
    /// Whether it comes from a table above.
    #[serde(default, rename = "live_attached", skip_serializing)]
    pub attached: Attached,
    /// What it brings along for partitions of the referenced table.
    #[serde(default, rename = "live_echoes", skip_serializing)]
    pub echoes: Echoes,
    /// What it rests on, found in the project.
    #[serde(skip)]
    pub rests_on: RestsOn,
    /// Whether columns on both sides are to have types that PostgreSQL can't compare with those they have: it adjusts a key
    /// to one column at a time.
    #[serde(skip)]
    pub lets_go: bool,
}

/// Whether a row counts of which some columns are null.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// It points nowhere.
    #[default]
    Simple,
    /// All are null, or none.
    Full,
}

/// The columns that a foreign key points at and the key over them, as far as declared. Not compared: it follows.
#[derive(Debug, Clone, Default, Eq)]
pub struct RestsOn(Vec<Address>);

impl PartialEq for RestsOn {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// An SQL expression for the columns of `on delete set null (…)`, in parentheses after a blank.
const SET_COLUMNS: &str = "case when con.confdelsetcols is not null then
                   ' (' || (select string_agg(quote_ident(ca.attname), ', ' order by k.i)
                            from unnest(con.confdelsetcols) with ordinality k(n, i)
                                 join pg_attribute ca on ca.attrelid = con.conrelid and ca.attnum = k.n) || ')'
                 else '' end";

/// Groups of types that PostgreSQL can compare without conversion (the families of its B-tree operator classes).
const COMPARABLE: [&[&str]; 5] = [
    &["smallint", "integer", "bigint"],
    &["real", "double precision"],
    &["text", "character varying"],
    &["date", "timestamp without time zone", "timestamp with time zone"],
    &["numeric"],
];

impl Kind for ForeignKey {
    const NAME: KindName = KindName("foreign_key");
    const NOUN: &'static str = "constraint";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Table::NAME]), key: "foreign_keys", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2606,
        identity: Identity::OnParent,
        self_adjusting: true,
        renames: true,
        nameless: true,
        comment: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_constraint where contype = 'f'");

    fn catalog(server: PgVersion) -> Option<String> {
        let enforced = if server.at_least(18) { "con.conenforced" } else { "true" };
        let period = if server.at_least(18) { "con.conperiod" } else { "false" };
        let set = if server.at_least(15) { SET_COLUMNS } else { "''" };
        let action = |column: &str| {
            format!(
                "case {column} when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null'
                               when 'd' then 'set default' else 'no action' end"
            )
        };
        let fields = format!(
            "{own} as columns,
             (select (select quote_ident(rn.nspname) from pg_namespace rn where rn.oid = r.relnamespace)
                     || '.' || quote_ident(r.relname)
              from pg_class r where r.oid = con.confrelid)
             || '(' || case cardinality(con.confkey)
                 when 1 then (select quote_ident(ca.attname) from pg_attribute ca
                              where ca.attrelid = con.confrelid and ca.attnum = con.confkey[1])
                 else (select string_agg(quote_ident(ca.attname), ', ' order by k.i)
                       from unnest(con.confkey) with ordinality k(n, i)
                            join pg_attribute ca on ca.attrelid = con.confrelid and ca.attnum = k.n) end || ')'
               as \"references\",
             {delete} || {set} as on_delete, {update} as on_update,
             case con.confmatchtype when 'f' then 'full' else 'simple' end as \"match\", {period} as period,
             con.condeferrable as deferrable, con.condeferred as initially_deferred,
             not con.convalidated and {enforced} as not_valid, not {enforced} as not_enforced, {FROM_ABOVE}, {ECHOES}",
            own = columns("con.conkey", "con.conrelid"),
            delete = action("con.confdeltype"),
            update = action("con.confupdtype"),
        );
        Some(constraint::catalog('f', &fields))
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(mut key) = desired.spec::<Self>(&at).cloned() else { continue };
            let schema = key.references.schema.get_or_insert_with(|| at.top().key().to_owned());
            let table = Address::root(Schema::NAME, schema).child(Table::NAME, &key.references.table);
            if key.references.columns.is_empty()
                && let Some((_, primary)) = desired.children_of::<PrimaryKey>(&table, PrimaryKey::NAME).first()
            {
                key.references.columns.clone_from(&primary.columns);
            }
            key.rests_on = RestsOn(rests_on(&table, &key.references.columns, desired));
            desired.set(&at, key);
        }
    }

    fn foresee(live: &mut State, desired: &State) {
        for at in live.of_kind(Self::NAME) {
            let key = live.spec::<Self>(&at).filter(|key| key.changes_on_both_sides(&at, live, desired));
            if let Some(key) = key {
                let key = Self { lets_go: true, ..key.clone() };
                live.set(&at, key);
            }
        }
    }

    fn adjusts(&self) -> bool {
        !self.lets_go
    }

    /// PostgreSQL takes none for a part that is not valid.
    fn managed(&self, at: &Address, desired: &State) -> bool {
        let stays_apart = matches!(self.attached, Attached::No) && self.not_valid;
        self.attached.managed(at, desired, |their| {
            !stays_apart && desired.spec::<Self>(their).is_some_and(|t| t.definition() == self.definition())
        })
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        hide_plain(state, Self::NAME, |spec: &Self| spec.attached);
    }

    fn carry(&mut self, stored: &Self) {
        self.attached = stored.attached;
        self.echoes = stored.echoes.clone();
    }

    fn references(&self, at: &Address, out: &mut References) {
        let Some(table) = at.parent() else { return };
        for column in &self.columns {
            out.object(table.child(Column::NAME, column), "columns");
        }
        for column in &self.on_delete.columns {
            out.object(table.child(Column::NAME, column), "on_delete");
        }
        out.name(RELATION, &self.references.table_name(), "references");
        for object in &self.rests_on.0 {
            out.object(object.clone(), "references");
        }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let period = self.period.then(|| since(18, "foreign keys with a `period`", "period", cx));
        let idle = self.not_enforced.then(|| since(18, "foreign keys that are `not enforced`", "not_enforced", cx));
        let some = !self.on_delete.columns.is_empty();
        let some = some.then(|| since(15, "`on delete` for some columns only", "on_delete", cx));
        period.flatten().or(idle.flatten()).or(some.flatten())
    }

    fn draw(&self, at: &Address) -> Option<Mark> {
        let to_columns = self.references.columns.clone();
        Some(Mark::Arrow { columns: self.columns.clone(), to: self.target(at), to_columns })
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let state = match (self.not_enforced, self.not_valid) {
            (true, _) => " not enforced",
            (false, true) => " not valid",
            (false, false) => "",
        };
        let cost = state.is_empty().then_some("compares every row while writers of both tables wait");
        let timing = timing(self.deferrable, self.initially_deferred);
        let definition = format!("{}{timing}{state}", self.definition());
        let mut steps = if constraint::is_on_partitioned(cx) {
            vec![constraint::add(cx, &definition, cost)] // it can't be `not valid`
        } else {
            constraint::add_and_validate(cx, &definition, cost, self.orphans(cx))
        };
        let (mut free, leaves) = Self::free_name(cx);
        let first = steps[0].clone().lock(Lock::ShareRowExclusive);
        steps[0] = first.needs(self.before_echoes(cx)).needs(leaves).needs(constraint::others_below(cx));
        free.append(&mut steps);
        free
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self {
            columns,
            references,
            on_delete,
            on_update,
            matching,
            period,
            deferrable,
            initially_deferred,
            not_valid,
            not_enforced,
            attached: _,
            echoes: _,
            rests_on: _,
            lets_go: _,
        } = self;
        let same = *columns == old.columns
            && *references == old.references
            && *on_delete == old.on_delete
            && *on_update == old.on_update
            && *matching == old.matching
            && *period == old.period;
        let forgets = *not_valid && !old.not_valid;
        if !same || forgets {
            // The old key stays in force until the new one is valid, and so must everything that it depends on.
            let holds = cx.live.uses(cx.at).iter().all(|used| cx.desired.contains(used));
            let checked = !not_valid && !not_enforced && matches!(old.attached, Attached::No);
            let online = (holds && checked).then(|| self.replace_online(cx)).flatten();
            return online.map_or_else(|| Alter::Replace("it is defined otherwise".to_owned()), Alter::InPlace);
        }
        let alter = |words: &str| {
            alter_table(cx, &format!("alter constraint {}{words}", cx.name())).lock(Lock::ShareRowExclusive)
        };
        let mut steps = Vec::new();
        let (wanted, there) =
            (timing(*deferrable, *initially_deferred), timing(old.deferrable, old.initially_deferred));
        if wanted != there {
            steps.push(alter(if wanted.is_empty() { " not deferrable" } else { wanted }));
        }
        match (*not_enforced, old.not_enforced) {
            (true, false) => steps.push(alter(" not enforced")),
            (false, true) => steps.push(alter(" enforced")),
            (false, false) if old.not_valid && !not_valid => steps.push(constraint::validate(cx)),
            (true, true) | (false, false) => {}
        }
        Alter::InPlace(steps)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let goes = |table: &Address| !cx.desired.contains(table);
        if !matches!(self.attached, Attached::No) && cx.at.parent().is_some_and(goes) {
            return Vec::new(); // with the key above or with the table, whichever is first
        }
        let needs = self.attached.leaves_with(cx);
        constraint::drop(cx).into_iter().map(|step| step.needs(needs.clone())).collect()
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        constraint::rename(to, cx)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        if let Some(Ok(Target { schema, table, .. })) =
            renaming.name(RELATION, &self.references.table_name()).map(Target::try_from)
        {
            (self.references.schema, self.references.table) = (schema, table);
        }
        renaming.columns(&mut self.columns);
        renaming.columns(&mut self.on_delete.columns);
        let (from, to) = (renaming.from, renaming.to);
        if from.kind() == Column::NAME && from.parent().is_some_and(|table| self.references.is(table)) {
            let named = self.references.columns.iter_mut().filter(|name| *name == from.key());
            named.for_each(|name| to.key().clone_into(name));
        }
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        let mut problems = Vec::new();
        let (own, theirs) = (self.columns.len(), self.references.columns.len());
        if theirs > 0 && own != theirs {
            let message = format!("{own} columns point at {theirs}");
            problems.push((Problem::new(Code::WrongType, message).help("name a column for each"), "references"));
        }
        let table = self.target(at);
        if desired.contains(&table) && theirs == 0 {
            let message = format!("{table} has no primary key to point at");
            problems
                .push((Problem::new(Code::Dangling, message).help("name the columns: `shop.users(id)`"), "references"));
        }
        problems
    }
}

impl ForeignKey {
    /// Returns the statements that replace the old key, which stays in force until the new one is valid; `None` if that
    /// is not possible.
    fn replace_online(&self, cx: &Cx<'_>) -> Option<Vec<Step>> {
        if constraint::is_on_partitioned(cx) {
            return None;
        }
        let timing = timing(self.deferrable, self.initially_deferred);
        let steps = constraint::replace_validated(cx, &format!("{}{timing}", self.definition()))?;
        Some(steps.into_iter().map(|step| step.needs(self.rests_on.0.clone())).collect())
    }

    /// Returns whether a column and the one it refers to both change their types, and the old and new types cannot all
    /// be compared with each other.
    fn changes_on_both_sides(&self, at: &Address, live: &State, desired: &State) -> bool {
        let change = |table: &Address, name: &String| {
            let at = table.child(Column::NAME, name);
            let (old, new) = (live.spec::<Column>(&at)?, desired.spec::<Column>(&at)?);
            new.changes_type(old).then_some([&old.data_type, &new.data_type])
        };
        let pairs = at.parent().into_iter().flat_map(|own| self.columns.iter().map(move |name| (own, name)));
        let pairs = pairs.zip(&self.references.columns);
        let both = pairs
            .filter_map(|((own, name), target)| Some([change(own, name)?, change(&self.target(at), target)?].concat()));
        let alike = |types: &[&TypeName]| {
            COMPARABLE.iter().any(|family| types.iter().all(|t| family.contains(&t.without_modifier().as_str())))
        };
        both.into_iter().any(|types| !alike(&types))
    }

    /// Looks for rows without the row that they reference.
    fn orphans(&self, cx: &Cx<'_>) -> Option<String> {
        let others = &self.references.columns;
        (!self.period).then(|| unfit::orphans(&self.columns, &self.target(cx.at), others, cx)).flatten()
    }

    /// Returns the table that it references.
    fn target(&self, at: &Address) -> Address {
        let Target { schema, table, .. } = &self.references;
        Address::root(Schema::NAME, schema.as_deref().unwrap_or(at.top().key())).child(Table::NAME, table)
    }

    fn definition(&self) -> String {
        let period = |columns: &[String]| match columns.split_last().filter(|_| self.period) {
            Some((last, [])) => format!("period {}", sql::ident(last)),
            Some((last, rest)) => format!("{}, period {}", sql::idents(rest), sql::ident(last)),
            None => sql::idents(columns),
        };
        let mut text = format!("foreign key ({}) references {}", period(&self.columns), self.references.table_name());
        if !self.references.columns.is_empty() {
            text += &format!("({})", period(&self.references.columns));
        }
        if self.matching == Match::Full {
            text += " match full";
        }
        if self.on_update != Action::default() {
            text += &format!(" on update {}", self.on_update);
        }
        if self.on_delete != Action::default() {
            text += &format!(" on delete {}", self.on_delete);
        }
        text
    }
}

/// Returns the referenced columns of a table and the keys that make them unique, which a partition may have from the tables
/// above; nothing if the table is not declared.
fn rests_on(table: &Address, columns: &[String], desired: &State) -> Vec<Address> {
    if !desired.contains(table) {
        return Vec::new();
    }
    let mut wanted: Vec<&str> = columns.iter().map(String::as_str).collect();
    wanted.sort_unstable();
    let is_key = |at: &&Address| {
        let mut own: Vec<&str> = if let Some(key) = desired.spec::<PrimaryKey>(at) {
            key.columns.iter().map(String::as_str).collect()
        } else if let Some(key) = desired.spec::<Unique>(at) {
            key.columns.iter().map(String::as_str).collect()
        } else if let Some(index) = desired.spec::<Index>(at).filter(|i| i.unique && i.predicate.is_none()) {
            index.columns.iter().map(|k| k.column().unwrap_or_default()).collect()
        } else {
            return false;
        };
        own.sort_unstable();
        own == wanted
    };
    let line = line_of(table, desired);
    let keys = line.iter().flat_map(|table| desired.children(table)).filter(is_key).cloned();
    columns.iter().map(|c| table.child(Column::NAME, c)).chain(keys).collect()
}
