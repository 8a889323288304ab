//! `plan`, `drift` and `apply` of many databases, several at a time.
//!
//! An apply first looks at all databases, so that everything it would do is known before it changes anything. It then
//! plans each again under its lock, and runs no statement that was not shown. There is no journal: a database that is
//! done has an empty plan the next time.

use std::cell::Cell;

use futures_util::StreamExt;
use futures_util::stream;

use super::Options;
use super::apply::{Choices, Outcome, Talk, apply, guard, pinpoint};
use super::plan::plan;
use crate::apply::Event;
use crate::declare::project::Project;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::fleet::{Fleet, Statements};
use crate::model::Address;
use crate::plan::Planned;
use crate::session::{self, Session, Target};

/// The project, the databases to compare it with or apply it to, and how.
pub struct Job<'a> {
    /// The databases, in the order of the names in [`Fleet`].
    pub targets: &'a [Target],
    /// The project, which is read once.
    pub project: &'a Project,
    /// How states are read and compared.
    pub options: &'a Options,
    /// How many databases are worked on at the same time.
    pub jobs: usize,
    /// Receives progress.
    pub watch: &'a dyn Watch,
}

/// Receives the progress of work on several databases.
pub trait Watch {
    /// A session with the database at index `at` has been opened.
    fn opened(&self, at: usize, session: &Session);
    /// The work on the database at index `at` has ended; `done` have ended so far.
    fn closed(&self, at: usize, done: usize);
    /// Returns `false` once the user has interrupted the command.
    fn goes_on(&self) -> bool;
}

/// In which order databases are applied, and what stops the rollout.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// How many databases go first, one at a time. If one of them fails, the others are not begun.
    pub canary: usize,
    /// Whether to go on with the others after one fails.
    pub keep_going: bool,
}

/// The result of an apply to many databases. Databases are given by index.
#[derive(Debug, Default)]
pub struct Rollout {
    /// The databases that were applied.
    pub done: Vec<usize>,
    /// The databases that were not begun.
    pub left: Vec<usize>,
    /// The databases that failed, and the warnings.
    pub told: Fleet,
}

impl Job<'_> {
    /// Compares every database with the project.
    pub async fn plan(&self, mut fleet: Fleet) -> Fleet {
        let compare = async |at: usize, told: &mut Told| {
            let session = self.open(at, told).await?;
            plan(&session, &self.project.state, self.options).await
        };
        let all: Vec<usize> = (0..self.targets.len()).collect();
        self.each(&all, &|| true, compare, &mut |at, result| note(&mut fleet, self, at, result)).await;
        fleet.sort();
        fleet
    }

    /// Compares like [`Job::plan`], but under the lock of each database. If nothing is to be done, its ledger is
    /// updated.
    pub async fn look(&self, choices: &Choices, mut fleet: Fleet) -> Fleet {
        let look = async |at: usize, told: &mut Told| {
            let session = self.open(at, told).await?;
            let mut talk = Run { shown: None, job: self, told, current: None };
            match Box::pin(apply(&session, &self.project.state, self.options, choices, &mut talk)).await? {
                Outcome::Nothing(planned) | Outcome::Declined(planned) | Outcome::Done(planned) => Ok(planned),
            }
        };
        let all: Vec<usize> = (0..self.targets.len()).collect();
        self.each(&all, &|| true, look, &mut |at, result| note(&mut fleet, self, at, result)).await;
        fleet.sort();
        fleet
    }

    /// Applies the plans that were shown: to the canaries first, then to the others.
    pub async fn apply(&self, fleet: &Fleet, choices: &Choices, order: Order) -> Rollout {
        let mut rollout = Rollout {
            told: Fleet::new(fleet.names.clone(), fleet.share),
            left: differing(fleet),
            ..Rollout::default()
        };
        let shown: Vec<_> = fleet.groups.iter().map(|group| (&group.databases, group.statements())).collect();
        let run = async |at: usize, told: &mut Told| {
            let session = self.open(at, told).await?;
            let of = shown.iter().find(|(databases, _)| databases.contains(&at)).map(|(_, shown)| shown);
            let mut talk = Run { shown: of, job: self, told, current: None };
            let outcome = Box::pin(apply(&session, &self.project.state, self.options, choices, &mut talk)).await;
            match outcome.map_err(|problems| pinpoint(problems, talk.current.as_ref(), self.project))? {
                Outcome::Declined(_) => Err(moved().into()),
                Outcome::Nothing(planned) | Outcome::Done(planned) => Ok(planned),
            }
        };
        let queue = std::mem::take(&mut rollout.left);
        let (canaries, others) = queue.split_at(order.canary.min(queue.len()));
        let failed = Cell::new(false);
        let mut end = |at: usize, (result, told): (Result<Planned, Diagnostics>, Told)| {
            rollout.told.warn(at, told);
            match result {
                Ok(_) => rollout.done.push(at),
                Err(problems) => {
                    failed.set(true);
                    rollout.told.failed(at, problems, &self.words(at));
                }
            }
        };
        let one = Job { jobs: 1, ..*self };
        let mut left = one.each(canaries, &|| !failed.get(), &run, &mut end).await;
        let goes_on = !failed.get();
        let onwards = || goes_on && (order.keep_going || !failed.get());
        left.extend(self.each(others, &onwards, &run, &mut end).await);
        rollout.left = left;
        rollout.done.sort_unstable();
        rollout.told.sort();
        rollout
    }

    /// Does `work` for each database and passes each result to `end`. Returns the databases for which it was not begun.
    async fn each<T, W>(
        &self,
        places: &[usize],
        goes_on: &dyn Fn() -> bool,
        work: W,
        end: &mut dyn FnMut(usize, (T, Told)),
    ) -> Vec<usize>
    where
        W: AsyncFn(usize, &mut Told) -> T,
    {
        let work = &work;
        let begin = |at: usize| async move {
            if !goes_on() || !self.watch.goes_on() {
                return (at, None);
            }
            let mut told = Told::new();
            let result = work(at, &mut told).await;
            (at, Some((result, told)))
        };
        let mut running = std::pin::pin!(stream::iter(places.iter().copied()).map(begin).buffer_unordered(self.jobs));
        let mut left = Vec::new();
        let mut done = 0;
        while let Some((at, result)) = running.next().await {
            done += 1;
            self.watch.closed(at, done);
            match result {
                Some(result) => end(at, result),
                None => left.push(at),
            }
        }
        left.sort_unstable();
        left
    }

    /// Connects to a database.
    async fn open(&self, at: usize, told: &mut Told) -> Result<Session, Diagnostics> {
        let target = &self.targets[at];
        let session = session::connect(target, &[]).await?;
        self.watch.opened(at, &session);
        told.extend(target.warnings().iter().chain(&session.warnings).cloned());
        Ok(session)
    }

    /// Returns the strings that may occur only in messages about this database, so that equal problems can be grouped.
    fn words(&self, at: usize) -> [String; 2] {
        [self.targets[at].to_string(), self.targets[at].database().to_owned()]
    }
}

/// Warnings about one database.
type Told = Vec<String>;

/// Returns the databases that differ, in the order in which they were listed.
fn differing(fleet: &Fleet) -> Vec<usize> {
    let mut list: Vec<usize> = fleet.groups.iter().flat_map(|group| group.databases.iter().copied()).collect();
    list.sort_unstable();
    list
}

fn note(fleet: &mut Fleet, job: &Job<'_>, at: usize, (result, told): (Result<Planned, Diagnostics>, Told)) {
    fleet.warn(at, told);
    match result {
        Ok(planned) => fleet.planned(at, planned),
        Err(problems) => fleet.failed(at, problems, &job.words(at)),
    }
}

/// Marks databases as failed whose plan has a hazard of a class that is not allowed.
pub fn refuse(fleet: &mut Fleet, choices: &Choices) {
    for group in std::mem::take(&mut fleet.groups) {
        match guard(&group.planned.plan, &choices.allow) {
            Ok(()) => fleet.groups.push(group),
            Err(problems) => group.databases.into_iter().for_each(|at| fleet.failed(at, problems.clone(), &[])),
        }
    }
    fleet.sort();
}

/// Returns the error for a plan that differs from the one that was shown.
fn moved() -> Box<Diagnostic> {
    let message = "its plan is another than the one that was shown: the database was changed meanwhile";
    Box::new(Diagnostic::new(Code::Stale, message).help("apply again, and look at its plan"))
}

/// Answers for one of several applies: it confirms only plans that were shown.
struct Run<'a> {
    /// The statements that may run; `None` confirms no plan.
    shown: Option<&'a Statements>,
    job: &'a Job<'a>,
    told: &'a mut Told,
    /// The object whose statement is running.
    current: Option<Address>,
}

impl Talk for Run<'_> {
    fn confirm(&mut self, planned: &Planned) -> bool {
        self.shown.is_some_and(|shown| shown.hold(planned))
    }

    fn warning(&mut self, text: &str) {
        self.told.push(text.to_owned());
    }

    fn progress(&mut self, event: Event<'_>) {
        match event {
            Event::Begin(_, _, step) => self.current = Some(step.at.clone()),
            Event::Progress(..) | Event::Done(..) | Event::Waits(_) | Event::Again(..) | Event::Unnoted(_) => {}
        }
    }

    fn goes_on(&self) -> bool {
        self.job.watch.goes_on()
    }
}
