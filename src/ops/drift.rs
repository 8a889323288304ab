//! Finds what changed in the database but not in the YAML: `drift --adopt` writes it into the YAML.

use std::collections::HashSet;

use crate::declare::digest::Digests;
use crate::kinds;
use crate::ledger;
use crate::model::{Address, Moved, State};
use crate::plan::Planned;
use crate::session::Session;

/// The differences between a project and its database, sorted by which side changed.
#[derive(Debug)]
pub struct Drifted {
    /// Objects that changed only in the database.
    database: HashSet<Address>,
    /// Objects that changed in the YAML too, or for which the ledger cannot tell.
    contested: Vec<Address>,
}

/// Asks the ledger which of the differences come from the database alone.
pub async fn drifted(session: &Session, planned: &Planned, differences: &[Address]) -> Drifted {
    let ledger = ledger::read(&session.client, differences).await;
    let mut drifted = Drifted { database: HashSet::new(), contested: Vec::new() };
    let mut digests = Digests::new(kinds::register());
    for at in differences {
        let declared = planned.desired.get(at).map(|o| &**o.as_written());
        let stored = planned.live.get(at).map(|o| &*o.spec);
        let moved = ledger.moved(at, declared, stored, &mut digests);
        match moved {
            Some(Moved::Database) => _ = drifted.database.insert(at.clone()),
            Some(Moved::Project) => {}
            Some(Moved::Both | Moved::Neither) | None => drifted.contested.push(at.clone()),
        }
    }
    drifted.part(planned, differences);
    drifted
}

impl Drifted {
    /// Moves differences that cannot be adopted by themselves to `contested`, as they depend on a change in the YAML: a
    /// column added by hand to a table that was removed from the YAML, or a table dropped by hand that has a new column
    /// in the YAML.
    fn part(&mut self, planned: &Planned, differences: &[Address]) {
        let others: Vec<&Address> = differences.iter().filter(|at| !self.database.contains(*at)).collect();
        let hangs = |at: &Address, state: &State, below: bool| {
            others.iter().any(|other| {
                let (upper, lower) = if below { (at, *other) } else { (*other, at) };
                lower.is_within(upper) && !state.contains(upper)
            })
        };
        let torn: Vec<Address> = self
            .database
            .iter()
            .filter(|at| hangs(at, &planned.live, true) || hangs(at, &planned.desired, false))
            .cloned()
            .collect();
        let within = |at: &Address| torn.iter().any(|upper| at.is_within(upper));
        let mut left: Vec<Address> = self.database.iter().filter(|at| within(at)).cloned().collect();
        left.sort();
        self.database.retain(|at| !within(at));
        self.contested.append(&mut left);
    }

    /// Removes from `planned` all differences except those of the database, and returns the remaining ones.
    pub fn narrow(&self, planned: &mut Planned, differences: &[Address]) -> Vec<Address> {
        let is_ours = |at: &Address| std::iter::once(at).chain(at.ancestors()).any(|at| self.database.contains(at));
        let (ours, others): (Vec<&Address>, Vec<&Address>) = differences.iter().partition(|at| is_ours(at));
        for at in others {
            match planned.desired.get(at) {
                Some(wanted) => _ = planned.live.insert(at.clone(), wanted.clone()),
                None => planned.live.remove(at),
            }
        }
        ours.into_iter().cloned().collect()
    }

    /// Returns a note for the user about the contested objects, if there are any.
    pub fn note(&self) -> Option<String> {
        let list: Vec<String> = self.contested.iter().map(ToString::to_string).collect();
        (!list.is_empty()).then(|| {
            format!(
                "left as the YAML has it, since the YAML moved too or no apply is known: {}; `dbstate pull -o .` takes \
                 the database's side of everything",
                list.join(", ")
            )
        })
    }
}
