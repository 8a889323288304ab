//! How a language represents a type: the key is `shop.point3 language plpython3u`.
//!
//! See <https://www.postgresql.org/docs/current/sql-createtransform.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::language::Language;
use super::part::catalog::function;
use super::part::{QualifiedName, TypeName, is_default};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, ROUTINE, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// A transform: one way, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Transform {
    /// The function that converts a value of PostgreSQL into one of the language.
    #[serde(skip_serializing_if = "is_default")]
    pub from_sql: Option<QualifiedName>,
    /// The function that converts a value of the language into one of PostgreSQL.
    #[serde(skip_serializing_if = "is_default")]
    pub to_sql: Option<QualifiedName>,
}

/// `for shop.point3 language plpython3u`.
fn identity(at: &Address) -> String {
    format!("for {}", at.key())
}

/// The type and the language of a key.
fn parts(key: &str) -> Result<(TypeName, String), Problem> {
    let tokens = sql::tokens(key);
    let (data_type, taken) = TypeName::parse_front(&tokens, key)?;
    match tokens.get(taken..) {
        Some([word, language]) if word.is_word("language") && language.name().is_some() => {
            Ok((data_type, language.name().unwrap_or_default()))
        }
        _ => Err(Problem::new(Code::WrongType, format!("`{key}` names no transform"))
            .help("write the type and the language: `shop.point3 language plpython3u`")),
    }
}

impl Kind for Transform {
    const NAME: KindName = KindName("transform");
    const NOUN: &'static str = "transform";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "transforms", form: Form::Map }];
    const RULES: Rules = Rules { class: 3576, identity: Identity::By(identity), comment: true, ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_transform where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select t.oid, format_type(t.trftype, null) || ' language ' || quote_ident(l.lanname) as key,
                    {} as from_sql, {} as to_sql
             from pg_transform t join pg_language l on l.oid = t.trflang order by 2",
            function("t.trffromsql"),
            function("t.trftosql")
        ))
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        parts(written).map(|(data_type, language)| format!("{data_type} language {}", sql::ident(&language)))
    }

    fn references(&self, at: &Address, out: &mut References) {
        if let Ok((data_type, language)) = parts(at.key()) {
            data_type.reference(out, "from_sql");
            out.perhaps(Address::root(Language::NAME, &language), "from_sql");
        }
        for (field, name) in [("from_sql", &self.from_sql), ("to_sql", &self.to_sql)] {
            if let Some(name) = name {
                name.reference(ROUTINE, out, field);
            }
        }
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.from_sql.iter_mut().chain(&mut self.to_sql).for_each(|f| f.follow(ROUTINE, renaming));
    }

    fn key_after(&self, key: &str, renaming: Renaming<'_>) -> Option<String> {
        renaming.text(key)
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![self.definition("create", cx)]
    }

    fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { from_sql: _, to_sql: _ } = self;
        Alter::InPlace(vec![self.definition("create or replace", cx)])
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        if self.from_sql.is_some() || self.to_sql.is_some() {
            return Vec::new();
        }
        let problem = Problem::new(Code::WrongType, "a transform has no function");
        vec![(problem.help("write `from_sql`, `to_sql` or both"), "from_sql")]
    }
}

impl Transform {
    fn definition(&self, create: &str, cx: &Cx<'_>) -> Step {
        let way = |words: &str, name: &Option<QualifiedName>, types: &str| {
            name.as_ref().map(|n| format!("{words} with function {n}({types})"))
        };
        // Both functions take one value, of type `internal`.
        let ways = [way("from sql", &self.from_sql, "internal"), way("to sql", &self.to_sql, "internal")];
        let ways: Vec<String> = ways.into_iter().flatten().collect();
        Step::new(format!("{create} {} ({})", cx.target(), ways.join(", ")))
    }
}
