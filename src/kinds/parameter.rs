//! A configuration parameter, as far as it may be granted; from PostgreSQL 15 on.
//!
//! See <https://www.postgresql.org/docs/current/sql-grant.html>. It always stands; only declared ones are managed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::since;
use crate::diagnostic::Problem;
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Misfit, Privileges, Rules, Scope, Under, plain_key};
use crate::model::{Address, KindName, PgVersion, Step};
use crate::sql;

/// A parameter has nothing of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parameter {}

/// `work_mem`, `plpgsql.extra_errors`.
fn identity(at: &Address) -> String {
    sql::dotted(at.key().split('.'))
}

impl Kind for Parameter {
    const NAME: KindName = KindName("parameter");
    const NOUN: &'static str = "parameter";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "parameters", form: Form::Map }];
    const RULES: Rules = Rules {
        scope: Scope::Cluster,
        class: 6243,
        identity: Identity::By(identity),
        rebuildable: false,
        privileges: Some(Privileges {
            noun: "parameter",
            plural: "parameters",
            all: &[("set", 's'), ("alter system", 'A')],
            public: &[],
        }),
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_parameter_acl");

    fn catalog(server: PgVersion) -> Option<String> {
        server.at_least(15).then(|| {
            "select p.oid, p.parname as key, p.paracl::text[] as acl,
                    (select r.rolname from pg_roles r where r.oid = 10) as owner
             from pg_parameter_acl p order by p.parname"
                .to_owned()
        })
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        plain_key(&written.to_lowercase())
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        since(15, "privileges on parameters", "grants", cx)
    }

    fn create(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new() // it always stands
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::InPlace(Vec::new())
    }

    fn drop(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new()
    }
}
