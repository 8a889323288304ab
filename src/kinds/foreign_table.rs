//! A foreign table. See <https://www.postgresql.org/docs/current/sql-createforeigntable.html>.
//!
//! Its rows are elsewhere: dropping it loses none. Columns, checks and triggers are as on any table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::{Column, has_order_of_its_own};
use super::foreign_server::ForeignServer;
use super::part::catalog::{RELATION_COLUMNS, USER_SCHEMA, options};
use super::part::options::{changes, clause};
use super::part::{FOREIGN_TABLE, Options, is_default};
use super::schema::Schema;
use super::table::{Heirs, PRIVILEGES, Place, Words, attach, carry_rows, checks_above, moved, place_of};
use crate::diagnostic::Problem;
use crate::kind::picture::Mark;
use crate::kind::{Alter, Cx, Form, Home, Kind, RELATION, References, Renaming, Rules, TYPE, Under};
use crate::model::{Address, KindName, Lock, PgVersion, State, Step};
use crate::sql;

/// A foreign table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignTable {
    /// The server that has the rows.
    pub server: String,
    /// Its options, such as `table_name`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Options,
    /// The table it is a partition of.
    #[serde(default, skip_serializing_if = "is_default")]
    pub partition_of: Option<String>,
    /// The rows that it holds as a partition: `values from (1) to (10)`, `values in ('eu')`, `default`.
    #[serde(default, rename = "for", skip_serializing_if = "is_default")]
    pub bounds: Option<Words>,
    /// The tables that it inherits from, in order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub inherits: Vec<String>,
    /// The tables that have columns from it.
    #[serde(skip)]
    pub heirs: Heirs,
}

impl Kind for ForeignTable {
    const NAME: KindName = FOREIGN_TABLE;
    const NOUN: &'static str = "foreign table";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "foreign_tables", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1259,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[RELATION, TYPE],
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_foreign_table");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select {RELATION_COLUMNS}, s.srvname as server, {} as options,
                    {}
             from pg_foreign_table f join pg_class c on c.oid = f.ftrelid join pg_namespace n on n.oid = c.relnamespace
                  join pg_foreign_server s on s.oid = f.ftserver
             where {USER_SCHEMA}
             order by n.nspname, c.relname",
            options("f.ftoptions"),
            place_of("c")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.perhaps(Address::root(ForeignServer::NAME, &self.server), "server");
        self.place().references(out);
    }

    fn draw(&self, _at: &Address) -> Option<Mark> {
        Some(Mark::Box)
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        // A partition with its columns in another order is made by itself, and attached.
        let apart = self.partition_of.is_some() && has_order_of_its_own(cx.at, cx.desired);
        let columns = cx.desired.children_of::<Column>(cx.at, Column::NAME);
        let (shared, whose): (Vec<String>, Vec<Address>) =
            if apart { checks_above(cx.at, cx).into_iter().unzip() } else { Default::default() };
        let line = |at: &Address, column: &Column| self.line(apart, column, &cx.at(at));
        let lines: Vec<String> = columns.iter().filter_map(|(at, c)| line(at, c)).chain(shared).collect();
        let step = Step::new(self.sentence(apart, &lines, cx));
        let mut steps = vec![step.speaks_for(columns.iter().map(|(at, _)| (*at).clone())).needs(whose)];
        for (at, column) in &columns {
            steps.extend(column.after_create(apart, &cx.at(at)));
        }
        steps.extend(if apart { attach(self.place(), cx) } else { None });
        steps.extend(carry_rows(cx));
        steps
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        self.place().check()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { server, options, partition_of: _, bounds: _, inherits: _, heirs: _ } = self;
        if *server != old.server {
            return Alter::Replace("another server has its rows".to_owned());
        }
        let mut steps = moved(self.place(), old.place(), cx);
        if *options != old.options {
            let sql = format!("alter foreign table {}{}", cx.identity(), changes(options, &old.options));
            steps.push(Step::new(sql).lock(Lock::AccessExclusive));
        }
        Alter::InPlace(steps)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("drop foreign table {}", cx.identity())).lock(Lock::AccessExclusive)]
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        renaming.root(ForeignServer::NAME, &mut self.server);
        for name in self.partition_of.iter_mut().chain(&mut self.inherits) {
            if let Some(new) = renaming.name(RELATION, name) {
                *name = new;
            }
        }
    }
}

impl ForeignTable {
    /// `create foreign table …`.
    fn sentence(&self, apart: bool, lines: &[String], cx: &Cx<'_>) -> String {
        let mut sql = format!("create foreign table {}", cx.identity());
        let below = self.partition_of.as_ref().zip(self.bounds.as_ref()).filter(|_| !apart);
        if let Some((parent, _)) = below {
            sql += &format!(" partition of {parent}");
        }
        if !lines.is_empty() || below.is_none() {
            let lines: Vec<String> = lines.iter().map(|line| format!("\n    {line}")).collect();
            sql += &format!(" ({}\n)", lines.join(","));
        }
        if let Some(words) = self.place().bound_words().filter(|_| below.is_some()) {
            sql += &format!(" {words}");
        }
        if !self.inherits.is_empty() {
            sql += &format!(" inherits ({})", self.inherits.join(", "));
        }
        sql + &format!(" server {}{}", sql::ident(&self.server), clause(&self.options))
    }

    /// What is said of a column in the brackets.
    fn line(&self, apart: bool, column: &Column, cx: &Cx<'_>) -> Option<String> {
        if self.partition_of.is_some() && !apart {
            let words = column.words_besides(cx);
            return (!words.is_empty()).then(|| format!("{} with options{words}", cx.name()));
        }
        (apart || !column.inherited.is_from_above_only()).then(|| column.definition(cx))
    }

    /// What it says of the tables above.
    pub fn place(&self) -> Place<'_> {
        Place { partition_of: self.partition_of.as_ref(), bounds: self.bounds.as_ref(), inherits: &self.inherits }
    }
}
