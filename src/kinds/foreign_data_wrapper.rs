//! A foreign data wrapper. See <https://www.postgresql.org/docs/current/sql-createforeigndatawrapper.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::{function, options};
use super::part::options::{changes, clause};
use super::part::{Options, QualifiedName, is_default};
use crate::kind::{
    Alter, Cx, Form, Home, Identity, Kind, Privileges, ROUTINE, References, Renaming, Rules, Under, demands,
};
use crate::model::{Act, Address, Demand, KindName, PgVersion, Step};

/// A foreign data wrapper.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ForeignDataWrapper {
    /// The function that does the work; without one no foreign table can be read.
    #[serde(skip_serializing_if = "is_default")]
    pub handler: Option<QualifiedName>,
    /// The function that checks options.
    #[serde(skip_serializing_if = "is_default")]
    pub validator: Option<QualifiedName>,
    /// Its options.
    #[serde(skip_serializing_if = "is_default")]
    pub options: Options,
}

impl Kind for ForeignDataWrapper {
    const NAME: KindName = KindName("foreign_data_wrapper");
    const NOUN: &'static str = "foreign data wrapper";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "foreign_data_wrappers", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2328,
        identity: Identity::Plain,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(Privileges {
            noun: "foreign data wrapper",
            plural: "foreign_data_wrappers",
            all: &[("usage", 'U')],
            public: &[],
        }),
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_foreign_data_wrapper");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select w.oid, w.fdwname as key, w.fdwowner::regrole::text as owner, w.fdwacl::text[] as acl,
                    {} as handler, {} as validator, {} as options
             from pg_foreign_data_wrapper w order by w.fdwname",
            function("w.fdwhandler"),
            function("w.fdwvalidator"),
            options("w.fdwoptions")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        if let Some(handler) = &self.handler {
            handler.reference(ROUTINE, out, "handler");
        }
        if let Some(validator) = &self.validator {
            validator.reference(ROUTINE, out, "validator");
        }
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        if act == Act::Make { vec![Demand::Superuser] } else { demands::usual(act, cx) }
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.handler.iter_mut().chain(&mut self.validator).for_each(|f| f.follow(ROUTINE, renaming));
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let words = self.words(&Self::default());
        vec![Step::new(format!("create foreign data wrapper {}{words}{}", cx.name(), clause(&self.options)))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { handler: _, validator: _, options } = self;
        let what = self.words(old) + &changes(options, &old.options);
        Alter::InPlace(vec![Step::new(format!("alter foreign data wrapper {}{what}", cx.name()))])
    }
}

impl ForeignDataWrapper {
    /// ` handler f no validator`: the functions that differ from `old`.
    fn words(&self, old: &Self) -> String {
        let mut words = String::new();
        for (word, new, old) in
            [("handler", &self.handler, &old.handler), ("validator", &self.validator, &old.validator)]
        {
            match new {
                _ if new == old => {}
                Some(name) => words += &format!(" {word} {name}"),
                None => words += &format!(" no {word}"),
            }
        }
        words
    }
}
