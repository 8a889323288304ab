//! Environments of several databases: `plan`, `drift` and `apply` of all of them.

use std::collections::{HashMap, HashSet};

use clap::{Args, value_parser};

use super::apply::confirmed;
use super::connection::Connection;
use super::formats::{Format, Purpose};
use super::output::Output;
use super::{Failure, exit};
use crate::declare::project::{Project, Settings};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result};
use crate::fleet::{Fleet, Shard};
use crate::model::HazardClass;
use crate::ops::Options;
use crate::ops::apply::Choices;
use crate::ops::fleet::{Job, Order, Rollout, Watch, refuse};
use crate::report::fleet::{self as report, count, databases, names, part};
use crate::report::text;
use crate::session::{Session, Target};

/// Which of several databases, and how many at once.
#[derive(Debug, Clone, Copy, Args)]
pub struct Several {
    /// How many databases at once
    #[arg(long, value_name = "N", default_value = "8", value_parser = value_parser!(u16).range(1..), help_heading = "Several databases")]
    jobs: u16,
    /// Only one share of the databases: `2/5` is the second of five. Each database stays in its share
    #[arg(long, value_name = "I/N", help_heading = "Several databases")]
    shard: Option<Shard>,
}

/// How careful an apply of several is.
#[derive(Debug, Clone, Copy, Args)]
pub struct Caution {
    /// How many databases go first, one at a time; where one of them fails, no other is begun
    #[arg(long, value_name = "N", default_value = "1", help_heading = "Several databases")]
    canary: u16,
    /// Go on with the others where a database fails
    #[arg(long, help_heading = "Several databases")]
    keep_going: bool,
}

impl Caution {
    fn order(self) -> Order {
        Order { canary: self.canary.into(), keep_going: self.keep_going }
    }
}

/// The databases of an environment that has several.
pub struct Members {
    targets: Vec<Target>,
    fleet: Fleet,
    jobs: usize,
}

impl Several {
    /// The databases, where several are meant; nothing where it is one.
    pub async fn members(self, at: &Connection, settings: &Settings, output: &Output) -> Result<Option<Members>> {
        let Some(targets) = at.several(settings, output).await? else {
            return match self.shard {
                None => Ok(None),
                Some(_) => Err(wrong("`--shard` is for environments of several databases")),
            };
        };
        Ok(Some(self.members_of(targets, output)))
    }

    fn members_of(self, targets: Vec<Target>, output: &Output) -> Members {
        let mut seen = HashSet::new();
        let (mut targets, twice): (Vec<Target>, Vec<Target>) =
            targets.into_iter().partition(|target| seen.insert(target.to_string()));
        for target in twice {
            output.warning(&format!("`{target}` is listed twice"));
        }
        let all = targets.len();
        let names = names_of(&targets);
        let holds = |target: &Target| self.shard.is_none_or(|shard| shard.holds(&target.to_string()));
        let names = targets.iter().zip(names).filter(|(target, _)| holds(target)).map(|(_, name)| name).collect();
        targets.retain(holds);
        let fleet = Fleet::new(names, self.shard.map(|shard| (shard, all)));
        Members { targets, fleet, jobs: self.jobs.into() }
    }
}

/// What to call them: by the name of the database, where that tells them apart.
fn names_of(targets: &[Target]) -> Vec<String> {
    let mut known: HashMap<&str, usize> = HashMap::new();
    for target in targets {
        *known.entry(target.database()).or_default() += 1;
    }
    let name = |target: &Target| match known[target.database()] {
        1 => target.database().to_owned(),
        _ => target.to_string(),
    };
    targets.iter().map(name).collect()
}

/// A flag that only makes sense for one database.
pub fn wrong(message: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::Usage, message).help("`--database` names one, `--env` may name several"))
}

/// Says how far it is, and can cancel what runs.
struct Progress<'a> {
    output: &'a Output,
    does: &'static str,
    of: usize,
}

impl Watch for Progress<'_> {
    fn opened(&self, at: usize, session: &Session) {
        self.output.watch(at, session.canceller());
    }

    fn closed(&self, at: usize, done: usize) {
        self.output.unwatch(at);
        self.output.progress(Some(&format!("{}: {} of {}", self.does, count(done), databases(self.of))));
    }

    fn goes_on(&self) -> bool {
        !self.output.is_interrupted()
    }
}

/// Prints what would change, or what differs.
pub async fn compare(
    members: Members,
    project: &Project,
    options: &Options,
    (format, purpose): (Format, Purpose),
    output: &Output,
) -> Result<(u8, bool), Failure> {
    format.takes_several()?;
    let Members { targets, fleet, jobs } = members;
    let watch = Progress { output, does: "compared", of: targets.len() };
    let job = Job { targets: &targets, project, options, jobs, watch: &watch };
    let fleet = Box::pin(job.plan(fleet)).await;
    output.progress(None);
    tell(&fleet, project, output);
    format.show_fleet(&fleet, &project.sources, purpose, output);
    Ok((code(&fleet), !fleet.groups.is_empty()))
}

/// Shows what would change, asks, and applies it.
pub async fn apply(
    members: Members,
    project: &Project,
    options: &Options,
    (choices, yes, caution): (Choices, bool, Caution),
    output: &Output,
) -> Result<u8, Failure> {
    let Members { targets, fleet, jobs } = members;
    let watch = Progress { output, does: "compared", of: targets.len() };
    let job = Job { targets: &targets, project, options, jobs, watch: &watch };
    let mut fleet = Box::pin(job.look(&choices, fleet)).await;
    output.progress(None);
    if output.is_interrupted() {
        return Ok(exit::INTERRUPTED);
    }
    let plan = |planned: &_| text::plan(planned, &project.sources, output.look());
    output.result(&report::text(&fleet, plan, output.color));
    if yes {
        refuse(&mut fleet, &choices);
    }
    tell(&fleet, project, output);
    if fleet.failing() > 0 && !caution.keep_going {
        output.talk("No database was changed. `--keep-going` applies the others.");
        return Ok(code(&fleet));
    }
    if fleet.groups.is_empty() {
        output.result(&format!("Nothing to do: {} as declared.\n", part(&fleet, fleet.settled.len())));
        return Ok(code(&fleet));
    }
    if !yes && !confirmed("Apply these changes?", output) {
        output.talk("Not applied.");
        return Ok(if output.is_interrupted() { exit::INTERRUPTED } else { exit::FAILED });
    }
    let choices = if yes { choices } else { Choices { allow: HazardClass::ALL.to_vec(), ..choices } };
    let watch = Progress { output, does: "applied", of: fleet.differing() };
    let rollout = Box::pin(Job { watch: &watch, ..job }.apply(&fleet, &choices, caution.order())).await;
    output.progress(None);
    tell(&rollout.told, project, output);
    output.result(&ended(&fleet, &rollout));
    let worst = [code(&fleet), code(&rollout.told)];
    Ok(if worst.contains(&exit::FAILED) { exit::FAILED } else { worst.into_iter().max().unwrap_or(exit::OK) })
}

/// How far an apply came: `Applied: 40 databases; 1,160 were as declared before; 1 failed; 9 not begun.`
fn ended(fleet: &Fleet, rollout: &Rollout) -> String {
    let mut parts = vec![format!("Applied: {}", part(fleet, rollout.done.len()))];
    if !fleet.settled.is_empty() {
        parts.push(format!("{} as declared before", count(fleet.settled.len())));
    }
    let failed = fleet.failing() + rollout.told.failing();
    if failed > 0 {
        parts.push(format!("{} failed", count(failed)));
    }
    if !rollout.left.is_empty() {
        parts.push(format!("{} not begun; the same command goes on with them", count(rollout.left.len())));
    }
    format!("{}.\n", parts.join("; "))
}

/// Says what the user should know, and what went wrong where.
fn tell(fleet: &Fleet, project: &Project, output: &Output) {
    for (warning, of) in &fleet.warnings {
        output.warning(&format!("{}: {warning}", names(fleet, of)));
    }
    for failure in &fleet.failures {
        let of = &failure.databases;
        output.error(&format!("{} failed: {}", part(fleet, of.len()), names(fleet, of)));
        output.problems(&failure.problems, &project.sources);
    }
}

/// The exit code for what went wrong: it failed, or where every problem is a refusal, it was refused.
fn code(fleet: &Fleet) -> u8 {
    let refused = |problems: &Diagnostics| problems.iter().all(|d| d.problem.code.is_refusal());
    if fleet.failures.is_empty() {
        exit::OK
    } else if fleet.failures.iter().all(|failure| refused(&failure.problems)) {
        exit::REFUSED
    } else {
        exit::FAILED
    }
}
