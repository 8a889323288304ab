//! A schema of a publication: all tables in it, those made later included; from PostgreSQL 15 on.
//!
//! See <https://www.postgresql.org/docs/current/sql-createpublication.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::since;
use super::publication::Publication;
use super::schema::Schema;
use crate::kind::{Alter, Cx, Form, Home, Kind, Misfit, References, Renaming, Rules, Under};
use crate::model::{Address, HazardClass, KindName, PgVersion, Step};

/// A schema of a publication has nothing of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedSchema {}

impl Kind for PublishedSchema {
    const NAME: KindName = KindName("published_schema");
    const NOUN: &'static str = "schema";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Publication::NAME]), key: "schemas", form: Form::List("schema") }];
    const RULES: Rules = Rules { class: 6237, ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_publication_namespace");

    fn catalog(server: PgVersion) -> Option<String> {
        server.at_least(15).then(|| {
            "select r.oid, 6104 as parent_class, r.pnpubid as parent, n.nspname as key
             from pg_publication_namespace r join pg_namespace n on n.oid = r.pnnspid
             order by r.pnpubid, n.nspname"
                .to_owned()
        })
    }

    fn references(&self, at: &Address, out: &mut References) {
        out.object(Address::root(Schema::NAME, at.key()), "schema");
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let (problem, field) = since(15, "publications of whole schemas", "schema", cx)?;
        Some((problem.help("name the tables, or take a newer server"), field))
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("alter publication {} add tables in schema {}", cx.parent().name(), cx.name()))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::InPlace(Vec::new())
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let sql = format!("alter publication {} drop tables in schema {}", cx.parent().name(), cx.name());
        vec![Step::new(sql).hazard(HazardClass::Breaking, "subscribers no longer get the changes of its tables")]
    }

    fn key_after(&self, key: &str, renaming: Renaming<'_>) -> Option<String> {
        renaming.key(Schema::NAME, key)
    }
}
