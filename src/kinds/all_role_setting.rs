//! A setting for all roles in all databases: `alter role all`.
//!
//! See <https://www.postgresql.org/docs/current/sql-alterrole.html>. Only declared ones are managed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::setting::{self, Setting, setting_methods};
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Rules, Scope, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};

/// A setting: the key is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllRoleSetting {
    /// The value.
    pub value: Setting,
}

/// `alter … set …` and `alter … reset …`.
fn alter(_cx: &Cx<'_>, what: &str) -> Step {
    Step::new(format!("alter role all {what}"))
}

impl Kind for AllRoleSetting {
    const NAME: KindName = KindName("all_role_setting");
    const NOUN: &'static str = "setting";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "all_role_settings", form: Form::Map }];
    const RULES: Rules = Rules { scope: Scope::Cluster, short_field: Some("value"), ..Rules::DEFAULT };

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(setting::catalog("", "s.setrole = 0 and s.setdatabase = 0"))
    }

    setting_methods!(alter);
}
