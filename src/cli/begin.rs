//! How a command that plans begins: a thread reads the project, and meanwhile the database is read.

use std::convert::Infallible;
use std::panic::resume_unwind;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join, select};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::connection::Connection;
use super::fleet::{Members, Several};
use super::output::Output;
use super::plan::{Manner, options, recall};
use super::scratch::Scratch;
use super::{Failure, Files, WithSources};
use crate::declare::imprint::Unread;
use crate::declare::project::{Found, Project, Settings};
use crate::diagnostic::{Diagnostics, Result};
use crate::ops;
use crate::ops::plan::Ahead;
use crate::session::Session;

/// What a command that plans begins with.
pub struct Begin<'a> {
    /// The project.
    pub files: &'a Files,
    /// Where PostgreSQL is asked.
    pub scratch: &'a Scratch,
    /// How statements run.
    pub manner: Manner,
    /// The database.
    pub connection: &'a Connection,
    /// True where the ledger may recognise the project.
    pub recalls: bool,
}

/// What a project is compared with.
pub enum Databases {
    /// One database, and what was read of it while the project was.
    One(Box<(Session, Ahead)>),
    /// Several.
    Several(Members),
}

/// How long reading the project waits to hear that the ledger does not know it.
const PATIENCE: Duration = Duration::from_millis(250);

impl Begin<'_> {
    /// Reads the project in a thread of its own, and meanwhile the database. Where the ledger knows that there is nothing to
    /// do, neither is read: the project is without its objects.
    pub async fn both(&self, several: Several, output: &Output) -> Result<(Project, ops::Options, Databases), Failure> {
        let found = self.files.find(self.connection.environment());
        let Some(settings) = found.settings().cloned() else {
            return Err(super::read(found).expect_err("problems that were found are told"));
        };
        let unread = found.clone();
        let asks = self.recalls && self.files.options(&settings)?.ledger;
        let (hope, given_up) = oneshot::channel::<Infallible>();
        let reading = async move {
            if asks {
                // A slow server, too, keeps nobody waiting for what is wrong with the project.
                _ = timeout(PATIENCE, given_up).await;
            }
            let reading = spawn_blocking(move || super::read(found));
            reading.await.unwrap_or_else(|e| resume_unwind(e.into_panic()))
        };
        let reading = pin!(reading);
        let recalled = asks.then(|| (unread.clone(), hope));
        let databases = pin!(self.databases(&settings, several, recalled, output));
        // What is wrong with the project goes before what is wrong with the database, and is told without waiting for that.
        let (project, databases) = match select(reading, databases).await {
            Either::Left((project, databases)) => (project?, databases.await),
            Either::Right((Ok(Databases::One(one)), _)) if one.1.is_recognised() => {
                (unread.into_project(), Ok(Databases::One(one)))
            }
            Either::Right((databases, reading)) => (reading.await?, databases),
        };
        let mut options = options(self.files, &project, self.scratch, self.manner)?;
        let databases = databases.with(&project.sources)?;
        // Of one database the ledger has been asked.
        if self.recalls && matches!(databases, Databases::Several(_)) {
            recall(&project, &mut options);
        }
        Ok((project, options, databases))
    }

    /// Connects, and reads the database unless the ledger recognises the project, for as long as there is hope for that.
    async fn databases(
        &self,
        settings: &Settings,
        several: Several,
        recalled: Option<(Found, oneshot::Sender<Infallible>)>,
        output: &Output,
    ) -> Result<Databases, Diagnostics> {
        if let Some(members) = several.members(self.connection, settings, output).await? {
            return Ok(Databases::Several(members));
        }
        let connecting = self.connection.open(settings, output);
        let (found, hope) = recalled.unzip();
        let digesting = async {
            let found = found?;
            spawn_blocking(move || Unread::of(&found)).await.ok().flatten()
        };
        let (session, unread) = join(connecting, digesting).await;
        let session = session?;
        let mut ahead = Ahead::begin(&session, unread.as_ref().map(Unread::files)).await?;
        let like = unread.and_then(|unread| ahead.like(&unread).map(str::to_owned));
        let is_recognised = match like {
            Some(like) => ahead.recognise(&session, &like).await,
            None => false,
        };
        drop(hope);
        if !is_recognised {
            ahead.read(&session).await?;
        }
        Ok(Databases::One(Box::new((session, ahead))))
    }
}
