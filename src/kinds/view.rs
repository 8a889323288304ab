//! A view. See <https://www.postgresql.org/docs/current/sql-createview.html>.
//!
//! PostgreSQL keeps a view's query in a spelling of its own, and replaces it in place only when the columns stay as they
//! are or new ones follow. The columns of a query are known only to PostgreSQL, so a state read from a catalog carries
//! them and a file can't say them.

use serde::{Deserialize, Serialize};

use super::part::catalog::{USER_SCHEMA, VIEW_COLUMNS};
use super::part::{Sql, is_default};
use super::schema::Schema;
use super::table::PRIVILEGES;
use crate::kind::{Alter, Cx, Form, Home, Kind, RELATION, References, Rules, TYPE, Under};
use crate::model::{Address, HazardClass, KindName, Lock, PgVersion, State, Step};
use crate::diagnostic::{Code, Problem};

/// A view.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Rows are filtered by the view before functions of a caller see them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub security_barrier: bool,
    /// Tables are read with the rights of who asks, not of the view's owner; PostgreSQL 15 and later.
    #[serde(default, skip_serializing_if = "is_default")]
    pub security_invoker: bool,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select c.oid, 2615 as parent_class, c.relnamespace as parent, c.relname as key,
                    c.relowner::regrole::text as owner, c.relacl::text[] as acl,
                    o.list @> '{{security_barrier=true}}' as security_barrier,
                    o.list @> '{{security_invoker=true}}' as security_invoker,
                    case when o.list @> '{{check_option=local}}' then 'local'
                         when o.list @> '{{check_option=cascaded}}' then 'cascaded' end as check_option,
                    pg_get_viewdef(c.oid) as query, {VIEW_COLUMNS} as live_columns
             from pg_class c join pg_namespace n on n.oid = c.relnamespace,
                  lateral (select array(select regexp_replace(o, '=(on|1|yes)$', '=true') from unnest(c.reloptions) o) as list) o
             where c.relkind = 'v' and {USER_SCHEMA}
             order by n.nspname, c.relname"
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.query(self.query.as_str(), "query");
    }

    fn carry(&mut self, stored: &Self) {
        self.live_columns.clone_from(&stored.live_columns);
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
        let alter = |what: String| Step::new(format!("alter view {} {what}", cx.identity())).lock(Lock::AccessExclusive);
        let (new, old_options) = (self.options(), old.options());
        let gone: Vec<&str> =
            old_options.iter().map(|o| o.0).filter(|name| new.iter().all(|(n, _)| n != name)).collect();
        let set: Vec<String> =
            new.iter().filter(|o| !old_options.contains(o)).map(|(name, value)| format!("{name} = {value}")).collect();
        let reset = (!gone.is_empty()).then(|| alter(format!("reset ({})", gone.join(", "))));
        let set = (!set.is_empty()).then(|| alter(format!("set ({})", set.join(", "))));
        let mut steps: Vec<Step> = reset.into_iter().chain(set).collect();
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
    fn options(&self) -> Vec<(&'static str, &'static str)> {
        let check_option = self.check_option.map(|c| match c {
            CheckOption::Local => ("check_option", "local"),
            CheckOption::Cascaded => ("check_option", "cascaded"),
        });
        [
            self.security_barrier.then_some(("security_barrier", "true")),
            self.security_invoker.then_some(("security_invoker", "true")),
            check_option,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn definition(&self, create: &str, cx: &Cx<'_>) -> Step {
        let options: Vec<String> = self.options().iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let with = if options.is_empty() { String::new() } else { format!(" with ({})", options.join(", ")) };
        Step::new(format!("{create} {}{with} as\n{}", cx.identity(), self.query))
    }

    /// The step, with what follows from options other than the old ones.
    fn hazard(&self, old: &Self, step: Step) -> Step {
        let step = match (old.security_invoker, self.security_invoker) {
            (false, true) => step.hazard(HazardClass::Access, "who asks needs rights on the tables below"),
            (true, false) => step.hazard(HazardClass::Access, "shows what its owner may see, not who asks"),
            (true, true) | (false, false) => step,
        };
        if old.security_barrier && !self.security_barrier {
            return step.hazard(HazardClass::Access, "functions of a caller can see rows that the view hides");
        }
        step
    }
}
