//! `dbstate local`.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use super::connection::{LOCAL_DATABASE, server};
use super::output::Output;
use super::{Failure, examples, exit};
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::local::{Server, Status};
use crate::session::{self, Target};
use crate::sql;

/// Flags of `dbstate local`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Start the server, and make the named databases where they are missing
    #[command(after_help = examples::LOCAL_START)]
    Start {
        /// Databases
        databases: Vec<String>,
    },
    /// Stop the server
    #[command(after_help = examples::LOCAL_STOP)]
    Stop,
    /// Say whether it runs
    #[command(after_help = examples::LOCAL_STATUS)]
    Status,
    /// Print the URL of a database
    #[command(after_help = examples::LOCAL_URL)]
    Url {
        /// The database
        #[arg(default_value = LOCAL_DATABASE)]
        database: String,
    },
    /// Open psql
    #[command(after_help = examples::LOCAL_PSQL)]
    Psql {
        /// The database
        #[arg(default_value = LOCAL_DATABASE)]
        database: String,
        /// Flags of psql
        #[arg(last = true)]
        args: Vec<OsString>,
    },
}

impl Command {
    /// Does what is asked of the embedded server.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let server = server()?;
        match &self.action {
            Action::Start { databases } => {
                server.start()?;
                for database in databases {
                    create(&server, database).await?;
                }
                let shown = databases.first().map_or(LOCAL_DATABASE, String::as_str);
                output.result(&format!("{}\n", server.url(shown)));
            }
            Action::Stop => {
                server.stop()?;
                output.talk("stopped");
            }
            Action::Status => return Ok(status(&server, output)),
            Action::Url { database } => output.result(&format!("{}\n", server.url(database))),
            Action::Psql { database, args } => {
                server.start()?;
                let status = server.psql_command(database).args(args).status().map_err(|error| {
                    Diagnostic::new(Code::Local, format!("psql can't be started: {error}"))
                        .help("install PostgreSQL's client programs")
                })?;
                return Ok(u8::try_from(status.code().unwrap_or(1)).unwrap_or(exit::FAILED));
            }
        }
        Ok(exit::OK)
    }
}

fn status(server: &Server, output: &Output) -> u8 {
    match server.status() {
        Status::Running { pid, .. } => {
            output.result(&format!(
                "running (pid {pid}, PostgreSQL {}): {}\n",
                server.version(),
                server.url(LOCAL_DATABASE)
            ));
            exit::OK
        }
        Status::Stopped => {
            output.result("stopped\n");
            exit::DIFFERENCES
        }
        Status::NotCreated => {
            output.result("not created\n");
            exit::DIFFERENCES
        }
    }
}

/// Makes a database where it is missing.
async fn create(server: &Server, name: &str) -> Result<()> {
    let session = session::connect(&Target::parse(&server.url(LOCAL_DATABASE))?, &[]).await?;
    let failed = |cause: String| Diagnostic::new(Code::Local, format!("database `{name}` can't be made: {cause}"));
    let sql = "select 1 from pg_database where datname = $1";
    let found = session.client.query(sql, &[&name]).await.map_err(|e| failed(session::cause(&e)))?;
    if found.is_empty() {
        session
            .client
            .batch_execute(&format!("create database {}", sql::ident(name)))
            .await
            .map_err(|e| failed(session::cause(&e)))?;
    }
    Ok(())
}
