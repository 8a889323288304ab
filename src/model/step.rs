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

    /// The word for `--allow`.
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
    /// Objects that this statement makes or drops besides its own.
    pub speaks_for: Vec<Address>,
    /// Objects that must stand before it runs, besides what its object refers to.
    pub needs: Vec<Address>,
    /// Risks.
    pub hazards: Vec<Hazard>,
    /// The lock it takes.
    pub lock: Lock,
    /// Where it may run.
    pub transaction: Transaction,
    /// True where what uses the object must be dropped before and made again after.
    pub disturbs: bool,
    /// Objects of which every user must be, even one that PostgreSQL adjusts when a column changes its type.
    pub unseats: Vec<Address>,
    /// Names of relations in the object's schema that it takes: they are free before it runs.
    pub takes: Vec<String>,
    /// Names of relations in the object's schema that it gives up: they may be taken after it.
    pub gives: Vec<String>,
    /// True where it only lets go of what the object uses: it waits for nothing that is made, and what goes waits for it.
    pub frees: bool,
    /// True where it gives the object another type, and so lets go of the old one.
    pub retypes: bool,
    /// True where the object is of full use before it: nothing that uses the object waits for it.
    pub late: bool,
    /// True where a new object is whole only after it: what uses the object waits for it too.
    pub completes: bool,
    /// The role that owns what the object stands under after it.
    pub hands_to: Option<String>,
    /// A role, and the one that is a member of it after it.
    pub admits: Option<(String, String)>,
    /// The role that it must run as, whoever applies.
    pub run_as: Option<String>,
    /// True where the object is another one after it, as good as just made: its facets start anew.
    pub renews: bool,
}

impl Step {
    /// A statement that takes no lock worth telling and risks nothing.
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), ..Self::default() }
    }

    /// The same, taking a lock.
    #[must_use]
    pub fn lock(mut self, lock: Lock) -> Self {
        self.lock = lock;
        self
    }

    /// The same, with a hazard.
    #[must_use]
    pub fn hazard(mut self, class: HazardClass, what: impl Into<String>) -> Self {
        self.hazards.push(Hazard { class, what: what.into() });
        self
    }

    /// The same, making or dropping those objects too.
    #[must_use]
    pub fn speaks_for(mut self, others: impl IntoIterator<Item = Address>) -> Self {
        self.speaks_for.extend(others);
        self
    }

    /// The same, after those objects stand.
    #[must_use]
    pub fn needs(mut self, others: impl IntoIterator<Item = Address>) -> Self {
        self.needs.extend(others);
        self
    }

    /// The same, taking the name of a relation.
    #[must_use]
    pub fn takes(mut self, relation: impl Into<String>) -> Self {
        self.takes.push(relation.into());
        self
    }

    /// The same, giving up the name of a relation.
    #[must_use]
    pub fn gives(mut self, relation: impl Into<String>) -> Self {
        self.gives.push(relation.into());
        self
    }

    /// The same, as what only lets go.
    #[must_use]
    pub fn frees(mut self) -> Self {
        self.frees = true;
        self
    }

    /// The same, as what nobody waits for.
    #[must_use]
    pub fn late(mut self) -> Self {
        self.late = true;
        self
    }

    /// The same, as the last of what makes an object.
    #[must_use]
    pub fn completes(mut self) -> Self {
        self.completes = true;
        self
    }

    /// The same, printed as `shown` wherever a person or a file may see it.
    #[must_use]
    pub fn shown(mut self, shown: impl Into<String>) -> Self {
        self.shown = Some(shown.into());
        self
    }

    /// The same, elsewhere than in the plan's transaction.
    #[must_use]
    pub fn transaction(mut self, transaction: Transaction) -> Self {
        self.transaction = transaction;
        self
    }

    /// The same, with the object's users dropped before it and made again after it.
    #[must_use]
    pub fn disturbs_users(mut self) -> Self {
        self.disturbs = true;
        self
    }

    /// The same, with every user of those objects dropped before it and made again after it.
    #[must_use]
    pub fn unseats(mut self, others: impl IntoIterator<Item = Address>) -> Self {
        self.unseats.extend(others);
        self
    }

    /// The same, leaving a new object in the place of the old: owner, comment and privileges are set again.
    #[must_use]
    pub fn renews(mut self) -> Self {
        self.renews = true;
        self
    }

    /// The same, making that role the owner of what the object stands under.
    #[must_use]
    pub fn hands_to(mut self, role: impl Into<String>) -> Self {
        self.hands_to = Some(role.into());
        self
    }

    /// The same, making `member` a member of `role`.
    #[must_use]
    pub fn admits(mut self, role: impl Into<String>, member: impl Into<String>) -> Self {
        self.admits = Some((role.into(), member.into()));
        self
    }

    /// The text that may be shown.
    pub fn text(&self) -> &str {
        self.shown.as_deref().unwrap_or(&self.sql)
    }
}
