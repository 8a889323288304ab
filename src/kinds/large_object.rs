//! A large object, as far as its owner, privileges and comment go: the key is its number.
//!
//! See <https://www.postgresql.org/docs/current/largeobjects.html>. What is in it is data: it is never dropped, and where it
//! is missing an empty one is made. Only declared ones are managed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Privileges, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};

/// A large object has nothing of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LargeObject {}

fn identity(at: &Address) -> String {
    at.key().to_owned()
}

impl Kind for LargeObject {
    const NAME: KindName = KindName("large_object");
    const NOUN: &'static str = "large object";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "large_objects", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2613,
        identity: Identity::By(identity),
        rebuildable: false,
        owner: true,
        comment: true,
        privileges: Some(Privileges {
            noun: "large object",
            plural: "large_objects",
            all: &[("select", 'r'), ("update", 'w')],
            public: &[],
        }),
        ..Rules::DEFAULT
    };

    /// Those of which something is said: there may be millions.
    const PRESENT: Option<&'static str> = Some("pg_largeobject_metadata");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(
            "select l.oid, l.oid::text as key, l.lomowner::regrole::text as owner, l.lomacl::text[] as acl
             from pg_largeobject_metadata l
             where l.lomacl is not null
                or l.lomowner <> (select d.datdba from pg_database d where d.datname = current_database())
                or l.oid in (select d.objoid from pg_description d where d.classoid = 2613)
                or l.oid in (select s.objoid from pg_seclabel s where s.classoid = 2613)
             order by l.oid"
                .to_owned(),
        )
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        match written.parse::<u32>() {
            Ok(number) if number > 0 => Ok(number.to_string()),
            _ => Err(Problem::new(Code::WrongType, format!("`{written}` is no number of a large object"))
                .help("write its oid, as `pg_largeobject_metadata` has it")),
        }
    }

    fn managed(&self, at: &Address, desired: &State) -> bool {
        desired.contains(at)
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let oid = cx.at.key();
        let missing = format!("where not exists (select from pg_catalog.pg_largeobject_metadata where oid = {oid})");
        vec![Step::new(format!("select pg_catalog.lo_create({oid}) {missing}"))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::InPlace(Vec::new())
    }

    fn drop(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new() // it holds data
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        if desired.children(at).is_empty() {
            let problem = Problem::new(Code::WrongType, format!("nothing is said of large object {}", at.key()));
            return vec![(problem.help("say its owner, grants or comment, or remove it"), "owner")];
        }
        Vec::new()
    }
}
