//! How a command that plans begins: a thread reads the project, and meanwhile the database is read.

use std::panic::resume_unwind;
use std::pin::pin;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio::task::spawn_blocking;

use super::connection::Connection;
use super::fleet::{Members, Several};
use super::output::Output;
use super::plan::{Manner, options};
use super::scratch::Scratch;
use super::{Failure, Files, WithSources};
use crate::declare::project::{Project, Settings};
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

impl Begin<'_> {
    /// Reads the project in a thread of its own, and meanwhile the database.
    pub async fn both(&self, several: Several, output: &Output) -> Result<(Project, ops::Options, Databases), Failure> {
        let found = self.files.find(self.connection.environment());
        let Some(settings) = found.settings().cloned() else {
            return Err(super::read(found).expect_err("problems that were found are told"));
        };
        let reading = spawn_blocking(move || super::read(found))
            .map(|read| read.unwrap_or_else(|e| resume_unwind(e.into_panic())));
        let databases = pin!(self.databases(&settings, several, output));
        // What is wrong with the project goes before what is wrong with the database, and is told without waiting for that.
        let (project, databases) = match select(reading, databases).await {
            Either::Left((project, databases)) => (project?, databases.await),
            Either::Right((databases, reading)) => (reading.await?, databases),
        };
        let mut options = options(self.files, &project, self.scratch, self.manner)?;
        options.project = options.project.filter(|_| self.recalls);
        let databases = databases.with(&project.sources)?;
        Ok((project, options, databases))
    }

    async fn databases(
        &self,
        settings: &Settings,
        several: Several,
        output: &Output,
    ) -> Result<Databases, Diagnostics> {
        if let Some(members) = several.members(self.connection, settings, output).await? {
            return Ok(Databases::Several(members));
        }
        let session = self.connection.open(settings, output).await?;
        let ledger = self.files.options(settings)?.ledger && self.recalls;
        let ahead = ops::plan::ahead(&session, ledger).await?;
        Ok(Databases::One(Box::new((session, ahead))))
    }
}
