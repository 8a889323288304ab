//! What a plan must know of the server it is for.

/// A server version as `server_version_num` says it: 150018 is 15.18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PgVersion(pub u32);

impl PgVersion {
    /// The newest version this crate knows.
    pub const NEWEST: Self = Self(180_000);

    /// Returns the major version: 15.
    pub fn major(self) -> u32 {
        self.0 / 10_000
    }

    /// Returns whether this is that major version or a later one.
    pub fn at_least(self, major: u32) -> bool {
        self.major() >= major
    }
}

/// The server, the database and the role that a plan is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its version.
    pub version: PgVersion,
    /// The database's name.
    pub database: String,
    /// The role that applies.
    pub user: String,
    /// True when that role is a superuser.
    pub superuser: bool,
    /// The roles it is a member of, itself included.
    pub member_of: Vec<String>,
    /// The locks that its lock table has room for.
    pub locks: Locks,
}

/// The room of a lock table, which all sessions of a server share.
///
/// See <https://www.postgresql.org/docs/current/runtime-config-locks.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locks {
    /// `max_locks_per_transaction`.
    pub each: usize,
    /// How many transactions it is multiplied by: `max_connections` and `max_prepared_transactions`.
    pub sessions: usize,
}

impl Locks {
    /// Returns how many locks there can be at once.
    pub fn all(self) -> usize {
        self.each.saturating_mul(self.sessions)
    }
}

impl Server {
    /// Returns a stand-in for offline commands, with the newest version.
    pub fn offline() -> Self {
        Self {
            version: PgVersion::NEWEST,
            database: "postgres".to_owned(),
            user: "postgres".to_owned(),
            superuser: true,
            member_of: vec!["postgres".to_owned()],
            locks: Locks { each: 64, sessions: 100 },
        }
    }
}
