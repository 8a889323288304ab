//! Running a plan: one apply at a time a database, one transaction a segment.

mod bodies;
mod capacity;
mod lock;
mod lost;
mod pooled;
mod preflight;
mod progress;
mod quiet;
mod retry;

use std::time::{Duration, Instant};

use tokio_postgres::{Client, Error};

use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::{Lock, Transaction};
use crate::plan::{Plan, PlanStep};
use crate::session::{Session, server_error};
use crate::sql::{ident, literal};

use lost::{Interrupted, is_lost, lost};

pub use capacity::check as check_capacity;
pub use lock::{ClusterLock, Wait, interrupted, lock, lock_cluster};
pub use pooled::check as check_pool;
pub use preflight::{Ground, preflight};
pub use progress::Progress;
pub use retry::{Again, Stopped, TRIES, pause, sleep};

/// How long a statement waits that keeps nobody waiting.
const PATIENCE: &str = "10min";
/// The number of the current transaction, and the server's process.
const NUMBER: &str = "select pg_catalog.pg_current_xact_id()::text, pg_catalog.pg_backend_pid()";

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
pub async fn run(session: &Session, plan: &Plan, options: &Options, watch: &mut dyn Watch) -> Result<(), Stopped> {
    let process = session.process_id().await?;
    let mut run = Run { session, process, steps: &plan.steps, options, number: 0, watch };
    for segment in plan.steps.chunk_by(|a, b| a.segment == b.segment) {
        if segment.iter().all(|s| s.transaction != Transaction::Outside) {
            run.transaction(segment).await?;
        } else {
            run.alone(segment).await?;
        }
    }
    Ok(())
}

/// A plan that runs.
struct Run<'a> {
    session: &'a Session,
    /// The server's process.
    process: i32,
    steps: &'a [PlanStep],
    options: &'a Options,
    /// How many statements have begun.
    number: usize,
    watch: &'a mut dyn Watch,
}

impl Run<'_> {
    /// Runs statements in a transaction.
    async fn transaction(&mut self, segment: &[PlanStep]) -> Result<(), Stopped> {
        let client = &self.session.client;
        if let Err(error) = client.batch_execute("begin").await {
            return Err(self.stopped(&error, "begin", Interrupted::Transaction).await);
        }
        let result = self.inside(segment).await;
        if result.is_err() {
            // The transaction is lost either way; the first error is the one to tell.
            let _ = client.batch_execute("rollback").await;
        }
        let id = result?;
        if let Err(error) = client.batch_execute("commit").await {
            return Err(self.stopped(&error, "commit", Interrupted::Commit(id)).await);
        }
        Ok(())
    }

    /// Everything between `begin` and `commit`; the number of the transaction.
    async fn inside(&mut self, segment: &[PlanStep]) -> Result<String, Stopped> {
        for step in segment {
            self.step(step, true).await?;
        }
        if let Err((error, sql, step)) = bodies::check(&self.session.client, segment).await {
            return Err(match step {
                Some(step) => failed(&error, step, step.segment > 0).into(),
                None => self.stopped(&error, &sql, Interrupted::Transaction).await,
            });
        }
        self.note(true).await?;
        match self.session.client.query_one(NUMBER, &[]).await {
            Ok(row) if row.get::<_, i32>(1) != self.process => {
                Err(pooled::refusal("this transaction was rolled back").into())
            }
            Ok(row) => Ok(row.get(0)),
            Err(error) => Err(self.stopped(&error, NUMBER, Interrupted::Transaction).await),
        }
    }

    /// Runs statements outside of transactions.
    async fn alone(&mut self, segment: &[PlanStep]) -> Result<(), Stopped> {
        for step in segment {
            // Nobody queues up behind one that lets readers and writers go on, and giving up would cost what it did so far.
            let patient = step.lock <= Lock::ShareUpdateExclusive;
            self.lock_timeout(if patient { PATIENCE } else { &self.options.lock_timeout }).await?;
            if let Err(stopped) = self.step(step, false).await {
                // The first error is the one to tell.
                let _ = self.session.client.batch_execute(&lock_timeout(&self.options.lock_timeout)).await;
                return Err(stopped);
            }
            self.lock_timeout(&self.options.lock_timeout).await?;
        }
        self.note(false).await
    }

    /// Sets how long the statements that follow wait for a lock.
    async fn lock_timeout(&self, timeout: &str) -> Result<(), Stopped> {
        let sql = lock_timeout(timeout);
        match self.session.client.batch_execute(&sql).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.stopped(&error, &sql, Interrupted::Statement(self.process)).await),
        }
    }

    async fn step(&mut self, step: &PlanStep, inside: bool) -> Result<(), Stopped> {
        self.number += 1;
        self.watch.event(Event::Begin(self.number, self.steps.len(), step));
        let begun = Instant::now();
        let statement = execute(&self.session.client, step, inside);
        if let Err(error) = progress::observed(self.session, self.process, step, self.watch, statement).await {
            if is_lost(&error) {
                let what = if inside { Interrupted::Transaction } else { Interrupted::Statement(self.process) };
                let problem = lost(self.session, &error, what).await;
                return Err(Box::new(located(*problem, step)).into());
            }
            let problem = failed(&error, step, self.number > 1 && step.segment > 0);
            return Err(Stopped { problem, again: Again::after(&error, step) });
        }
        self.watch.event(Event::Done(step, begun.elapsed()));
        Ok(())
    }

    /// Writes down what was done; a note that fails leaves what was done as it is.
    async fn note(&mut self, inside: bool) -> Result<(), Stopped> {
        let Some(sql) = self.watch.note(&self.steps[..self.number]) else { return Ok(()) };
        let run = async |sql: &str| self.session.client.batch_execute(sql).await;
        let result =
            if inside { run(&format!("savepoint note; {sql}; release savepoint note")).await } else { run(&sql).await };
        let Err(error) = result else { return Ok(()) };
        if inside {
            let undo = "rollback to savepoint note";
            if let Err(error) = run(undo).await {
                return Err(self.stopped(&error, undo, Interrupted::Transaction).await);
            }
        }
        self.watch.event(Event::Unnoted(server_error(&error, "the note of what was done")));
        Ok(())
    }

    /// Why a plan ends at a statement that is none of its steps.
    async fn stopped(&self, error: &Error, sql: &str, what: Interrupted) -> Stopped {
        if is_lost(error) { lost(self.session, error, what).await.into() } else { server_error(error, sql).into() }
    }
}

fn lock_timeout(timeout: &str) -> String {
    format!("set lock_timeout = {}", literal(timeout))
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

/// The error of a step, with the statement, the YAML line, and whether anything stays.
fn failed(error: &Error, step: &PlanStep, partial: bool) -> Box<Diagnostic> {
    let mut diagnostic = server_error(error, step.text());
    diagnostic.problem.code = Again::after(error, step).code(&diagnostic);
    diagnostic = Box::new(located(*diagnostic, step));
    let state = if partial {
        "statements before this transaction stay; the next apply goes on from there"
    } else {
        "nothing was changed"
    };
    let help = diagnostic.problem.help.take();
    diagnostic.problem.help = Some(help.map_or_else(|| state.to_owned(), |h| format!("{h}\n{state}")));
    diagnostic
}

/// The same, at the line that asked for the step.
fn located(problem: Diagnostic, step: &PlanStep) -> Diagnostic {
    match step.origin {
        Some(span) => problem.label(span, "asked for here"),
        None => problem,
    }
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
