//! Checks before the first statement whether the applying role may run the whole plan, and as which role each statement
//! runs.
//!
//! Statements state what they need ([`Demand`]). Owners change while a plan runs, so the plan is walked through in
//! order. If the role lacks something that an object's owner has, and may `set role` to that owner, the statement runs
//! as the owner. What cannot be known beforehand is not checked: PostgreSQL then refuses it.

mod cure;
mod rights;
mod unused;

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::Client;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result, Statement};
use crate::model::{Address, Demand, Server, State};
use crate::plan::{Change, Plan, PlanStep, Verb};
use rights::Rights;

/// What a plan is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The whole database as it is now.
    pub whole: &'a State,
    /// The server, and the applying role.
    pub server: &'a Server,
}

/// Sets the role as which each statement runs.
///
/// # Errors
/// If the applying role lacks something: one problem for each thing that it lacks, with all statements that need it.
pub async fn preflight(client: &Client, plan: &mut Plan, ground: Ground<'_>) -> Result<(), Diagnostics> {
    let mut problems = Diagnostics::default();
    let ids = Ids::of(&plan.changes, ground.whole);
    problems.extend(unused::check(client, plan, &ids).await?);
    if !ground.server.superuser {
        let spoken = plan.steps.iter().flat_map(|s| s.demands.iter().flat_map(objects));
        let spoken = spoken.filter_map(|at| Some((at.clone(), ids.get(at)?))).collect();
        let rights = rights::ask(client, &spoken, ground.server).await?;
        problems.extend(Flight::new(ground, &rights, spoken, &plan.steps).run(&mut plan.steps));
    }
    problems.into_result(())
}

/// An object in the catalog: the oids of its catalog and of its row.
type Id = (u32, u32);

/// Looks up the catalog ids of a plan's objects, by their addresses before the plan's renames.
struct Ids<'a> {
    whole: &'a State,
    renames: Vec<(&'a Address, &'a Address)>,
}

impl<'a> Ids<'a> {
    fn of(changes: &'a [Change], whole: &'a State) -> Self {
        Self { whole, renames: changes.iter().filter_map(|c| Some((c.from.as_ref()?, &c.at))).collect() }
    }

    fn get(&self, at: &Address) -> Option<Id> {
        let before = || self.renames.iter().fold(at.clone(), |at, (from, to)| at.moved(to, from));
        let (class, oid, _) = self.whole.get(at).or_else(|| self.whole.get(&before()))?.origin.id()?;
        Some((class, oid))
    }
}

/// The walk through a plan.
struct Flight<'a> {
    user: &'a str,
    ground: Ground<'a>,
    rights: &'a Rights,
    /// The catalog ids of the objects that demands mention.
    ids: HashMap<Address, Id>,
    /// The owners of objects that the plan has created or handed over so far.
    owners: HashMap<Address, String>,
    /// Memberships that the plan has granted so far, as role and member; below, the objects that it has created.
    admitted: Vec<(String, String)>,
    made: Vec<Address>,
    /// Objects whose privileges the plan changes, so that it cannot be told beforehand who has them.
    granted: Vec<Address>,
    missing: BTreeMap<String, (Demand, Vec<usize>)>,
}

impl<'a> Flight<'a> {
    fn new(ground: Ground<'a>, rights: &'a Rights, ids: HashMap<Address, Id>, steps: &[PlanStep]) -> Self {
        let grants = |demand: &Demand| if let Demand::Grants(at) = demand { Some(at.clone()) } else { None };
        let granted = steps.iter().flat_map(|s| &s.demands).filter_map(grants).collect();
        Self {
            user: &ground.server.user,
            ground,
            rights,
            ids,
            owners: HashMap::new(),
            admitted: Vec::new(),
            made: Vec::new(),
            granted,
            missing: BTreeMap::new(),
        }
    }

    /// Sets the role as which each statement runs, and returns a problem for each unmet demand.
    fn run(mut self, steps: &mut [PlanStep]) -> Vec<Diagnostic> {
        for (i, step) in steps.iter_mut().enumerate() {
            let lacks = |who: &str| step.demands.iter().filter(|d| !self.holds(who, d)).cloned().collect::<Vec<_>>();
            let missing = lacks(self.user);
            if !missing.is_empty() {
                let others: Vec<String> = missing.iter().filter_map(|d| self.stand_in(d)).collect();
                step.run_as = others.into_iter().find(|who| lacks(who).is_empty());
                if step.run_as.is_none() {
                    for demand in missing {
                        self.missing.entry(format!("{demand:?}")).or_insert((demand, Vec::new())).1.push(i);
                    }
                }
            }
            self.after(step);
        }
        let missing = std::mem::take(&mut self.missing);
        missing.into_values().map(|(demand, wanted)| self.problem(&demand, &wanted, steps)).collect()
    }

    /// Records how a statement affects who may do what.
    fn after(&mut self, step: &PlanStep) {
        let actor = step.run_as.as_deref().unwrap_or(self.user).to_owned();
        if step.verb == Verb::Create {
            self.owners.entry(step.at.clone()).or_insert(actor);
            self.made.push(step.at.clone());
        }
        if let (Some(role), Some(parent)) = (&step.hands_to, step.at.parent()) {
            self.owners.insert(parent.clone(), role.clone());
        }
        self.admitted.extend(step.admits.clone());
    }

    /// Returns the current owner of an object, if it is known.
    fn owner(&self, at: &Address) -> Option<&str> {
        let id = self.ids.get(at);
        self.owners.get(at).map(String::as_str).or_else(|| self.rights.owner(*id?))
    }

    /// Returns the role that could run the statement instead: the owner, if the applying role may `set role` to it.
    fn stand_in(&self, demand: &Demand) -> Option<String> {
        let owner = match demand {
            Demand::Owns(at) | Demand::Grants(at) | Demand::OwnsEither(at, _) | Demand::Privilege(_, at) => {
                self.owner(at)?
            }
            Demand::Becomes(_)
            | Demand::OnDatabase(_)
            | Demand::Administers(_)
            | Demand::CreateRole
            | Demand::Superuser
            | Demand::Unused(_)
            | Demand::UnusedElsewhere(_) => return None,
        };
        self.sets(self.user, owner).then(|| owner.to_owned())
    }

    /// Returns whether a role meets a demand, as far as is known. What cannot be known counts as met.
    fn holds(&self, who: &str, demand: &Demand) -> bool {
        let owns = |at: &Address| self.owner(at).is_none_or(|owner| self.inherits(who, owner));
        match demand {
            Demand::Owns(at) => owns(at),
            Demand::OwnsEither(at, space) => owns(at) || owns(space),
            Demand::Grants(at) => owns(at) || self.rights.passes_on(who, self.ids.get(at).copied()),
            Demand::Privilege(word, at) => {
                let has = |id: &Id| self.rights.has(who, word, *id);
                owns(at) || self.granted.contains(at) || self.ids.get(at).is_some_and(has)
            }
            Demand::OnDatabase(word) => self.rights.on_database(who, word),
            Demand::Becomes(role) => self.sets(who, role),
            Demand::Administers(role) => self.rights.administers(who, role, self.ground.server),
            Demand::CreateRole => self.rights.creates_roles(who),
            // Managed services have a role that may do more than PostgreSQL reports.
            Demand::Superuser => self.rights.is_managed(),
            Demand::Unused(_) | Demand::UnusedElsewhere(_) => true,
        }
    }

    fn inherits(&self, who: &str, role: &str) -> bool {
        who == role || self.rights.inherits(who, role) || self.was_admitted(who, role)
    }

    fn sets(&self, who: &str, role: &str) -> bool {
        let by_itself = || self.rights.gives_itself() || !self.rights.knows(role) && !self.is_made(role);
        who == role || self.rights.sets(who, role) || self.was_admitted(who, role) || by_itself()
    }

    fn was_admitted(&self, who: &str, role: &str) -> bool {
        self.admitted.iter().any(|(group, member)| group == role && member == who)
    }

    /// Returns whether the plan has created that role so far.
    fn is_made(&self, role: &str) -> bool {
        self.made.iter().any(|at| at.parent().is_none() && at.key() == role)
    }

    fn problem(&self, demand: &Demand, wanted: &[usize], steps: &[PlanStep]) -> Diagnostic {
        let first = &steps[wanted[0]];
        let count = match wanted.len() {
            1 => "a statement".to_owned(),
            n => format!("{n} statements"),
        };
        let about = objects(demand).first().copied();
        let owner = about.and_then(|at| self.owner(at));
        let what = cure::lack(demand, owner);
        let message = format!("role `{}` may not run {count}: {what}", self.user);
        let cure = cure::cure(
            demand,
            cure::Lack {
                owner,
                live: about.is_some_and(|at| self.ids.contains_key(at)),
                user: self.user,
                database: &self.ground.server.database,
                rights: self.rights,
            },
        );
        let statement = Statement { sql: first.text().to_owned(), position: None, text: String::new() };
        let problem =
            Diagnostic::new(Code::Privilege, message).help(format!("{cure}; nothing was changed")).statement(statement);
        wanted.iter().filter_map(|i| steps[*i].origin).fold(problem, |problem, span| {
            if problem.labels.iter().any(|l| l.span == span) { problem } else { problem.label(span, "asked for here") }
        })
    }
}

/// Returns the objects that a demand is about; the first is the one that would have to be owned.
fn objects(demand: &Demand) -> Vec<&Address> {
    match demand {
        Demand::Owns(at)
        | Demand::Grants(at)
        | Demand::Privilege(_, at)
        | Demand::Unused(at)
        | Demand::UnusedElsewhere(at) => vec![at],
        Demand::OwnsEither(at, space) => vec![at, space],
        Demand::OnDatabase(_)
        | Demand::Becomes(_)
        | Demand::Administers(_)
        | Demand::CreateRole
        | Demand::Superuser => Vec::new(),
    }
}
