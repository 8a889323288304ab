//! A table. See <https://www.postgresql.org/docs/current/sql-createtable.html>.
//!
//! A partition is a table of its own with `partition_of` and `for`; what it has from the tables above is not said again.

mod attached;
mod carry;
mod create;
mod detach;
mod lineage;
mod logged;
pub mod mark;
pub mod only;
pub mod part;
mod referenced;
mod storage;
mod typed;
mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use attached::{Attached, hide_plain};
pub use carry::{after_create as carry_rows, is_made_anew};
pub use create::{checks_above, takes_part};
pub use detach::half_detached;
pub use lineage::steps as moved;
pub use lineage::{
    Heirs, Place, above, attach, heirs, is_key, is_part, is_partition, is_sprung_from, leaving_below, line_of, makes,
    parents, place_of, renamed, sprung_from, tables,
};
pub use typed::{leave as leave_type, of_type};
pub use words::Words;

use super::column::Column;
use super::part::catalog::{RELATION_COLUMNS, USER_SCHEMA, tablespace};
use super::part::{
    Parameters, TypeName, follow_tablespace, is_default, parameters, refer_to_access_method, refer_to_tablespace, since,
};
use super::schema::Schema;
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::access::Fact;
use crate::kind::picture::Mark;
use crate::kind::{
    Alter, Cx, Entry, Form, Home, Kind, Misfit, Privileges, RELATION, References, Renaming, Rules, TYPE, Under,
};
use crate::model::{Address, HazardClass, KindName, Lock, PgVersion, State, Step};
use crate::sql;

/// A table: its columns, constraints and the like are objects of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// How its rows are distributed over partitions: `range (created_at)`.
    #[serde(skip_serializing_if = "is_default")]
    pub partition_by: Option<Words>,
    /// The table it is a partition of.
    #[serde(skip_serializing_if = "is_default")]
    pub partition_of: Option<String>,
    /// The rows that it holds as a partition: `values from (1) to (10)`, `values in ('eu')`, `default`.
    #[serde(rename = "for", skip_serializing_if = "is_default")]
    pub bounds: Option<Words>,
    /// The tables that it inherits from, in order.
    #[serde(skip_serializing_if = "is_default")]
    pub inherits: Vec<String>,
    /// The composite type that its columns are those of.
    #[serde(skip_serializing_if = "is_default")]
    pub of_type: Option<TypeName>,
    /// Not written to the write-ahead log; emptied after a crash.
    #[serde(skip_serializing_if = "is_default")]
    pub unlogged: bool,
    /// Row security.
    #[serde(skip_serializing_if = "is_default")]
    pub rls: RowSecurity,
    /// Its access method; when absent, that of the table it is a partition of (17 and later), or `heap`.
    #[serde(skip_serializing_if = "is_default")]
    pub access_method: Option<String>,
    /// Where it is; when absent, where the table is that it is a partition of, or the database's own tablespace.
    #[serde(skip_serializing_if = "is_default")]
    pub tablespace: Option<String>,
    /// Storage parameters, as in `with (…)`; those of its overflow table begin with `toast.`.
    #[serde(skip_serializing_if = "is_default")]
    pub options: Parameters,
    /// How subscribers identify the old row: `full`, `nothing`, `using index <name>`; the primary key when absent.
    #[serde(skip_serializing_if = "is_default")]
    #[schemars(extend("examples" = ["full", "nothing", "using index "]))]
    pub replica_identity: Option<Words>,
    /// The index that `cluster` orders it by.
    #[serde(skip_serializing_if = "is_default")]
    pub cluster_on: Option<String>,
    /// A column by which it or a partition of it is partitioned is to have another type. Only a live table says so.
    #[serde(skip)]
    pub rekeyed: bool,
    /// Whether the composite type that it is of is to have other attributes. Only a live table says so.
    #[serde(skip)]
    pub tie: typed::Tie,
    /// The tables that have columns from it.
    #[serde(skip)]
    pub heirs: lineage::Heirs,
}

/// Whether policies hold, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowSecurity {
    /// For nobody.
    #[default]
    Disabled,
    /// For all but the owner.
    Enabled,
    /// For the owner too.
    Forced,
    /// For nobody now, and for the owner too once they are enabled.
    ForcedWhenEnabled,
}

impl RowSecurity {
    fn is_enabled(self) -> bool {
        matches!(self, Self::Enabled | Self::Forced)
    }

    fn is_forced(self) -> bool {
        matches!(self, Self::Forced | Self::ForcedWhenEnabled)
    }
}

/// The privileges on a table.
pub const PRIVILEGES: Privileges = Privileges {
    noun: "table",
    plural: "tables",
    all: &[
        ("select", 'r'),
        ("insert", 'a'),
        ("update", 'w'),
        ("delete", 'd'),
        ("truncate", 'D'),
        ("references", 'x'),
        ("trigger", 't'),
        ("maintain", 'm'),
    ],
    public: &[],
};

impl Kind for Table {
    const NAME: KindName = KindName("table");
    const NOUN: &'static str = "table";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "tables", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1259,
        falls_with_parent: false,
        rebuildable: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[RELATION, TYPE],
        visible: true,
        ..Rules::DEFAULT
    };

    fn catalog(_server: PgVersion) -> Option<String> {
        let place = lineage::place_of("c");
        Some(format!(
            "select {RELATION_COLUMNS},
                    case when c.relkind = 'p' then pg_get_partkeydef(c.oid) end as partition_by,
                    {place},
                    case when c.reloftype <> 0 then format_type(c.reloftype, null) end as of_type,
                    c.relpersistence = 'u' as unlogged,
                    case when c.relforcerowsecurity then case when c.relrowsecurity then 'forced' else 'forced_when_enabled' end
                         when c.relrowsecurity then 'enabled' end as rls,
                    case when c.relam <> 2 then
                      (select am.amname::text from pg_am am where am.oid = c.relam and am.amname <> 'heap') end as access_method,
                    {} as tablespace,
                    case when c.reloptions is not null
                           or c.reltoastrelid in (select t.oid from pg_class t where t.relkind = 't' and t.reloptions is not null) then
                    (select json_object_agg(o.prefix || split_part(o.o, '=', 1), substr(o.o, strpos(o.o, '=') + 1))
                     from (select '' as prefix, unnest(c.reloptions) as o
                           union all
                           select 'toast.', unnest(t.reloptions) from pg_class t where t.oid = c.reltoastrelid) o) end as options,
                    case c.relreplident when 'f' then 'full' when 'n' then 'nothing' when 'i' then
                      (select 'using index ' || quote_ident(ic.relname)
                       from pg_index i join pg_class ic on ic.oid = i.indexrelid
                       where i.indrelid = c.oid and i.indisreplident) end as replica_identity,
                    case when c.oid in (select i.indrelid from pg_index i where i.indisclustered) then
                      (select ic.relname::text from pg_index i join pg_class ic on ic.oid = i.indexrelid
                       where i.indrelid = c.oid and i.indisclustered) end as cluster_on
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p') and {USER_SCHEMA}
             order by n.nspname, c.relname",
            tablespace("c")
        ))
    }

    fn complete(desired: &mut State, problems: &mut Diagnostics, _register: &'static [Entry]) {
        lineage::complete(desired, problems);
        storage::complete(desired);
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        storage::raise(state);
    }

    fn foresee(live: &mut State, desired: &State) {
        lineage::note(live);
        lineage::note_keys(live, desired);
        lineage::note_parts(live, desired);
        referenced::note(live, desired);
        typed::note(live, desired);
    }

    fn rekeyed(live: &mut State, old: &Address, _new: &Address) {
        typed::rekeyed(live, old);
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.place().references(out);
        refer_to_tablespace(self.tablespace.as_ref(), out);
        if let Some(method) = &self.access_method {
            refer_to_access_method(method, "access_method", out);
        }
        if let Some(of) = &self.of_type {
            of.reference(out, "of_type");
        }
        if let Some(by) = &self.partition_by {
            out.text(by.as_str(), "partition_by");
        }
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        self.place().check()
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let chosen = self.partition_by.is_some() && self.access_method.is_some();
        chosen.then(|| since(17, "access methods of partitioned tables", "access_method", cx))?
    }

    fn draw(&self, _at: &Address) -> Option<Mark> {
        Some(Mark::Box)
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        create::steps(self, cx)
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self {
            partition_by,
            partition_of: _,
            bounds: _,
            inherits: _,
            of_type,
            unlogged,
            rls: _,
            access_method,
            tablespace,
            options,
            replica_identity,
            cluster_on,
            rekeyed: _,
            tie: _,
            heirs: _,
        } = self;
        if *partition_by != old.partition_by {
            return Alter::Replace("PostgreSQL can't change how a table is partitioned".to_owned());
        }
        if old.rekeyed {
            return Alter::Replace(
                "PostgreSQL can't change the type of a column by which it is partitioned".to_owned(),
            );
        }
        let alter =
            |what: String| Step::new(format!("alter table {} {what}", cx.identity())).lock(Lock::AccessExclusive);
        let mut steps = lineage::steps(self.place(), old.place(), cx);
        match typed::steps(of_type.as_ref(), old, cx) {
            Ok(typed) => steps.extend(typed),
            Err(problem) => return Alter::Refuse(problem),
        }
        if *unlogged != old.unlogged {
            let word = if *unlogged { "unlogged" } else { "logged" };
            let step = alter(format!("set {word}")).needs(logged::first(*unlogged, cx));
            let step = step.unseats(logged::parted(*unlogged, cx));
            steps.push(step.hazard(HazardClass::Rewrite, "rewrites the table"));
            steps.extend(logged::sequences(*unlogged, cx));
        }
        if *access_method != old.access_method {
            if let Some((problem, _)) = since(15, "another access method of a table that exists", "access_method", cx) {
                return Alter::Refuse(problem);
            }
            let method = access_method.as_deref().unwrap_or("heap");
            let step = alter(format!("set access method {}", sql::ident(method)));
            steps.push(step.hazard(HazardClass::Rewrite, "rewrites the table"));
        }
        if *tablespace != old.tablespace {
            let place = tablespace.as_deref().unwrap_or("pg_default");
            let step = alter(format!("set tablespace {}", sql::ident(place)));
            steps.push(step.hazard(HazardClass::Rewrite, "copies the table while readers and writers wait"));
        }
        steps.extend(self.rls_steps(old.rls, cx));
        steps.extend(option_steps(&cx.identity(), &old.options, options));
        if *replica_identity != old.replica_identity {
            steps.push(mark::replica_identity(replica_identity.as_ref(), cx));
        }
        if *cluster_on != old.cluster_on {
            steps.push(mark::cluster_on(cluster_on.as_deref(), cx));
        }
        steps.sort_by_key(|step| step.late); // the others wait for nothing that comes before these
        Alter::InPlace(steps)
    }

    /// A partition is dropped along with the table above, and created again with it. A table of a composite type leaves
    /// the type while that is changed.
    fn release(&self, old: &Self, used: &[Address], cx: &Cx<'_>) -> Option<Alter> {
        let name = |at: &Address| sql::dotted(at.path());
        if old.of_type == self.of_type
            && let Some(of) = self.of_type.as_ref().map(ToString::to_string)
            && used.iter().all(|at| name(at) == of)
        {
            let tie = if old.tie == typed::Tie::Kept { typed::Tie::Changes } else { old.tie };
            return Some(self.alter(&Self { tie, ..old.clone() }, cx));
        }
        let falls = parents(cx.at, cx.desired).iter().any(|above| used.contains(above));
        self.partition_of
            .as_ref()
            .filter(|_| falls)
            .map(|above| Alter::Replace(format!("is a partition of `{above}`, which is made anew")))
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        let schema = cx.at.parent().expect("a table has a schema");
        let new = schema.child(Self::NAME, to);
        let columns = cx.live.children_of::<Column>(cx.at, Column::NAME);
        let follow = columns.into_iter().filter_map(|(at, c)| c.sequence_follows(at, &at.moved(cx.at, &new), cx));
        let rename = format!("alter {} rename to {}", cx.target(), sql::ident(to));
        [Step::new(rename).lock(Lock::AccessExclusive)].into_iter().chain(follow).collect()
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        follow_tablespace(&mut self.tablespace, renaming);
        for name in self.partition_of.iter_mut().chain(&mut self.inherits) {
            if let Some(new) = renaming.name(RELATION, name) {
                *name = new;
            }
        }
        self.of_type.iter_mut().for_each(|of| of.follow(renaming));
        self.bounds.iter_mut().for_each(|words| words.follow(renaming));
        let own = renaming.is_of_part() && renaming.from.kind() == Column::NAME;
        let beside = if own { renaming.beside() } else { renaming };
        self.partition_by.iter_mut().for_each(|words| words.follow(beside));
        mark::follow(self, renaming);
    }

    fn access(&self, _at: &Address) -> Option<Fact> {
        self.rls.is_enabled().then(|| Fact::Rows { forced: self.rls.is_forced() })
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        carry::drop(cx)
    }
}

/// Returns whether the table at `at` is partitioned.
pub fn is_partitioned(at: &Address, state: &State) -> bool {
    state.spec::<Table>(at).is_some_and(|table| table.partition_by.is_some())
}

impl Table {
    /// Returns what the table says about the tables above it.
    pub fn place(&self) -> Place<'_> {
        Place { partition_of: self.partition_of.as_ref(), bounds: self.bounds.as_ref(), inherits: &self.inherits }
    }

    fn rls_steps(&self, old: RowSecurity, cx: &Cx<'_>) -> Vec<Step> {
        let table = cx.identity();
        let alter = |what: &str| {
            Step::new(format!("alter table {table} {what} row level security")).lock(Lock::AccessExclusive)
        };
        let mut steps = Vec::new();
        if self.rls.is_enabled() && !old.is_enabled() {
            steps.push(alter("enable"));
        }
        if old.is_enabled() && !self.rls.is_enabled() {
            steps.push(alter("disable").hazard(HazardClass::Access, "policies no longer hold: every row can be seen"));
        }
        match (old.is_forced(), self.rls.is_forced()) {
            (false, true) => steps.push(alter("force")),
            (true, false) => {
                steps.push(alter("no force").hazard(HazardClass::Access, "policies no longer bind the owner"));
            }
            (true, true) | (false, false) => {}
        }
        steps
    }
}

/// Returns the statements with `set (…)` and `reset (…)` that turn the options `old` into `new`.
fn option_steps(table: &str, old: &Parameters, new: &Parameters) -> Vec<Step> {
    let changes = parameters::changes(old, new).into_iter();
    changes.map(|change| Step::new(format!("alter table {table} {change}")).lock(Lock::ShareUpdateExclusive)).collect()
}
