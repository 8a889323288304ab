//! A procedural language. See <https://www.postgresql.org/docs/current/sql-createlanguage.html>.
//!
//! Those that an extension brings are the extension's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::grant::Grant;
use super::part::catalog::function;
use super::part::{QualifiedName, is_default};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Privileges, ROUTINE, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, Origin, PgVersion, State, Step};

/// A language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// The function that runs its functions.
    pub handler: QualifiedName,
    /// The function that runs `do` blocks.
    #[serde(default, skip_serializing_if = "is_default")]
    pub inline: Option<QualifiedName>,
    /// The function that checks its functions.
    #[serde(default, skip_serializing_if = "is_default")]
    pub validator: Option<QualifiedName>,
    /// Anybody may create functions in it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub trusted: bool,
}

impl Kind for Language {
    const NAME: KindName = KindName("language");
    const NOUN: &'static str = "language";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "languages", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2612,
        identity: Identity::Plain,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(Privileges {
            noun: "language",
            plural: "languages",
            all: &[("usage", 'U')],
            public: &["usage"],
        }),
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_language where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select l.oid, l.lanname as key, l.lanowner::regrole::text as owner, l.lanacl::text[] as acl,
                    {} as handler, {} as inline, {} as validator, l.lanpltrusted as trusted
             from pg_language l where l.lanispl and l.oid >= 16384 order by l.lanname",
            function("l.lanplcallfoid"),
            function("l.laninline"),
            function("l.lanvalidator")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.handler.reference(ROUTINE, out, "handler");
        for (field, name) in [("inline", &self.inline), ("validator", &self.validator)] {
            if let Some(name) = name {
                name.reference(ROUTINE, out, field);
            }
        }
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        let is_said = |c: &&Address| desired.get(c).is_some_and(|o| matches!(o.origin, Origin::File(_)));
        // What PUBLIC has from the beginning may be said.
        let given = |c: &&Address| c.kind() == Grant::NAME && c.key() != "public";
        if self.trusted || !desired.children(at).into_iter().filter(is_said).any(|c| given(&c)) {
            return Vec::new();
        }
        let problem = Problem::new(Code::WrongType, "nothing can be granted on a language that is not trusted");
        vec![(problem.help("write `trusted: true`, or remove `grants`"), "trusted")]
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        let others = [&mut self.inline, &mut self.validator];
        for function in std::iter::once(&mut self.handler).chain(others.into_iter().flatten()) {
            function.follow(ROUTINE, renaming);
        }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![self.definition("create", cx)]
    }

    fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { handler: _, inline: _, validator: _, trusted: _ } = self;
        Alter::InPlace(vec![self.definition("create or replace", cx)])
    }
}

impl Language {
    fn definition(&self, create: &str, cx: &Cx<'_>) -> Step {
        let Self { handler, inline, validator, trusted } = self;
        let trusted = if *trusted { "trusted " } else { "" };
        let word = |word: &str, name: &Option<QualifiedName>| {
            name.as_ref().map(|n| format!(" {word} {n}")).unwrap_or_default()
        };
        let rest = word("inline", inline) + &word("validator", validator);
        Step::new(format!("{create} {trusted}language {} handler {handler}{rest}", cx.name()))
    }
}
