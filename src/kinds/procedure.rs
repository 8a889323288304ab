//! A procedure. See <https://www.postgresql.org/docs/current/sql-createprocedure.html>.
//!
//! The key is the identity: the name and the input types, `close_day(date)`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::extension_dependency::depends_again;
use super::language::Language;
use super::part::routine::{self, Security, Source};
use super::part::signature::{Args, routine_key};
use super::part::{Settings, Sql, TypeName, is_default};
use super::schema::Schema;
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};

/// A procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Its arguments, as in `create procedure`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub args: Args,
    /// Its language.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("examples" = ["sql", "plpgsql"]))]
    pub language: Option<String>,
    /// Whose privileges it runs with.
    #[serde(default, skip_serializing_if = "is_default")]
    pub security: Security,
    /// Settings that hold while it runs; with any, it can't end transactions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub settings: Settings,
    /// Types whose transforms it uses.
    #[serde(default, skip_serializing_if = "is_default")]
    pub transform: Vec<TypeName>,
    /// The exact text of its body.
    #[serde(default, skip_serializing_if = "is_default")]
    pub body: Option<String>,
    /// Its SQL-standard body: `begin atomic … end`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub atomic: Option<Sql>,
    /// The file of a procedure in C.
    #[serde(default, skip_serializing_if = "is_default")]
    pub library: Option<String>,
    /// Its name in that file, if different.
    #[serde(default, skip_serializing_if = "is_default")]
    pub symbol: Option<String>,
}

impl Kind for Procedure {
    const NAME: KindName = KindName("procedure");
    const NOUN: &'static str = "procedure";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "procedures", form: Form::Map }];
    const RULES: Rules =
        Rules { identity: Identity::By(routine::with_modes), ..routine::rules("procedures", "procedure") };

    const PRESENT: Option<&'static str> = Some("pg_proc where prokind = 'p' and oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(routine::catalog("'p'", ""))
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        routine_key(written, &self.args)
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(procedure) = desired.spec::<Self>(&at).cloned() else { continue };
            desired.set(&at, procedure.completed(&at));
        }
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.args.references(out);
        routine::refer_to_transforms(&self.transform, self.language.as_deref(), out);
        self.source().references(out);
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.args.follow(renaming);
        self.language.iter_mut().for_each(|name| renaming.root(Language::NAME, name));
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
        let Self { args, security, settings, transform, language: _, body: _, atomic: _, library: _, symbol: _ } = self;
        if let Some(why) = args.clash(&old.args) {
            return Alter::Replace(why.to_owned());
        }
        let (sql, again) = if *args == old.args && *transform == old.transform && self.source() == old.source() {
            let word = (*security != old.security).then(|| security.words().to_owned());
            let words: Vec<String> = word.into_iter().chain(settings.changes(&old.settings)).collect();
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
        self.source().check()
    }
}

impl Procedure {
    fn source(&self) -> Source<'_> {
        Source {
            language: self.language.as_deref(),
            body: self.body.as_deref(),
            atomic: self.atomic.as_ref(),
            library: self.library.as_deref(),
            symbol: self.symbol.as_deref(),
        }
    }

    /// The same with what follows from the rest.
    fn completed(mut self, at: &Address) -> Self {
        if let Some(args) = routine::args_of_key(&self.args, at) {
            self.args = args;
        }
        self.language = self.language.map(routine::language);
        if self.language.is_none() {
            self.language = self.source().default_language(false).map(str::to_owned);
        }
        self.symbol = self.symbol.filter(|s| s != routine::name(at));
        self
    }

    /// The whol    /// The whole statement: `create procedure …` or `create or replace procedure …`.
    fn definition(&self, create: &str, cx: &Cx<'_>) -> String {
        let head = format!("{create} procedure {}", routine::declaration(&self.args, cx));
        let security = (!is_default(&self.security)).then(|| self.security.words().to_owned());
        routine::definition(head, &self.transform, security, &self.settings, self.source(), cx)
    }
}
