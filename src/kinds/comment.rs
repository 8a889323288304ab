//! The comment on an object. See <https://www.postgresql.org/docs/current/sql-comment.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostics;
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Rules, Under, find};
use crate::kinds::register;
use crate::kinds::schema::Schema;
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// Comments that a new cluster has, and none in their place.
const BY_INITDB: [&str; 3] = ["standard public schema", "default administrative connection database", ""];

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
        Some(
            "select classoid as parent_class, objoid as parent, objsubid as parent_sub, '' as key, description as text
             from pg_description
             where objoid >= 16384 or classoid in (2613, 2615)
             union all
             select classoid, objoid, 0, '', description from pg_shdescription
             where objoid >= 16384 or classoid in (1260, 1262)
             union all
             select 2615, n.oid, 0, '', '' from pg_namespace n
             where nspname = 'public'
               and not exists (select from pg_description where classoid = 2615 and objoid = n.oid)"
                .to_owned(),
        )
    }

    /// What `initdb` itself says of schema `public` and database `postgres` is nobody's unless it is declared; so is
    /// what an extension says of itself.
    fn managed(&self, at: &Address, desired: &State) -> bool {
        let given = BY_INITDB.contains(&self.text.as_str()) || at.parent().is_some_and(brings_comment);
        !given || desired.contains(at)
    }

    /// To say nothing is to have no comment, except for schema `public`, which has one unless somebody takes it away.
    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        let is_public = |at: &Address| at.parent().is_some_and(|on| on.kind() == Schema::NAME && on.key() == "public");
        for at in desired.of_kind(Self::NAME) {
            let is_empty = desired.spec::<Self>(&at).is_some_and(|comment| comment.text.is_empty());
            if is_empty && !is_public(&at) {
                desired.remove(&at);
            }
        }
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

/// True for what comes with a comment of its own.
fn brings_comment(on: &Address) -> bool {
    find(register(), on.kind()).rules.opaque
}
