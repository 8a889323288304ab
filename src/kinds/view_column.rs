//! A column of a view or a materialized view, where it has a comment, privileges or a default.
//!
//! The column itself comes and goes with the query. Only columns of which something is said are objects.
//! See <https://www.postgresql.org/docs/current/sql-alterview.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::PRIVILEGES;
use super::materialized_view::MaterializedView;
use super::part::catalog::USER_SCHEMA;
use super::part::stored::{self, OfType, Stored};
use super::part::{Parameters, Sql, is_default};
use super::view::View;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, References, Rules, Under};
use crate::model::{Address, KindName, Lock, PgVersion, State, Step};

/// A column of a view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ViewColumn {
    /// The default that an insert through the view uses.
    #[serde(skip_serializing_if = "is_default")]
    pub default: Option<Sql>,
    /// How large values are stored, in a materialized view: `plain`, `external`, `extended`, `main`; the type's own way
    /// when absent.
    #[serde(skip_serializing_if = "is_default")]
    #[schemars(extend("examples" = ["plain", "external", "extended", "main"]))]
    pub storage: Option<String>,
    /// How the type itself stores them.
    #[serde(skip_serializing)]
    pub live_storage: OfType,
    /// How large values are compressed, in a materialized view: `pglz` or `lz4`; the server's default when absent.
    #[serde(skip_serializing_if = "is_default")]
    #[schemars(extend("examples" = ["pglz", "lz4"]))]
    pub compression: Option<String>,
    /// Detail of planner statistics, for a materialized view; the server's default when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub statistics: Option<u16>,
    /// Attributes of its own, in a materialized view: `n_distinct`.
    #[serde(skip_serializing_if = "is_default")]
    pub options: Parameters,
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

    const PRESENT: Option<&'static str> = Some("pg_class where relkind in ('v', 'm') and oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select a.attrelid as oid, a.attnum as sub, 1259 as parent_class, a.attrelid as parent, a.attname as key,
                    a.attnum as ordinal, a.attacl::text[] as acl,
                    case when a.attacl is not null then c.relowner::regrole::text end as owner, pg_get_expr(d.adbin, d.adrelid) as \"default\",
                    {}
             from pg_attribute a
                  join pg_class c on c.oid = a.attrelid
                  join pg_type t on t.oid = a.atttypid
                  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
             where a.attrelid = any(array(select v.oid from pg_class v join pg_namespace n on n.oid = v.relnamespace
                                          where v.relkind in ('v', 'm') and {USER_SCHEMA}))
               and a.attnum > 0 and not a.attisdropped
               and (a.attacl is not null or d.oid is not null or a.attoptions is not null
                    or c.relkind = 'm' and (nullif(a.attstattarget, -1) is not null or a.attstorage <> t.typstorage
                                            or a.attcompression <> '')
                    or exists (select from pg_description e
                               where e.classoid = 1259 and e.objoid = a.attrelid and e.objsubid = a.attnum))
             order by a.attrelid, a.attnum",
            stored::fields()
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
        self.stored().check()
    }
}

impl ViewColumn {
    fn steps(&self, old: &Self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { default, storage: _, live_storage: _, compression: _, statistics: _, options: _ } = self;
        let parent = cx.parent().target();
        let alter = |what: String| Step::new(format!("alter {parent} alter column {} {what}", cx.name()));
        let mut steps = Vec::new();
        if *default != old.default {
            let what = default.as_ref().map_or_else(|| "drop default".to_owned(), |d| format!("set default {d}"));
            steps.push(alter(what).lock(Lock::AccessExclusive));
        }
        steps.extend(self.stored().steps(Some(old.stored()), cx, |_, what| alter(what.to_owned())));
        steps
    }

    fn stored(&self) -> Stored<'_> {
        Stored {
            storage: self.storage.as_deref(),
            of_type: &self.live_storage,
            compression: self.compression.as_deref(),
            statistics: self.statistics,
            options: &self.options,
        }
    }
}
