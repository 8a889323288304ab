//! A security label: the key is the provider, a module of the server.
//!
//! See <https://www.postgresql.org/docs/current/sql-security-label.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::kind::{Alter, Cx, Form, Home, Kind, Rules, Under};
use crate::model::{HazardClass, KindName, PgVersion, Step};
use crate::sql;

/// A label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityLabel {
    /// The label, in the provider's words.
    pub label: String,
}

impl Kind for SecurityLabel {
    const NAME: KindName = KindName("security_label");
    const NOUN: &'static str = "security label";
    const HOMES: &'static [Home] = &[Home { under: Under::Commented, key: "security_labels", form: Form::Map }];
    const RULES: Rules = Rules { short_field: Some("label"), ..Rules::DEFAULT };

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(
            "select classoid as parent_class, objoid as parent, objsubid as parent_sub, provider as key, label
             from pg_seclabel
             union all
             select classoid, objoid, 0, provider, label from pg_shseclabel"
                .to_owned(),
        )
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![step(cx, &sql::literal(&self.label))]
    }

    fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { label } = self;
        Alter::InPlace(vec![step(cx, &sql::literal(label)).hazard(HazardClass::Access, "another label guards it")])
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![step(cx, "null").hazard(HazardClass::Access, "no label guards it")]
    }
}

fn step(cx: &Cx<'_>, label: &str) -> Step {
    Step::new(format!("security label for {} on {} is {label}", cx.name(), cx.parent().target()))
}
