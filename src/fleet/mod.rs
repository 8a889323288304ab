//! Many databases of one project: which share of them to work on, and which of them have the same plan.

mod shard;

use std::collections::{BTreeMap, HashSet};

use crate::diagnostic::Diagnostics;
use crate::model::{Address, digest};
use crate::plan::{PlanStep, Planned, Verb};

pub use shard::Shard;

/// The databases of an environment, grouped by what is to be done with them. Each is identified by its index in
/// `names`.
#[derive(Debug, Default)]
pub struct Fleet {
    /// The names of the databases, in the order in which they were listed.
    pub names: Vec<String>,
    /// The share that these databases are, and the number of databases in all shares; `None` if they are all.
    pub share: Option<(Shard, usize)>,
    /// The databases that are as declared.
    pub settled: Vec<usize>,
    /// The databases that differ, grouped by plan.
    pub groups: Vec<Group>,
    /// The databases that failed, grouped by problem.
    pub failures: Vec<Failure>,
    /// Warnings, each with the databases that it is about.
    pub warnings: BTreeMap<String, Vec<usize>>,
}

/// Databases with the same plan.
#[derive(Debug)]
pub struct Group {
    /// The databases.
    pub databases: Vec<usize>,
    /// The plan of the first database, without its states. The size in each step is the largest of all databases.
    pub planned: Planned,
    key: String,
}

/// Databases that failed with the same problems.
#[derive(Debug)]
pub struct Failure {
    /// The databases.
    pub databases: Vec<usize>,
    /// The problems of the first database.
    pub problems: Diagnostics,
    key: String,
}

impl Fleet {
    /// Creates a fleet of databases about which nothing is known yet.
    pub fn new(names: Vec<String>, share: Option<(Shard, usize)>) -> Self {
        Self { names, share, ..Self::default() }
    }

    /// Adds the plan of a database.
    pub fn planned(&mut self, at: usize, mut planned: Planned) {
        self.warn(at, std::mem::take(&mut planned.warnings));
        if planned.plan.is_empty() {
            self.settled.push(at);
            return;
        }
        let key = key(&planned);
        match self.groups.iter_mut().find(|group| group.key == key) {
            Some(group) => group.join(at, planned),
            None => self.groups.push(Group { databases: vec![at], planned: slim(planned), key }),
        }
    }

    /// Adds the problems of a database. `own` are strings that occur only in messages about it, and are ignored when
    /// problems are compared.
    pub fn failed(&mut self, at: usize, problems: Diagnostics, own: &[String]) {
        let mut key = format!("{problems:?}");
        for word in own {
            key = key.replace(word.as_str(), "…");
        }
        match self.failures.iter_mut().find(|failure| failure.key == key) {
            Some(failure) => {
                if failure.databases.iter().all(|other| *other > at) {
                    failure.problems = problems;
                }
                failure.databases.push(at);
            }
            None => self.failures.push(Failure { databases: vec![at], problems, key }),
        }
    }

    /// Adds warnings about a database.
    pub fn warn(&mut self, at: usize, warnings: Vec<String>) {
        for warning in warnings {
            let databases = self.warnings.entry(warning).or_default();
            if !databases.contains(&at) {
                databases.push(at);
            }
        }
    }

    /// Sorts everything, so that the order does not depend on which database answered first: the largest groups come
    /// first.
    pub fn sort(&mut self) {
        self.settled.sort_unstable();
        self.warnings.values_mut().for_each(|databases| databases.sort_unstable());
        self.groups.iter_mut().for_each(|group| group.databases.sort_unstable());
        self.groups.sort_by_key(|group| (std::cmp::Reverse(group.databases.len()), group.databases[0]));
        self.failures.iter_mut().for_each(|failure| failure.databases.sort_unstable());
        self.failures.sort_by_key(|failure| failure.databases[0]);
    }

    /// Returns how many databases were looked at.
    pub fn looked_at(&self) -> usize {
        let groups = self.groups.iter().map(|group| group.databases.len());
        let failures = self.failures.iter().map(|failure| failure.databases.len());
        self.settled.len() + groups.sum::<usize>() + failures.sum::<usize>()
    }

    /// Returns how many databases differ from what is declared.
    pub fn differing(&self) -> usize {
        self.groups.iter().map(|group| group.databases.len()).sum()
    }

    /// Returns how many databases failed.
    pub fn failing(&self) -> usize {
        self.failures.iter().map(|failure| failure.databases.len()).sum()
    }

    /// Returns the names of the given databases.
    pub fn names_of(&self, databases: &[usize]) -> Vec<&str> {
        databases.iter().map(|at| self.names[*at].as_str()).collect()
    }
}

impl Group {
    /// Adds a database to the group. The plan that is shown is that of the database listed first.
    fn join(&mut self, at: usize, planned: Planned) {
        let sizes = self.planned.plan.steps.iter().zip(&planned.plan.steps);
        let largest: Vec<_> =
            sizes.map(|(one, other)| one.size.into_iter().chain(other.size).max_by_key(|size| size.bytes)).collect();
        if self.databases.iter().all(|other| *other > at) {
            self.planned = slim(planned);
        }
        for (step, size) in self.planned.plan.steps.iter_mut().zip(largest) {
            step.size = size;
        }
        self.databases.push(at);
    }

    /// Returns the statements of the plan.
    pub fn statements(&self) -> Statements {
        Statements(self.planned.plan.steps.iter().map(statement).collect())
    }
}

/// The statements of a plan that was shown, to check later that another plan has no others.
#[derive(Debug)]
pub struct Statements(HashSet<String>);

impl Statements {
    /// Returns whether a plan has only statements among these.
    pub fn hold(&self, planned: &Planned) -> bool {
        planned.plan.steps.iter().all(|step| self.0.contains(&statement(step)))
    }
}

/// Removes from a plan what is needed only to make it.
fn slim(mut planned: Planned) -> Planned {
    for state in [&mut planned.live, &mut planned.whole, &mut planned.desired] {
        *state = crate::model::State::default();
    }
    planned
}

/// Returns a key that is the same for equal plans, whatever the sizes of the tables.
fn key(planned: &Planned) -> String {
    let changes = planned.plan.changes.iter().map(|change| {
        let moved = planned.moved.get(&change.at);
        format!("{change:?} {:?} {moved:?}\n", planned.lines(change))
    });
    let steps = planned.plan.steps.iter().map(|step| format!("{} {}\n", step.segment, statement(step)));
    digest::text(&(changes.chain(steps).collect::<String>() + &format!("{:?}", planned.access)))
}

/// Returns a statement and its risks in a form to compare, with secrets as they are shown.
fn statement(step: &PlanStep) -> String {
    let told: (&Address, Verb, &str) = (&step.at, step.verb, step.text());
    format!("{told:?} {:?} {:?} {:?}", step.hazards, step.lock, step.transaction)
}
