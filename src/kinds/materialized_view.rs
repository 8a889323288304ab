//! A materialized view. See <https://www.postgresql.org/docs/current/sql-creatematerializedview.html>.
//!
//! Its rows are nobody's only copy: whether it holds any is not compared, and another query makes it anew.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::{RELATION_COLUMNS, USER_SCHEMA, options};
use super::part::{
    Parameters, Sql, follow_tablespace, is_default, parameters, refer_to_access_method, refer_to_tablespace,
};
use super::schema::Schema;
use super::table::{PRIVILEGES, mark};
use crate::kind::names::Names;
use crate::kind::{Alter, Cx, Form, Home, Kind, RELATION, References, Renaming, Rules, TYPE, Under, find};
use crate::kinds::register;
use crate::model::{Address, HazardClass, KindName, Lock, PgVersion, State, Step};
use crate::sql;

/// A materialized view.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaterializedView {
    /// Filled when made; `false` leaves that to a later `refresh`.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub with_data: bool,
    /// Storage parameters, as in `with (…)`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Parameters,
    /// Its tablespace; the database's when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tablespace: Option<String>,
    /// Its table access method; `heap` when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub access_method: Option<String>,
    /// The index that `cluster` orders it by.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cluster_on: Option<String>,
    /// Its query.
    pub query: Sql,
    /// Whether it is empty and must be filled, as one that is new reads it.
    #[serde(skip)]
    pub lacks_rows: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

impl PartialEq for MaterializedView {
    fn eq(&self, other: &Self) -> bool {
        let Self { with_data: _, options, tablespace, access_method, cluster_on, query, lacks_rows } = self;
        *options == other.options
            && *lacks_rows == other.lacks_rows
            && *tablespace == other.tablespace
            && *access_method == other.access_method
            && *cluster_on == other.cluster_on
            && *query == other.query
    }
}

impl Kind for MaterializedView {
    const NAME: KindName = KindName("materialized_view");
    const NOUN: &'static str = "materialized view";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "materialized_views", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1259,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[RELATION, TYPE],
        file: Some("query"),
        short_field: Some("query"),
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_class where relkind = 'm'");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select {RELATION_COLUMNS},
                    c.relispopulated as with_data, s.spcname as tablespace, nullif(m.amname, 'heap') as access_method,
                    {} as options,
                    (select ic.relname::text from pg_index i join pg_class ic on ic.oid = i.indexrelid
                     where i.indrelid = c.oid and i.indisclustered) as cluster_on,
                    pg_get_viewdef(c.oid) as query
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  left join pg_tablespace s on s.oid = c.reltablespace left join pg_am m on m.oid = c.relam
             where c.relkind = 'm' and {USER_SCHEMA}
             order by n.nspname, c.relname",
            options("c.reloptions")
        ))
    }

    /// Whether one holds rows is not compared, unless a new one is to be filled from it.
    fn foresee(live: &mut State, desired: &State) {
        let is_filled = |at: &Address, state: &State| state.spec::<Self>(at).is_some_and(|view| view.with_data);
        let all = desired.of_kind(Self::NAME).into_iter().filter(|at| is_filled(at, desired));
        let (lacking, new): (Vec<Address>, Vec<Address>) = all.partition(|at| live.contains(at));
        let lacking: HashSet<Address> = lacking.into_iter().filter(|at| !is_filled(at, live)).collect();
        if lacking.is_empty() || new.is_empty() {
            return;
        }
        let read = read_by(new, desired);
        for at in lacking.intersection(&read) {
            if let Some(there) = live.spec::<Self>(at) {
                let there = Self { lacks_rows: true, ..there.clone() };
                live.set(at, there);
            }
        }
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.query(self.query.as_str(), "query");
        refer_to_tablespace(self.tablespace.as_ref(), out);
        if let Some(method) = &self.access_method {
            refer_to_access_method(method, "access_method", out);
        }
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        follow_tablespace(&mut self.tablespace, renaming);
        self.query.follow(renaming);
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let mut sql = format!("create materialized view {}", cx.identity());
        if let Some(method) = &self.access_method {
            sql += &format!(" using {}", sql::ident(method));
        }
        sql += &parameters::with(&self.options);
        if let Some(tablespace) = &self.tablespace {
            sql += &format!(" tablespace {}", sql::ident(tablespace));
        }
        let data = if self.with_data { "" } else { "\nwith no data" };
        let moved = cx.live.spec::<Self>(cx.at).is_some_and(|live| live.cluster_on != self.cluster_on);
        let cluster = self.cluster_on.as_deref().filter(|_| moved).map(|index| mark::cluster_on(Some(index), cx));
        std::iter::once(Step::new(format!("{sql} as\n{}{data}", self.query)).queries()).chain(cluster).collect()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { with_data: _, options, tablespace, access_method, cluster_on, query, lacks_rows: _ } = self;
        if *query != old.query {
            return Alter::Replace("PostgreSQL can't give a materialized view another query".to_owned());
        }
        if *access_method != old.access_method && !cx.server.version.at_least(15) {
            return Alter::Replace("it is stored in another way".to_owned());
        }
        let alter = |what: String| Step::new(format!("alter {} {what}", cx.target())).lock(Lock::AccessExclusive);
        let changes = parameters::changes(&old.options, options).into_iter();
        let mut steps: Vec<Step> = changes.map(|change| alter(change).lock(Lock::ShareUpdateExclusive)).collect();
        if *access_method != old.access_method {
            let method = sql::ident(access_method.as_deref().unwrap_or("heap"));
            steps.push(alter(format!("set access method {method}")).hazard(HazardClass::Rewrite, "rewrites its rows"));
        }
        if *tablespace != old.tablespace {
            let to = sql::ident(tablespace.as_deref().unwrap_or("pg_default"));
            steps.push(alter(format!("set tablespace {to}")).hazard(HazardClass::Rewrite, "moves its rows"));
        }
        if *cluster_on != old.cluster_on {
            steps.push(mark::cluster_on(cluster_on.as_deref(), cx));
        }
        if old.lacks_rows {
            let refresh = Step::new(format!("refresh materialized view {}", cx.identity()));
            steps.push(refresh.lock(Lock::AccessExclusive));
        }
        Alter::InPlace(steps)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let step = Step::new(format!("drop materialized view {}", cx.identity())).lock(Lock::AccessExclusive);
        let comes_back = cx.desired.contains(cx.at);
        vec![if comes_back { step.hazard(HazardClass::Block, "readers wait while its query runs again") } else { step }]
    }
}

/// Returns all that objects use, directly or through others.
fn read_by(mut objects: Vec<Address>, state: &State) -> HashSet<Address> {
    let names = Names::of(state, register());
    let mut used = HashSet::new();
    while let Some(at) = objects.pop() {
        let Some(object) = state.get(&at) else { continue };
        let mut references = References::default();
        (find(register(), at.kind()).references)(&*object.spec, &at, &mut references);
        let names = references.list.iter().flat_map(|(reference, _)| names.resolve(reference, &at));
        objects.extend(names.filter(|to| used.insert(to.clone())));
    }
    used
}
