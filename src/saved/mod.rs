//! A plan in a file: what `plan --out` writes and `apply PLAN` reads.
//!
//! It holds the statements, the project they come from, and digests of what they touch and rely on. It holds no secret:
//! a statement with one stands there as it is shown, and takes the secret from the environment when it is applied.
//! `docs/saved-plan.schema.json` describes it.

mod file;
mod ground;
mod place;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result, Sources, Span};
use crate::kind::Entry;
use crate::model::{Address, Hazard, Lock, Manage, Size, State, Transaction};
use crate::plan::{Change, Plan, PlanStep, Planned, Verb};

pub use file::{FORMAT, read, write};
pub use ground::Extent;
pub use place::Place;

/// A saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The version of the format.
    pub format: u32,
    /// The version of the program that wrote it: another one may see objects otherwise.
    pub dbstate: String,
    /// The database it is for.
    pub target: Target,
    /// The project it was made from.
    pub project: Project,
    /// The objects that change, as people count them.
    pub changes: Vec<SavedChange>,
    /// The statements, in order.
    pub steps: Vec<SavedStep>,
    /// Every object that changes.
    pub touches: Vec<Place>,
    /// What the catalog said of what it touches and relies on.
    pub stands_on: Vec<Stand>,
    /// The digest of everything else.
    pub fingerprint: String,
}

/// The database that a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The cluster's system identifier; none where the role may not ask.
    pub system: Option<String>,
    /// The database's name.
    pub database: String,
    /// As `server_version_num`: 150004 is 15.4.
    pub server_version: u32,
}

/// A project as it was, and how it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// How much is managed.
    pub manage: Manage,
    /// Globs that are not.
    pub exclude: Vec<String>,
    /// Whether the ledger is read and written.
    pub ledger: bool,
    /// Whether clients go on while statements run.
    pub online: bool,
    /// The git revision, where it was known.
    pub revision: Option<String>,
    /// The files that declare it.
    pub files: Vec<Text>,
    /// Texts in files of their own, as `file:` names them.
    pub bodies: Vec<Text>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Its path from the directory in which the plan was made.
    pub path: PathBuf,
    /// What was in it.
    pub text: String,
}

/// One object that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedChange {
    /// The object.
    pub object: Place,
    /// What happens to it.
    pub verb: Verb,
    /// Why, where that is not plain.
    pub why: Option<String>,
    /// Where it stood before a rename.
    pub from: Option<Place>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedStep {
    /// The object it is about.
    pub object: Place,
    /// What it does to it.
    pub verb: Verb,
    /// The statement, without a final semicolon.
    pub sql: String,
    /// True where the statement sent holds a secret: `sql` says where that comes from.
    pub secret: bool,
    /// The lock it takes.
    pub lock: Lock,
    /// Risks.
    pub hazards: Vec<Hazard>,
    /// How much the relation held, where it risks something.
    pub size: Option<Size>,
    /// Where it may run.
    pub transaction: Transaction,
    /// Statements of one segment share a transaction.
    pub segment: usize,
}

/// What the catalog said of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stand {
    /// The object.
    pub object: Place,
    /// How much of it counts.
    pub extent: Extent,
    /// The digest; none where there was no such object.
    pub digest: Option<String>,
}

impl Saved {
    /// A plan with what it stands on; `system` is the identifier of the cluster.
    pub fn of(planned: &Planned, project: Project, system: Option<String>, register: &'static [Entry]) -> Self {
        let plan = &planned.plan;
        let change = |change: &Change| SavedChange {
            object: Place::of(&change.at),
            verb: change.verb,
            why: change.why.clone(),
            from: change.from.as_ref().map(Place::of),
        };
        let saved = Self {
            format: FORMAT,
            dbstate: env!("CARGO_PKG_VERSION").to_owned(),
            target: Target {
                system,
                database: planned.server.database.clone(),
                server_version: planned.server.version.0,
            },
            project,
            changes: plan.changes.iter().map(change).collect(),
            steps: plan.steps.iter().map(SavedStep::of).collect(),
            touches: plan.touched.iter().map(Place::of).collect(),
            stands_on: ground::of(planned, register),
            fingerprint: String::new(),
        };
        file::stamped(saved)
    }

    /// Every object that changes.
    pub fn touched(&self, register: &'static [Entry]) -> Result<HashSet<Address>> {
        self.touches.iter().map(|place| place.address(register)).collect()
    }

    /// Refuses another database than the one that the plan was made for.
    pub fn check_target(&self, database: &str, system: Option<&str>) -> Result<()> {
        let stale = |message: String| {
            let help = "name the database that the plan was made for, or make a plan for this one; nothing was changed";
            Err(Box::new(Diagnostic::new(Code::Stale, message).help(help)))
        };
        if self.target.database != database {
            return stale(format!("the plan is for database `{}`, and this is `{database}`", self.target.database));
        }
        match (self.target.system.as_deref(), system) {
            (Some(then), Some(now)) if then != now => {
                stale(format!("the plan is for the cluster with system identifier {then}, and this is {now}"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses when something that the plan touches or relies on has moved: one problem an object.
    pub fn check_ground(&self, whole: &State, desired: &State, register: &'static [Entry]) -> Result<(), Diagnostics> {
        let mut problems = Diagnostics::default();
        for stand in &self.stands_on {
            let at = stand.object.address(register)?;
            let now = ground::digest(&at, stand.extent, whole, register);
            let what = match (&stand.digest, &now) {
                (then, now) if then == now => continue,
                (None, _) => "is there now",
                (Some(_), None) => "is gone",
                (Some(_), Some(_)) => "has changed",
            };
            problems.push(stale(format!("{at} {what} since the plan was saved"), PlanStep::origin(&at, desired)));
        }
        problems.into_result(())
    }

    /// The plan as it was saved; secrets come from `fresh`, the plan that would be made now for the same objects.
    pub fn plan(&self, fresh: &Plan, desired: &State, register: &'static [Entry]) -> Result<Plan, Diagnostics> {
        let touched = self.touched(register)?;
        let mut problems = Diagnostics::default();
        for at in fresh.touched.iter().filter(|at| !touched.contains(*at)) {
            problems.push(stale(format!("{at} uses now what the plan changes"), None));
        }
        let mut plan = Plan { touched: fresh.touched.clone(), ..Plan::default() };
        for change in &self.changes {
            plan.changes.push(Change {
                at: change.object.address(register)?,
                verb: change.verb,
                why: change.why.clone(),
                from: change.from.as_ref().map(|from| from.address(register)).transpose()?,
            });
        }
        // Of several statements alike, the first.
        let now: HashMap<_, _> = fresh.steps.iter().rev().map(|s| ((&s.at, s.verb, s.text()), s)).collect();
        let planned: HashSet<&Address> = fresh.steps.iter().map(|s| &s.at).collect();
        for step in &self.steps {
            let at = step.object.address(register)?;
            match step.restore(&at, now.get(&(&at, step.verb, step.sql.as_str())).copied(), desired) {
                Some(step) => plan.steps.push(step),
                None if !planned.contains(&at) => {}
                None => problems.push(stale(format!("{at} has another secret since the plan was saved"), None)),
            }
        }
        problems.into_result(plan)
    }

    /// The texts of the project, in the place of its files, seen from `directory`; and the files that declare it.
    pub fn sources(&self, directory: &std::path::Path) -> (Sources, Vec<PathBuf>) {
        let path = |text: &Text| directory.join(&text.path);
        let files = self.project.files.iter().map(path).collect();
        let all = self.project.files.iter().chain(&self.project.bodies);
        let texts: BTreeMap<PathBuf, String> = all.map(|text| (path(text), text.text.clone())).collect();
        (Sources::relative_to(directory).given(texts), files)
    }
}

impl SavedStep {
    fn of(step: &PlanStep) -> Self {
        Self {
            object: Place::of(&step.at),
            verb: step.verb,
            sql: step.text().to_owned(),
            secret: step.shown.is_some(),
            lock: step.lock,
            hazards: step.hazards.clone(),
            size: step.size,
            transaction: step.transaction,
            segment: step.segment,
        }
    }

    /// The statement to send, about the object at `at`; `now` is the same statement as it would be planned now. None where
    /// it needs a secret that no such statement has.
    fn restore(&self, at: &Address, now: Option<&PlanStep>, desired: &State) -> Option<PlanStep> {
        let sql = match (self.secret, now) {
            (false, _) => self.sql.clone(),
            (true, Some(now)) => now.sql.clone(),
            (true, None) => return None,
        };
        Some(PlanStep {
            origin: PlanStep::origin(at, desired),
            at: at.clone(),
            verb: self.verb,
            sql,
            shown: self.secret.then(|| self.sql.clone()),
            hazards: self.hazards.clone(),
            size: self.size,
            lock: self.lock,
            transaction: self.transaction,
            relations: now.map_or(0, |now| now.relations),
            shared: now.is_some_and(|now| now.shared),
            demands: now.map(|now| now.demands.clone()).unwrap_or_default(),
            hands_to: now.and_then(|now| now.hands_to.clone()),
            admits: now.and_then(|now| now.admits.clone()),
            run_as: now.and_then(|now| now.run_as.clone()),
            segment: self.segment,
        })
    }
}

fn stale(message: String, origin: Option<Span>) -> Diagnostic {
    let help = "nothing was changed; make the plan again with `dbstate plan --out` and look at what it says now";
    let problem = Diagnostic::new(Code::Stale, message).help(help);
    match origin {
        Some(span) => problem.label(span, "declared here"),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_for_one_database_of_one_cluster() {
        let json = r#"{ "format": 1, "dbstate": "1", "target": { "system": "7", "database": "a", "server_version": 150000 },
            "project": { "manage": "schemas", "exclude": [], "ledger": true, "online": true, "revision": null,
                         "files": [], "bodies": [] },
            "changes": [], "steps": [], "touches": [], "stands_on": [], "fingerprint": "" }"#;
        let saved: Saved = serde_json::from_str(json).expect("a plan");
        for (database, system, fits) in
            [("a", Some("7"), true), ("a", None, true), ("a", Some("8"), false), ("b", Some("7"), false)]
        {
            let checked = saved.check_target(database, system);
            assert_eq!(checked.is_ok(), fits, "{database} {system:?}");
            assert!(checked.err().is_none_or(|problem| problem.problem.code == Code::Stale));
        }
    }
}
