//! A table. See <https://www.postgresql.org/docs/current/sql-createtable.html>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::column::Column;
use super::part::catalog::USER_SCHEMA;
use super::part::is_default;
use super::schema::Schema;
use crate::kind::{Alter, Cx, Form, Home, Kind, Privileges, RELATION, Rules, TYPE, Under};
use crate::model::{HazardClass, KindName, Lock, PgVersion, Step};
use crate::sql;

/// A table: its columns, constraints and the like are objects of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// Not written to the log; emptied after a crash.
    #[serde(skip_serializing_if = "is_default")]
    pub unlogged: bool,
    /// Row security.
    #[serde(skip_serializing_if = "is_default")]
    pub rls: RowSecurity,
    /// Storage parameters, as in `with (…)`.
    #[serde(skip_serializing_if = "is_default")]
    pub options: BTreeMap<String, String>,
}

/// Whether policies hold, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowSecurity {
    /// For nobody.
    #[default]
    Disabled,
    /// For all but the owner.
    Enabled,
    /// For the owner too.
    Forced,
}

/// What may be granted on a table.
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
        Some(format!(
            "select c.oid, 2615 as parent_class, c.relnamespace as parent, c.relname as key,
                    c.relowner::regrole::text as owner, c.relacl::text[] as acl,
                    c.relpersistence = 'u' as unlogged,
                    case when c.relforcerowsecurity then 'forced' when c.relrowsecurity then 'enabled' end as rls,
                    (select jsonb_object_agg(split_part(o, '=', 1), substr(o, strpos(o, '=') + 1))
                     from unnest(c.reloptions) o) as options
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind = 'r' and not c.relispartition and {USER_SCHEMA}
             order by n.nspname, c.relname"
        ))
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let columns = cx.desired.children_of::<Column>(cx.at, Column::NAME);
        let lines: Vec<String> = columns.iter().map(|(at, c)| format!("\n    {}", c.definition(&cx.at(at)))).collect();
        let unlogged = if self.unlogged { "unlogged " } else { "" };
        let mut sql = format!("create {unlogged}table {} ({}\n)", cx.identity(), lines.join(","));
        if !self.options.is_empty() {
            sql += &format!(" with ({})", option_list(&self.options));
        }
        let inline = columns.iter().map(|(at, _)| (*at).clone());
        let mut steps = vec![Step::new(sql).speaks_for(inline)];
        steps.extend(columns.iter().flat_map(|(at, column)| column.attribute_steps(None, &cx.at(at))));
        steps.extend(self.rls_steps(RowSecurity::Disabled, cx));
        steps
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { unlogged, rls: _, options } = self;
        let table = cx.identity();
        let mut steps = Vec::new();
        if *unlogged != old.unlogged {
            let word = if *unlogged { "unlogged" } else { "logged" };
            steps.push(
                Step::new(format!("alter table {table} set {word}"))
                    .lock(Lock::AccessExclusive)
                    .hazard(HazardClass::Rewrite, "rewrites the table"),
            );
        }
        steps.extend(self.rls_steps(old.rls, cx));
        let gone: Vec<&String> = old.options.keys().filter(|k| !options.contains_key(*k)).collect();
        if !gone.is_empty() {
            steps.push(Step::new(format!("alter table {table} reset ({})", join(gone))).lock(Lock::ShareUpdateExclusive));
        }
        let set: BTreeMap<String, String> =
            options.iter().filter(|(k, v)| old.options.get(*k) != Some(v)).map(|(k, v)| (k.clone(), v.clone())).collect();
        if !set.is_empty() {
            steps.push(
                Step::new(format!("alter table {table} set ({})", option_list(&set))).lock(Lock::ShareUpdateExclusive),
            );
        }
        Alter::InPlace(steps)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![
            Step::new(format!("drop table {}", cx.identity()))
                .lock(Lock::AccessExclusive)
                .hazard(HazardClass::Data, "drops the table with its rows"),
        ]
    }
}

impl Table {
    fn rls_steps(&self, old: RowSecurity, cx: &Cx<'_>) -> Vec<Step> {
        let table = cx.identity();
        let alter = |what: &str| Step::new(format!("alter table {table} {what} row level security")).lock(Lock::AccessExclusive);
        let on = |s: RowSecurity| s != RowSecurity::Disabled;
        let mut steps = Vec::new();
        if on(self.rls) && !on(old) {
            steps.push(alter("enable"));
        }
        if on(old) && !on(self.rls) {
            steps.push(alter("disable").hazard(HazardClass::Access, "policies no longer hold: every row can be seen"));
        }
        match (old == RowSecurity::Forced, self.rls == RowSecurity::Forced) {
            (false, true) => steps.push(alter("force")),
            (true, false) => steps.push(alter("no force").hazard(HazardClass::Access, "policies no longer bind the owner")),
            (true, true) | (false, false) => {}
        }
        steps
    }
}

/// `fillfactor = '70', autovacuum_enabled = 'false'`.
pub fn option_list(options: &BTreeMap<String, String>) -> String {
    join(options.iter().map(|(k, v)| format!("{k} = {}", sql::literal(v))))
}

fn join<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    items.into_iter().map(|s| s.as_ref().to_owned()).collect::<Vec<_>>().join(", ")
}
