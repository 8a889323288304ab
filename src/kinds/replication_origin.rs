//! A replication origin: the name under which a server remembers how far it has replayed the changes of another one.
//!
//! See <https://www.postgresql.org/docs/current/replication-origins.html>. Subscriptions make their own, which are not
//! read. How far it has come is state. Only declared ones are managed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Rules, Scope, Under, plain_key};
use crate::model::{Act, Address, Demand, HazardClass, KindName, PgVersion, Step};
use crate::sql;

/// A replication origin has nothing of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplicationOrigin {}

impl Kind for ReplicationOrigin {
    const NAME: KindName = KindName("replication_origin");
    const NOUN: &'static str = "replication origin";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "replication_origins", form: Form::Map }];
    const RULES: Rules =
        Rules { scope: Scope::Cluster, class: 6000, identity: Identity::Plain, rebuildable: false, ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_replication_origin where roname !~ '^pg_'");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(
            "select o.roident as oid, o.roname as key from pg_replication_origin o where o.roname !~ '^pg_' order by 2"
                .to_owned(),
        )
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        if written.starts_with("pg_") || ["any", "none"].contains(&written) {
            let message = format!("replication origin `{written}` can't be made: the name is PostgreSQL's own");
            return Err(Problem::new(Code::WrongType, message).help("give it another name"));
        }
        plain_key(written)
    }

    /// Whoever may call the functions may do it: superusers, and roles that were granted `execute`. PostgreSQL tells.
    fn demands(&self, _act: Act, _cx: &Cx<'_>) -> Vec<Demand> {
        Vec::new()
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("select pg_catalog.pg_replication_origin_create({})", sql::literal(cx.at.key())))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        let Self {} = self;
        Alter::InPlace(Vec::new())
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let sql = format!("select pg_catalog.pg_replication_origin_drop({})", sql::literal(cx.at.key()));
        let lost = format!("how far replication origin `{}` has come is forgotten", cx.at.key());
        vec![Step::new(sql).hazard(HazardClass::Data, lost)]
    }
}
