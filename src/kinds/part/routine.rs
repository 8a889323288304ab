//! What functions and procedures have in common: their code, their settings and how these are written.
//!
//! See <https://www.postgresql.org/docs/current/sql-createfunction.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::catalog::{USER_SCHEMA, options};
use super::signature::Args;
use super::{Settings, Sql, TypeName};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Cx, Identity, Privileges, ROUTINE, Reference, References, RoutineKey, Rules, TYPE};
use crate::model::{Address, HazardClass, KindName, Step};
use crate::sql;

/// With whose rights a routine runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Those of who calls it.
    #[default]
    Invoker,
    /// Those of its owner.
    Definer,
}

impl Security {
    /// Returns the words for `create` and `alter`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Invoker => "security invoker",
            Self::Definer => "security definer",
        }
    }

    /// Returns the step, with a hazard if the security differs from `old`.
    #[must_use]
    pub fn hazard(self, old: Self, step: Step) -> Step {
        match (old, self) {
            (Self::Invoker, Self::Definer) => step.hazard(HazardClass::Access, "runs with the rights of its owner"),
            (Self::Definer, Self::Invoker) => step.hazard(HazardClass::Access, "runs with the rights of who calls it"),
            (Self::Invoker, Self::Invoker) | (Self::Definer, Self::Definer) => step,
        }
    }
}

/// Returns the rules of both kinds.
pub const fn rules(plural: &'static str, noun: &'static str) -> Rules {
    Rules {
        class: 1255,
        identity: Identity::Routine,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(Privileges { noun, plural, all: &[("execute", 'X')], public: &["execute"] }),
        slots: &[ROUTINE],
        file: Some("body"),
        visible: true,
        ..Rules::DEFAULT
    }
}

/// Where a routine's code is: one of its body, its SQL-standard body, or a symbol in a library.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Source<'a> {
    /// The language.
    pub language: Option<&'a str>,
    /// The exact text between the quotes.
    pub body: Option<&'a str>,
    /// `begin atomic … end` or `return …`.
    pub atomic: Option<&'a Sql>,
    /// The file of a routine in C.
    pub library: Option<&'a str>,
    /// Its name in that file, where that is not the routine's.
    pub symbol: Option<&'a str>,
}

impl Source<'_> {
    /// Returns the language that is assumed if none is written.
    pub fn default_language(&self, is_trigger: bool) -> Option<&'static str> {
        match () {
            () if self.atomic.is_some() => Some("sql"),
            () if self.library.is_some() => Some("c"),
            () if is_trigger => Some("plpgsql"),
            () => None,
        }
    }

    /// Returns the last clause of `create`.
    pub fn clause(&self, cx: &Cx<'_>) -> String {
        match (self.atomic, self.library, self.body) {
            (Some(atomic), _, _) => atomic.to_string(),
            (None, Some(library), _) => {
                let symbol = self.symbol.unwrap_or_else(|| name(cx.at));
                format!("as {}, {}", sql::literal(library), sql::literal(symbol))
            }
            (None, None, body) => format!("as {}", sql::dollar(body.unwrap_or_default())),
        }
    }

    /// Adds references to the language and to every name in the code.
    pub fn references(&self, out: &mut References) {
        if let Some(language) = self.language.filter(|l| !LANGUAGES.contains(l)) {
            out.perhaps(Address::root(KindName("language"), language), "language");
        }
        if let Some(body) = self.body {
            out.body(body, self.language.unwrap_or_default(), "body");
        }
        if let Some(atomic) = self.atomic {
            out.text(atomic.as_str(), "atomic");
        }
    }

    /// Reports code that is missing or given twice, and a missing language.
    pub fn check(&self) -> Vec<(Problem, &'static str)> {
        let given = [self.body.is_some(), self.atomic.is_some(), self.library.is_some()];
        let mut out = Vec::new();
        if given.iter().filter(|g| **g).count() != 1 {
            let problem = Problem::new(Code::WrongType, "a routine has one of `body`, `atomic` and `library`");
            out.push((problem.help("write its text as `body: |`, or `file:` with the name of a file"), "body"));
        } else if self.language.is_none() {
            let problem = Problem::new(Code::WrongType, "a routine says no language");
            out.push((problem.help("write `language: sql` or `language: plpgsql`"), "body"));
        }
        out
    }
}

/// PostgreSQL's own languages, whose names may be written in any case.
const LANGUAGES: [&str; 4] = ["sql", "c", "internal", "plpgsql"];

/// Returns the name of a language from its name as written.
pub fn language(written: String) -> String {
    LANGUAGES.iter().find(|known| known.eq_ignore_ascii_case(&written)).map_or(written, |known| (*known).to_owned())
}

/// Returns the name of a routine without its types.
pub fn name(at: &Address) -> &str {
    &at.key()[..at.key().rfind_args()]
}

/// Returns the name with the modes and types of the inputs: `shop.total(in bigint)`. Without any mode PostgreSQL would also
/// look for a procedure of which some of these types are outputs.
pub fn with_modes(at: &Address) -> String {
    let types = &at.key()[name(at).len()..];
    let types = types.strip_prefix('(').and_then(|types| types.strip_suffix(')')).unwrap_or_default();
    let inputs: Vec<String> = sql::split_commas(types).into_iter().map(|t| format!("in {}", t.trim())).collect();
    format!("{}({})", sql::dotted([at.top().key(), name(at)]), inputs.join(", "))
}

/// Returns the name with arguments for `create`: `shop.total(order_id bigint)`.
pub fn declaration(args: &Args, cx: &Cx<'_>) -> String {
    format!("{}.{}({args})", sql::ident(cx.at.top().key()), sql::ident(name(cx.at)))
}

/// Adds the references of a signature. A function in C may be created before the types it takes, once they exist as
/// shells: a base type is made of such functions.
pub fn refer_to_types(types: References, language: Option<&str>, out: &mut References) {
    out.texts.extend(types.texts);
    for (reference, field) in types.list {
        match reference {
            Reference::Name { slot: TYPE, schema: Some(schema), name }
                if matches!(language, Some("c" | "internal")) =>
            {
                let shell = Address::root(KindName("schema"), &schema).child(KindName("shell_type"), &name);
                out.perhaps(shell, field);
                out.text(&sql::dotted([schema.as_str(), &name]), field);
            }
            other => out.list.push((other, field)),
        }
    }
}

/// Adds references to the transforms for these types, and to the types.
pub fn refer_to_transforms(types: &[TypeName], language: Option<&str>, out: &mut References) {
    for data_type in types {
        data_type.reference(out, "transform");
        let key = format!("{data_type} language {}", sql::ident(language.unwrap_or_default()));
        out.perhaps(Address::root(KindName("transform"), &key), "transform");
    }
}

/// Returns the statement that creates a routine: `head`, the language, transforms and other `words` in one line, a line
/// for each setting, and the code.
pub fn definition(
    head: String,
    transforms: &[TypeName],
    words: impl IntoIterator<Item = String>,
    settings: &Settings,
    source: Source<'_>,
    cx: &Cx<'_>,
) -> String {
    let language = source.language.map(|language| format!("language {}", sql::ident(language)));
    let types: Vec<String> = transforms.iter().map(|t| format!("for type {t}")).collect();
    let transforms = (!types.is_empty()).then(|| format!("transform {}", types.join(", ")));
    let words: Vec<String> = language.into_iter().chain(transforms).chain(words).collect();
    let settings = settings.assignments().map(|setting| format!("set {setting}"));
    let lines = std::iter::once(words.join(" ")).chain(settings);
    lines.fold(head, |sql, line| sql + "\n    " + &line) + "\n" + &source.clause(cx)
}

/// Returns the statement that renames a routine; `to` is a key.
pub fn rename(to: &str, cx: &Cx<'_>) -> Vec<Step> {
    vec![Step::new(format!("alter {} rename to {}", cx.target(), sql::ident(&to[..to.rfind_args()])))]
}

/// Returns the arguments in the key, if the routine gives no others.
pub fn args_of_key(args: &Args, at: &Address) -> Option<Args> {
    let from_key = super::signature::key_args(at.key()).ok()?;
    (args.0.is_empty() && !from_key.0.is_empty()).then_some(from_key)
}

/// Returns the catalog query for routines of these `prokind`s; `more` are further columns.
pub fn catalog(prokinds: &str, more: &str) -> String {
    let settings = options("p.proconfig");
    format!(
        "select p.oid, 2615 as parent_class, p.pronamespace as parent,
                p.proname || '(' || coalesce((select string_agg(format_type(t, null), ', ' order by o)
                                     from unnest(p.proargtypes) with ordinality a(t, o)), '') || ')' as key,
                p.proowner::regrole::text as owner, p.proacl::text[] as acl,
                nullif(pg_get_function_arguments(p.oid), '') as args,
                l.lanname as language,
                case when p.prosqlbody is null and p.probin is null then p.prosrc end as body,
                case when p.prosqlbody is not null then pg_get_function_sqlbody(p.oid) end as atomic,
                p.probin as library,
                case when p.probin is not null and p.prosrc <> p.proname then p.prosrc end as symbol,
                case when p.prosecdef then 'definer' end as security,
                {settings} as settings,
                (select jsonb_agg(format_type(t, null) order by o)
                 from unnest(p.protrftypes) with ordinality a(t, o)) as transform{more}
         from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
         where p.prokind in ({prokinds}) and {USER_SCHEMA}
           and not exists (select from pg_depend d where d.classid = 1255 and d.objid = p.oid and d.deptype = 'i')
         order by n.nspname, p.proname, key"
    )
}
