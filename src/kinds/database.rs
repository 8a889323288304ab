//! The database itself. See <https://www.postgresql.org/docs/current/sql-alterdatabase.html>.
//!
//! It always stands: dbstate connects to it. Its address holds no name, so that one project fits databases of any name.
//! It is managed when it is declared, or a grant on it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::is_default;
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Privileges, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};

/// The database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// How many concurrent connections it may have; -1 for no limit.
    #[serde(skip_serializing_if = "is_unlimited")]
    pub connection_limit: i32,
    /// Whoever may create databases may copy it.
    #[serde(skip_serializing_if = "is_default")]
    pub template: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self { connection_limit: -1, template: false }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_unlimited(value: &i32) -> bool {
    *value == -1
}

/// What may be granted on a database.
const PRIVILEGES: Privileges = Privileges {
    noun: "database",
    plural: "database",
    all: &[("connect", 'c'), ("create", 'C'), ("temporary", 'T')],
    public: &["connect", "temporary"],
};

impl Kind for Database {
    const NAME: KindName = KindName("database");
    const NOUN: &'static str = "database";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "database", form: Form::One }];
    const RULES: Rules = Rules {
        class: 1262,
        identity: Identity::Database,
        falls_with_parent: false,
        rebuildable: false,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        ..Rules::DEFAULT
    };

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(
            "select oid, '' as key, datdba::regrole::text as owner, datacl::text[] as acl,
                    datconnlimit as connection_limit, datistemplate as template
             from pg_database where datname = current_database()"
                .to_owned(),
        )
    }

    fn managed(&self, at: &Address, desired: &State) -> bool {
        desired.contains(at)
    }

    fn create(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new() // it stands
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { connection_limit, template } = self;
        let mut words = Vec::new();
        if *connection_limit != old.connection_limit {
            words.push(format!("connection limit {connection_limit}"));
        }
        if *template != old.template {
            words.push(format!("is_template {template}"));
        }
        Alter::InPlace(vec![Step::new(format!("alter {} {}", cx.target(), words.join(" ")))])
    }

    fn drop(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new() // never
    }
}
