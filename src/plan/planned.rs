//! Holds a plan together with its input, as `ops` passes it to `report`.

use std::collections::HashMap;

use super::{Change, Plan, PlanStep};
use crate::model::access::AccessChange;
use crate::model::{Address, Holder, Lock, Moved, Server, Stamp, State};

/// The lines of a difference. Each is `-`, `+` or a blank, and the text.
pub type Lines = Vec<(char, String)>;

/// A plan and what it was made from.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The managed part of the database.
    pub live: State,
    /// The whole database, including unmanaged objects; empty if it was not read.
    pub whole: State,
    /// The declared state, in PostgreSQL's spelling where PostgreSQL was asked, and as written besides.
    pub desired: State,
    /// Managed or declared objects among which are all that differ, if those are known.
    pub suspects: Option<Vec<Address>>,
    /// The server.
    pub server: Server,
    /// Warnings for the user.
    pub warnings: Vec<String>,
    /// Whether PostgreSQL was asked how it spells SQL text, because the ledger did not know.
    pub learned: bool,
    /// Whether the database was not read, because nothing has changed since an apply found nothing to do.
    pub recognised: bool,
    /// The fingerprint of the catalogs at the time of reading, if it was asked for.
    pub fingerprint: Option<String>,
    /// For each changed object, the lines in which its canonical YAML differs.
    pub differences: HashMap<Address, Lines>,
    /// For each relation, the sessions that hold locks on it, if they were asked for.
    pub activity: HashMap<Address, Vec<Holder>>,
    /// For each changed object, which side has changed since the last apply, if the ledger knows.
    pub moved: HashMap<Address, Moved>,
    /// How the plan changes what roles may do.
    pub access: Vec<AccessChange>,
    /// For each changed object, the last apply before a side changed, if the ledger knows.
    pub since: HashMap<Address, Stamp>,
}

impl Planned {
    /// Returns both states with an empty plan.
    pub fn new(live: State, desired: State, server: Server) -> Self {
        Self {
            plan: Plan::default(),
            whole: State::default(),
            live,
            desired,
            suspects: None,
            server,
            warnings: Vec::new(),
            learned: false,
            recognised: false,
            fingerprint: None,
            differences: HashMap::new(),
            activity: HashMap::new(),
            moved: HashMap::new(),
            access: Vec::new(),
            since: HashMap::new(),
        }
    }

    /// Returns the sessions that hold locks on what a statement locks.
    pub fn holders(&self, step: &PlanStep) -> &[Holder] {
        let mut places = std::iter::once(&step.at).chain(step.at.ancestors());
        let found = places.find_map(|at| self.activity.get(at)).filter(|_| step.lock != Lock::None);
        found.map_or(&[], Vec::as_slice)
    }

    /// Returns the lines in which a changed object differs.
    pub fn lines(&self, change: &Change) -> &[(char, String)] {
        self.differences.get(&change.at).map_or(&[], Vec::as_slice)
    }
}
