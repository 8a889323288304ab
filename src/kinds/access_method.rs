//! An access method. See <https://www.postgresql.org/docs/current/sql-create-access-method.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::QualifiedName;
use super::part::catalog::function;
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, ROUTINE, References, Rules, Under, demands};
use crate::model::{Act, Address, Demand, KindName, PgVersion, Step};

/// An access method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessMethod {
    /// Its purpose.
    #[serde(rename = "type")]
    pub sort: Sort,
    /// The function that says how it works.
    pub handler: QualifiedName,
}

/// What an access method is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Tables.
    Table,
    /// Indexes.
    Index,
}

impl Kind for AccessMethod {
    const NAME: KindName = KindName("access_method");
    const NOUN: &'static str = "access method";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "access_methods", form: Form::Map }];
    const RULES: Rules =
        Rules { class: 2601, identity: Identity::Plain, rebuildable: false, comment: true, ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_am where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select a.oid, a.amname as key, case a.amtype when 't' then 'table' else 'index' end as type, {} as handler
             from pg_am a where a.oid >= 16384 order by a.amname",
            function("a.amhandler")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.handler.reference(ROUTINE, out, "handler");
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        if act == Act::Make { vec![Demand::Superuser] } else { demands::usual(act, cx) }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { sort, handler } = self;
        let word = match sort {
            Sort::Table => "table",
            Sort::Index => "index",
        };
        vec![Step::new(format!("create access method {} type {word} handler {handler}", cx.name()))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        let Self { sort: _, handler: _ } = self;
        Alter::Replace("PostgreSQL can't change an access method".to_owned())
    }
}
