//! A step: one SQL statement of a plan, with what it touches, locks and risks.

use serde::{Deserialize, Serialize};

use super::address::Address;

/// The strongest table-level lock a statement takes, weakest first.
///
/// See <https://www.postgresql.org/docs/current/explicit-locking.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Lock {
    /// None on a table that anybody uses.
    #[default]
    None,
    /// `SHARE UPDATE EXCLUSIVE`: readers and writers go on.
    ShareUpdateExclusive,
    /// `SHARE`: writers wait.
    Share,
    /// `SHARE ROW EXCLUSIVE`: writers wait.
    ShareRowExclusive,
    /// `ACCESS EXCLUSIVE`: readers and writers wait.
    AccessExclusive,
}

/// What a statement may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HazardClass {
    /// It can lose rows or values.
    Data,
    /// It takes a privilege, a role or a policy away.
    Access,
    /// It rewrites a table under an exclusive lock.
    Rewrite,
    /// It scans or waits while writers are blocked.
    Block,
    /// An object that clients can see goes or is renamed.
    Breaking,
}

impl HazardClass {
    /// Every class, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Data, Self::Access, Self::Rewrite, Self::Block, Self::Breaking];

    /// Returns the word for `--allow`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Access => "access",
            Self::Rewrite => "rewrite",
            Self::Block => "block",
            Self::Breaking => "breaking",
        }
    }
}

/// A risk of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hazard {
    /// Its class.
    pub class: HazardClass,
    /// What may happen, as a lower-case fragment.
    pub what: String,
}

/// Where a statement may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Transaction {
    /// In the transaction of the plan.
    #[default]
    Inside,
    /// Never in a transaction block.
    Outside,
    /// In it, but what follows may use its result only after a commit.
    CommitAfter,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a reason of its own why a statement runs when it does")]
pub struct Step {
    /// The text sent, without a final semicolon.
    pub sql: String,
    /// The text shown instead, where the text sent holds a secret.
    pub shown: Option<String>,
    /// Other objects that this statement creates or drops, too.
    pub speaks_for: Vec<Address>,
    /// Objects that must exist before it runs, or be gone if they go, in addition to the references of its own.
    pub needs: Vec<Address>,
    /// Objects that are created, or dropped for good, only after it.
    pub precedes: Vec<Address>,
    /// Objects all of whose changes are made before it, even those for which others need not wait.
    pub follows: Vec<Address>,
    /// Risks.
    pub hazards: Vec<Hazard>,
    /// Relations whose rows it reads, besides the one that it is about: their sizes count.
    pub reads: Vec<Address>,
    /// The lock it takes.
    pub lock: Lock,
    /// Where it may run.
    pub transaction: Transaction,
    /// The object's users must be dropped before it, and created again after it.
    pub disturbs: bool,
    /// Objects whose users must be likewise, including those that PostgreSQL adjusts when a column changes its type.
    pub unseats: Vec<Address>,
    /// Names of relations in the object's schema that it takes: they must be free before it runs.
    pub takes: Vec<String>,
    /// Names of relations in the object's schema that it gives up: they can be taken after it.
    pub gives: Vec<String>,
    /// It only lets go of what the object uses: it waits for no creation, and drops of what was used wait for it.
    pub frees: bool,
    /// It changes the object's type, and so lets go of the old one.
    pub retypes: bool,
    /// The object is usable before it: nothing that uses the object waits for it.
    pub late: bool,
    /// The field of the object that no other statement sets: what that names need not exist before the others.
    pub sets: Option<&'static str>,
    /// A new object is complete only after it: whatever uses the object waits for it, too.
    pub completes: bool,
    /// The role that owns the object's parent after it.
    pub hands_to: Option<String>,
    /// A role, and the role that is its member after it.
    pub admits: Option<(String, String)>,
    /// The role that it must run as, whoever applies.
    pub run_as: Option<String>,
    /// It replaces the object by a new one, whose facets start from birth.
    pub renews: bool,
    /// The object whose rows it moves: all such statements share a transaction, or the rows would be lost on the way.
    pub carries: Option<Address>,
    /// How many bytes at its beginning it has in common with others that may become one statement with it; 0 for none.
    pub joins: usize,
    /// It runs a query, which may take long.
    pub queries: bool,
    /// Why it may well fail, and what to do about that.
    pub warns: Option<String>,
    /// A query of the database as it is before the plan: whether there are rows that make the statement fail.
    pub unfit: Option<String>,
}

impl Step {
    /// Creates a statement without hazards that takes no lock worth mentioning.
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), ..Self::default() }
    }

    /// Sets the lock that it takes.
    #[must_use]
    pub fn lock(mut self, lock: Lock) -> Self {
        self.lock = lock;
        self
    }

    /// Adds a hazard.
    #[must_use]
    pub fn hazard(mut self, class: HazardClass, what: impl Into<String>) -> Self {
        self.hazards.push(Hazard { class, what: what.into() });
        self
    }

    /// Adds objects that it also creates or drops.
    #[must_use]
    pub fn speaks_for(mut self, others: impl IntoIterator<Item = Address>) -> Self {
        self.speaks_for.extend(others);
        self
    }

    /// Sets the object whose rows it moves.
    #[must_use]
    pub fn carries(mut self, at: &Address) -> Self {
        self.carries = Some(at.clone());
        self
    }

    /// Adds objects that must exist, or be gone if they are dropped, before it runs.
    #[must_use]
    pub fn needs(mut self, others: impl IntoIterator<Item = Address>) -> Self {
        self.needs.extend(others);
        self
    }

    /// Sets the query that looks for rows that make it fail.
    #[must_use]
    pub fn unfit(mut self, query: Option<String>) -> Self {
        self.unfit = query;
        self
    }

    /// Adds relations whose rows it reads.
    #[must_use]
    pub fn reads(mut self, relations: impl IntoIterator<Item = Address>) -> Self {
        self.reads.extend(relations);
        self
    }

    /// Adds objects all of whose changes are made before it.
    #[must_use]
    pub fn follows(mut self, others: impl IntoIterator<Item = Address>) -> Self {
        self.follows.extend(others);
        self
    }

    /// Adds objects that are created, or dropped for good, only after it.
    #[must_use]
    pub fn precedes(mut self, others: impl IntoIterator<Item = Address>) -> Self {
        self.precedes.extend(others);
        self
    }

    /// Adds the name of a relation that it takes.
    #[must_use]
    pub fn takes(mut self, relation: impl Into<String>) -> Self {
        self.takes.push(relation.into());
        self
    }

    /// Adds the name of a relation that it gives up.
    #[must_use]
    pub fn gives(mut self, relation: impl Into<String>) -> Self {
        self.gives.push(relation.into());
        self
    }

    /// Marks it as one that only lets go of what the object uses.
    #[must_use]
    pub fn frees(mut self) -> Self {
        self.frees = true;
        self
    }

    /// Marks it as one for which the users of the object need not wait.
    #[must_use]
    pub fn late(mut self) -> Self {
        self.late = true;
        self
    }

    /// Sets the field of the object that it alone sets.
    #[must_use]
    pub fn sets(mut self, field: &'static str) -> Self {
        self.sets = Some(field);
        self
    }

    /// Marks it as one that completes a new object.
    #[must_use]
    pub fn completes(mut self) -> Self {
        self.completes = true;
        self
    }

    /// Sets the text to show instead of `sql` wherever a person or a file may see it.
    #[must_use]
    pub fn shown(mut self, shown: impl Into<String>) -> Self {
        self.shown = Some(shown.into());
        self
    }

    /// Sets where it may run, if that is not the plan's transaction.
    #[must_use]
    pub fn transaction(mut self, transaction: Transaction) -> Self {
        self.transaction = transaction;
        self
    }

    /// Marks it as one before which the object's users must be dropped, to be created again after it.
    #[must_use]
    pub fn disturbs_users(mut self) -> Self {
        self.disturbs = true;
        self
    }

    /// Adds objects all of whose users must be dropped before it and created again after it.
    #[must_use]
    pub fn unseats(mut self, others: impl IntoIterator<Item = Address>) -> Self {
        self.unseats.extend(others);
        self
    }

    /// Marks it as one that replaces the object by a new one: owner, comment and privileges are set again.
    #[must_use]
    pub fn renews(mut self) -> Self {
        self.renews = true;
        self
    }

    /// Sets the role that it makes the owner of the object's parent.
    #[must_use]
    pub fn hands_to(mut self, role: impl Into<String>) -> Self {
        self.hands_to = Some(role.into());
        self
    }

    /// Notes that it makes `member` a member of `role`.
    #[must_use]
    pub fn admits(mut self, role: impl Into<String>, member: impl Into<String>) -> Self {
        self.admits = Some((role.into(), member.into()));
        self
    }

    /// Lets it be joined with other statements with this beginning, where nothing has to run in between. Has no effect
    /// if the statement does not begin like that.
    #[must_use]
    pub fn joins(mut self, beginning: &str) -> Self {
        self.joins = if self.sql.starts_with(beginning) { beginning.len() } else { 0 };
        self
    }

    /// Marks it as one that runs a query, which may take long.
    #[must_use]
    pub fn queries(mut self) -> Self {
        self.queries = true;
        self
    }

    /// Sets the warning that says why it may well fail.
    #[must_use]
    pub fn warns(self, text: Option<String>) -> Self {
        Self { warns: text, ..self }
    }

    /// Returns the text that may be shown.
    pub fn text(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.sql)
    }
}
