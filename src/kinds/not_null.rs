//! A not-null constraint that has something of its own: a name, a comment, `no inherit`, `not valid`.
//!
//! From PostgreSQL 18 on every column that refuses nulls has one; the usual kind is said by `not null` of the column.
//! See <https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-NOT-NULL>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::part::catalog::USER_SCHEMA;
use super::part::names::object_name;
use super::part::{FOREIGN_TABLE, constraint, is_default, since};
use super::table::Table;
use crate::diagnostic::Diagnostics;
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, Misfit, References, Rules, Under, Renaming};
use crate::model::{Address, HazardClass, KindName, PgVersion, State, Step};
use crate::sql;

/// A not-null constraint with something of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotNull {
    /// The column.
    pub column: String,
    /// Tables below do not have it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub no_inherit: bool,
    /// Rows that were there before it may break it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_valid: bool,
}

impl Kind for NotNull {
    const NAME: KindName = KindName("not_null");
    const NOUN: &'static str = "constraint";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Table::NAME, FOREIGN_TABLE]), key: "not_nulls", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2606,
        identity: Identity::OnParent,
        self_adjusting: true,
        renames: true,
        comment: true,
        short_field: Some("column"),
        ..Rules::DEFAULT
    };

    fn catalog(server: PgVersion) -> Option<String> {
        // What comes from a table above alone is said there.
        server.at_least(18).then(|| {
            format!(
                "select con.oid, 1259 as parent_class, con.conrelid as parent, con.conname as key, a.attname as column,
                        con.connoinherit as no_inherit, not con.convalidated as not_valid
                 from pg_constraint con join pg_class c on c.oid = con.conrelid
                      join pg_namespace n on n.oid = c.relnamespace
                      join pg_attribute a on a.attrelid = con.conrelid and a.attnum = con.conkey[1]
                 where con.contype = 'n' and con.conislocal and c.relkind in ('r', 'p', 'f') and {USER_SCHEMA}
                   and (con.connoinherit or not con.convalidated
                        or con.conname <> left(c.relname || '_' || a.attname, 54) || '_not_null'
                        or exists (select from pg_description e where e.classoid = 2606 and e.objoid = con.oid))
                 order by con.conrelid, con.conname"
            )
        })
    }

    /// A column with a not-null constraint refuses nulls, whether YAML says so or not.
    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(column) = desired.spec::<Self>(&at).and_then(|spec| spec.column_of(&at)) else { continue };
            if let Some(spec) = desired.spec::<Column>(&column).filter(|c| !c.not_null) {
                let spec = Column { not_null: true, ..spec.clone() };
                desired.set(&column, spec);
            }
        }
    }

    /// The name alone is nobody's unless it is declared: it follows no rename of the table or the column.
    fn managed(&self, at: &Address, desired: &State) -> bool {
        self.no_inherit || self.not_valid || desired.contains(at)
    }

    fn references(&self, at: &Address, out: &mut References) {
        if let Some(column) = self.column_of(at) {
            out.object(column, "column");
        }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        since(18, "not-null constraints of their own", "column", cx)
    }

    fn inline(&self, at: &Address) -> Option<String> {
        (!self.not_valid).then(|| constraint::inline(at, &self.words()))
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let there = self.column_of(cx.at).is_some_and(|c| cx.live.spec::<Column>(&c).is_some_and(|c| c.not_null));
        if there && !self.not_valid {
            let (name, was) = self.live(cx);
            return self.turned(&name, was, cx.name().as_str(), self.no_inherit, cx);
        }
        let cost = (!self.not_valid).then_some("scans the table while readers and writers wait");
        constraint::add_and_validate(cx, &self.words(), cost)
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { column, no_inherit, not_valid } = self;
        if *column != old.column || *not_valid && !old.not_valid {
            return Alter::Replace("it is defined otherwise".to_owned());
        }
        let mut steps = self.turned(&cx.name(), old.no_inherit, &cx.name(), *no_inherit, cx);
        if old.not_valid && !not_valid {
            steps.push(constraint::validate(cx).hazard(HazardClass::Block, "scans the table"));
        }
        Alter::InPlace(steps)
    }

    /// The column may go on refusing nulls: then the constraint becomes a usual one.
    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Some(column) = self.column_of(cx.at) else { return Vec::new() };
        if cx.desired.spec::<Column>(&column).is_none_or(|c| !c.not_null) {
            return Vec::new();
        }
        if self.not_valid {
            return constraint::drop(cx);
        }
        let said = !cx.live.children(cx.at).is_empty();
        let mut steps = Vec::new();
        steps.extend(said.then(|| Step::new(format!("comment on {} is null", cx.target()))));
        if named_at(&column, cx.desired).is_none() {
            steps.extend(self.as_usual(&column, cx));
        }
        steps
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        constraint::rename(to, cx)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        renaming.column(&mut self.column);
    }
}

impl NotNull {
    /// The steps that leave a constraint of the usual kind.
    fn as_usual(&self, column: &Address, cx: &Cx<'_>) -> Vec<Step> {
        self.turned(&cx.name(), self.no_inherit, &sql::ident(&usual_name(column)), false, cx)
    }

    fn words(&self) -> String {
        let inherit = if self.no_inherit { " no inherit" } else { "" };
        let state = if self.not_valid { " not valid" } else { "" };
        format!("not null {}{inherit}{state}", sql::ident(&self.column))
    }

    fn column_of(&self, at: &Address) -> Option<Address> {
        Some(at.parent()?.child(Column::NAME, &self.column))
    }

    /// The quoted name of the live constraint of the column, and whether it is inherited by none.
    fn live(&self, cx: &Cx<'_>) -> (String, bool) {
        let column = self.column_of(cx.at).expect("a constraint stands under a table");
        match named_at(&column, cx.live) {
            Some((at, there)) => (sql::ident(at.key()), there.no_inherit),
            None => (sql::ident(&usual_name(&column)), false),
        }
    }

    /// The steps that give a live constraint another name, and to the tables below or not.
    fn turned(&self, name: &str, no_inherit: bool, to: &str, none_inherits: bool, cx: &Cx<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        if name != to {
            steps.push(constraint::alter_table(cx, &format!("rename constraint {name} to {to}")));
        }
        if no_inherit != none_inherits {
            let word = if none_inherits { "no inherit" } else { "inherit" };
            steps.push(constraint::alter_table(cx, &format!("alter constraint {to} {word}")));
        }
        steps
    }
}

/// The name that PostgreSQL gives the constraint of a column.
fn usual_name(column: &Address) -> String {
    object_name(column.parent().map_or("", Address::key), column.key(), "not_null")
}

/// The constraint of a column that has something of its own.
pub fn named_at<'a>(column: &Address, state: &'a State) -> Option<(&'a Address, &'a NotNull)> {
    let list = state.children_of::<NotNull>(column.parent()?, NotNull::NAME);
    list.into_iter().find(|(_, c)| c.column == column.key())
}
