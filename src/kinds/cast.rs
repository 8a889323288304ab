//! A cast: the key is `json as text`. See <https://www.postgresql.org/docs/current/sql-createcast.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::signature::routine_key;
use super::part::{QualifiedName, TypeName, is_default};
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::{
    Alter, Cx, Entry, Form, Home, Identity, Kind, ROUTINE, References, Renaming, RoutineKey, Rules, Under,
};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// A cast: by a function, by the types' text, or, with neither, by taking the bytes as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cast {
    /// The function, with the types it takes: `shop.to_text(json)`.
    #[serde(skip_serializing_if = "is_default")]
    pub function: Option<String>,
    /// By the text that one type writes and the other reads.
    #[serde(skip_serializing_if = "is_default")]
    pub inout: bool,
    /// Where it applies by itself.
    #[serde(rename = "as", skip_serializing_if = "is_default")]
    pub context: Context,
}

/// Where a cast applies by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    /// Nowhere.
    #[default]
    Explicit,
    /// Where a value is stored.
    Assignment,
    /// Everywhere.
    Implicit,
}

/// `(json as text)`.
fn identity(at: &Address) -> String {
    format!("({})", at.key())
}

/// Both types of a key.
fn types(key: &str) -> Result<[TypeName; 2], Problem> {
    let tokens = sql::tokens(key);
    let (source, taken) = TypeName::parse_front(&tokens, key)?;
    match tokens.get(taken) {
        Some(word) if word.is_word("as") => Ok([source, TypeName::parse(&key[word.end()..])?]),
        _ => {
            Err(Problem::new(Code::WrongType, format!("`{key}` names no cast"))
                .help("write both types: `json as text`"))
        }
    }
}

/// `shop.to_text(json)` in the spelling of the catalog query.
fn canonical(function: &str) -> String {
    let (name, _) = function.split_at(function.rfind_args());
    let Ok(name) = QualifiedName::parse(name) else { return function.to_owned() };
    let Ok(key) =
        routine_key(&format!("f{}", &function[function.rfind_args()..]), &super::part::signature::Args::default())
    else {
        return function.to_owned();
    };
    format!("{name}{}", &key[1..])
}

impl Kind for Cast {
    const NAME: KindName = KindName("cast");
    const NOUN: &'static str = "cast";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "casts", form: Form::Map }];
    const RULES: Rules = Rules { class: 2605, identity: Identity::By(identity), comment: true, ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_cast where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select c.oid, format_type(c.castsource, null) || ' as ' || format_type(c.casttarget, null) as key,
                    {} || (select '(' || coalesce(string_agg(format_type(t, null), ', ' order by o), '') || ')'
                           from pg_proc p, unnest(p.proargtypes) with ordinality a(t, o) where p.oid = c.castfunc)
                      as function,
                    c.castmethod = 'i' as inout,
                    case c.castcontext when 'i' then 'implicit' when 'a' then 'assignment' end as \"as\"
             from pg_cast c where c.oid >= 16384
               and not exists (select from pg_depend d where d.classid = 2605 and d.objid = c.oid and d.deptype = 'i')
             order by 2",
            super::part::catalog::function("c.castfunc")
        ))
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        types(written).map(|[source, target]| format!("{source} as {target}"))
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(mut spec) = desired.spec::<Self>(&at).cloned() else { continue };
            spec.function = spec.function.map(|f| canonical(&f));
            desired.set(&at, spec);
        }
    }

    fn references(&self, at: &Address, out: &mut References) {
        for name in types(at.key()).into_iter().flatten() {
            name.reference(out, "as");
        }
        if let Some(function) = &self.function {
            out.name(ROUTINE, &function[..function.rfind_args()], "function");
        }
    }

    fn serves(&self, at: &Address, out: &mut References) {
        for name in types(at.key()).into_iter().flatten() {
            name.reference(out, "as");
        }
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        if let Some(function) = &mut self.function {
            *function = renaming.text(function).unwrap_or_else(|| std::mem::take(function));
        }
    }

    fn key_after(&self, key: &str, renaming: Renaming<'_>) -> Option<String> {
        renaming.text(key)
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { function, inout, context } = self;
        let by = match (function, inout) {
            (Some(function), _) => format!("with function {function}"),
            (None, true) => "with inout".to_owned(),
            (None, false) => "without function".to_owned(),
        };
        let context = match context {
            Context::Explicit => "",
            Context::Assignment => " as assignment",
            Context::Implicit => " as implicit",
        };
        vec![Step::new(format!("create {} {by}{context}", cx.target()))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        let Self { function: _, inout: _, context: _ } = self;
        Alter::Replace("PostgreSQL can't change a cast".to_owned())
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        if self.function.is_some() && self.inout {
            let problem = Problem::new(Code::WrongType, "a cast is by a function or by text");
            return vec![(problem.help("remove one of `function` and `inout`"), "inout")];
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_functions_have_one_spelling() {
        let key = |written: &str| Cast::default().key(written, None).expect(written);
        assert_eq!(key("JSON AS varchar"), "json as character varying");
        assert_eq!(key("shop.\"A as b\" as int4[]"), "shop.\"A as b\" as integer[]");
        assert!(Cast::default().key("json", None).is_err());
        assert_eq!(canonical("Shop.F(int,text)"), "shop.f(integer, text)");
    }
}
