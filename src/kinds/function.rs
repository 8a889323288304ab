//! A function. See <https://www.postgresql.org/docs/current/sql-createfunction.html>.
//!
//! The key is the identity: the name and the input types, `total(bigint)`. Aggregates are a kind of their own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::extension_dependency::depends_again;
use super::language::Language;
use super::part::routine::{self, Security, Source};
use super::part::signature::{Args, Returns, routine_key};
use super::part::{Settings, Sql, TypeName, is_default};
use super::schema::Schema;
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, ROUTINE, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};

/// A function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its arguments, as in `create function`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub args: Args,
    /// Its result: a type, `setof` a type, or `table(…)`; absent where `out` arguments determine it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub returns: Option<Returns>,
    /// Its language.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("examples" = ["sql", "plpgsql"]))]
    pub language: Option<String>,
    /// What PostgreSQL may assume of its result.
    #[serde(default, skip_serializing_if = "is_default")]
    pub volatility: Volatility,
    /// Null for any null argument, without being called.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strict: bool,
    /// Reveals nothing about its arguments except through its result.
    #[serde(default, skip_serializing_if = "is_default")]
    pub leakproof: bool,
    /// Whose privileges it runs with.
    #[serde(default, skip_serializing_if = "is_default")]
    pub security: Security,
    /// Whether parallel workers may run it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parallel: Parallel,
    /// What a call costs, in units of `cpu_operator_cost`; 100, or 1 for C, when absent.
    #[serde(default, skip_serializing_if = "is_default", serialize_with = "number")]
    pub cost: Option<f32>,
    /// How many rows the planner expects; 1,000 when absent.
    #[serde(default, skip_serializing_if = "is_default", serialize_with = "number")]
    pub rows: Option<f32>,
    /// The function that helps the planner with this one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub support: Option<String>,
    /// A window function.
    #[serde(default, skip_serializing_if = "is_default")]
    pub window: bool,
    /// Settings that hold while it runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub settings: Settings,
    /// Types whose transforms it uses.
    #[serde(default, skip_serializing_if = "is_default")]
    pub transform: Vec<TypeName>,
    /// The exact text of its body.
    #[serde(default, skip_serializing_if = "is_default")]
    pub body: Option<String>,
    /// Its SQL-standard body: `begin atomic … end`, or `return …`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub atomic: Option<Sql>,
    /// The file of a function in C.
    #[serde(default, skip_serializing_if = "is_default")]
    pub library: Option<String>,
    /// Its name in that file, if different.
    #[serde(default, skip_serializing_if = "is_default")]
    pub symbol: Option<String>,
}

/// What PostgreSQL may assume of a function's result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Volatility {
    /// Nothing.
    #[default]
    Volatile,
    /// The same for the same arguments within a statement.
    Stable,
    /// The same for the same arguments, for ever.
    Immutable,
}

/// Whether parallel workers may run a function.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Parallel {
    /// It keeps the query from being parallel.
    #[default]
    Unsafe,
    /// Only the leader may.
    Restricted,
    /// They may.
    Safe,
}

/// Writes a number without a point where it needs none.
#[expect(clippy::ref_option, clippy::cast_possible_truncation, reason = "serde hands a reference; whole numbers fit")]
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn number<S: Serializer>(value: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() < 1e15 => serializer.serialize_i64(*value as i64),
        Some(value) => serializer.serialize_f32(*value),
        None => serializer.serialize_none(),
    }
}

/// The columns that only functions have.
const COLUMNS: &str = ",
    case when exists (select from unnest(p.proargmodes) m where m in ('o', 'b')) and not p.proretset then null
         else pg_get_function_result(p.oid) end as returns,
    case p.provolatile when 'i' then 'immutable' when 's' then 'stable' end as volatility,
    p.proisstrict as strict, p.proleakproof as leakproof, p.prokind = 'w' as window,
    case p.proparallel when 's' then 'safe' when 'r' then 'restricted' end as parallel,
    nullif(p.procost, case when l.lanname in ('c', 'internal') then 1 else 100 end) as cost,
    case when p.proretset then nullif(p.prorows, 1000) end as rows,
    case when p.prosupport <> 0 then p.prosupport::regproc::text end as support";

impl Kind for Function {
    const NAME: KindName = KindName("function");
    const NOUN: &'static str = "function";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "functions", form: Form::Map }];
    const RULES: Rules = routine::rules("functions", "function");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(routine::catalog("'f', 'w'", COLUMNS))
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        routine_key(written, &self.args)
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(function) = desired.spec::<Self>(&at).cloned() else { continue };
            desired.set(&at, function.completed(&at));
        }
    }

    fn references(&self, _at: &Address, out: &mut References) {
        let mut types = References::default();
        self.args.references(&mut types);
        if let Some(returns) = &self.returns {
            returns.references(&mut types);
        }
        routine::refer_to_types(types, self.language.as_deref(), out);
        if let Some(support) = &self.support {
            out.name(ROUTINE, support, "support");
        }
        routine::refer_to_transforms(&self.transform, self.language.as_deref(), out);
        self.source().references(out);
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.args.follow(renaming);
        self.language.iter_mut().for_each(|name| renaming.root(Language::NAME, name));
        self.returns.iter_mut().for_each(|r| r.follow(renaming));
    }

    fn key_after(&self, key: &str, renaming: Renaming<'_>) -> Option<String> {
        renaming.signature(key)
    }

    fn rivals(&self, other: &Self) -> bool {
        self.args.rival(&other.args)
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(self.definition("create", cx))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        // Whatever is not among the attributes is in the definition, which says it all.
        let Self { args, returns, window, transform, support, volatility: _, strict: _, leakproof: _, .. } = self;
        let Self { language: _, body: _, atomic: _, library: _, symbol: _, .. } = self;
        let Self { security, parallel: _, cost: _, rows: _, settings, .. } = self;
        if *returns != old.returns {
            return Alter::Replace("its result has another type".to_owned());
        }
        if *window != old.window {
            return Alter::Replace("it is a window function or is so no more".to_owned());
        }
        if let Some(why) = args.clash(&old.args) {
            return Alter::Replace(why.to_owned());
        }
        let same = *args == old.args && *transform == old.transform && self.source() == old.source();
        let (sql, again) = if same && (support.is_some() || old.support.is_none()) {
            let words = self.attributes().into_iter().zip(old.attributes()).filter(|(new, old)| new.words != old.words);
            let words: Vec<String> = words.map(|(new, _)| new.words).chain(settings.changes(&old.settings)).collect();
            if words.is_empty() {
                return Alter::InPlace(Vec::new());
            }
            (format!("alter {} {}", cx.target(), words.join(" ")), Vec::new())
        } else {
            (self.definition("create or replace", cx), depends_again(cx))
        };
        Alter::InPlace([security.hazard(old.security, Step::new(sql))].into_iter().chain(again).collect())
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        routine::rename(to, cx)
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        let mut out = self.source().check();
        if self.returns.is_none() && self.args.outputs().next().is_none() {
            let problem = Problem::new(crate::diagnostic::Code::WrongType, "a function says no result");
            out.push((problem.help("write `returns: void`, or the type it gives"), "returns"));
        }
        out
    }
}

/// An attribute in the words of both `create` and `alter`.
struct Attribute {
    words: String,
    /// PostgreSQL's own choice, that `create` need not say.
    default: bool,
}

impl Function {
    fn source(&self) -> Source<'_> {
        Source {
            language: self.language.as_deref(),
            body: self.body.as_deref(),
            atomic: self.atomic.as_ref(),
            library: self.library.as_deref(),
            symbol: self.symbol.as_deref(),
        }
    }

    /// The same with what follows from the rest, and without what PostgreSQL would choose itself.
    fn completed(mut self, at: &Address) -> Self {
        if let Some(args) = routine::args_of_key(&self.args, at) {
            self.args = args;
        }
        self.language = self.language.map(routine::language);
        if self.language.is_none() {
            let is_trigger = self.returns.as_ref().is_some_and(Returns::is_trigger);
            self.language = self.source().default_language(is_trigger).map(str::to_owned);
        }
        let is_set = self.returns.as_ref().is_some_and(Returns::is_set);
        if !is_set && self.args.outputs().next().is_some() {
            self.returns = None;
        }
        self.symbol = self.symbol.filter(|s| s != routine::name(at));
        let cost = self.usual_cost();
        self.cost = self.cost.filter(|c| (c - cost).abs() > f32::EPSILON);
        self.rows = self.rows.filter(|r| is_set && (r - 1000.0).abs() > f32::EPSILON);
        self
    }

    fn usual_cost(&self) -> f32 {
        if matches!(self.language.as_deref(), Some("c" | "internal")) { 1.0 } else { 100.0 }
    }

    fn attributes(&self) -> Vec<Attribute> {
        let attribute = |default: bool, words: &str| Attribute { words: words.to_owned(), default };
        let volatility = match self.volatility {
            Volatility::Volatile => "volatile",
            Volatility::Stable => "stable",
            Volatility::Immutable => "immutable",
        };
        let parallel = match self.parallel {
            Parallel::Unsafe => "parallel unsafe",
            Parallel::Restricted => "parallel restricted",
            Parallel::Safe => "parallel safe",
        };
        let is_set = self.returns.as_ref().is_some_and(Returns::is_set);
        let rows = if is_set { format!("rows {}", self.rows.unwrap_or(1000.0)) } else { String::new() };
        let support = self.support.as_ref().map(|s| format!("support {s}")).unwrap_or_default();
        vec![
            attribute(is_default(&self.volatility), volatility),
            attribute(!self.strict, if self.strict { "strict" } else { "called on null input" }),
            attribute(!self.leakproof, if self.leakproof { "leakproof" } else { "not leakproof" }),
            attribute(is_default(&self.security), self.security.words()),
            attribute(is_default(&self.parallel), parallel),
            attribute(self.cost.is_none(), &format!("cost {}", self.cost.unwrap_or(self.usual_cost()))),
            attribute(self.rows.is_none(), &rows),
            attribute(self.support.is_none(), &support),
        ]
    }

    /// The whole statement: `create function …` or `create or replace function …`.
    fn definition(&self, create: &str, cx: &Cx<'_>) -> String {
        let returns = self.returns.as_ref().map(|r| format!(" returns {r}")).unwrap_or_default();
        let head = format!("{create} function {}{returns}", routine::declaration(&self.args, cx));
        let window = self.window.then(|| "window".to_owned());
        let attributes = self.attributes().into_iter().filter(|a| !a.default).map(|a| a.words);
        routine::definition(
            head,
            &self.transform,
            window.into_iter().chain(attributes),
            &self.settings,
            self.source(),
            cx,
        )
    }
}
