//! The sequence of an identity column. See <https://www.postgresql.org/docs/current/ddl-identity-columns.html>.
//!
//! It comes and goes with the identity, which says what it counts. Here is its name, and what sits on it.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::column::{Column, sequence_of};
use super::part::catalog::USER_SCHEMA;
use super::part::is_default;
use super::sequence::PRIVILEGES;
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, RELATION, Rules, Under};
use crate::model::{Address, KindName, Object, Origin, PgVersion, State, Step};

/// The sequence of an identity column. Its name is in its address.
#[derive(Debug, Clone, Default, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySequence {
    /// Its name; `<table>_<column>_seq` when absent.
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
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Column::NAME]), key: "sequence", form: Form::One }];
    const RULES: Rules = Rules {
        class: 1259,
        rebuildable: false,
        part: true,
        renames: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[RELATION],
        short_field: Some("name"),
        visible: true,
        ..Rules::DEFAULT
    };

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select s.oid, 1259 as parent_class, d.refobjid as parent, d.refobjsubid as parent_sub, s.relname as key,
                    s.relname as name, s.relowner::regrole::text as owner, s.relacl::text[] as acl
             from pg_depend d
                  join pg_class s on s.oid = d.objid and s.relkind = 'S'
                  join pg_class c on c.oid = d.refobjid
                  join pg_namespace n on n.oid = c.relnamespace
             where d.classid = 1259 and d.refclassid = 1259 and d.deptype = 'i' and {USER_SCHEMA}
             order by d.refobjid, d.refobjsubid"
        ))
    }

    fn one_key(&self, parent: Option<&Address>) -> String {
        self.name.clone().unwrap_or_else(|| parent.map_or_else(String::new, |c| sequence_of(c).key().to_owned()))
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for column in desired.of_kind(Column::NAME) {
            let counts = desired.spec::<Column>(&column).is_some_and(|c| c.identity.is_some());
            if counts && desired.children_of::<Self>(&column, Self::NAME).is_empty() {
                let span = desired.get(&column).and_then(|o| o.origin.span());
                let at = column.child(Self::NAME, sequence_of(&column).key());
                desired.insert(at, Object::new(Arc::new(Self::default()), Origin::Derived(span)));
            }
        }
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        let mut gone = HashSet::new();
        for at in state.of_kind(Self::NAME) {
            if at.parent().is_none_or(|column| sequence_of(column).key() != at.key()) {
                continue;
            }
            if state.children(&at).is_empty() {
                gone.insert(at);
            } else {
                state.set(&at, Self { name: None });
            }
        }
        state.retain(|at, _| !gone.contains(at));
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        let counts = |column: &Address| desired.spec::<Column>(column).is_some_and(|c| c.identity.is_some());
        if at.parent().is_some_and(counts) {
            return Vec::new();
        }
        let problem = Problem::new(Code::WrongType, "only an identity column has a `sequence`");
        vec![(problem.help("add `identity: always`, or declare the sequence under its schema"), "name")]
    }

    /// Nothing: the statement that makes the identity makes it.
    fn create(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new()
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::InPlace(Vec::new())
    }

    /// Nothing: it goes with the identity.
    fn drop(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new()
    }
}

/// The name of an identity column's sequence.
pub fn name_of(column: &Address, state: &State) -> String {
    let own = state.children_of::<IdentitySequence>(column, IdentitySequence::NAME);
    own.first().map_or_else(|| sequence_of(column).key().to_owned(), |(at, _)| at.key().to_owned())
}
