//! Many databases of one project: which share of them is ours, and which of them have the same plan.

mod shard;

use std::collections::{BTreeMap, HashSet};

use crate::diagnostic::Diagnostics;
use crate::model::{Address, digest};
use crate::plan::{PlanStep, Planned, Verb};

pub use shard::Shard;

/// The databases of an environment, by what is to be done with them; each is known by its place among `names`.
#[derive(Debug, Default)]
pub struct Fleet {
    /// What they are called, in the order in which they were listed.
    pub names: Vec<String>,
    /// The share that they are, and how many databases all shares have; nothing where they are all.
    pub share: Option<(Shard, usize)>,
    /// Those that are as declared.
    pub settled: Vec<usize>,
    /// Those that differ, by plan.
    pub groups: Vec<Group>,
    /// Those that failed, by what went wrong.
    pub failures: Vec<Failure>,
    /// What the user should know, and of which of them.
    pub warnings: BTreeMap<String, Vec<usize>>,
}

/// Databases with the same plan.
#[derive(Debug)]
pub struct Group {
    /// Which.
    pub databases: Vec<usize>,
    /// The plan of the first, without its states; each statement risks what it does where there is most.
    pub planned: Planned,
    key: String,
}

/// Databases in which the same went wrong.
#[derive(Debug)]
pub struct Failure {
    /// Which.
    pub databases: Vec<usize>,
    /// What went wrong in the first.
    pub problems: Diagnostics,
    key: String,
}

impl Fleet {
    /// These databases, of which nothing is known yet.
    pub fn new(names: Vec<String>, share: Option<(Shard, usize)>) -> Self {
        Self { names, share, ..Self::default() }
    }

    /// Notes the plan of a database.
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

    /// Notes what went wrong in a database; `own` are the words for it, which do not tell one failure from another.
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

    /// Notes what the user should know of a database.
    pub fn warn(&mut self, at: usize, warnings: Vec<String>) {
        for warning in warnings {
            let databases = self.warnings.entry(warning).or_default();
            if !databases.contains(&at) {
                databases.push(at);
            }
        }
    }

    /// Brings everything into an order that does not depend on who answered first: what most databases have is first.
    pub fn sort(&mut self) {
        self.settled.sort_unstable();
        self.warnings.values_mut().for_each(|databases| databases.sort_unstable());
        self.groups.iter_mut().for_each(|group| group.databases.sort_unstable());
        self.groups.sort_by_key(|group| (std::cmp::Reverse(group.databases.len()), group.databases[0]));
        self.failures.iter_mut().for_each(|failure| failure.databases.sort_unstable());
        self.failures.sort_by_key(|failure| failure.databases[0]);
    }

    /// How many of them were looked at.
    pub fn looked_at(&self) -> usize {
        let groups = self.groups.iter().map(|group| group.databases.len());
        let failures = self.failures.iter().map(|failure| failure.databases.len());
        self.settled.len() + groups.sum::<usize>() + failures.sum::<usize>()
    }

    /// How many of them differ from what is declared.
    pub fn differing(&self) -> usize {
        self.groups.iter().map(|group| group.databases.len()).sum()
    }

    /// How many of them failed.
    pub fn failing(&self) -> usize {
        self.failures.iter().map(|failure| failure.databases.len()).sum()
    }

    /// What these are called.
    pub fn names_of(&self, databases: &[usize]) -> Vec<&str> {
        databases.iter().map(|at| self.names[*at].as_str()).collect()
    }
}

impl Group {
    /// Adds a database; the plan that is shown is the one of the first that was listed.
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

    /// The statements of the plan.
    pub fn statements(&self) -> Statements {
        Statements(self.planned.plan.steps.iter().map(statement).collect())
    }
}

/// The statements of a plan that was shown, to tell later whether another has only these.
#[derive(Debug)]
pub struct Statements(HashSet<String>);

impl Statements {
    /// True where a plan has no statement besides these.
    pub fn hold(&self, planned: &Planned) -> bool {
        planned.plan.steps.iter().all(|step| self.0.contains(&statement(step)))
    }
}

/// A plan without what only its making needs.
fn slim(mut planned: Planned) -> Planned {
    for state in [&mut planned.live, &mut planned.whole, &mut planned.desired] {
        *state = crate::model::State::default();
    }
    planned
}

/// What is the same for the same plan, however much the tables hold.
fn key(planned: &Planned) -> String {
    let changes = planned.plan.changes.iter().map(|change| {
        let moved = planned.moved.get(&change.at);
        format!("{change:?} {:?} {moved:?}\n", planned.lines(change))
    });
    let steps = planned.plan.steps.iter().map(|step| format!("{} {}\n", step.segment, statement(step)));
    digest::text(&(changes.chain(steps).collect::<String>() + &format!("{:?}", planned.access)))
}

/// A statement with what it risks, in a form to compare; secrets are as they are shown.
fn statement(step: &PlanStep) -> String {
    let told: (&Address, Verb, &str) = (&step.at, step.verb, step.text());
    format!("{told:?} {:?} {:?} {:?}", step.hazards, step.lock, step.transaction)
}
