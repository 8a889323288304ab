//! `dbstate explain`.

use clap::Args;

use super::output::Output;
use super::{Failure, exit};
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::suggest::suggest;
use crate::report::explain::{index, names, page};

/// Arguments of `dbstate explain`.
#[derive(Debug, Args)]
pub struct Command {
    /// A code, as at the top of an error, or a hazard class; all of them when left out
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

impl Command {
    /// Prints the page.
    pub fn run(&self, output: &Output) -> Result<u8, Failure> {
        let Some(code) = &self.code else {
            output.result(&index());
            return Ok(exit::OK);
        };
        let Some(page) = page(code) else {
            let problem = Diagnostic::new(Code::Usage, format!("there is no page `{code}`"));
            let near = suggest(code, names()).map(|near| format!("did you mean `{near}`? "));
            let help = format!("{}`dbstate explain` lists all pages", near.unwrap_or_default());
            return Err(problem.help(help).into());
        };
        output.result(page);
        Ok(exit::OK)
    }
}
