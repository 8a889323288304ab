//! Saved plans: what `plan --out` writes and `apply PLAN` reads.
//!
//! A saved plan contains the statements, the project that they come from, and digests of what they touch or rely on. It
//! contains no secret: a statement with one is saved as it is shown, and gets the secret from the environment when it
//! is applied. `docs/saved-plan.schema.json` describes the format.

mod empty;
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

pub use file::{FORMAT, is_one, read, write};
pub use ground::Extent;
pub use place::Place;

/// A saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The version of the format.
    pub format: u32,
    /// The version of dbstate that wrote it. Another version may read objects differently.
    pub dbstate: String,
    /// The database that the plan is for.
    pub target: Target,
    /// The project that the plan was made from.
    pub project: Project,
    /// The objects that the plan changes, as people count them.
    pub changes: Vec<SavedChange>,
    /// The statements, in order.
    pub steps: Vec<SavedStep>,
    /// Every object that the plan changes.
    pub touches: Vec<Place>,
    /// What the catalog said about the objects that the plan touches or relies on.
    pub stands_on: Vec<Stand>,
    /// The relations that held nothing when the plan was made and that its statements are about.
    pub found_empty: Vec<Place>,
    /// The digest of all other fields.
    pub fingerprint: String,
}

/// The database that a plan is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The cluster's system identifier; `None` if the role may not ask for it.
    pub system: Option<String>,
    /// The database's name.
    pub database: String,
    /// The server's version as in `server_version_num`: 150004 is 15.4.
    pub server_version: u32,
}

/// The project as it was when the plan was made, and how it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// How much of the database is managed.
    pub manage: Manage,
    /// Globs of what is not managed.
    pub exclude: Vec<String>,
    /// The values of variables.
    pub variables: BTreeMap<String, String>,
    /// Whether the ledger is read and written.
    pub ledger: bool,
    /// Whether online forms of statements are preferred, so that clients need not wait.
    pub online: bool,
    /// The git revision, if it was known.
    pub revision: Option<String>,
    /// The files that declare the project.
    pub files: Vec<Text>,
    /// The files that `file:` refers to.
    pub bodies: Vec<Text>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The path, relative to the directory in which the plan was made.
    pub path: PathBuf,
    /// The content of the file.
    pub text: String,
}

/// An object that the plan changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedChange {
    /// The object.
    pub object: Place,
    /// What happens to the object.
    pub verb: Verb,
    /// The reason, if it is not obvious.
    pub why: Option<String>,
    /// The object's address before a rename.
    pub from: Option<Place>,
}

/// A statement of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedStep {
    /// The object that the statement is about.
    pub object: Place,
    /// What the statement does to the object.
    pub verb: Verb,
    /// The statement, without a final semicolon.
    pub sql: String,
    /// Whether the statement to send contains a secret; `sql` then says where that comes from.
    pub secret: bool,
    /// The lock that the statement takes.
    pub lock: Lock,
    /// What the statement risks.
    pub hazards: Vec<Hazard>,
    /// The size of the relation, if the statement risks something.
    pub size: Option<Size>,
    /// Whether the statement may run in a transaction.
    pub transaction: Transaction,
    /// The number of the segment; the statements of a segment share a transaction.
    pub segment: usize,
}

/// What the catalog said about an object when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stand {
    /// The object.
    pub object: Place,
    /// How much of the object counts.
    pub extent: Extent,
    /// The digest, or `None` if the object did not exist.
    pub digest: Option<String>,
}

impl Saved {
    /// Makes a saved plan, with its ground. `system` is the identifier of the cluster.
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
            found_empty: empty::found(plan, &planned.live).iter().map(Place::of).collect(),
            fingerprint: String::new(),
        };
        file::stamped(saved)
    }

    /// Returns every object that the plan changes.
    pub fn touched(&self, register: &'static [Entry]) -> Result<HashSet<Address>> {
        self.touches.iter().map(|place| place.address(register)).collect()
    }

    /// Refuses a database other than the one that the plan was made for.
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

    /// Refuses the plan if something that it touches or relies on has changed, with one problem per object.
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

    /// Returns the plan as it was saved. Secrets come from `made`, with the plan that would be made now for the same objects.
    pub fn plan(&self, made: &Planned, register: &'static [Entry]) -> Result<Plan, Diagnostics> {
        let (fresh, desired) = (&made.plan, &made.desired);
        let touched = self.touched(register)?;
        let mut problems = Diagnostics::default();
        for at in fresh.touched.iter().filter(|at| !touched.contains(*at)) {
            problems.push(stale(format!("{at} uses now what the plan changes"), None));
        }
        let mut plan = Plan { touched: fresh.touched.clone(), ..Plan::default() };
        for change in &self.changes {
            let at = change.object.address(register)?;
            plan.changes.push(Change {
                origin: PlanStep::origin(&at, desired),
                at,
                verb: change.verb,
                why: change.why.clone(),
                from: change.from.as_ref().map(|from| from.address(register)).transpose()?,
            });
        }
        // Of several equal statements, the first counts.
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
        for relation in &self.found_empty {
            let at = relation.address(register)?;
            if empty::has_filled(&at, &plan.steps, fresh, &made.live) {
                let message = format!("{at} held no rows when the plan was saved and holds some now");
                problems.push(stale(message, PlanStep::origin(&at, desired)));
            }
        }
        problems.into_result(plan)
    }

    /// Returns the texts of the project in place of its files, as if these were in `directory`, and the paths of the
    /// files that declare it.
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

    /// Returns the step for the object at `at`. `now` is the same statement as it would be planned now. Returns `None`
    /// if the step needs a secret and there is no such statement.
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
            reads: now.map(|now| now.reads.clone()).unwrap_or_default(),
            unfit: now.and_then(|now| now.unfit.clone()),
            size: self.size,
            lock: self.lock,
            transaction: self.transaction,
            locks: now.map_or(0, |now| now.locks),
            shared: now.is_some_and(|now| now.shared),
            demands: now.map(|now| now.demands.clone()).unwrap_or_default(),
            hands_to: now.and_then(|now| now.hands_to.clone()),
            admits: now.and_then(|now| now.admits.clone()),
            run_as: now.and_then(|now| now.run_as.clone()),
            carries: None,
            quick: now.is_some_and(|now| now.quick),
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
            "project": { "manage": "schemas", "exclude": [], "variables": {}, "ledger": true, "online": true,
                         "revision": null, "files": [], "bodies": [] },
            "changes": [], "steps": [], "touches": [], "stands_on": [], "found_empty": [],
            "fingerprint": "" }"#;
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
