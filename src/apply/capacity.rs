//! Checks before the first statement whether the server's lock table has room for each transaction of a plan.
//!
//! A transaction keeps a lock on every relation that it creates, changes or drops until it ends. The plan is divided
//! into transactions that fit, but what cannot be divided may still need too many locks.

use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::Locks;
use crate::plan::Plan;

/// Refuses a plan whose largest transaction needs more locks than the server's lock table has room for.
pub fn check(plan: &Plan, table: Locks) -> Result<()> {
    let needed = plan.largest();
    if needed <= table.all() {
        return Ok(());
    }
    let Locks { each, sessions } = table;
    let message = format!(
        "a transaction of this plan takes about {needed} locks, and the server's lock table holds {}: \
         `max_locks_per_transaction` {each} times {sessions} sessions",
        table.all()
    );
    let help = format!(
        "set `max_locks_per_transaction` to {} or more and restart the server, or apply the project in parts; nothing was \
         changed",
        needed.div_ceil(sessions)
    );
    Err(Box::new(Diagnostic::new(Code::Refused, message).help(help)))
}
