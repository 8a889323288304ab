//! An aggregate. See <https://www.postgresql.org/docs/current/sql-createaggregate.html>.
//!
//! The key is the identity: the name and the input types, those after `order by` included; `total()` takes `*`.
//! The options have PostgreSQL's own names.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::function::Parallel;
use super::part::catalog::{USER_SCHEMA, function, operator};
use super::part::routine;
use super::part::signature::{Args, Mode, key_args, routine_key};
use super::part::{QualifiedName, TypeName, is_default, refused};
use super::schema::Schema;
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, ROUTINE, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// An aggregate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// Its arguments, as in `create aggregate`: `value numeric`, or `fraction double precision order by value numeric`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub args: AggregateArgs,
    /// The function that adds a row to the state.
    pub sfunc: QualifiedName,
    /// The type of the state.
    pub stype: TypeName,
    /// The approximate size of the state in bytes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sspace: Option<i32>,
    /// The function that computes the result from the state.
    #[serde(default, skip_serializing_if = "is_default")]
    pub finalfunc: Option<QualifiedName>,
    /// `finalfunc` receives the arguments, too.
    #[serde(default, skip_serializing_if = "is_default")]
    pub finalfunc_extra: bool,
    /// What `finalfunc` does to the state; `read_only`, or `read_write` with `order by`, when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub finalfunc_modify: Option<Modify>,
    /// The function that combines two states into one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub combinefunc: Option<QualifiedName>,
    /// The function that writes a state of type `internal` as bytes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub serialfunc: Option<QualifiedName>,
    /// The function that reads that state back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deserialfunc: Option<QualifiedName>,
    /// The first state; null when absent, which is not the empty text.
    #[serde(default, skip_serializing_if = "is_default")]
    pub initcond: Option<String>,
    /// As `sfunc`, in moving-aggregate mode.
    #[serde(default, skip_serializing_if = "is_default")]
    pub msfunc: Option<QualifiedName>,
    /// The function that takes a row out of the state again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub minvfunc: Option<QualifiedName>,
    /// As `stype`, in moving-aggregate mode.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mstype: Option<TypeName>,
    /// As `sspace`, in moving-aggregate mode.
    #[serde(default, skip_serializing_if = "is_default")]
    pub msspace: Option<i32>,
    /// As `finalfunc`, in moving-aggregate mode.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mfinalfunc: Option<QualifiedName>,
    /// As `finalfunc_extra`, in moving-aggregate mode.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mfinalfunc_extra: bool,
    /// As `finalfunc_modify`, in moving-aggregate mode.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mfinalfunc_modify: Option<Modify>,
    /// As `initcond`, in moving-aggregate mode.
    #[serde(default, skip_serializing_if = "is_default")]
    pub minitcond: Option<String>,
    /// The operator by which the first row of a sorted input is the result: `<`, `operator(shop.<)`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sortop: Option<String>,
    /// Whether parallel workers may run it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parallel: Parallel,
    /// A hypothetical-set aggregate: what comes before `order by` is a row like those after it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hypothetical: bool,
}

/// What a final function does to the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Modify {
    /// Nothing.
    ReadOnly,
    /// It may be called again, but no row can be added.
    Shareable,
    /// It spoils it.
    ReadWrite,
}

impl Modify {
    fn word(self) -> &'static str {
        match self {
            Self::ReadOnly => "read_only",
            Self::Shareable => "shareable",
            Self::ReadWrite => "read_write",
        }
    }
}

/// The arguments of an aggregate: those of each call, and those of each row where it has an `order by`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AggregateArgs {
    direct: Args,
    ordered: Option<Args>,
}

impl AggregateArgs {
    /// Reads a list of arguments as typed in psql.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let text = if text.trim() == "*" { "" } else { text };
        let tokens = sql::tokens(text);
        let by = tokens.windows(2).position(|w| w[0].is_word("order") && w[1].is_word("by"));
        let Some(by) = by else { return Ok(Self { direct: Args::parse(text)?, ordered: None }) };
        let direct = Args::parse(&text[..tokens[by].start])?;
        Ok(Self { direct, ordered: Some(Args::parse(&text[tokens[by + 1].end()..])?) })
    }

    /// Follows a rename.
    pub fn follow(&mut self, renaming: Renaming<'_>) {
        self.direct.follow(renaming);
        self.ordered.iter_mut().for_each(|args| args.follow(renaming));
    }

    /// All of them, in the order of the key; a variadic one that stands on both sides counts once.
    fn all(&self) -> Args {
        let collapsed = self.direct.0.last().is_some_and(|a| a.mode == Mode::Variadic);
        let ordered = self.ordered.iter().filter(|_| !collapsed).flat_map(|o| o.0.iter());
        Args(self.direct.0.iter().chain(ordered).cloned().collect())
    }
}

impl fmt::Display for AggregateArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ordered {
            None => write!(f, "{}", self.direct),
            Some(ordered) if self.direct.0.is_empty() => write!(f, "order by {ordered}"),
            Some(ordered) => write!(f, "{} order by {ordered}", self.direct),
        }
    }
}

impl Serialize for AggregateArgs {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AggregateArgs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(refused)
    }
}

/// `shop.total(integer)`; where there is no argument PostgreSQL wants `shop.total(*)`.
fn identity(at: &Address) -> String {
    let (name, types) = at.key().split_at(routine::name(at).len());
    let types = if types == "()" { "(*)" } else { types };
    format!("{}.{}{types}", sql::ident(at.top().key()), sql::ident(name))
}

impl Kind for Aggregate {
    const NAME: KindName = KindName("aggregate");
    const NOUN: &'static str = "aggregate";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "aggregates", form: Form::Map }];
    const RULES: Rules =
        Rules { identity: Identity::By(identity), file: None, ..routine::rules("functions", "function") };

    const PRESENT: Option<&'static str> = Some("pg_proc where prokind = 'a' and oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        let name = |column: &str| {
            format!(
                "{} as {}",
                function(&format!("a.agg{column}")),
                FUNCTIONS.iter().find(|f| f.0 == column).map_or("", |f| f.1)
            )
        };
        let names: Vec<String> = FUNCTIONS.iter().map(|(column, _)| name(column)).collect();
        let modify = |column: &str| {
            format!(
                "case when {column} = case when a.aggkind = 'n' then 'r' else 'w' end then null
                      else case {column} when 'r' then 'read_only' when 's' then 'shareable' else 'read_write' end end"
            )
        };
        Some(format!(
            "select p.oid, 2615 as parent_class, p.pronamespace as parent,
                    p.proname || '(' || coalesce((select string_agg(format_type(t, null), ', ' order by o)
                                         from unnest(p.proargtypes) with ordinality a(t, o)), '') || ')' as key,
                    p.proowner::regrole::text as owner, p.proacl::text[] as acl,
                    nullif(pg_get_function_arguments(p.oid), '') as args, {},
                    format_type(a.aggtranstype, null) as stype, nullif(a.aggtransspace, 0) as sspace,
                    a.aggfinalextra as finalfunc_extra, {} as finalfunc_modify, a.agginitval as initcond,
                    case when a.aggmtranstype <> 0 then format_type(a.aggmtranstype, null) end as mstype,
                    nullif(a.aggmtransspace, 0) as msspace, a.aggmfinalextra as mfinalfunc_extra,
                    case when a.aggmtranstype <> 0 then {} end as mfinalfunc_modify, a.aggminitval as minitcond,
                    {} as sortop, a.aggkind = 'h' as hypothetical,
                    case p.proparallel when 's' then 'safe' when 'r' then 'restricted' end as parallel
             from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_aggregate a on a.aggfnoid = p.oid
             where {USER_SCHEMA}
             order by n.nspname, p.proname, key",
            names.join(", "),
            modify("a.aggfinalmodify"),
            modify("a.aggmfinalmodify"),
            operator("a.aggsortop"),
        ))
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        routine_key(&written.replace("(*)", "()"), &self.args.all())
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(mut spec) = desired.spec::<Self>(&at).cloned() else { continue };
            if spec.args == AggregateArgs::default() {
                spec.args.direct = key_args(at.key()).unwrap_or_default();
            }
            let usual = if spec.args.ordered.is_some() { Modify::ReadWrite } else { Modify::ReadOnly };
            spec.finalfunc_modify = spec.finalfunc_modify.filter(|m| *m != usual);
            spec.mfinalfunc_modify = spec.mfinalfunc_modify.filter(|m| *m != usual);
            desired.set(&at, spec);
        }
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.args.all().references(out);
        for (field, name) in self.functions() {
            name.reference(ROUTINE, out, field);
        }
        self.stype.reference(out, "stype");
        if let Some(mstype) = &self.mstype {
            mstype.reference(out, "mstype");
        }
        if let Some(sortop) = &self.sortop {
            out.text(sortop, "sortop");
        }
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.args.follow(renaming);
        self.stype.follow(renaming);
        self.mstype.iter_mut().for_each(|t| t.follow(renaming));
        let Self { sfunc, finalfunc, combinefunc, serialfunc, deserialfunc, msfunc, minvfunc, mfinalfunc, .. } = self;
        let others = [finalfunc, combinefunc, serialfunc, deserialfunc, msfunc, minvfunc, mfinalfunc];
        for function in std::iter::once(sfunc).chain(others.into_iter().flatten()) {
            function.follow(ROUTINE, renaming);
        }
        if let Some(operator) = self.sortop.as_ref().and_then(|o| renaming.text(o)) {
            self.sortop = Some(operator);
        }
    }

    fn key_after(&self, key: &str, renaming: Renaming<'_>) -> Option<String> {
        renaming.signature(key)
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(self.definition("create", cx))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        // Whatever PostgreSQL can replace is in the definition, which says it all.
        let Self { args, sfunc: _, stype, sspace: _, finalfunc, finalfunc_extra: _, finalfunc_modify: _, .. } = self;
        let Self { combinefunc: _, serialfunc: _, deserialfunc: _, initcond: _, msfunc: _, minvfunc: _, .. } = self;
        let Self { mstype: _, msspace: _, mfinalfunc: _, mfinalfunc_extra: _, mfinalfunc_modify: _, .. } = self;
        let Self { minitcond: _, sortop: _, parallel: _, hypothetical, .. } = self;
        if *finalfunc != old.finalfunc || finalfunc.is_none() && *stype != old.stype {
            return Alter::Replace("its result may have another type".to_owned());
        }
        if *hypothetical != old.hypothetical || args.ordered.is_some() != old.args.ordered.is_some() {
            return Alter::Replace("it is another sort of aggregate".to_owned());
        }
        if args.direct.0.len() != old.args.direct.0.len() {
            return Alter::Replace("other arguments stand before `order by`".to_owned());
        }
        if let Some(why) = args.all().clash(&old.args.all()) {
            return Alter::Replace(why.to_owned());
        }
        Alter::InPlace(vec![Step::new(self.definition("create or replace", cx))])
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        routine::rename(to, cx)
    }
}

/// The columns of `pg_aggregate` that hold functions, without `agg`, and the options they are.
const FUNCTIONS: [(&str, &str); 8] = [
    ("transfn", "sfunc"),
    ("finalfn", "finalfunc"),
    ("combinefn", "combinefunc"),
    ("serialfn", "serialfunc"),
    ("deserialfn", "deserialfunc"),
    ("mtransfn", "msfunc"),
    ("minvtransfn", "minvfunc"),
    ("mfinalfn", "mfinalfunc"),
];

impl Aggregate {
    fn functions(&self) -> impl Iterator<Item = (&'static str, &QualifiedName)> {
        let optional = [
            ("finalfunc", &self.finalfunc),
            ("combinefunc", &self.combinefunc),
            ("serialfunc", &self.serialfunc),
            ("deserialfunc", &self.deserialfunc),
            ("msfunc", &self.msfunc),
            ("minvfunc", &self.minvfunc),
            ("mfinalfunc", &self.mfinalfunc),
        ];
        let optional = optional.into_iter().filter_map(|(field, name)| Some((field, name.as_ref()?)));
        [("sfunc", &self.sfunc)].into_iter().chain(optional)
    }

    /// The whole statement: `create aggregate …` or `create or replace aggregate …`.
    fn definition(&self, create: &str, cx: &Cx<'_>) -> String {
        let mut words: Vec<String> = self.functions().map(|(option, name)| format!("{option} = {name}")).collect();
        let mut add = |option: &str, value: Option<String>| words.extend(value.map(|v| format!("{option} = {v}")));
        add("stype", Some(self.stype.to_string()));
        add("sspace", self.sspace.map(|n| n.to_string()));
        add("finalfunc_modify", self.finalfunc_modify.map(|m| m.word().to_owned()));
        add("initcond", self.initcond.as_deref().map(sql::literal));
        add("mstype", self.mstype.as_ref().map(ToString::to_string));
        add("msspace", self.msspace.map(|n| n.to_string()));
        add("mfinalfunc_modify", self.mfinalfunc_modify.map(|m| m.word().to_owned()));
        add("minitcond", self.minitcond.as_deref().map(sql::literal));
        add("sortop", self.sortop.clone());
        let parallel = match self.parallel {
            Parallel::Unsafe => None,
            Parallel::Restricted => Some("restricted".to_owned()),
            Parallel::Safe => Some("safe".to_owned()),
        };
        add("parallel", parallel);
        let flags = [
            ("finalfunc_extra", self.finalfunc_extra),
            ("mfinalfunc_extra", self.mfinalfunc_extra),
            ("hypothetical", self.hypothetical),
        ];
        words.extend(flags.into_iter().filter(|(_, on)| *on).map(|(word, _)| word.to_owned()));
        let name = sql::dotted([cx.at.top().key(), routine::name(cx.at)]);
        let args = self.args.to_string();
        let args = if args.is_empty() { "*" } else { &args };
        format!("{create} aggregate {name}({args}) (\n    {}\n)", words.join(",\n    "))
    }
}

crate::kinds::part::text_schema!(AggregateArgs, "Arguments, as in `create aggregate`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_read_as_postgresql_prints_them() {
        for (typed, printed, types) in [
            ("*", "", ""),
            ("int", "integer", "integer"),
            (
                "double precision ORDER BY v anyelement",
                "double precision order by v anyelement",
                "double precision, anyelement",
            ),
            ("ORDER BY text", "order by text", "text"),
            ("VARIADIC \"any\" ORDER BY VARIADIC \"any\"", "variadic \"any\" order by variadic \"any\"", "\"any\""),
        ] {
            let args = AggregateArgs::parse(typed).expect(typed);
            assert_eq!(args.to_string(), printed);
            assert_eq!(args.all().types(), types);
        }
    }
}
