//! A conversion between encodings. See <https://www.postgresql.org/docs/current/sql-createconversion.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::{USER_SCHEMA, function};
use super::part::{QualifiedName, is_default};
use super::schema::Schema;
use crate::diagnostic::Diagnostics;
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, ROUTINE, References, Renaming, Rules, Slot, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// A conversion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conversion {
    /// The encoding it reads, as PostgreSQL spells it: `UTF8`.
    pub from: String,
    /// The encoding it writes.
    pub to: String,
    /// The function that does it.
    pub function: QualifiedName,
    /// It is the one that the server uses between the two.
    #[serde(default, skip_serializing_if = "is_default")]
    pub default: bool,
}

impl Kind for Conversion {
    const NAME: KindName = KindName("conversion");
    const NOUN: &'static str = "conversion";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "conversions", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2607,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        slots: &[Slot("conversion")],
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_conversion where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select c.oid, 2615 as parent_class, c.connamespace as parent, c.conname as key,
                    c.conowner::regrole::text as owner, pg_encoding_to_char(c.conforencoding)::text as from,
                    pg_encoding_to_char(c.contoencoding)::text as to, {} as function, c.condefault as default
             from pg_conversion c join pg_namespace n on n.oid = c.connamespace
             where {USER_SCHEMA} order by n.nspname, c.conname",
            function("c.conproc")
        ))
    }

    /// PostgreSQL writes names of encodings its own way.
    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(mut spec) = desired.spec::<Self>(&at).cloned() else { continue };
            spec.from = encoding(&spec.from);
            spec.to = encoding(&spec.to);
            desired.set(&at, spec);
        }
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.function.reference(ROUTINE, out, "function");
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.function.follow(ROUTINE, renaming);
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { from, to, function, default } = self;
        let default = if *default { "default " } else { "" };
        let (from, to) = (sql::literal(from), sql::literal(to));
        vec![Step::new(format!("create {default}{} for {from} to {to} from {function}", cx.target()))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        let Self { from: _, to: _, function: _, default: _ } = self;
        Alter::Replace("PostgreSQL can't change a conversion".to_owned())
    }
}

/// The name as PostgreSQL spells it: `utf-8` is `UTF8`.
fn encoding(name: &str) -> String {
    let upper = name.to_uppercase();
    match upper.as_str() {
        "UTF-8" | "UNICODE" => "UTF8".to_owned(),
        "ISO-8859-1" => "LATIN1".to_owned(),
        _ => upper,
    }
}
