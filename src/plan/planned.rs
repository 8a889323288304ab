//! A plan with what it was made from: what `ops` hands to `report`.

use std::collections::HashMap;

use super::{Change, Plan, PlanStep};
use crate::diagnostic::Span;
use crate::model::access::AccessChange;
use crate::model::{Address, Holder, Lock, Moved, Server, Stamp, State};

/// Lines of a difference: `-`, `+` or a blank, and the text.
pub type Lines = Vec<(char, String)>;

/// A plan and what it was made from.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The managed part of the database.
    pub live: State,
    /// The whole database, as read; empty where none was.
    pub whole: State,
    /// What is wanted, as written.
    pub declared: State,
    /// What is wanted, in PostgreSQL's spelling where that was asked for.
    pub desired: State,
    /// The server.
    pub server: Server,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// True when PostgreSQL was asked what texts mean: the ledger had not known it.
    pub learned: bool,
    /// True when nothing was read, since nothing changed after an apply had found nothing to do.
    pub recognised: bool,
    /// The fingerprint of the catalogs as they were read, where that was asked.
    pub fingerprint: Option<String>,
    /// Per changed object the lines in which its canonical YAML differs.
    pub differences: HashMap<Address, Lines>,
    /// Per relation who holds locks on it, where that was asked.
    pub activity: HashMap<Address, Vec<Holder>>,
    /// Per changed object which side moved since the last apply, where the ledger knows.
    pub moved: HashMap<Address, Moved>,
    /// What changes of what roles may do.
    pub access: Vec<AccessChange>,
    /// Per changed object the apply since which a side moved, where the ledger knows.
    pub since: HashMap<Address, Stamp>,
}

impl Planned {
    /// Both states as they are, and no plan yet.
    pub fn new(live: State, declared: State, server: Server) -> Self {
        Self {
            plan: Plan::default(),
            whole: State::default(),
            live,
            desired: declared.clone(),
            declared,
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

    /// Who holds locks on what a statement locks.
    pub fn holders(&self, step: &PlanStep) -> &[Holder] {
        let mut places = std::iter::once(&step.at).chain(step.at.ancestors());
        let found = places.find_map(|at| self.activity.get(at)).filter(|_| step.lock != Lock::None);
        found.map_or(&[], Vec::as_slice)
    }

    /// The place in the YAML that declares a changed object; nothing for one that is to go.
    pub fn origin(&self, change: &Change) -> Option<Span> {
        self.declared.get(&change.at)?.origin.span()
    }

    /// The lines in which a changed object differs.
    pub fn lines(&self, change: &Change) -> &[(char, String)] {
        self.differences.get(&change.at).map_or(&[], Vec::as_slice)
    }
}
