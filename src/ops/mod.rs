//! One function a command: data in, data out, nothing printed.

pub mod access;
pub mod adopt;
pub mod apply;
pub mod diff;
pub mod docs;
mod drift;
pub mod editor;
pub mod fleet;
pub mod format;
pub mod graph;
pub mod history;
pub mod init;
pub mod plan;
pub mod pull;
pub mod revision;
pub mod saved;
mod settle;

use std::any::Any;
use std::collections::HashSet;

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::declare::project::Settings;
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::{Address, Manage};
use crate::session::Target;

/// Starts a server of a major version, else of the newest there is, that lives as long as the value beside its target.
pub type Embedded = fn(Option<u32>) -> Result<(Target, Box<dyn Any>)>;

/// Where PostgreSQL is asked how it spells things.
#[derive(Debug, Clone)]
pub enum Scratch {
    /// Nowhere: texts that PostgreSQL may spell otherwise show as changed.
    None,
    /// On the server of the database, or where that can't be, on an embedded one.
    Auto(Option<Embedded>),
    /// On that server, from a database in which the role may create others.
    At(Box<Target>),
}

/// How a command reads and compares.
#[derive(Debug, Clone)]
pub struct Options {
    /// How much is managed.
    pub manage: Manage,
    /// What is left out.
    pub exclude: GlobSet,
    /// Where a scratch database may be made.
    pub scratch: Scratch,
    /// Whether the ledger is read and written.
    pub ledger: bool,
    /// Whether statements may take longer, and transactions of their own, so that clients need not wait.
    pub online: bool,
    /// With a ledger, the digest of everything that the wanted state was read from, by which the ledger knows a project
    /// that the database was found to be like; none where the state may change without the project.
    pub project: Option<String>,
    /// Where a plan is given: the objects that may change. Everything else is taken as it is.
    pub only: Option<HashSet<Address>>,
}

impl Options {
    /// What the settings say, with what the command line says before it.
    pub fn new(settings: &Settings, manage: Option<Manage>) -> Result<Self> {
        let manage = manage.or(settings.manage).unwrap_or_default();
        let ledger = match settings.ledger.as_deref() {
            None => manage == Manage::Schemas, // a whole database holds nothing that is not declared
            Some("on") => true,
            Some("off") => false,
            Some(other) => return Err(wrong("ledger", other, "`on` or `off`")),
        };
        let mut globs = GlobSetBuilder::new();
        for pattern in &settings.exclude {
            globs.add(Glob::new(pattern).map_err(|e| wrong("exclude", pattern, &format!("a glob: {e}")))?);
        }
        let exclude = globs.build().map_err(|e| wrong("exclude", "", &e.to_string()))?;
        Ok(Self { manage, exclude, scratch: Scratch::Auto(None), ledger, online: true, project: None, only: None })
    }
}

fn wrong(key: &str, value: &str, takes: &str) -> Box<Diagnostic> {
    let message = format!("`{key}: {value}` in `dbstate.yaml` is not known");
    Box::new(Diagnostic::new(Code::WrongType, message).help(format!("`{key}` takes {takes}")))
}
