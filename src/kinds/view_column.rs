//! What is said of a column of a view or a materialized view: a comment, privileges, a default.
//!
//! The column itself comes and goes with the query. Only columns of which something is said are objects.
//! See <https://www.postgresql.org/docs/current/sql-alterview.html>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::column::{OfType, PRIVILEGES, attribute_changes, compression, storage};
use super::materialized_view::MaterializedView;
use super::part::catalog::{USER_SCHEMA, options};
use super::part::{Sql, is_default};
use super::view::View;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, References, Rules, Under};
use crate::model::{Address, KindName, Lock, PgVersion, State, Step};

/// A column of a view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ViewColumn {
    /// What an insert through the view puts where it gives no value.
    #[serde(skip_serializing_if = "is_default")]
    pub default: Option<Sql>,
    /// Detail of planner statistics, for a materialized view; the server's default when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub statistics: Option<u16>,
    /// How large values are stored, for a materialized view: `plain`, `external`, `extended`, `main`.
    #[serde(skip_serializing_if = "is_default")]
    pub storage: Option<String>,
    /// How the type itself stores them.
    #[serde(skip_serializing)]
    pub live_storage: OfType,
    /// How large values are compressed, for a materialized view: `pglz` or `lz4`; the server's default when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub compression: Option<String>,
    /// Attributes of its own, for a materialized view: `n_distinct`.
    #[serde(skip_serializing_if = "is_default")]
    pub options: BTreeMap<String, String>,
}

impl Kind for ViewColumn {
    const NAME: KindName = KindName("view_column");
    const NOUN: &'static str = "column";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[View::NAME, MaterializedView::NAME]), key: "columns", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1259,
        identity: Identity::Dotted,
        comment: true,
        privileges: Some(PRIVILEGES),
        shadow: true,
        ..Rules::DEFAULT
    };

    fn catalog(_server: PgVersion) -> Option<String> {
        let stored = "(c.relkind = 'm' and a.attstorage <> t.typstorage)";
        Some(format!(
            "select a.attrelid as oid, a.attnum as sub, 1259 as parent_class, a.attrelid as parent, a.attname as key,
                    a.attnum as ordinal, a.attacl::text[] as acl, pg_get_expr(d.adbin, d.adrelid) as \"default\",
                    nullif(a.attstattarget, -1) as statistics, {} as options,
                    case when {stored} then {} end as storage, case when {stored} then {} end as live_storage,
                    case when c.relkind = 'm' then {} end as compression
             from pg_attribute a
                  join pg_class c on c.oid = a.attrelid
                  join pg_type t on t.oid = a.atttypid
                  join pg_namespace n on n.oid = c.relnamespace
                  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
             where c.relkind in ('v', 'm') and a.attnum > 0 and not a.attisdropped and {USER_SCHEMA}
               and (a.attacl is not null or d.oid is not null or nullif(a.attstattarget, -1) is not null
                    or a.attoptions is not null or {stored} or c.relkind = 'm' and a.attcompression <> ''
                    or exists (select from pg_description e
                               where e.classoid = 1259 and e.objoid = a.attrelid and e.objsubid = a.attnum))
             order by a.attrelid, a.attnum",
            options("a.attoptions"),
            storage("a.attstorage"),
            storage("t.typstorage"),
            compression("a.attcompression"),
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        if let Some(default) = &self.default {
            out.text(default.as_str(), "default");
        }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        self.steps(&Self::default(), cx)
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        Alter::InPlace(self.steps(old, cx))
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        Self::default().steps(self, cx)
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        if *self == Self::default() && desired.children(at).is_empty() {
            let problem = Problem::new(Code::WrongType, format!("nothing is said of column `{}`", at.key()));
            return vec![(problem.help("remove it: a view's query says which columns there are"), "default")];
        }
        Vec::new()
    }
}

impl ViewColumn {
    fn steps(&self, old: &Self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { default, statistics, storage, live_storage: _, compression, options } = self;
        let parent = cx.parent().target();
        let alter = |what: String| Step::new(format!("alter {parent} alter column {} {what}", cx.name()));
        let mut steps = Vec::new();
        if *default != old.default {
            let what = default.as_ref().map_or_else(|| "drop default".to_owned(), |d| format!("set default {d}"));
            steps.push(alter(what).lock(Lock::AccessExclusive));
        }
        if *statistics != old.statistics {
            let target = statistics.map_or_else(|| "-1".to_owned(), |s| s.to_string());
            steps.push(alter(format!("set statistics {target}")).lock(Lock::ShareUpdateExclusive));
        }
        if *storage != old.storage {
            let storage = storage.as_deref().unwrap_or_else(|| old.live_storage.or_default(cx.server.version));
            steps.push(alter(format!("set storage {storage}")).lock(Lock::AccessExclusive));
        }
        if *compression != old.compression {
            let compression = compression.as_deref().unwrap_or("default");
            steps.push(alter(format!("set compression {compression}")).lock(Lock::AccessExclusive));
        }
        let what = attribute_changes(&old.options, options);
        steps.extend(what.into_iter().map(|what| alter(what).lock(Lock::ShareUpdateExclusive)));
        steps
    }
}
