//! An extension. See <https://www.postgresql.org/docs/current/sql-createextension.html>.
//!
//! A schema or version that is not declared is not managed. What an extension brings along is never touched. Its schema
//! may be one that the project does not know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::is_default;
use super::schema::Schema;
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, References, Rules, Under};
use crate::model::{Address, HazardClass, KindName, PgVersion, State, Step};
use crate::sql;

/// Those that every database has from the start.
const BY_INITDB: [&str; 1] = ["plpgsql"];

/// Where extensions go that name no schema.
const SCHEMA: &str = "public";

/// An extension.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Extension {
    /// The schema of what it brings along; `public` when it is made, and not managed, when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub schema: Option<String>,
    /// The version to stay at; not managed when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub version: Option<String>,
    /// The version there is: nobody asked for it.
    #[serde(skip_serializing)]
    pub live_version: Option<String>,
}

impl PartialEq for Extension {
    fn eq(&self, other: &Self) -> bool {
        let Self { schema, version: _, live_version: _ } = self;
        agree(schema.as_deref(), other.schema.as_deref()) && agree(self.version(), other.version())
    }
}

/// True when both say the same, or one says nothing.
fn agree(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_none_or(|(a, b)| a == b)
}

impl Extension {
    fn version(&self) -> Option<&str> {
        self.version.as_deref().or(self.live_version.as_deref())
    }
}

impl Kind for Extension {
    const NAME: KindName = KindName("extension");
    const NOUN: &'static str = "extension";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "extensions", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 3079,
        identity: Identity::Plain,
        rebuildable: false,
        comment: true,
        visible: true,
        opaque: true,
        ..Rules::DEFAULT
    };

    /// What the files of any version say.
    const NEEDS: Option<&'static str> = Some(
        "select distinct name::text, needed::text from pg_available_extension_versions, unnest(requires) needed
         where name = any($1) and needed = any($1)",
    );

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(
            "select e.oid, e.extname as key, n.nspname::text as schema,
                    e.extversion as live_version
             from pg_extension e join pg_namespace n on n.oid = e.extnamespace
             order by e.oid"
                .to_owned(),
        )
    }

    /// What every database has is nobody's unless it is declared.
    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        for name in BY_INITDB {
            state.remove(&Address::root(Self::NAME, name));
        }
    }

    fn managed(&self, at: &Address, desired: &State) -> bool {
        !BY_INITDB.contains(&at.key()) || desired.contains(at)
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.perhaps(Address::root(Schema::NAME, self.schema.as_deref().unwrap_or(SCHEMA)), "schema");
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let schema = self.schema.as_deref().unwrap_or(SCHEMA);
        let mut sql = format!("create extension {} schema {}", cx.name(), sql::ident(schema));
        if let Some(version) = &self.version {
            sql += &format!(" version {}", sql::literal(version));
        }
        vec![Step::new(sql)]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { schema, version, live_version: _ } = self;
        let mut steps = Vec::new();
        if let Some(schema) = schema.as_deref().filter(|s| old.schema.as_deref() != Some(*s)) {
            let sql = format!("alter extension {} set schema {}", cx.name(), sql::ident(schema));
            steps.push(Step::new(sql).hazard(HazardClass::Breaking, "clients know its objects by the old schema"));
        }
        if let Some(version) = version.as_deref().filter(|v| old.version() != Some(*v)) {
            steps.push(Step::new(format!("alter extension {} update to {}", cx.name(), sql::literal(version))));
        }
        Alter::InPlace(steps)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let lost = "drops the extension with what it brought along";
        vec![Step::new(format!("drop extension {}", cx.name())).hazard(HazardClass::Data, lost)]
    }
}
