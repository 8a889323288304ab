//! `dbstate validate`.

use clap::{Args, ValueEnum};

use super::output::Output;
use super::{Failure, Files, exit};
use crate::diagnostic::Result;
use crate::report::finding::{self, Form};

/// Flags of `dbstate validate`.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    files: Files,
    /// The environment of `dbstate.yaml` whose variables are used
    #[arg(long, value_name = "NAME", help_heading = "Project")]
    env: Option<String>,
    /// How to print what is wrong
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// How to print problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people, on standard error
    Text,
    /// For programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Workflow commands of GitHub: annotations beside the lines
    Github,
    /// A code quality report of GitLab
    Gitlab,
}

impl Format {
    fn form(self) -> Option<Form> {
        match self {
            Self::Text => None,
            Self::Json => Some(Form::Json),
            Self::Sarif => Some(Form::Sarif),
            Self::Github => Some(Form::Github),
            Self::Gitlab => Some(Form::Gitlab),
        }
    }
}

impl Command {
    /// Reads and checks the files.
    pub fn run(&self, output: &Output) -> Result<u8, Failure> {
        let read = self.files.read(self.env.as_deref());
        if let Some(form) = self.format.form() {
            let findings = read.as_ref().err().map(Failure::findings).unwrap_or_default();
            output.result(&finding::print(form, "dbstate validate", &findings));
        }
        let project = read?;
        let plural = if project.state.len() == 1 { "" } else { "s" };
        output.talk(&format!("valid: {} object{plural}", project.state.len()));
        // The program ends here: giving back the memory of a large project piece by piece takes longer than its text.
        std::mem::forget(project);
        Ok(exit::OK)
    }
}
