//! `dbstate drift`.

use clap::Args;

use super::begin::{Begin, Databases};
use super::connection::Connection;
use super::fleet::{self, Several};
use super::formats::{Format, Purpose};
use super::output::Output;
use super::plan::{Made, Manner, planned};
use super::scratch::Scratch;
use super::{Failure, Files, WithSources, exit};
use crate::diagnostic::Result;
use crate::ops::adopt::{Extent, adopt};

/// Flags of `dbstate drift`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    connection: Connection,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Accepted for symmetry with `plan`: drift always exits with 2 on differences
    #[arg(long, visible_alias = "detailed-exitcode")]
    exit_code: bool,
    /// Write what moved in the database alone into the project, keep comments, and print what is left
    #[arg(long, conflicts_with = "file")]
    adopt: bool,
    #[command(flatten)]
    scratch: Scratch,
    #[command(flatten)]
    several: Several,
}

impl Command {
    /// Prints the differences; exit code 2 when there are any.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        if self.adopt {
            self.adopt(output).await?;
        }
        let begin = Begin {
            files: &self.files,
            scratch: &self.scratch,
            manner: Manner::default(),
            connection: &self.connection,
            recalls: true,
        };
        let begun = begin.both(self.several, output).await;
        let (project, options, databases) = self.format.tell(begun, Purpose::Drift, output)?;
        let (session, ahead) = match databases {
            Databases::One(one) => *one,
            Databases::Several(members) => {
                let how = (self.format, Purpose::Drift);
                let (code, differs) = fleet::compare(members, &project, &options, how, output).await?;
                return Ok(if code == exit::OK && differs { exit::DIFFERENCES } else { code });
            }
        };
        let made = planned(project, options, session, ahead, output).await;
        let Made { project, planned, .. } = self.format.tell(made, Purpose::Drift, output)?;
        self.format.show(&planned, &project.sources, Purpose::Drift, output);
        Ok(if planned.plan.is_empty() { exit::OK } else { exit::DIFFERENCES })
    }

    /// Has the YAML say what moved in the database.
    async fn adopt(&self, output: &Output) -> Result<(), Failure> {
        let here = std::env::current_dir().unwrap_or_default();
        let project = self.files.read(self.connection.environment())?;
        let session = self.connection.open(&project.settings, output).await.with(&project.sources)?;
        let adopted = adopt(&session, &here, &self.files.reading(self.connection.environment()), Extent::Drift).await;
        let adopted = adopted.map_err(|(problems, sources)| Failure { problems, sources })?;
        adopted.warnings.iter().for_each(|w| output.warning(w));
        output.wrote(&adopted.files);
        if adopted.files.is_empty() {
            output.talk("nothing moved in the database alone: nothing was written");
        }
        Ok(())
    }
}
