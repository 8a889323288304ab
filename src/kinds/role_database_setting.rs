//! A setting for one role in this database.
//! See <https://www.postgresql.org/docs/current/sql-alterrole.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::setting::{self, Setting, setting_methods};
use super::role::Role;
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Rules, Scope, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// A setting: the key is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleDatabaseSetting {
    /// The value.
    pub value: Setting,
}

/// `alter … set …` and `alter … reset …`.
fn alter(cx: &Cx<'_>, what: &str) -> Step {
    Step::new(format!("alter role {} in database {} {what}", cx.parent().name(), sql::ident(&cx.server.database)))
}

impl Kind for RoleDatabaseSetting {
    const NAME: KindName = KindName("role_database_setting");
    const NOUN: &'static str = "setting";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Role::NAME]), key: "database_settings", form: Form::Map }];
    const RULES: Rules = Rules { scope: Scope::Cluster, short_field: Some("value"), ..Rules::DEFAULT };

    fn catalog(_server: PgVersion) -> Option<String> {
        let this = "(select oid from pg_database where datname = current_database())";
        Some(setting::catalog(
            "1260 as parent_class, s.setrole as parent, ",
            &format!("s.setrole <> 0 and s.setdatabase = {this}"),
        ))
    }

    setting_methods!(alter);
}
