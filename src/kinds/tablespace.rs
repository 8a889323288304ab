//! A tablespace: a place for files, shared by all databases of the cluster.
//!
//! See <https://www.postgresql.org/docs/current/sql-createtablespace.html>. Only declared ones are managed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::options;
use super::part::{Parameters, is_default, parameters};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Privileges, Rules, Scope, Under, plain_key};
use crate::model::{Act, Address, Demand, KindName, PgVersion, Step, Transaction};
use crate::sql;

/// A tablespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tablespace {
    /// The empty directory, on the server, that becomes it; none where the server keeps it in its data directory
    /// (`allow_in_place_tablespaces`).
    pub location: String,
    /// Planner settings for it, such as `random_page_cost`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Parameters,
}

impl Kind for Tablespace {
    const NAME: KindName = KindName("tablespace");
    const NOUN: &'static str = "tablespace";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "tablespaces", form: Form::Map }];
    const RULES: Rules = Rules {
        scope: Scope::Cluster,
        class: 1213,
        identity: Identity::Plain,
        rebuildable: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(Privileges {
            noun: "tablespace",
            plural: "tablespaces",
            all: &[("create", 'C')],
            public: &[],
        }),
        short_field: Some("location"),
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_tablespace where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select t.oid, t.spcname as key, t.spcowner::regrole::text as owner, t.spcacl::text[] as acl,
                    case when pg_tablespace_location(t.oid) ~ '^pg_tblspc/' then ''
                         else pg_tablespace_location(t.oid) end as location, {} as options
             from pg_tablespace t where t.spcname !~ '^pg_' order by t.spcname",
            options("t.spcoptions")
        ))
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        if written.starts_with("pg_") {
            let message = format!("tablespace `{written}` can't be made: names from `pg_` are PostgreSQL's own");
            return Err(Problem::new(Code::WrongType, message).help("give it another name"));
        }
        plain_key(written)
    }

    fn builtin(key: &str) -> bool {
        key.starts_with("pg_")
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        vec![if act == Act::Make { Demand::Superuser } else { Demand::Owns(cx.at.clone()) }]
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { location, options } = self;
        let with = parameters::with(options);
        let sql = format!("create tablespace {} location {}{with}", cx.name(), sql::literal(location));
        vec![Step::new(sql).transaction(Transaction::Outside)]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { location, options } = self;
        if *location != old.location {
            let problem = Problem::new(Code::Refused, format!("tablespace `{}` can't be moved", cx.at.key()));
            return Alter::Refuse(problem.help("make another one, and move tables and indexes there"));
        }
        let mut steps = Vec::new();
        let changes = parameters::changes(&old.options, options).into_iter();
        steps.extend(changes.map(|change| Step::new(format!("alter tablespace {} {change}", cx.name()))));
        Alter::InPlace(steps)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("drop tablespace {}", cx.name())).transaction(Transaction::Outside)]
    }
}
