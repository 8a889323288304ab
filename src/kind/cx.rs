//! The context with which a kind writes statements, and how statements name objects.

use super::{Entry, Identity, find};
use crate::model::{Address, HazardClass, Server, State, Step};
use crate::sql;

/// What a kind may look at while it writes statements.
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// The object's address.
    pub at: &'a Address,
    /// The database as it is (after renames).
    pub live: &'a State,
    /// The database as it was read: before renames, and with unmanaged objects.
    pub whole: &'a State,
    /// The database as declared.
    pub desired: &'a State,
    /// The server.
    pub server: &'a Server,
    /// The register's line of the object's kind.
    pub entry: &'static Entry,
    /// The register, for facets.
    pub register: &'static [Entry],
    /// True if statements may take longer and use transactions of their own, so that clients need not wait.
    pub online: bool,
}

impl<'a> Cx<'a> {
    /// Returns the same context for another object.
    ///
    /// # Panics
    /// When the register has no line for that address's kind.
    #[must_use]
    pub fn at(&self, at: &'a Address) -> Self {
        Self { at, entry: find(self.register, at.kind()), ..*self }
    }

    /// Returns the object's own name, quoted where needed.
    pub fn name(&self) -> String {
        sql::ident(self.at.key())
    }

    /// Returns its address in [`Cx::whole`]; `None` if it does not exist yet.
    pub fn address_as_read(&self) -> Option<&'a Address> {
        let id = self.live.get(self.at)?.origin.id()?;
        let same = |at: &Address| self.whole.get(at).is_some_and(|o| o.origin.id() == Some(id));
        if same(self.at) { Some(self.at) } else { self.whole.iter().map(|(at, _)| at).find(|at| same(at)) }
    }

    /// Returns what SQL writes after the noun: `shop.orders`.
    pub fn identity(&self) -> String {
        if matches!(self.entry.rules.identity, Identity::Database) {
            return sql::ident(&self.server.database);
        }
        identity(self.entry, self.at)
    }

    /// Returns the noun and the name: `table shop.orders`.
    pub fn target(&self) -> String {
        format!("{} {}", self.entry.noun, self.identity())
    }

    /// Returns the context of the parent.
    ///
    /// # Panics
    /// If the object is at the top level: kinds that ask have a parent.
    #[must_use]
    pub fn parent(&self) -> Self {
        self.at(self.at.parent().expect("a nested kind has a parent"))
    }

    /// Returns whether clients may be using the rows of the parent, so that they must not wait for long.
    pub fn parent_is_in_use(&self) -> bool {
        self.at.parent().is_some_and(|parent| self.is_in_use(parent))
    }

    /// Returns whether clients may be using the rows of `relation`, so that they must not wait for long.
    pub fn is_in_use(&self, relation: &Address) -> bool {
        self.online && self.live.size(relation).is_some_and(|size| size.bytes > 0)
    }

    /// Returns the step with hazard `block`, unless it has no row of the parent to look at.
    pub fn reads_rows(&self, step: Step, cost: &str) -> Step {
        match self.at.parent() {
            Some(parent) => self.reads_rows_of(parent, step, cost),
            None => step.hazard(HazardClass::Block, cost),
        }
    }

    /// Returns the step with hazard `block`, unless it has no row of `relation` to look at: that does not exist yet, or was
    /// found empty.
    pub fn reads_rows_of(&self, relation: &Address, step: Step, cost: &str) -> Step {
        let has_none = !self.live.contains(relation) || self.live.size(relation).is_some_and(|size| size.bytes == 0);
        if has_none { step } else { step.hazard(HazardClass::Block, cost) }
    }

    /// Returns whether the parent does not exist yet.
    pub fn parent_is_new(&self) -> bool {
        self.at.parent().is_some_and(|p| !self.live.contains(p))
    }
}

/// Returns what SQL writes after the noun of an object at `at`.
///
/// # Panics
/// If a kind that is named on its parent is at the top level: its homes say where it nests.
pub fn identity(entry: &Entry, at: &Address) -> String {
    let name = sql::ident(at.key());
    match entry.rules.identity {
        Identity::Plain | Identity::Database => name,
        Identity::Qualified if at.parent().is_none() => name,
        Identity::Qualified => format!("{}.{name}", sql::ident(at.top().key())),
        Identity::Routine => {
            let key = at.key();
            let (name, types) = key.split_at(key.rfind_args());
            format!("{}.{}{types}", sql::ident(at.top().key()), sql::ident(name))
        }
        Identity::OnParent => {
            let parent = at.parent().expect("what is named on its parent has one");
            format!("{name} on {}", sql::dotted(parent.path()))
        }
        Identity::OnNoun(noun) => {
            let parent = at.parent().expect("what is named on its parent has one");
            format!("{name} on {noun} {}", sql::dotted(parent.path()))
        }
        Identity::Dotted => sql::dotted(at.path()),
        Identity::By(write) => write(at),
    }
}

/// Where the argument types of a routine's key start.
pub trait RoutineKey {
    /// Returns the byte index of the parenthesis that opens the argument types; the length if there is none.
    fn rfind_args(&self) -> usize;
}

impl RoutineKey for str {
    fn rfind_args(&self) -> usize {
        // The parenthesis that matches the one at the very end: names may contain parentheses themselves.
        let mut depth = 0_usize;
        for (i, c) in self.char_indices().rev() {
            match c {
                ')' => depth += 1,
                '(' if depth == 1 => return i,
                '(' => depth = depth.saturating_sub(1),
                _ if depth == 0 => break,
                _ => {}
            }
        }
        self.len()
    }
}
