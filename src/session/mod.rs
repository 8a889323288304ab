//! Sessions with PostgreSQL: where to connect, how, and what went wrong. Nothing else in the crate opens a connection.
//!
//! ```text
//! -d, -h -p -U, PG*, service file, password file ──> Target ──connect──> Session
//! parameter conninfo uri environment service           place target   connect socket tls verify certificate
//! passfile settings                                                   opened pulse failure
//! ```
//! [`Target`] knows everything a connection needs and never shows a password. [`connect`] tries its hosts by the rules
//! of libpq and returns a [`Session`], or a diagnostic that says which place was tried, as whom, and how to cure it.

mod answer;
mod certificate;
mod connect;
mod conninfo;
mod environment;
mod failure;
mod opened;
mod parameter;
mod passfile;
mod place;
mod pulse;
mod service;
mod settings;
mod socket;
mod target;
mod tls;
mod uri;
mod verify;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio_postgres::error::DbError;
use tokio_postgres::{Client, SimpleQueryMessage};

pub use answer::{Sound, cause, cell, server_error};
pub use connect::connect;
pub use environment::Overrides;
pub use place::{Host, HostKind, Place};
pub use target::{
    ChannelBinding, Keepalives, SessionAttributes, SslFile, SslMode, SslNegotiation, SslRoot, SslSettings, Target,
};

use crate::diagnostic::{Code, Diagnostic, Result};

/// The oldest major version dbstate works with.
pub const OLDEST: u32 = 14;
/// The newest major version dbstate was tested with.
pub const NEWEST: u32 = 18;

/// A server's version as `server_version_num`: 150004 is 15.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerVersion(pub u32);

impl ServerVersion {
    /// The major version: 15.
    pub fn major(self) -> u32 {
        self.0 / 10_000
    }

    /// The version in a `server_version` such as `15.4 (Debian 15.4-1)`, `18beta1` or `17devel`.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| -> Option<u32> {
            let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            text[..digits].parse().ok()
        };
        let major = number(text)?;
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let minor = rest.strip_prefix('.').and_then(number).unwrap_or(0);
        let scaled = major.checked_mul(10_000)?;
        // Before 10, two numbers made the major version.
        Some(Self(if major < 10 { scaled + (minor % 100) * 100 } else { scaled + minor % 10_000 }))
    }
}

impl fmt::Display for ServerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = *self;
        let minor = if self.major() < 10 { number / 100 % 100 } else { number % 10_000 };
        write!(f, "{}.{minor}", self.major())
    }
}

/// A notice, warning or other message the server sent beside its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `NOTICE`, `WARNING`, `INFO` and so on, in the server's language.
    pub severity: String,
    /// The five characters of its SQLSTATE.
    pub code: String,
    /// The message.
    pub message: String,
    /// More about it.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl From<&DbError> for Notice {
    fn from(error: &DbError) -> Self {
        Self {
            severity: error.severity().to_owned(),
            code: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
        }
    }
}

/// The messages of a session, shared with the task that drives its connection.
pub type Notices = Arc<Mutex<Vec<Notice>>>;

/// An open session. Its connection is driven by a task of the current tokio runtime and ends when `client` is dropped.
pub struct Session {
    /// The driver's handle: queries go here.
    pub client: Client,
    /// The server's version.
    pub version: ServerVersion,
    /// What the server said beside its answers, in order. See [`Session::take_notices`].
    pub notices: Notices,
    /// What the user should know about this connection: a server newer than any tested, a key file that was ignored.
    pub warnings: Vec<String>,
    /// Where the session is, after several hosts were tried.
    pub place: Place,
    /// True where the connection is encrypted.
    pub encrypted: bool,
    pub(super) target: Target,
    pub(super) end: Arc<OnceLock<String>>,
}

impl Session {
    /// Why the connection ended, once it has.
    pub fn end(&self) -> Option<&str> {
        self.end.get().map(String::as_str)
    }

    /// The messages so far, which are then forgotten.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the session connected to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The server's process number of this session: one round trip.
    pub async fn process_id(&self) -> Result<i32> {
        let row = self.client.query_one("select pg_catalog.pg_backend_pid()", &[]).await;
        row.and_then(|row| row.try_get(0)).map_err(|error| {
            let message = format!("the session with `{}` was lost: {}", self.place, failure::driver_text(&error));
            Box::new(Diagnostic::new(Code::Connection, message).help("run the command again"))
        })
    }

    /// The first column of what a query yields, as text, in a transaction that only reads; a null is no text.
    ///
    /// # Errors
    /// Those of the server, which point at the place in the query.
    pub async fn texts(&self, query: &str) -> Result<Vec<Option<String>>> {
        let failed = |error: tokio_postgres::Error| server_error(&error, query);
        self.client.batch_execute("start transaction read only").await.map_err(failed)?;
        let messages = self.client.simple_query(query).await.map_err(failed)?;
        self.client.batch_execute("rollback").await.map_err(failed)?;
        let text = |message| match message {
            SimpleQueryMessage::Row(row) => Some(row.try_get(0).ok().flatten().map(str::to_owned)),
            _ => None,
        };
        Ok(messages.into_iter().filter_map(text).collect())
    }

    /// Asks the server to cancel the running statement, over a second connection. The statement then fails with
    /// SQLSTATE 57014, unless it ended first. Errors are those of opening the second connection.
    pub async fn cancel(&self) -> Result<()> {
        self.canceller().cancel().await
    }

    /// The means to cancel this session's statements from elsewhere, such as a signal's task.
    pub fn canceller(&self) -> Canceller {
        Canceller {
            token: self.client.cancel_token(),
            place: self.place.clone(),
            encrypted: self.encrypted,
            target: self.target.clone(),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("target", &self.target).field("version", &self.version).finish_non_exhaustive()
    }
}

/// Cancels a session's statements; may outlive the session and go to another task.
#[derive(Clone)]
pub struct Canceller {
    pub(super) token: tokio_postgres::CancelToken,
    pub(super) place: Place,
    pub(super) encrypted: bool,
    pub(super) target: Target,
}

impl Canceller {
    /// See [`Session::cancel`].
    pub async fn cancel(&self) -> Result<()> {
        connect::cancel(self).await
    }
}

/// An error in what the user typed.
fn usage(message: impl Into<String>, help: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::Usage, message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, number, shown) in [
            ("15.4 (Debian 15.4-1.pgdg120+1)", 150_004, "15.4"),
            ("18beta1", 180_000, "18.0"),
            ("17devel", 170_000, "17.0"),
            ("14.10", 140_010, "14.10"),
            ("9.6.24", 90_600, "9.6"),
        ] {
            let version = ServerVersion::parse(text).expect(text);
            assert_eq!((version.0, version.to_string().as_str()), (number, shown), "{text}");
        }
        assert_eq!(ServerVersion::parse("unknown"), None);
    }
}
