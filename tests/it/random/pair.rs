//! One pair under the case contract, in this process.

use std::fs;
use std::path::PathBuf;

use dbstate::apply::Event;
use dbstate::declare::project::read;
use dbstate::diagnostic::{Code, Diagnostics, Sources};
use dbstate::kinds;
use dbstate::local::Server;
use dbstate::model::{HazardClass, State};
use dbstate::ops;
use dbstate::ops::Options;
use dbstate::ops::apply::{Choices, Outcome, Talk};
use dbstate::plan::{PlanStep, Planned};
use dbstate::report::diagnostic::render_short;
use dbstate::session::{Session, Target, connect};
use tokio::runtime::Runtime;

use super::Pair;
use crate::support::database::{Database, without_column_order};

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
pub struct Bench<'a> {
    server: &'a Server,
    runtime: Runtime,
}

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
}

impl<'a> Bench<'a> {
    /// One on this server.
    pub fn new(server: &'a Server) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { server, runtime }
    }

    /// Runs a pair; a panic is a failure of its own.
    pub fn judge(&self, pair: &Pair) -> Result<Verdict, Failure> {
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.run(pair)));
        caught.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            Err(failure("a panic", text.unwrap_or_default()))
        })
    }

    fn run(&self, pair: &Pair) -> Result<Verdict, Failure> {
        let db = Database::create_in(self.server);
        let before = project(&pair.before.yaml()).map_err(|e| failure("reading the start", e))?;
        let after = project(&pair.after.yaml());
        self.apply(&db, &before).map_err(|(e, plan)| {
            let text = text(&e, &before.sources);
            failure(&format!("building the start: {}", shape(&e)), format!("{text}\n{plan}"))
        })?;
        self.empty(&db, &before, "the plan right after building the start")?;
        db.psql(&super::mutate::rows(&pair.before));
        let after = match after {
            Ok(after) => after,
            Err(text) => return Err(failure("reading the end", text)),
        };
        let (rows, dump) = (counts(&db), db.pg_dump());
        let silent = match self.apply(&db, &after) {
            Ok(silent) => silent,
            Err((problems, plan)) => return refused(&problems, &after, &db, &dump, &plan),
        };
        self.empty(&db, &after, "the second plan")?;
        if !silent.data && counts(&db) != rows {
            return lost(&rows, &counts(&db), &silent.plan);
        }
        self.straight(&db, &after, &silent.plan)?;
        self.pulled(&db)?;
        Ok(Verdict::Converged)
    }

    fn session<T>(&self, db: &Database<'_>, run: impl AsyncFnOnce(&Session) -> T) -> T {
        let target = Target::parse(&db.url()).expect("a target");
        self.runtime.block_on(async {
            let session = connect(&target, &[]).await.expect("a session");
            run(&session).await
        })
    }

    fn apply(&self, db: &Database<'_>, project: &Read) -> Result<Silent, (Diagnostics, String)> {
        let mut talk = Silent { data: false, plan: String::new() };
        let mut choices = Choices { allow: HazardClass::ALL.to_vec(), ..Choices::default() };
        "30s".clone_into(&mut choices.run.lock_timeout);
        let outcome = self.session(db, async |session| {
            ops::apply::apply(session, &project.state, &options(), &choices, &mut talk).await
        });
        match outcome {
            Ok(Outcome::Declined(_)) => unreachable!("it is confirmed"),
            Ok(_) => Ok(talk),
            Err(problems) => Err((problems, talk.plan)),
        }
    }

    fn empty(&self, db: &Database<'_>, project: &Read, what: &str) -> Result<(), Failure> {
        let planned = self.session(db, async |session| ops::plan::plan(session, &project.state, &options()).await);
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

    fn straight(&self, db: &Database<'_>, after: &Read, plan: &str) -> Result<(), Failure> {
        let straight = Database::create_in(self.server);
        self.apply(&straight, after).map_err(|(e, plan)| {
            failure("building the end straight", format!("{}\n{plan}", text(&e, &after.sources)))
        })?;
        let (left, right) = (without_column_order(&straight.pg_dump()), without_column_order(&db.pg_dump()));
        if left == right {
            return Ok(());
        }
        let diff =
            similar::TextDiff::from_lines(&left, &right).unified_diff().header("straight", "changed").to_string();
        Err(failure("the database differs from one built straight", format!("{diff}\nthe plan was:\n{plan}")))
    }

    fn pulled(&self, db: &Database<'_>) -> Result<(), Failure> {
        let choices = ops::pull::Choices::default();
        let text = self.session(db, async |session| ops::pull::pull_one(session, &choices).await);
        let text = text.map_err(|e| failure("the pull", format!("{e:?}")))?;
        let pulled = project(&text).map_err(|e| failure("reading what was pulled", format!("{e}\n{text}")))?;
        self.empty(db, &pulled, "the plan after a pull")
    }
}

fn options() -> Options {
    Options::new(&dbstate::declare::project::Settings::default(), None).expect("options")
}

fn project(yaml: &str) -> Result<Read, String> {
    let dir = tempfile::tempdir().expect("a directory");
    let path: PathBuf = dir.path().join("schema.yaml");
    fs::write(&path, yaml).expect("a file");
    let (project, problems) = read(&[path], dir.path(), None, kinds::register());
    if problems.is_empty() {
        return Ok(Read { state: project.state, sources: project.sources });
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

/// An apply that ended with an error: well where it has a type and nothing was changed.
fn refused(
    problems: &Diagnostics,
    after: &Read,
    db: &Database<'_>,
    dump: &str,
    plan: &str,
) -> Result<Verdict, Failure> {
    let said = text(problems, &after.sources);
    let shape = shape(problems);
    // Rows that a new constraint does not allow: only they can say so.
    let data = [
        "violates",
        "contains null values",
        "could not create unique index",
        "violated by some row",
        "out of range",
        "too long",
        "invalid input syntax",
        "overflow",
        "contains values that violate",
    ];
    let by_rows = data.iter().any(|words| shape.contains(words) || said.contains(words));
    let typed = problems
        .iter()
        .all(|p| matches!(p.problem.code, Code::Refused | Code::Hazard | Code::Dangling | Code::Version));
    if !typed && !by_rows {
        return Err(failure(&format!("the apply: {shape}"), format!("{said}\nthe plan was:\n{plan}")));
    }
    if db.pg_dump() != dump {
        return Err(failure("a refusal that changed something", said));
    }
    Ok(Verdict::Refused(if by_rows { "rows do not fit".to_owned() } else { shape }))
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

/// How many rows each table has.
fn counts(db: &Database<'_>) -> String {
    db.psql(crate::cases::ROWS)
}
