//! The comment on an object. See <https://www.postgresql.org/docs/current/sql-comment.html>.

use serde::{Deserialize, Serialize};

use crate::kind::{Alter, Cx, Form, Home, Kind, Rules, Under};
use crate::model::{KindName, PgVersion, Step};
use crate::sql;

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// The text, as it is.
    pub text: String,
}

impl Kind for Comment {
    const NAME: KindName = KindName("comment");
    const NOUN: &'static str = "comment";
    const HOMES: &'static [Home] = &[Home { under: Under::Commented, key: "comment", form: Form::One }];
    const RULES: Rules = Rules { short_field: Some("text"), ..Rules::DEFAULT };

    fn catalog(_server: PgVersion) -> Option<String> {
        // What `initdb` itself says of schema `public` is no comment of the user's.
        Some(
            "select classoid as parent_class, objoid as parent, objsubid as parent_sub, '' as key, description as text
             from pg_description
             where objoid >= 16384 or (classoid = 2615 and description <> 'standard public schema')
             union all
             select classoid, objoid, 0, '', description from pg_shdescription
             where objoid >= 16384 or classoid = 1260
                or (classoid = 1262 and description <> 'default administrative connection database')"
                .to_owned(),
        )
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("comment on {} is {}", cx.parent().target(), sql::literal(&self.text)))]
    }

    fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
        Alter::InPlace(self.create(cx))
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("comment on {} is null", cx.parent().target()))]
    }
}
