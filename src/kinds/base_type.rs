//! A base type: made of functions in C. See <https://www.postgresql.org/docs/current/sql-createtype.html>.
//!
//! Neither the type nor its functions can go without the other: [`shell`] drops them together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::enum_type::PRIVILEGES;
use super::part::catalog::{TYPE_COLUMNS, USER_SCHEMA, function};
use super::part::{QualifiedName, TypeName, is_default, shell, stored};
use super::schema::Schema;
use super::shell_type::shell_of;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Kind, ROUTINE, References, Rules, TYPE, Under, demands};
use crate::model::{Act, Address, Demand, KindName, PgVersion, Step};
use crate::sql;

/// A base type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaseType {
    /// The function that reads its text.
    pub input: QualifiedName,
    /// The function that writes its text.
    pub output: QualifiedName,
    /// The function that reads its binary form.
    #[serde(default, skip_serializing_if = "is_default")]
    pub receive: Option<QualifiedName>,
    /// The function that writes its binary form.
    #[serde(default, skip_serializing_if = "is_default")]
    pub send: Option<QualifiedName>,
    /// The function that reads a modifier, such as a length.
    #[serde(default, skip_serializing_if = "is_default")]
    pub modifier_in: Option<QualifiedName>,
    /// The function that writes a modifier.
    #[serde(default, skip_serializing_if = "is_default")]
    pub modifier_out: Option<QualifiedName>,
    /// The function that gathers statistics.
    #[serde(default, skip_serializing_if = "is_default")]
    pub analyze: Option<QualifiedName>,
    /// The function that implements subscripting.
    #[serde(default, skip_serializing_if = "is_default")]
    pub subscript: Option<QualifiedName>,
    /// The type that a subscript yields.
    #[serde(default, skip_serializing_if = "is_default")]
    pub element: Option<TypeName>,
    /// How many bytes a value takes; variable when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub length: Option<u16>,
    /// Values are passed by value, not by reference.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by_value: bool,
    /// How values are aligned: `char`, `int2`, `int4`, `double`; `int4` when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("examples" = ["char", "int2", "int4", "double"]))]
    pub alignment: Option<String>,
    /// How large values are stored: `plain`, `external`, `extended`, `main`; `plain` when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("examples" = ["plain", "external", "extended", "main"]))]
    pub storage: Option<String>,
    /// The category for implicit casts, a letter; `U` when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub category: Option<String>,
    /// It is the type of its category that implicit casts prefer.
    #[serde(default, skip_serializing_if = "is_default")]
    pub preferred: bool,
    /// The text of the value that columns take by default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub default: Option<String>,
    /// The separator of values in the text of an array; a comma when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delimiter: Option<String>,
    /// Columns of it may have a collation.
    #[serde(default, skip_serializing_if = "is_default")]
    pub collatable: bool,
}

impl Kind for BaseType {
    const NAME: KindName = KindName("base_type");
    const NOUN: &'static str = "type";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "base_types", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1247,
        falls_with_parent: false,
        rebuildable: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[TYPE],
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> =
        Some("pg_type where typtype = 'b' and typinput <> 'array_in'::regproc and oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        let some = |column: &str| function(&format!("nullif(t.{column}::oid, 0)"));
        Some(format!(
            "select {TYPE_COLUMNS},
                    {} as input, {} as output, {} as receive, {} as send, {} as modifier_in, {} as modifier_out,
                    {} as analyze, {} as subscript,
                    case when t.typelem <> 0 then format_type(t.typelem, null) end as element,
                    nullif(t.typlen, -1) as length, t.typbyval as by_value,
                    case t.typalign when 'c' then 'char' when 's' then 'int2' when 'd' then 'double' end as alignment,
                    case when t.typstorage <> 'p' then {} end as storage,
                    nullif(t.typcategory, 'U')::text as category, t.typispreferred as preferred,
                    t.typdefault as default, nullif(t.typdelim, ',')::text as delimiter,
                    t.typcollation <> 0 as collatable
             from pg_type t join pg_namespace n on n.oid = t.typnamespace
             where t.typtype = 'b' and t.typisdefined and {USER_SCHEMA}
               and not exists (select from pg_type e where e.typarray = t.oid)
             order by n.nspname, t.typname",
            some("typinput"),
            some("typoutput"),
            some("typreceive"),
            some("typsend"),
            some("typmodin"),
            some("typmodout"),
            some("typanalyze"),
            some("typsubscript"),
            stored::word("t.typstorage"),
        ))
    }

    fn references(&self, at: &Address, out: &mut References) {
        out.perhaps(shell_of(at), "input");
        for (_, field, name) in self.functions() {
            if let Some(name) = name {
                name.reference(ROUTINE, out, field);
            }
        }
        if let Some(element) = &self.element {
            element.reference(out, "element");
        }
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        if act == Act::Make { vec![Demand::Superuser] } else { demands::usual(act, cx) }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { element, length, by_value, alignment, storage, category, preferred, default, .. } = self;
        let Self { delimiter, collatable, .. } = self;
        let functions = self.functions().into_iter();
        let mut words: Vec<String> =
            functions.filter_map(|(word, _, name)| Some(format!("{word} = {}", name?))).collect();
        let mut add = |word: &str, value: Option<String>| words.extend(value.map(|v| format!("{word} = {v}")));
        add("internallength", length.map(|l| l.to_string()));
        add("alignment", alignment.clone());
        add("storage", storage.clone());
        add("category", category.as_deref().map(sql::literal));
        add("default", default.as_deref().map(sql::literal));
        add("element", element.as_ref().map(ToString::to_string));
        add("delimiter", delimiter.as_deref().map(sql::literal));
        for (word, on) in [("passedbyvalue", by_value), ("preferred", preferred), ("collatable", collatable)] {
            add(word, on.then(|| "true".to_owned()));
        }
        vec![Step::new(format!("create {} (\n    {}\n)", cx.target(), words.join(",\n    ")))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let changed = |((word, _, new), (_, _, old)): (Part<'_>, Part<'_>)| {
            let value = new.map_or_else(|| "none".to_owned(), ToString::to_string);
            (new != old).then(|| format!("{word} = {value}"))
        };
        let mut words: Vec<String> = self.functions().into_iter().zip(old.functions()).filter_map(changed).collect();
        let mut same = old.clone();
        for (mine, theirs) in [
            (&mut same.receive, &self.receive),
            (&mut same.send, &self.send),
            (&mut same.modifier_in, &self.modifier_in),
            (&mut same.modifier_out, &self.modifier_out),
            (&mut same.analyze, &self.analyze),
            (&mut same.subscript, &self.subscript),
        ] {
            mine.clone_from(theirs);
        }
        if self.storage != old.storage && old.length.is_none() {
            words.push(format!("storage = {}", self.storage.as_deref().unwrap_or("plain")));
            same.storage.clone_from(&self.storage);
        }
        if same != *self {
            let message = format!("PostgreSQL can't change what {} is made of", cx.at);
            return Alter::Refuse(Problem::new(Code::Refused, message).help("make a type of another name"));
        }
        let step = Step::new(format!("alter {} set ({})", cx.target(), words.join(", ")));
        // Functions can use the type before this, and those that it names have to. Columns with modifiers or subscripts can't.
        let waits = same.modifier_in != old.modifier_in || same.subscript != old.subscript;
        Alter::InPlace(vec![if waits { step } else { step.late() }])
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        shell::drop_type(cx)
    }
}

/// A word of `create type`, the field, and the function.
type Part<'a> = (&'static str, &'static str, Option<&'a QualifiedName>);

impl BaseType {
    fn functions(&self) -> [Part<'_>; 8] {
        [
            ("input", "input", Some(&self.input)),
            ("output", "output", Some(&self.output)),
            ("receive", "receive", self.receive.as_ref()),
            ("send", "send", self.send.as_ref()),
            ("typmod_in", "modifier_in", self.modifier_in.as_ref()),
            ("typmod_out", "modifier_out", self.modifier_out.as_ref()),
            ("analyze", "analyze", self.analyze.as_ref()),
            ("subscript", "subscript", self.subscript.as_ref()),
        ]
    }
}
