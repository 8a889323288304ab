//! A setting for one role in all databases.
//! See <https://www.postgresql.org/docs/current/sql-alterrole.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::setting::{self, Setting, setting_methods};
use super::role::Role;
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Rules, Scope, Under};
use crate::model::{Act, Address, Demand, KindName, PgVersion, State, Step};

/// A setting: the key is its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleSetting {
    /// The value.
    pub value: Setting,
}

/// `alter … set …` and `alter … reset …`.
fn alter(cx: &Cx<'_>, what: &str) -> Step {
    Step::new(format!("alter role {} {what}", cx.parent().name()))
}

impl Kind for RoleSetting {
    const NAME: KindName = KindName("role_setting");
    const NOUN: &'static str = "setting";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Role::NAME]), key: "settings", form: Form::Map }];
    const RULES: Rules = Rules { scope: Scope::Cluster, short_field: Some("value"), ..Rules::DEFAULT };

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(setting::catalog("1260 as parent_class, s.setrole as parent, ", "s.setdatabase = 0 and s.setrole <> 0"))
    }

    setting_methods!(alter);

    fn demands(&self, _act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        vec![Demand::Administers(cx.parent().at.key().to_owned())]
    }
}
