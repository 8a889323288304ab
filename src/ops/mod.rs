//! One function per command: data in, data out; nothing is printed.

pub mod access;
pub mod adopt;
pub mod apply;
pub mod diff;
pub mod docs;
mod drift;
mod edges;
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

use crate::declare::imprint::Imprint;
use crate::declare::project::Settings;
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::{Address, Manage};
use crate::session::Target;

/// Starts a server of the given major version, or of the newest one installed for `None`. The server runs until the
/// value returned beside its target is dropped.
pub type Embedded = fn(Option<u32>) -> Result<(Target, Box<dyn Any>)>;

/// Where dbstate asks PostgreSQL how it spells a definition.
#[derive(Debug, Clone)]
pub enum Scratch {
    /// Nowhere: SQL text that PostgreSQL may merely spell differently shows as changed.
    None,
    /// On the server of the database or, where that is impossible, on an embedded one.
    Auto(Option<Embedded>),
    /// On the given server. The target names a database in which the role may create others.
    At(Box<Target>),
}

/// How a command reads and compares states.
#[derive(Debug, Clone)]
pub struct Options {
    /// How much of the database is managed.
    pub manage: Manage,
    /// Globs of the paths that are left out of the comparison.
    pub exclude: GlobSet,
    /// Where a scratch database may be created.
    pub scratch: Scratch,
    /// Whether the ledger is read and written.
    pub ledger: bool,
    /// Whether to prefer online forms of statements, which take longer and may run outside the plan's transaction, but
    /// do not make clients wait.
    pub online: bool,
    /// With a ledger, the digests of everything that the desired state was read from; `None` if that can change without
    /// the project. The ledger uses them to recognise a project that the database was found to equal.
    pub project: Option<Imprint>,
    /// For a saved plan, the objects that may change. All others are left as they are in the database.
    pub only: Option<HashSet<Address>>,
}

impl Options {
    /// Returns the options from the settings. A `manage` from the command line takes precedence over theirs.
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
