//! `--scratch`: where PostgreSQL is asked how it spells things.

use std::any::Any;

use clap::Args;

use crate::diagnostic::Result;
use crate::local::{Ephemeral, Options};
use crate::ops;
use crate::session::Target;

/// Where texts that PostgreSQL may spell otherwise are settled.
#[derive(Debug, Clone, Args)]
pub struct Scratch {
    /// Where texts that PostgreSQL may spell otherwise are settled: in a temporary database on the same server, else on
    /// an embedded one (`auto`); on the server of a URL; or nowhere (`none`), which shows them as changed
    #[arg(long, value_name = "auto|URL|none", default_value = "auto", value_parser = parse)]
    scratch: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Auto,
    None,
    At(Box<Target>),
}

impl Scratch {
    /// What was asked for.
    pub fn place(&self) -> ops::Scratch {
        match &self.scratch {
            Place::Auto => ops::Scratch::Auto(Some(embedded)),
            Place::None => ops::Scratch::None,
            Place::At(target) => ops::Scratch::At(target.clone()),
        }
    }
}

fn parse(text: &str) -> Result<Place, String> {
    match text {
        "auto" => Ok(Place::Auto),
        "none" => Ok(Place::None),
        url => Target::parse(url).map(|target| Place::At(Box::new(target))).map_err(|problem| problem.to_string()),
    }
}

/// Starts an embedded server that ends with the value beside its target.
fn embedded(major: Option<u32>) -> Result<(Target, Box<dyn Any>)> {
    let server = Ephemeral::start(&Options { major, durable: false, ..Options::default() })?;
    Ok((Target::parse(&server.server().url("postgres"))?, Box::new(server)))
}
