//! The sequence of an identity column, where something is said of it: a name, a comment, privileges.
//!
//! It comes and goes with the identity; its numbers are said there. Where the project declares privileges, those on it are
//! exact as well, and its owner is that of the table.
//! See <https://www.postgresql.org/docs/current/ddl-identity-columns.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::{Column, sequence_of};
use super::grant::Grant;
use super::part::catalog::USER_SCHEMA;
use super::part::is_default;
use super::sequence;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, RELATION, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// The sequence of an identity column. Its name is in its address.
#[derive(Debug, Clone, Default, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySequence {
    /// Its name, in the schema of the table; `<table>_<column>_seq` when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub name: Option<String>,
}

impl PartialEq for IdentitySequence {
    fn eq(&self, other: &Self) -> bool {
        let (Self { name: _ }, Self { name: _ }) = (self, other);
        true
    }
}

impl Kind for IdentitySequence {
    const NAME: KindName = KindName("identity_sequence");
    const NOUN: &'static str = "sequence";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Column::NAME]), key: "identity_sequence", form: Form::One }];
    const RULES: Rules = Rules {
        class: 1259,
        identity: Identity::By(|at| sql::dotted([at.top().key(), at.key()])),
        rebuildable: false,
        renames: true,
        comment: true,
        privileges: Some(sequence::PRIVILEGES),
        slots: &[RELATION],
        short_field: Some("name"),
        shadow: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_class where relkind = 'S'");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select c.oid, 1259 as parent_class, d.refobjid as parent, d.refobjsubid as parent_sub, c.relname as key,
                    t.relowner::regrole::text as owner, c.relacl::text[] as acl,
                    case when c.relname <> t.relname || '_' || a.attname || '_seq' then c.relname::text end as name
             from pg_class c join pg_depend d on d.classid = 1259 and d.objid = c.oid and d.deptype = 'i'
                  join pg_class t on d.refclassid = 1259 and t.oid = d.refobjid join pg_namespace n on n.oid = t.relnamespace
                  join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
             where c.relkind = 'S' and {USER_SCHEMA}
               and (c.relname <> t.relname || '_' || a.attname || '_seq' or c.relacl is not null
                    or exists (select from pg_description e where e.classoid = 1259 and e.objoid = c.oid))
             order by c.oid"
        ))
    }

    fn one_key(&self, parent: Option<&Address>) -> String {
        self.name.clone().unwrap_or_else(|| parent.map(|p| sequence_of(p).key().to_owned()).unwrap_or_default())
    }

    /// Where nothing is said of it, it is the column's own affair, unless the project declares privileges, which are exact
    /// then. A column that is not wanted may get another name.
    fn managed(&self, at: &Address, desired: &State) -> bool {
        let said = |column| !desired.children_of::<Self>(column, Self::NAME).is_empty();
        let is_managed = |column| !desired.contains(column) || said(column) || desired.claims(Grant::NAME);
        at.parent().is_some_and(is_managed)
    }

    /// The statement that makes the identity makes it; one that stands may have another name.
    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Some(column) = cx.at.parent() else { return Vec::new() };
        if cx.live.spec::<Column>(column).is_none_or(|c| c.identity.is_none()) {
            return Vec::new();
        }
        let name = named_at(column, cx.live).map_or_else(|| sequence_of(column).key().to_owned(), str::to_owned);
        let from = sql::dotted([cx.at.top().key(), &name]);
        let step = Step::new(format!("alter sequence {from} rename to {}", cx.name()));
        if name == cx.at.key() { Vec::new() } else { vec![step.takes(cx.at.key())] }
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::InPlace(Vec::new())
    }

    fn drop(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new() // it goes with the identity
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        let column = at.parent().and_then(|column| desired.spec::<Column>(column));
        if column.is_some_and(|c| c.identity.is_some()) {
            return Vec::new();
        }
        let problem = Problem::new(Code::WrongType, "a column without an identity has no sequence of its own");
        vec![(problem.help("write `identity: always` beside it, or remove it"), "name")]
    }
}

/// The name of the sequence of an identity column, where it is said.
pub fn named_at<'a>(column: &Address, state: &'a State) -> Option<&'a str> {
    let list = state.children_of::<IdentitySequence>(column, IdentitySequence::NAME);
    list.first().map(|(at, _)| at.key())
}
