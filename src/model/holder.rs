//! A process that holds a lock on a relation.

use std::fmt;

use serde::Serialize;

/// A process that holds locks on a relation, or waits for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The number of its process on the server.
    pub process: i32,
    /// The role it runs as; none for PostgreSQL's own processes.
    pub role: Option<String>,
    /// What it calls itself.
    pub application: Option<String>,
    /// `active`, `idle in transaction` and so on; none where the role may not see it.
    pub state: Option<String>,
    /// False where it waits for one of them.
    pub granted: bool,
    /// The modes, in PostgreSQL's words: `row exclusive`.
    pub lock: String,
    /// How long its transaction has been open, in seconds; none where the role may not see it.
    pub seconds: Option<i64>,
}

/// ``process 123 (role `app`, psql, idle in transaction) holds row exclusive, in a transaction of 42 s``.
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = self.role.as_ref().map(|role| format!("role `{role}`"));
        let about: Vec<String> = role.into_iter().chain(self.application.clone()).chain(self.state.clone()).collect();
        let verb = if self.granted { "holds" } else { "waits for" };
        write!(f, "process {} ({}) {verb} {}", self.process, about.join(", "), self.lock)?;
        self.seconds.map_or(Ok(()), |seconds| write!(f, ", in a transaction of {seconds} s"))
    }
}
