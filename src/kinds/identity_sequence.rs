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
use super::part::{is_default, since};
use super::sequence::{self, Sequence};
use super::table::{Table, is_made_anew};
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, Misfit, RELATION, Rules, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// The sequence of an identity column. Its name is in its address.
#[derive(Debug, Clone, Default, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdentitySequence {
    /// Its name, in the schema of the table; `<table>_<column>_seq` when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub name: Option<String>,
    /// Whether it is not written to the write-ahead log, and is reset after a crash; as the table is when absent (15 and later).
    #[serde(skip_serializing_if = "is_default")]
    pub unlogged: Option<bool>,
}

impl PartialEq for IdentitySequence {
    fn eq(&self, other: &Self) -> bool {
        let Self { name: _, unlogged } = self;
        *unlogged == other.unlogged
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

    fn catalog(server: PgVersion) -> Option<String> {
        let differs = if server.at_least(15) { "c.relpersistence <> t.relpersistence" } else { "false" };
        Some(format!(
            "select c.oid, 1259 as parent_class, d.refobjid as parent, d.refobjsubid as parent_sub, c.relname as key,
                    t.relowner::regrole::text as owner, c.relacl::text[] as acl,
                    case when c.relname <> t.relname || '_' || a.attname || '_seq' then c.relname::text end as name,
                    case when {differs} then c.relpersistence = 'u' end as unlogged
             from pg_class c join pg_depend d on d.classid = 1259 and d.objid = c.oid and d.deptype = 'i'
                  join pg_class t on d.refclassid = 1259 and t.oid = d.refobjid join pg_namespace n on n.oid = t.relnamespace
                  join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
             where c.relkind = 'S' and {USER_SCHEMA}
               and (c.relname <> t.relname || '_' || a.attname || '_seq' or c.relacl is not null or {differs}
                    or exists (select from pg_description e where e.classoid = 1259 and e.objoid = c.oid))
             order by c.oid"
        ))
    }

    fn one_key(&self, parent: Option<&Address>) -> String {
        self.name.clone().unwrap_or_else(|| parent.map(|p| sequence_of(p).key().to_owned()).unwrap_or_default())
    }

    /// What the table is need not be said.
    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let table = is_unlogged(&at, desired);
            let same =
                desired.spec::<Self>(&at).filter(|sequence| sequence.unlogged.is_some() && sequence.unlogged == table);
            if let Some(sequence) = same.cloned() {
                desired.set(&at, Self { unlogged: None, ..sequence });
            }
        }
    }

    /// Where nothing is said of it, it is the column's own affair, unless it is logged otherwise than the table, or the project
    /// declares privileges, which are exact then. A column that is not wanted may get another name.
    fn managed(&self, at: &Address, desired: &State) -> bool {
        let said = |column| !desired.children_of::<Self>(column, Self::NAME).is_empty();
        let counts = self.unlogged.is_some() || desired.claims(Grant::NAME);
        let is_managed = |column| counts || !desired.contains(column) || said(column);
        at.parent().is_some_and(is_managed)
    }

    /// The statement that makes the identity makes it; one that stands may have another name.
    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Some((column, table)) = cx.at.parent().and_then(|column| Some((column, column.parent()?))) else {
            return Vec::new();
        };
        let has_identity = cx.live.spec::<Column>(column).is_some_and(|c| c.identity.is_some());
        if !has_identity || is_made_anew(table, cx.live, cx.desired) {
            return self.unlogged.map(|unlogged| Sequence::set_logged(!unlogged, cx)).into_iter().collect();
        }
        let name = named_at(column, cx.live).map_or_else(|| sequence_of(column).key().to_owned(), str::to_owned);
        let from = sql::dotted([cx.at.top().key(), &name]);
        let step = Step::new(format!("alter sequence {from} rename to {}", cx.name()));
        let renamed = (name != cx.at.key()).then(|| step.takes(cx.at.key()));
        renamed.into_iter().chain(self.unlogged.and_then(|_| self.log(cx))).collect()
    }

    fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
        Alter::InPlace(self.log(cx).into_iter().collect())
    }

    /// It goes with the identity, or becomes what the table is.
    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let column = cx.at.parent().and_then(|column| cx.desired.spec::<Column>(column));
        let stays = self.unlogged.is_some() && column.is_some_and(|c| c.identity.is_some());
        if stays { Self::default().log(cx).into_iter().collect() } else { Vec::new() }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        self.unlogged.and_then(|_| since(15, "a sequence that is logged otherwise than its table", "unlogged", cx))
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

impl IdentitySequence {
    /// Returns the statement that makes it logged or unlogged; none where its table becomes so too, whose statements
    /// include it.
    fn log(&self, cx: &Cx<'_>) -> Option<Step> {
        let [before, after] = [cx.live, cx.desired].map(|state| is_unlogged(cx.at, state));
        let table = after.filter(|_| before == after)?;
        Some(Sequence::set_logged(!self.unlogged.unwrap_or(table), cx))
    }
}

/// Returns whether the table of an identity's sequence is unlogged.
fn is_unlogged(at: &Address, state: &State) -> Option<bool> {
    let table = at.parent().and_then(Address::parent)?;
    state.spec::<Table>(table).map(|table| table.unlogged)
}

/// The name of the sequence of an identity column, where it is said.
pub fn named_at<'a>(column: &Address, state: &'a State) -> Option<&'a str> {
    let list = state.children_of::<IdentitySequence>(column, IdentitySequence::NAME);
    list.first().map(|(at, _)| at.key())
}
