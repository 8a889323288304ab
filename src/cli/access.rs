//! `dbstate access`.

use clap::Args;

use super::connection::Connection;
use super::formats::Report;
use super::output::Output;
use super::{Failure, Files, exit};
use crate::access::Access;
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::suggest::did_you_mean;
use crate::{ops, report};

/// Flags of `dbstate access`.
#[derive(Debug, Args)]
pub struct Command {
    /// A role (`app`; `public` is everybody), or an object (`shop.orders`, `shop.total(bigint)`, a schema)
    #[arg(value_name = "ROLE|OBJECT")]
    name: String,
    /// As the project says, instead of the database
    #[arg(long)]
    declared: bool,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    connection: Connection,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: Report,
}

impl Command {
    /// Prints what a role may do, or who may do what with an object.
    pub async fn run(&self, output: &Output) -> Result<u8, Failure> {
        let access = if self.declared {
            ops::access::declared(&self.files.read(self.connection.environment())?.state)
        } else {
            let session = self.connection.here(output).await?;
            ops::access::live(&session).await?
        };
        let (role, things) = access.named(&self.name);
        if role.is_none() && things.is_empty() {
            return Err(self.unknown(&access).into());
        }
        let role = role.map(|role| access.of_role(role));
        let things = access.of_things(things);
        output.result(&match self.format {
            Report::Text => report::rights::text(role.as_ref(), &things),
            Report::Json => report::rights::json(role.as_ref(), &things),
        });
        Ok(exit::OK)
    }

    fn unknown(&self, access: &Access) -> Diagnostic {
        let things: Vec<String> =
            access.things().map(|at| at.path().join(".")).filter(|path| !path.is_empty()).collect();
        let known: Vec<&str> = access.roles().chain(things.iter().map(String::as_str)).collect();
        let place = if self.declared { "the project" } else { "the database" };
        let message = format!("{place} has no role and no object `{}` that privileges can be on", self.name);
        Diagnostic::new(Code::Usage, message).help(self.meant(&things, &known))
    }

    /// What may be meant: what is called so in some schema, else what is spelt nearly so.
    fn meant(&self, things: &[String], known: &[&str]) -> String {
        let tail = format!(".{}", self.name);
        let same: Vec<String> = things.iter().filter(|path| path.ends_with(&tail)).map(|p| format!("`{p}`")).collect();
        if same.is_empty() { did_you_mean(&self.name, known) } else { format!("did you mean {}?", same.join(" or ")) }
    }
}
