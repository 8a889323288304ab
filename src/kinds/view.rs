//! A view. See <https://www.postgresql.org/docs/current/sql-createview.html>.
//!
//! PostgreSQL keeps a view's query in a spelling of its own, and replaces it in place only when the columns stay as they
//! are or new ones follow. The columns of a query are known only to PostgreSQL, so a state read from a catalog carries
//! them and a file can't say them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::{RELATION_COLUMNS, USER_SCHEMA, VIEW_COLUMNS, options};
use super::part::{Parameters, Sql, Switch, is_default, parameters, since};
use super::schema::Schema;
use super::table::PRIVILEGES;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Kind, Misfit, RELATION, References, Renaming, Rules, TYPE, Under};
use crate::model::{Address, HazardClass, KindName, Lock, PgVersion, State, Step};

/// A view.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Rows are filtered by the view before functions of a caller see them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub security_barrier: Switch,
    /// Tables are read with the privileges of the caller, not of the view's owner; PostgreSQL 15 and later.
    #[serde(default, skip_serializing_if = "is_default")]
    pub security_invoker: Switch,
    /// Refuses rows, on insert and update, that the view would not show.
    #[serde(default, skip_serializing_if = "is_default")]
    pub check_option: Option<CheckOption>,
    /// Its query.
    pub query: Sql,
    /// Names and types of its columns, as a catalog knows them.
    #[serde(default, skip_serializing)]
    live_columns: Vec<String>,
}

/// Which conditions a new row must meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckOption {
    /// The view's own.
    Local,
    /// Those of views below it too.
    Cascaded,
}

impl PartialEq for View {
    fn eq(&self, other: &Self) -> bool {
        let Self { security_barrier, security_invoker, check_option, query, live_columns: columns } = self;
        *security_barrier == other.security_barrier
            && *security_invoker == other.security_invoker
            && *check_option == other.check_option
            && *query == other.query
            && (columns.is_empty() || other.live_columns.is_empty() || *columns == other.live_columns)
    }
}

impl Kind for View {
    const NAME: KindName = KindName("view");
    const NOUN: &'static str = "view";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "views", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1259,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[RELATION, TYPE],
        file: Some("query"),
        short_field: Some("query"),
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_class where relkind = 'v' and oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select {RELATION_COLUMNS},
                    o.list ->> 'security_barrier' as security_barrier, o.list ->> 'security_invoker' as security_invoker,
                    o.list ->> 'check_option' as check_option,
                    pg_get_viewdef(c.oid) as query, {VIEW_COLUMNS} as live_columns
             from pg_class c join pg_namespace n on n.oid = c.relnamespace,
                  lateral (select {} as list) o
             where c.relkind = 'v' and {USER_SCHEMA}
             order by n.nspname, c.relname",
            options("c.reloptions")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.query(self.query.as_str(), "query");
    }

    fn carry(&mut self, stored: &Self) {
        self.live_columns.clone_from(&stored.live_columns);
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        (!is_default(&self.security_invoker))
            .then(|| since(15, "views with the rights of who reads them", "security_invoker", cx))?
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.query.follow(renaming);
        for column in &mut self.live_columns {
            if let Some(new) = renaming.text(column) {
                *column = new;
            }
        }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![self.definition("create view", cx)]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { query, live_columns: columns, security_barrier: _, security_invoker: _, check_option: _ } = self;
        if !columns.is_empty() && !columns.starts_with(&old.live_columns) {
            return Alter::Replace("its columns change otherwise than by new ones at the end".to_owned());
        }
        if *query != old.query || *columns != old.live_columns && !columns.is_empty() {
            let step = self.definition("create or replace view", cx).lock(Lock::AccessExclusive);
            return Alter::InPlace(vec![self.hazard(old, step)]);
        }
        let alter =
            |what: String| Step::new(format!("alter view {} {what}", cx.identity())).lock(Lock::AccessExclusive);
        let mut steps: Vec<Step> =
            parameters::changes(&old.options(), &self.options()).into_iter().map(alter).collect();
        if let Some(first) = steps.first_mut() {
            *first = self.hazard(old, std::mem::take(first));
        }
        Alter::InPlace(steps)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("drop view {}", cx.identity())).lock(Lock::AccessExclusive)]
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        if self.query.as_str().is_empty() {
            let problem = Problem::new(Code::Sql, "a view has no query").help("write its `select` statement");
            return vec![(problem, "query")];
        }
        Vec::new()
    }
}

impl View {
    /// What stands in `with (…)`.
    fn options(&self) -> Parameters {
        let check_option = self.check_option.map(|c| match c {
            CheckOption::Local => "local",
            CheckOption::Cascaded => "cascaded",
        });
        let given = [
            ("security_barrier", self.security_barrier.text()),
            ("security_invoker", self.security_invoker.text()),
            ("check_option", check_option),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
    }

    fn definition(&self, create: &str, cx: &Cx<'_>) -> Step {
        let with = parameters::with(&self.options());
        Step::new(format!("{create} {}{with} as\n{}", cx.identity(), self.query))
    }

    /// The step, with what follows from options other than the old ones.
    fn hazard(&self, old: &Self, step: Step) -> Step {
        let step = match (old.security_invoker.is_on(), self.security_invoker.is_on()) {
            (false, true) => step.hazard(HazardClass::Access, "who asks needs rights on the tables below"),
            (true, false) => step.hazard(HazardClass::Access, "shows what its owner may see, not who asks"),
            (true, true) | (false, false) => step,
        };
        if old.security_barrier.is_on() && !self.security_barrier.is_on() {
            return step.hazard(HazardClass::Access, "functions of a caller can see rows that the view hides");
        }
        step
    }
}
