//! `dbstate pull`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::connection::Connection;
use super::output::{Output, write_file};
use super::{Failure, ManageFlag, Variables, exit, here};
use crate::declare::project::{self, Settings};
use crate::declare::write::write;
use crate::diagnostic::Result;
use crate::model::Manage;
use crate::model::bridge::to_node;
use crate::ops::adopt::{Extent, adopt};
use crate::ops::pull::{Choices, pull, pull_one, unwritten};
use crate::session::Session;

/// Flags of `dbstate pull`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    connection: Connection,
    /// Write a file a schema into this directory; where it holds a project, write into that what changed, and nothing
    /// else [default: everything to standard output]
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Only this schema; may be given several times
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,
    /// Where bodies of functions and procedures and queries of views go
    #[arg(long, value_enum, default_value = "yaml", requires = "out")]
    bodies: Bodies,
    /// What the project is to manage
    #[arg(long, value_enum)]
    manage: Option<ManageFlag>,
    #[command(flatten)]
    variables: Variables,
}

/// Where texts of SQL go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Bodies {
    /// Into the YAML
    Yaml,
    /// Into `.sql` files of their own, to which the YAML refers
    Files,
}

impl Command {
    /// Writes the database as YAML.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        // Of a directory that is a project, its settings say where the database is.
        let project = self.out.as_deref().filter(|directory| project::is_here(directory)).map(|d| here().join(d));
        let session = self.connection.of(&project.unwrap_or_else(here), output).await?;
        let manage = self.manage.map(Manage::from).unwrap_or_default();
        let choices = Choices { manage, schemas: self.schema.clone(), bodies: self.bodies == Bodies::Files };
        if self.schema.is_empty() {
            unwritten(&session).await?.iter().for_each(|warning| output.warning(warning));
        }
        let Some(directory) = &self.out else {
            output.result(&pull_one(&session, &choices).await?);
            return Ok(exit::OK);
        };
        if project::is_here(directory) {
            return self.again(&session, directory, output).await;
        }
        let mut files = pull(&session, &choices).await?;
        let yaml =
            files.iter().map(|(name, _)| name).filter(|name| Path::new(name).extension().is_some_and(|e| e == "yaml"));
        let names: Vec<String> = yaml.cloned().collect();
        let manage = (manage == Manage::Database).then_some(manage);
        let settings = Settings { files: names, manage, ..Settings::default() };
        files.push((project::SETTINGS.to_owned(), write(&to_node(&settings))));
        for (name, text) in &files {
            let path = directory.join(name);
            write_file(&path, text)?;
            output.wrote(&[path]);
        }
        Ok(exit::OK)
    }

    /// Writes into the project that is there what changed.
    async fn again(&self, session: &Session, directory: &Path, output: &Output) -> Result<u8, Failure> {
        let reading = self.variables.reading(self.manage, self.connection.environment());
        let adopted = adopt(session, directory, &reading, Extent::All(&self.schema)).await;
        let adopted = adopted.map_err(|(problems, sources)| Failure { problems, sources })?;
        adopted.warnings.iter().for_each(|w| output.warning(w));
        output.wrote(&adopted.files);
        if adopted.files.is_empty() {
            output.talk("the project says what the database is: nothing was written");
        }
        Ok(exit::OK)
    }
}
