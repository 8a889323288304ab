//! One pair under the case contract, in this process.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;

use dbstate::apply::Event;
use dbstate::declare::project::{Reading, Settings, read};
use dbstate::diagnostic::{Code, Diagnostics, Sources};
use dbstate::kinds;
use dbstate::local::Server;
use dbstate::model::{HazardClass, Manage, State};
use dbstate::ops;
use dbstate::ops::Options;
use dbstate::ops::apply::{Choices, Outcome, Talk};
use dbstate::plan::{PlanStep, Planned};
use dbstate::report::diagnostic::render_short;
use dbstate::session::{Session, Target, connect};
use tokio::runtime::Runtime;
use tokio_postgres::Row;

use super::Pair;
use crate::support::database::{Database, sort_runs, without_column_order};

/// How a pair ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As declared, with an empty second plan.
    Converged,
    /// With a type, and nothing was changed.
    Refused(String),
}

/// How it did not.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What was being done: two failures of one stage count as the same.
    pub stage: String,
    pub text: String,
}

fn failure(stage: &str, text: impl Into<String>) -> Failure {
    Failure { stage: stage.to_owned(), text: text.into() }
}

/// Makes the roles that the states name.
pub fn roles(server: &Server, names: &[&str]) {
    let db = Database::create_in(server);
    for name in names {
        db.psql(&format!("create role \"{name}\""));
    }
}

/// What judges pairs, one at a time.
///
/// Its two databases and their sessions serve one pair after the other: a new session reads every catalog anew.
pub struct Bench<'a> {
    server: &'a Server,
    runtime: Runtime,
    places: RefCell<Option<[Place<'a>; 2]>>,
}

/// A database, and a session in it.
struct Place<'a> {
    db: Database<'a>,
    session: Session,
}

/// Makes inherited columns and checks the table's own too.
const ALL_OWN: &str = "set allow_system_table_mods = on;
    update pg_attribute set attislocal = true where attinhcount > 0 and not attislocal;
    update pg_constraint set conislocal = true where coninhcount > 0 and not conislocal;
    reset allow_system_table_mods";

/// Makes inherited not-null constraints the table's own too.
const OWN_NOT_NULLS: &str = "set allow_system_table_mods = on;
    update pg_constraint set conislocal = true where contype = 'n' and coninhcount > 0 and not conislocal;
    reset allow_system_table_mods";

/// Leaves a database as it was made, but for an empty ledger.
const CLEAN: &str = "rollback; do $$ declare s text; begin
    for s in select format('event trigger %I', evtname) from pg_event_trigger
       union all select format('owned by %I cascade', rolname) from pg_roles where starts_with(rolname, 'random')
       union all select format('publication if exists %I', pubname) from pg_publication
       union all select format('schema if exists %I cascade', nspname) from pg_namespace
                 where nspname !~ '^(pg_|information_schema$|public$|dbstate$)'
       union all select format('foreign data wrapper if exists %I cascade', fdwname) from pg_foreign_data_wrapper
       union all select format('language if exists %I cascade', lanname) from pg_language where oid >= 16384
       union all select format('access method if exists %I cascade', amname) from pg_am where oid >= 16384 loop
        execute 'drop ' || s;
    end loop;
    perform lo_unlink(oid) from pg_largeobject_metadata;
    delete from dbstate.settled;
    delete from dbstate.history; end $$";

struct Silent {
    data: bool,
    plan: String,
}

impl Talk for Silent {
    fn confirm(&mut self, planned: &Planned) -> bool {
        self.data = planned.plan.hazards().any(|(_, hazard)| hazard.class == HazardClass::Data);
        self.plan = planned.plan.steps.iter().map(PlanStep::text).collect::<Vec<_>>().join("\n");
        true
    }

    fn warning(&mut self, _text: &str) {}

    fn progress(&mut self, _event: Event<'_>) {}
}

/// A project that was read.
struct Read {
    state: State,
    sources: Sources,
    options: Options,
}

impl<'a> Bench<'a> {
    /// One on this server.
    pub fn new(server: &'a Server) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { server, runtime, places: RefCell::default() }
    }

    /// Runs a pair; a panic is a failure of its own.
    pub fn judge(&self, pair: &Pair) -> Result<Verdict, Failure> {
        // After a panic the databases are made anew.
        let places = self.places.take().unwrap_or_else(|| [self.place(), self.place()]);
        let run = || {
            for place in &places {
                self.sql(place, CLEAN);
            }
            let verdict = self.run(pair, &places);
            (verdict, places)
        };
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {
            Ok((verdict, places)) => {
                self.places.replace(Some(places));
                verdict
            }
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                Err(failure("a panic", text.unwrap_or_default()))
            }
        }
    }

    fn place(&self) -> Place<'a> {
        let db = Database::create_in(self.server);
        let target = Target::parse(&db.url()).expect("a target");
        let session = self.runtime.block_on(connect(&target, &[("client_min_messages", "error")]));
        let place = Place { db, session: session.expect("a session") };
        // The first apply that changes something makes the ledger: not every end needs a change.
        let options = Options::new(&Settings::default(), None).expect("options");
        let first = project("schemas: {first: {}}", options).expect("a project");
        self.apply(&place, &first).map_err(|(problems, _)| text(&problems, &first.sources)).expect("it applies");
        place
    }

    fn sql(&self, place: &Place<'_>, sql: &str) {
        self.runtime.block_on(place.session.client.batch_execute(sql)).expect("the statements run");
    }

    /// How many rows each table has.
    fn counts(&self, place: &Place<'_>) -> String {
        let rows = self.runtime.block_on(place.session.client.query(crate::cases::ROWS, &[])).expect("the query runs");
        let line = |row: &Row| format!("{}|{}", row.get::<_, &str>(0), row.get::<_, &str>(1));
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn run(&self, pair: &Pair, [place, other]: &[Place<'a>; 2]) -> Result<Verdict, Failure> {
        let before = project(&pair.before.yaml(), options(pair)).map_err(|e| failure("reading the start", e))?;
        let after = project(&pair.after.yaml(), options(pair));
        self.apply(place, &before).map_err(|(e, plan)| {
            let text = text(&e, &before.sources);
            failure(&format!("building the start: {}", shape(&e)), format!("{text}\n{plan}"))
        })?;
        self.empty(place, &before, "the plan right after building the start")?;
        self.sql(place, &super::mutate::rows(&pair.before));
        let after = match after {
            Ok(after) => after,
            Err(text) => return Err(failure("reading the end", text)),
        };
        let rows = self.counts(place);
        let silent = match self.apply(place, &after) {
            Ok(silent) => silent,
            Err((problems, plan)) => {
                let verdict = refused(&problems, &after, &plan)?;
                self.sql(place, "rollback");
                // Rows can refuse a statement outside of transactions: what was committed before it stays.
                if plan.contains(" concurrently ") && verdict == Verdict::Refused(BY_ROWS.to_owned()) {
                    return Ok(verdict);
                }
                self.straight(place, other, &before, "a refusal that changed something", &plan)?;
                return Ok(verdict);
            }
        };
        self.empty(place, &after, "the second plan")?;
        if !silent.data && self.counts(place) != rows {
            return lost(&rows, &self.counts(place), &silent.plan);
        }
        self.straight(place, other, &after, "the database differs from one built straight", &silent.plan)?;
        self.pulled(place, pair)?;
        Ok(Verdict::Converged)
    }

    fn apply(&self, place: &Place<'_>, project: &Read) -> Result<Silent, (Diagnostics, String)> {
        let mut talk = Silent { data: false, plan: String::new() };
        let mut choices = Choices { allow: HazardClass::ALL.to_vec(), ..Choices::default() };
        "30s".clone_into(&mut choices.run.lock_timeout);
        let apply = ops::apply::apply(&place.session, &project.state, &project.options, &choices, &mut talk);
        match self.runtime.block_on(apply) {
            Ok(Outcome::Declined(_)) => unreachable!("it is confirmed"),
            Ok(_) => Ok(talk),
            Err(problems) => Err((problems, talk.plan)),
        }
    }

    fn empty(&self, place: &Place<'_>, project: &Read, what: &str) -> Result<(), Failure> {
        let planned = self.runtime.block_on(ops::plan::plan(&place.session, &project.state, &project.options));
        match planned {
            Ok(planned) if planned.plan.is_empty() => Ok(()),
            Ok(planned) => {
                let steps: Vec<String> =
                    planned.plan.steps.iter().map(PlanStep::text).map(std::string::ToString::to_string).collect();
                let lines: Vec<String> = planned
                    .plan
                    .changes
                    .iter()
                    .flat_map(|c| planned.lines(c))
                    .map(|(s, l)| format!("{s} {l}"))
                    .collect();
                Err(failure(what, format!("{}\n{}", steps.join("\n"), lines.join("\n"))))
            }
            Err(problems) => Err(failure(what, text(&problems, &project.sources))),
        }
    }

    /// Sees that `place` is as one built straight in `other`.
    fn straight(
        &self,
        place: &Place<'_>,
        other: &Place<'_>,
        wanted: &Read,
        stage: &str,
        plan: &str,
    ) -> Result<(), Failure> {
        self.share_ledger(place, other);
        self.apply(other, wanted).map_err(|(e, plan)| {
            failure("building the end straight", format!("{}\n{plan}", text(&e, &wanted.sources)))
        })?;
        let dumps = || [other, place].map(|p| without_grant_order(&without_column_order(&p.db.pg_dump())));
        let [left, right] = dumps();
        if left == right {
            return Ok(());
        }
        // What is a table's own too stays so: no statement of PostgreSQL's says otherwise. A table that comes to inherit keeps its
        // columns and checks as its own.
        let all_own = plan.contains(" inherit ").then_some(ALL_OWN);
        for all in [OWN_NOT_NULLS].into_iter().chain(all_own) {
            self.sql(other, all);
            self.sql(place, all);
            let [left, right] = dumps();
            if left == right {
                return Ok(());
            }
        }
        let diff =
            similar::TextDiff::from_lines(&left, &right).unified_diff().header("straight", "changed").to_string();
        Err(failure(stage, format!("{diff}\nthe plan was:\n{plan}")))
    }

    /// Lets an apply to `other` know how PostgreSQL spells what `place` holds: a scratch database costs more than the
    /// rest of it. What is stored otherwise is asked all the same.
    fn share_ledger(&self, place: &Place<'_>, other: &Place<'_>) {
        let read = "select json_agg(s)::text from dbstate.settled s";
        let rows = self.runtime.block_on(place.session.client.query_one(read, &[])).expect("a ledger");
        let write =
            "insert into dbstate.settled select * from json_populate_recordset(null::dbstate.settled, $1::text::json)";
        let rows: Option<String> = rows.get(0);
        _ = self.runtime.block_on(other.session.client.execute(write, &[&rows]));
    }

    fn pulled(&self, place: &Place<'_>, pair: &Pair) -> Result<(), Failure> {
        let options = options(pair);
        let choices = ops::pull::Choices { manage: options.manage, ..ops::pull::Choices::default() };
        let text = self.runtime.block_on(ops::pull::pull_one(&place.session, &choices));
        let text = text.map_err(|e| failure("the pull", format!("{e:?}")))?;
        let pulled = project(&text, options).map_err(|e| failure("reading what was pulled", format!("{e}\n{text}")))?;
        self.empty(place, &pulled, "the plan after a pull")
    }
}

/// A dump with its grants sorted, each run of them by itself: an access list has an order that means nothing.
fn without_grant_order(dump: &str) -> String {
    sort_runs(dump, |line| line.starts_with("GRANT ") || line.starts_with("REVOKE ")).join("\n")
}

/// The settings of a pair: how much of a database it manages, and whether there is a ledger.
fn options(pair: &Pair) -> Options {
    let manage = if pair.whole { Manage::Database } else { Manage::Schemas };
    let ledger = Some(if pair.ledger { "on" } else { "off" }.to_owned());
    Options::new(&Settings { ledger, ..Settings::default() }, Some(manage)).expect("options")
}

fn project(yaml: &str, options: Options) -> Result<Read, String> {
    let dir = tempfile::tempdir().expect("a directory");
    let path: PathBuf = dir.path().join("schema.yaml");
    fs::write(&path, yaml).expect("a file");
    let (project, problems) = read(&[path], dir.path(), &Reading::default(), kinds::register());
    if problems.is_empty() {
        return Ok(Read { state: project.state, sources: project.sources, options });
    }
    Err(text(&problems, &project.sources))
}

fn text(problems: &Diagnostics, sources: &Sources) -> String {
    let statements = problems.iter().map(|p| format!("{p:?}").chars().take(1500).collect::<String>());
    format!("{}\n{}", render_short(problems, sources), statements.collect::<Vec<_>>().join("\n"))
}

/// The kind of a failure: its codes, and the message without its names.
fn shape(problems: &Diagnostics) -> String {
    let Some(first) = problems.iter().next() else { return "nothing said".to_owned() };
    let message = first.problem.message.clone();
    let mut words = Vec::new();
    for (i, part) in message.split(['`', '"']).enumerate() {
        words.push(if i % 2 == 0 { part } else { "…" });
    }
    let short: String = words.concat().lines().next().unwrap_or_default().chars().take(90).collect();
    format!("{}: {short}", first.problem.code.as_str())
}

/// What is said of rows that do not fit.
const BY_ROWS: &str = "rows do not fit";

/// An apply that ended with an error: well where it has a type.
fn refused(problems: &Diagnostics, after: &Read, plan: &str) -> Result<Verdict, Failure> {
    let said = text(problems, &after.sources);
    let shape = shape(problems);
    // Rows that a new constraint does not allow: only they can say so.
    let data = [
        "violates",
        "contains null values",
        "could not create unique index",
        "violated by some row",
        "out of range",
        "cannot cast jsonb",
        "too long",
        "invalid input syntax",
        "invalid input value for enum",
        "overflow",
        "contains values that violate",
        "no partition of relation",
        "rows that are there do not fit",
    ];
    let by_rows = data.iter().any(|words| shape.contains(words) || said.contains(words));
    let typed = problems
        .iter()
        .all(|p| matches!(p.problem.code, Code::Refused | Code::Hazard | Code::Dangling | Code::Version));
    if !typed && !by_rows {
        return Err(failure(&format!("the apply: {shape}"), format!("{said}\nthe plan was:\n{plan}")));
    }
    Ok(Verdict::Refused(if by_rows { BY_ROWS.to_owned() } else { shape }))
}

fn lost(before: &str, after: &str, plan: &str) -> Result<Verdict, Failure> {
    let numbers =
        |text: &str| text.lines().filter_map(|l| l.rsplit_once('|').map(|(_, n)| n.to_owned())).collect::<Vec<_>>();
    let mut left = numbers(after);
    for n in numbers(before) {
        let Some(at) = left.iter().position(|m| *m == n) else {
            return Err(failure("rows were lost without hazard `data`", format!("{before}\n\n{after}\n{plan}")));
        };
        left.remove(at);
    }
    Ok(Verdict::Converged)
}
