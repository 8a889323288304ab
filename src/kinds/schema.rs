//! A schema. See <https://www.postgresql.org/docs/current/sql-createschema.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Privileges, Rules, Under, demands, plain_key};
use crate::model::{Act, Address, Demand, HazardClass, KindName, PgVersion, Step};

/// A schema has nothing of its own but what is in it and on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schema {}

/// What may be granted on a schema.
const PRIVILEGES: Privileges =
    Privileges { noun: "schema", plural: "schemas", all: &[("usage", 'U'), ("create", 'C')], public: &[] };

impl Kind for Schema {
    const NAME: KindName = KindName("schema");
    const NOUN: &'static str = "schema";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "schemas", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2615,
        identity: Identity::Plain,
        renames: true,
        rebuildable: false,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        visible: true,
        space: true,
        ..Rules::DEFAULT
    };

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(
            "select oid, nspname as key, nspowner::regrole::text as owner, nspacl::text[] as acl
             from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by nspname"
                .to_owned(),
        )
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        if written.starts_with("pg_") {
            let message = format!("schema `{written}` can't be made: names from `pg_` are PostgreSQL's own");
            return Err(Problem::new(Code::WrongType, message).help("give it another name"));
        }
        plain_key(written)
    }

    fn builtin(key: &str) -> bool {
        matches!(key, "pg_catalog" | "information_schema")
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        if act == Act::Make { vec![Demand::OnDatabase("create")] } else { demands::usual(act, cx) }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("create schema {}", cx.name()))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::InPlace(Vec::new())
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("drop schema {}", cx.name())).hazard(HazardClass::Breaking, "clients lose the schema")]
    }
}
