//! What a setting is when a role connects to any database.
//! See <https://www.postgresql.org/docs/current/sql-alterrole.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{Setting, setting};
use super::role::Role;
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Rules, Scope, Under};
use crate::model::{Act, Address, Demand, KindName, PgVersion, State, Step};
use crate::sql;

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
        Some(
            "select 1260 as parent_class, s.setrole as parent, split_part(v, '=', 1) as key,
                    substr(v, strpos(v, '=') + 1) as value
             from pg_db_role_setting s, unnest(s.setconfig) v
             where s.setdatabase = 0 and s.setrole <> 0
             order by s.setrole, lower(split_part(v, '=', 1))"
                .to_owned(),
        )
    }

    fn short(text: &str) -> Option<Result<Self, Problem>> {
        Some(Ok(Self { value: Setting::Text(text.to_owned()) }))
    }

    fn shorten(&self) -> Option<String> {
        Some(self.value.text())
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        Setting::key(written)
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        setting::normalise::<Self>(desired, Self::NAME, |spec| &mut spec.value);
    }

    fn demands(&self, _act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        vec![Demand::Administers(cx.parent().at.key().to_owned())]
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { value } = self;
        vec![alter(cx, &format!("set {}", value.assignment(cx.at.key())))]
    }

    fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
        Alter::InPlace(self.create(cx))
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![alter(cx, &format!("reset {}", sql::dotted(cx.at.key().split('.'))))]
    }
}
