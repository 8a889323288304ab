//! A setting for all roles in this database.
//! See <https://www.postgresql.org/docs/current/sql-alterdatabase.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::database::Database;
use super::part::setting::{self, Setting, setting_methods};
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Rules, Scope, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};

/// A setting: the key is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSetting {
    /// The value.
    pub value: Setting,
}

/// `alter … set …` and `alter … reset …`.
fn alter(cx: &Cx<'_>, what: &str) -> Step {
    Step::new(format!("alter database {} {what}", cx.parent().identity()))
}

impl Kind for DatabaseSetting {
    const NAME: KindName = KindName("database_setting");
    const NOUN: &'static str = "setting";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Database::NAME]), key: "settings", form: Form::Map }];
    const RULES: Rules = Rules { scope: Scope::Database, short_field: Some("value"), ..Rules::DEFAULT };

    fn catalog(_server: PgVersion) -> Option<String> {
        let this = "(select oid from pg_database where datname = current_database())";
        Some(setting::catalog(
            "1262 as parent_class, s.setdatabase as parent, ",
            &format!("s.setrole = 0 and s.setdatabase = {this}"),
        ))
    }

    setting_methods!(alter);
}
