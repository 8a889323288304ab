//! Decides which errors allow another try, and when.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use crate::diagnostic::{Code, Diagnostic};
use crate::plan::PlanStep;

/// The reason why a plan stopped.
#[derive(Debug)]
pub struct Stopped {
    /// The error.
    pub problem: Box<Diagnostic>,
    /// Whether the plan may be tried again.
    pub again: Again,
}

/// Whether a plan that stopped may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// No: the same would happen again.
    Never,
    /// After a pause, as another session was in the way.
    Later,
    /// Only if planning again gives a different plan, as another session may have made the same change at the same
    /// time.
    IfOther,
    /// With the `search_path` that the role has by itself: a statement ran a function whose body names things without
    /// their schemas, which clients with that path can call.
    OnOwnPath,
}

impl From<Box<Diagnostic>> for Stopped {
    fn from(problem: Box<Diagnostic>) -> Self {
        Self { problem, again: Again::Never }
    }
}

impl Again {
    /// Decides from the error of a statement.
    pub(super) fn after(error: &Error, step: &PlanStep) -> Self {
        const IN_THE_WAY: [SqlState; 2] = [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED];
        const MOVED: [SqlState; 3] =
            [SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION, SqlState::UNDEFINED_OBJECT];
        let Some(code) = error.code() else { return Self::Never };
        // PostgreSQL does not translate the messages of errors that it considers internal.
        let tuple = |message: &str| message.starts_with("tuple concurrently");
        let at_once = *code == SqlState::INTERNAL_ERROR && error.as_db_error().is_some_and(|e| tuple(e.message()));
        if IN_THE_WAY.contains(code) || at_once {
            Self::Later
        } else if step.shared && MOVED.contains(code) {
            Self::IfOther
        } else if error.as_db_error().is_some_and(misses_in_body) {
            Self::OnOwnPath
        } else {
            Self::Never
        }
    }

    /// Returns the code of the problem: `Code::Lock` if another session was in the way, else the problem's own.
    pub(super) fn code(self, problem: &Diagnostic) -> Code {
        if self == Self::Later { Code::Lock } else { problem.problem.code }
    }
}

/// Returns whether the body of a function, rather than the statement that ran it, names what is not on the search path.
fn misses_in_body(error: &DbError) -> bool {
    const MISSING: [SqlState; 3] =
        [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_FUNCTION, SqlState::UNDEFINED_OBJECT];
    MISSING.contains(error.code()) && matches!(error.position(), Some(ErrorPosition::Internal { .. }))
}

/// How many times a plan is tried again.
pub const TRIES: u32 = 8;

/// Returns the pause before a try, numbered from 1. It doubles up to 3.2 s, and half of it is random, so that two
/// sessions in each other's way do not collide again.
pub fn pause(number: u32) -> Duration {
    let longest = Duration::from_millis(100) * 2_u32.pow(number.min(5));
    let chance = RandomState::new().build_hasher().finish() % 1000;
    longest / 2 + longest.mul_f64(0.0005 * f64::from(u32::try_from(chance).unwrap_or_default()))
}

/// Sleeps for the given time.
pub async fn sleep(pause: Duration) {
    tokio::time::sleep(pause).await;
}
