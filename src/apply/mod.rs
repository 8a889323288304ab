//! Running a plan: one apply at a time a database, one transaction a segment.

mod capacity;
mod lock;
mod preflight;
mod progress;
mod quiet;
mod retry;

use std::time::{Duration, Instant};

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::Transaction;
use crate::plan::{Plan, PlanStep};
use crate::session::{Session, server_error};
use crate::sql::ident;

pub use capacity::check as check_capacity;
pub use lock::{ClusterLock, Wait, interrupted, lock, lock_cluster};
pub use preflight::{Ground, preflight};
pub use progress::Progress;
pub use retry::{Again, Stopped, TRIES, pause, sleep};

/// How to run a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How long a statement waits for a lock, as PostgreSQL writes it.
    pub lock_timeout: String,
    /// How long a statement may run; no limit when absent.
    pub statement_timeout: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { lock_timeout: "3s".to_owned(), statement_timeout: None }
    }
}

/// What happened so far; for progress.
#[derive(Debug)]
pub enum Event<'a> {
    /// A statement begins: its number from 1, and how many there are.
    Begin(usize, usize, &'a PlanStep),
    /// It takes long; how far it is.
    Progress(&'a PlanStep, &'a Progress),
    /// It is done.
    Done(&'a PlanStep, Duration),
    /// Somebody else applies; what to say of it.
    Waits(&'a str),
    /// Somebody was in the way: the try with that number, from 1, comes after a pause.
    Again(u32, Duration),
    /// What was done could not be written down.
    Unnoted(Box<Diagnostic>),
}

/// Who is told what happens, and says what to write down about it.
pub trait Watch {
    /// Something happened.
    fn event(&mut self, event: Event<'_>);
    /// SQL that writes down that these statements ran. It runs before the transaction of the last of them is committed.
    fn note(&mut self, done: &[PlanStep]) -> Option<String>;
}

/// Runs every statement. A segment that fails is rolled back; segments before it stay.
pub async fn run(session: &Session, plan: &Plan, watch: &mut dyn Watch) -> Result<(), Stopped> {
    let client = &session.client;
    let process = session.process_id().await?;
    let total = plan.steps.len();
    let mut number = 0;
    for segment in plan.steps.chunk_by(|a, b| a.segment == b.segment) {
        let inside = segment.iter().all(|s| s.transaction != Transaction::Outside);
        if inside {
            client.batch_execute("begin").await.map_err(|e| server_error(&e, "begin"))?;
        }
        for step in segment {
            number += 1;
            watch.event(Event::Begin(number, total, step));
            let begun = Instant::now();
            let statement = execute(client, step, inside);
            if let Err(error) = progress::observed(session, process, step, watch, statement).await {
                if inside {
                    // The transaction is lost either way; the first error is the one to tell.
                    let _ = client.batch_execute("rollback").await;
                }
                let problem = failed(&error, step, number > 1 && segment[0].segment > 0);
                return Err(Stopped { problem, again: Again::after(&error, step) });
            }
            watch.event(Event::Done(step, begun.elapsed()));
        }
        if inside && let Err(problem) = check_bodies(client, segment).await {
            let _ = client.batch_execute("rollback").await;
            return Err(problem.into());
        }
        note(client, &plan.steps[..number], inside, watch).await?;
        if inside {
            client.batch_execute("commit").await.map_err(|e| server_error(&e, "commit"))?;
        }
    }
    Ok(())
}

/// Runs a statement as whom it is to run.
async fn execute(client: &Client, step: &PlanStep, inside: bool) -> std::result::Result<(), Error> {
    let Some(role) = &step.run_as else { return quiet::execute(client, step).await };
    let local = if inside { "local " } else { "" };
    client.batch_execute(&format!("set {local}role {}", ident(role))).await?;
    let result = quiet::execute(client, step).await;
    // In a transaction that has failed the rollback does it.
    let back = client.batch_execute("reset role").await;
    result.and(back)
}

/// Writes down what was done; a note that fails leaves what was done as it is.
async fn note(client: &Client, done: &[PlanStep], inside: bool, watch: &mut dyn Watch) -> Result<()> {
    let Some(sql) = watch.note(done) else { return Ok(()) };
    let run = async |sql: &str| client.batch_execute(sql).await;
    let result =
        if inside { run(&format!("savepoint note; {sql}; release savepoint note")).await } else { run(&sql).await };
    let Err(error) = result else { return Ok(()) };
    if inside {
        let undo = "rollback to savepoint note";
        run(undo).await.map_err(|e| server_error(&e, undo))?;
    }
    watch.event(Event::Unnoted(server_error(&error, "the note of what was done")));
    Ok(())
}

/// The error of a step, with the statement, the YAML line, and whether anything stays.
fn failed(error: &Error, step: &PlanStep, partial: bool) -> Box<Diagnostic> {
    let mut diagnostic = server_error(error, step.text());
    diagnostic.problem.code = Again::after(error, step).code(&diagnostic);
    if let Some(span) = step.origin {
        diagnostic = Box::new(diagnostic.label(span, "asked for here"));
    }
    let state = if partial {
        "statements before this transaction stay; the next apply goes on from there"
    } else {
        "nothing was changed"
    };
    let help = diagnostic.problem.help.take();
    diagnostic.problem.help = Some(help.map_or_else(|| state.to_owned(), |h| format!("{h}\n{state}")));
    diagnostic
}

/// The routines of this transaction whose language can check a body.
const NEW_BODIES: &str = "
    select p.oid, p.prosrc, v.proname::text
    from pg_catalog.pg_proc p
         join pg_catalog.pg_language l on l.oid = p.prolang
         join pg_catalog.pg_proc v on v.oid = l.lanvalidator
    where p.xmin = pg_catalog.pg_current_xact_id()::xid and l.lanname in ('sql', 'plpgsql')";

/// Checks the bodies of new routines for errors of syntax, before the commit.
///
/// They were not checked when they were made, since they may name what is made after them. What else their language
/// has to say is left to their first call: a body may name what its caller makes.
async fn check_bodies(client: &Client, segment: &[PlanStep]) -> Result<()> {
    let lost = |e: Error| server_error(&e, NEW_BODIES);
    let routines = client.query(NEW_BODIES, &[]).await.map_err(lost)?;
    for routine in routines {
        let (oid, body, validator): (u32, String, String) = (routine.get(0), routine.get(1), routine.get(2));
        let sql = format!("select pg_catalog.{validator}({oid})");
        let begin = "savepoint body; set local check_function_bodies = on";
        client.batch_execute(begin).await.map_err(|e| server_error(&e, begin))?;
        let checked = client.batch_execute(&sql).await;
        let end = "rollback to savepoint body; release savepoint body";
        client.batch_execute(end).await.map_err(|e| server_error(&e, end))?;
        let Err(error) = checked else { continue };
        if error.code() == Some(&SqlState::SYNTAX_ERROR) {
            let step = segment.iter().find(|step| step.sql.contains(&body));
            return Err(step.map_or_else(|| server_error(&error, &body), |step| failed(&error, step, step.segment > 0)));
        }
    }
    Ok(())
}

fn setting_error(error: &Error) -> Box<Diagnostic> {
    match error.as_db_error() {
        Some(db) => Box::new(
            Diagnostic::new(Code::Usage, db.message().to_owned())
                .help("write a time as PostgreSQL does: `3s`, `500ms`, `2min`"),
        ),
        None => server_error(error, "set"),
    }
}
