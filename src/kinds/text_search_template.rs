//! A text search template. See <https://www.postgresql.org/docs/current/sql-createtstemplate.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::{USER_SCHEMA, function};
use super::part::{QualifiedName, is_default};
use super::schema::Schema;
use crate::kind::{Alter, Cx, Form, Home, Kind, ROUTINE, References, Rules, Slot, Under, demands};
use crate::model::{Act, Address, Demand, KindName, PgVersion, Step};

/// Where templates have their names.
pub const SLOT: Slot = Slot("text search template");

/// A template: functions that a dictionary is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextSearchTemplate {
    /// Looks a word up.
    pub lexize: QualifiedName,
    /// Makes a dictionary ready.
    #[serde(default, skip_serializing_if = "is_default")]
    pub init: Option<QualifiedName>,
}

impl Kind for TextSearchTemplate {
    const NAME: KindName = KindName("text_search_template");
    const NOUN: &'static str = "text search template";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "text_search_templates", form: Form::Map }];
    const RULES: Rules =
        Rules { class: 3764, falls_with_parent: false, renames: true, comment: true, slots: &[SLOT], ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_ts_template where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select t.oid, 2615 as parent_class, t.tmplnamespace as parent, t.tmplname as key, {} as lexize, {} as init
             from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace
             where {USER_SCHEMA} order by n.nspname, t.tmplname",
            function("t.tmpllexize"),
            function("t.tmplinit")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.lexize.reference(ROUTINE, out, "lexize");
        if let Some(init) = &self.init {
            init.reference(ROUTINE, out, "init");
        }
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        if act == Act::Make { vec![Demand::Superuser] } else { demands::usual(act, cx) }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { lexize, init } = self;
        let init = init.as_ref().map(|name| format!("init = {name}, ")).unwrap_or_default();
        vec![Step::new(format!("create {} ({init}lexize = {lexize})", cx.target()))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::Replace("PostgreSQL can't change a text search template".to_owned())
    }
}
