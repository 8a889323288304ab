//! A connection that is up: the task that drives it, and whether the server is one we want.

use std::future::poll_fn;
use std::sync::{Arc, OnceLock, PoisonError};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{AsyncMessage, Client, Connection};

use super::failure::{Failure, Next, driver_text};
use super::pulse::Pulse;
use super::{Keepalives, NEWEST, Notice, Notices, OLDEST, Place, ServerVersion, Session, SessionAttributes, Target};
use crate::diagnostic::Code;

/// Where a connection leads, and its pulse.
pub(super) struct Line<'a> {
    pub target: &'a Target,
    pub place: &'a Place,
    pub pulse: Pulse,
}

/// A connection that is up, and what the server said about itself.
pub(super) struct Opened {
    session: Session,
    version: String,
    standby: bool,
    read_only: bool,
}

impl Opened {
    /// Takes the driver's two halves, and sets a task to drive the connection until the client is dropped.
    pub fn new<S, T>(client: Client, connection: Connection<S, T>, line: Line<'_>, encrypted: bool) -> Self
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let parameter = |name: &str| connection.parameter(name).unwrap_or_default().to_owned();
        let version = parameter("server_version");
        let standby = parameter("in_hot_standby") == "on";
        let read_only = standby || parameter("default_transaction_read_only") == "on";
        let notices = Notices::default();
        let Line { target, place, pulse } = line;
        let end = Arc::default();
        drive(connection, Watch { pulse, place: place.clone(), keepalives: target.keepalives }, &notices, &end);
        let session = Session {
            client,
            version: ServerVersion::parse(&version).unwrap_or(ServerVersion(0)),
            notices,
            warnings: target.warnings.clone(),
            place: place.clone(),
            encrypted,
            target: target.clone(),
            end,
        };
        Self { session, version, standby, read_only }
    }

    /// Refuses servers we can't work with, or that are not what `target_session_attrs` asks for.
    pub fn check(self, wish: SessionAttributes) -> Result<Session, Failure> {
        let Opened { mut session, version, standby, read_only } = self;
        let major = session.version.major();
        if major < OLDEST {
            let help = format!("dbstate works with PostgreSQL {OLDEST} and later");
            let failure = Failure::new(Next::Nothing, format!("the server is PostgreSQL {version}, too old"), help);
            return Err(Failure { code: Code::Version, ..failure });
        }
        if major > NEWEST {
            session.warnings.push(format!(
                "the server is PostgreSQL {}, newer than {NEWEST}, the newest dbstate was tested with",
                session.version
            ));
        }
        let unwanted = match wish {
            SessionAttributes::Any | SessionAttributes::PreferStandby => None,
            SessionAttributes::ReadWrite => read_only.then_some("the server is read-only"),
            SessionAttributes::ReadOnly => (!read_only).then_some("the server is not read-only"),
            SessionAttributes::Primary => standby.then_some("the server is a standby"),
            SessionAttributes::Standby => (!standby).then_some("the server is not a standby"),
        };
        match unwanted {
            Some(cause) => {
                Err(Failure::new(Next::Host, cause, "`target_session_attrs` asks for another kind of server"))
            }
            None => Ok(session),
        }
    }
}

/// What is needed to see that the server is there no more.
struct Watch {
    pulse: Pulse,
    place: Place,
    keepalives: Keepalives,
}

fn drive<S, T>(mut connection: Connection<S, T>, watch: Watch, notices: &Notices, end: &Arc<OnceLock<String>>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (notices, end) = (Arc::clone(notices), Arc::clone(end));
    tokio::spawn(async move {
        let messages = async {
            loop {
                match poll_fn(|cx| connection.poll_message(cx)).await {
                    Some(Ok(AsyncMessage::Notice(notice))) => {
                        notices.lock().unwrap_or_else(PoisonError::into_inner).push(Notice::from(&notice));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return driver_text(&error),
                    None => return "it was closed".to_owned(),
                }
            }
        };
        // Whoever waits for an answer gets an error of the driver, which does not say why.
        let why = tokio::select! {
            why = messages => why,
            why = watch.pulse.stops(&watch.place, watch.keepalives) => why,
        };
        _ = end.set(why);
    });
}
