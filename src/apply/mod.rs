//! Runs a plan: one apply at a time per database, one transaction per segment.

mod bodies;
mod capacity;
mod lock;
mod lost;
mod pooled;
mod preflight;
mod progress;
mod quiet;
mod retry;
mod unfit;

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use futures_util::future::join3;
use futures_util::stream::{self, StreamExt};
use tokio_postgres::{Client, Error};

use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::{Lock, Transaction};
use crate::plan::{Plan, PlanStep};
use crate::session::{Session, cell, server_error};
use crate::sql::{ident, literal};

use lost::{Interrupted, is_lost, lost};

pub use capacity::check as check_capacity;
pub use lock::{ClusterLock, Wait, interrupted, lock, lock_cluster, take_own_path};
pub use pooled::check as check_pool;
pub use preflight::{Ground, preflight};
pub use progress::Progress;
pub use retry::{Again, Stopped, TRIES, pause, sleep};
pub use unfit::check as check_rows;

/// The `lock_timeout` of statements that keep nobody waiting.
const PATIENCE: &str = "10min";
/// How many statements of a transaction the server has at most, if all of them are quick: those that it has not begun are under
/// way while it runs others. A client that is killed leaves it no more to do, and no statement that takes long is sent ahead.
const AHEAD: usize = 64;
/// Returns the id of the current transaction, and the process id of the server's session.
const NUMBER: &str = "select pg_catalog.pg_current_xact_id()::text, pg_catalog.pg_backend_pid()";

const RESET_ROLE: &str = "reset role";

/// How to run a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How long a statement waits for a lock, in PostgreSQL's notation.
    pub lock_timeout: String,
    /// How long a statement may run; `None` sets no limit.
    pub statement_timeout: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { lock_timeout: "3s".to_owned(), statement_timeout: None }
    }
}

/// Something that happened during an apply, for reports of progress.
#[derive(Debug)]
pub enum Event<'a> {
    /// A statement begins: its number, from 1, and the number of statements.
    Begin(usize, usize, &'a PlanStep),
    /// A statement takes long; how far it is.
    Progress(&'a PlanStep, &'a Progress),
    /// A statement is done, and how long it took.
    Done(&'a PlanStep, Duration),
    /// The apply waits for another one; the text says for which.
    Waits(&'a str),
    /// Another session was in the way. Contains the number of the next try, from 1, and the pause before it.
    Again(u32, Duration),
    /// What was done could not be recorded in the ledger.
    Unnoted(Box<Diagnostic>),
}

/// Receives events, and provides the SQL that records what was done.
pub trait Watch {
    /// Reports an event.
    fn event(&mut self, event: Event<'_>);
    /// Returns SQL that records that these statements ran: all of the plan's so far. It runs in the transaction of the
    /// last of them, before the commit or, for statements outside transactions, after them.
    fn note(&mut self, done: &[PlanStep]) -> Option<String>;
    /// Returns `false` once the user has interrupted the apply.
    fn goes_on(&self) -> bool;
}

/// Runs every statement of a plan. If a segment fails, its transaction is rolled back; the segments before it stay.
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

/// A plan that is running.
struct Run<'a> {
    session: &'a Session,
    /// The process id of the server's session.
    process: i32,
    steps: &'a [PlanStep],
    options: &'a Options,
    /// How many statements have begun so far.
    number: usize,
    watch: &'a mut dyn Watch,
}

impl Run<'_> {
    /// Runs a segment in a transaction.
    async fn transaction(&mut self, segment: &[PlanStep]) -> Result<(), Stopped> {
        let client = &self.session.client;
        if let Err(error) = client.batch_execute("begin").await {
            return Err(self.stopped(&error, "begin", Interrupted::Transaction).await);
        }
        let result = self.inside(segment).await;
        if result.is_err() {
            // The transaction is lost either way; the first error is the one to report.
            let _ = client.batch_execute("rollback").await;
        }
        let id = result?;
        if let Err(error) = client.batch_execute("commit").await {
            return Err(self.stopped(&error, "commit", Interrupted::Commit(id)).await);
        }
        Ok(())
    }

    /// Runs everything between `begin` and `commit`. Returns the id of the transaction.
    async fn inside(&mut self, segment: &[PlanStep]) -> Result<String, Stopped> {
        let session = self.session;
        for part in segment.chunk_by(|a, b| a.quick && b.quick) {
            let mut results = pin!(stream::iter(part).map(|step| inside(&session.client, step)).buffered(AHEAD));
            for step in part {
                let result = async { results.next().await.unwrap_or(Ok(())) };
                self.step(step, true, result).await?;
            }
        }
        if let Err((error, sql, step)) = bodies::check(&self.session.client, segment).await {
            return Err(match step {
                Some(step) => failed(&error, step, step.segment > 0).into(),
                None => self.stopped(&error, &sql, Interrupted::Transaction).await,
            });
        }
        self.go_on()?;
        self.note(true).await?;
        match self.session.client.query_one(NUMBER, &[]).await {
            Ok(row) if cell::<i32>(&row, 1)? != self.process => {
                Err(pooled::refusal("this transaction was rolled back").into())
            }
            Ok(row) => Ok(cell(&row, 0)?),
            Err(error) => Err(self.stopped(&error, NUMBER, Interrupted::Transaction).await),
        }
    }

    /// Runs the statements of a segment outside transactions.
    async fn alone(&mut self, segment: &[PlanStep]) -> Result<(), Stopped> {
        for step in segment {
            // A statement with such a lock blocks neither readers nor writers, so others do not queue up behind it; and
            // giving up would waste the work it has done.
            let patient = step.lock <= Lock::ShareUpdateExclusive;
            self.lock_timeout(if patient { PATIENCE } else { &self.options.lock_timeout }).await?;
            if let Err(stopped) = self.step(step, false, alone(&self.session.client, step)).await {
                // The first error is the one to report.
                let _ = self.session.client.batch_execute(&lock_timeout(&self.options.lock_timeout)).await;
                return Err(stopped);
            }
            self.lock_timeout(&self.options.lock_timeout).await?;
        }
        self.note(false).await
    }

    /// Sets how long the following statements wait for a lock.
    async fn lock_timeout(&self, timeout: &str) -> Result<(), Stopped> {
        let sql = lock_timeout(timeout);
        match self.session.client.batch_execute(&sql).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.stopped(&error, &sql, Interrupted::Statement(self.process)).await),
        }
    }

    /// Fails once the user has interrupted the apply. The server takes no notice of a request to cancel what it runs while it
    /// runs nothing.
    fn go_on(&self) -> Result<(), Stopped> {
        if self.watch.goes_on() { Ok(()) } else { Err(interrupted().into()) }
    }

    /// Waits for the result of a statement, and reports it.
    async fn step(
        &mut self,
        step: &PlanStep,
        inside: bool,
        statement: impl Future<Output = std::result::Result<(), Error>>,
    ) -> Result<(), Stopped> {
        self.go_on()?;
        self.number += 1;
        self.watch.event(Event::Begin(self.number, self.steps.len(), step));
        let begun = Instant::now();
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

    /// Records what was done. If that fails, the statements stay as they are, and an event reports it.
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

    /// Returns the reason to stop after an error in a statement that is not a step of the plan.
    async fn stopped(&self, error: &Error, sql: &str, what: Interrupted) -> Stopped {
        if is_lost(error) { lost(self.session, error, what).await.into() } else { server_error(error, sql).into() }
    }
}

fn lock_timeout(timeout: &str) -> String {
    format!("set lock_timeout = {}", literal(timeout))
}

/// Runs a statement in a transaction, as another role if the step says so. Unless it contains a secret, the server is sent at once
/// all that takes.
async fn inside(client: &Client, step: &PlanStep) -> std::result::Result<(), Error> {
    let Some(role) = &step.run_as else { return quiet::execute(client, step).await };
    let set = format!("set local role {}", ident(role));
    if step.shown.is_some() {
        client.batch_execute(&set).await?;
        quiet::execute(client, step).await?;
        return client.batch_execute(RESET_ROLE).await;
    }
    let run = quiet::execute(client, step);
    let (set, run, reset) = join3(client.batch_execute(&set), run, client.batch_execute(RESET_ROLE)).await;
    set.and(run).and(reset)
}

/// Runs a statement outside transactions, as another role if the step says so.
async fn alone(client: &Client, step: &PlanStep) -> std::result::Result<(), Error> {
    let Some(role) = &step.run_as else { return quiet::execute(client, step).await };
    client.batch_execute(&format!("set role {}", ident(role))).await?;
    let result = quiet::execute(client, step).await;
    let back = client.batch_execute(RESET_ROLE).await;
    result.and(back)
}

/// Returns the error of a step, with its statement and YAML line. `partial`: earlier segments have been committed.
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

/// Adds a label for the line of YAML that asked for the step.
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
