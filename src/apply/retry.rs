//! What may be tried again after an error, and when.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::diagnostic::{Code, Diagnostic};
use crate::plan::PlanStep;

/// Why a plan stopped.
#[derive(Debug)]
pub struct Stopped {
    /// The error.
    pub problem: Box<Diagnostic>,
    /// Whether it may go on.
    pub again: Again,
}

/// Whether a plan that stopped may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// No: the same would happen.
    Never,
    /// After a while: somebody was in the way.
    Later,
    /// Where it is another plan by then: somebody changed the same at the same time.
    IfOther,
}

impl From<Box<Diagnostic>> for Stopped {
    fn from(problem: Box<Diagnostic>) -> Self {
        Self { problem, again: Again::Never }
    }
}

impl Again {
    /// After an error of a statement.
    pub(super) fn after(error: &Error, step: &PlanStep) -> Self {
        const IN_THE_WAY: [SqlState; 2] = [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED];
        const MOVED: [SqlState; 3] =
            [SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION, SqlState::UNDEFINED_OBJECT];
        let Some(code) = error.code() else { return Self::Never };
        // PostgreSQL does not translate what it takes for an internal error.
        let tuple = |message: &str| message.starts_with("tuple concurrently");
        let at_once = *code == SqlState::INTERNAL_ERROR && error.as_db_error().is_some_and(|e| tuple(e.message()));
        if IN_THE_WAY.contains(code) || at_once {
            Self::Later
        } else if step.shared && MOVED.contains(code) {
            Self::IfOther
        } else {
            Self::Never
        }
    }

    /// The class of the problem: a lock, where one was not to be had.
    pub(super) fn code(self, problem: &Diagnostic) -> Code {
        if self == Self::Later { Code::Lock } else { problem.problem.code }
    }
}

/// How often a plan is tried again.
pub const TRIES: u32 = 8;

/// How long to wait before the try with that number, from 1: twice as long each time, half of it by chance, so that two
/// who wait for each other do not meet again.
pub fn pause(number: u32) -> Duration {
    let longest = Duration::from_millis(100) * 2_u32.pow(number.min(5));
    let chance = RandomState::new().build_hasher().finish() % 1000;
    longest / 2 + longest.mul_f64(0.0005 * f64::from(u32::try_from(chance).unwrap_or_default()))
}

/// Waits.
pub async fn sleep(pause: Duration) {
    tokio::time::sleep(pause).await;
}
