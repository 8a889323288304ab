//! `pull`: a database as YAML.

use crate::catalog;
use crate::declare::adopt::file_name;
use crate::declare::raise::raise;
use crate::declare::write::write;
use crate::diagnostic::Result;
use crate::kind::{Scope, find};
use crate::kinds;
use crate::ledger;
use crate::model::{Address, Manage, State};
use crate::session::Session;

/// A file to write: its name and its text.
pub type File = (String, String);

/// What to pull.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// How much.
    pub manage: Manage,
    /// Only these schemas; all when empty.
    pub schemas: Vec<String>,
}

/// Reads a database and writes it as files: one a schema, one for roles, one for the rest.
pub async fn pull(session: &Session, choices: &Choices) -> Result<Vec<File>> {
    let register = kinds::register();
    let state = read(session, choices).await?;
    let mut files = Vec::new();
    let spaces: Vec<Address> = state
        .iter()
        .map(|(at, _)| at)
        .filter(|at| at.parent().is_none() && find(register, at.kind()).rules.space)
        .cloned()
        .collect();
    for space in &spaces {
        files.push((file_name(space.key()), write(&raise(&part(&state, |at| at == space), register))));
    }
    let cluster = |at: &Address| find(register, at.kind()).rules.scope == Scope::Cluster;
    let roles = part(&state, cluster);
    if !roles.is_empty() {
        files.push(("roles.yaml".to_owned(), write(&raise(&roles, register))));
    }
    let rest = part(&state, |at| !cluster(at) && !spaces.contains(at));
    if !rest.is_empty() {
        files.push(("database.yaml".to_owned(), write(&raise(&rest, register))));
    }
    Ok(files)
}

/// The file of one schema, if the database has it.
pub async fn schema(session: &Session, name: &str) -> Result<Option<File>> {
    let register = kinds::register();
    let state = read(session, &Choices { manage: Manage::Schemas, schemas: vec![name.to_owned()] }).await?;
    let is_it = |at: &Address| at.key() == name && find(register, at.kind()).rules.space;
    let part = part(&state, is_it);
    Ok((!part.is_empty()).then(|| (file_name(name), write(&raise(&part, register)))))
}

/// Everything as one text.
pub async fn pull_one(session: &Session, choices: &Choices) -> Result<String> {
    Ok(write(&raise(&read(session, choices).await?, kinds::register())))
}

/// The part of a database that was asked for, in its shortest form.
async fn read(session: &Session, choices: &Choices) -> Result<State> {
    let register = kinds::register();
    let server = catalog::server(&session.client).await?;
    let mut state = catalog::read(&session.client, server.version, register).await?;
    ledger::hide(&mut state);
    narrow(&mut state, choices);
    state.set_whole(choices.manage == Manage::Database);
    // Facets before what they sit on: the inverse of completing.
    for entry in register.iter().rev() {
        (entry.before_raise)(&mut state, register);
    }
    Ok(state)
}

/// Keeps what was asked for.
fn narrow(state: &mut State, choices: &Choices) {
    let register = kinds::register();
    let all = choices.schemas.is_empty();
    state.retain(|at, _| {
        let entry = find(register, at.kind());
        if at.parent().is_some() {
            return true;
        }
        let asked = all || choices.schemas.iter().any(|s| s == at.key());
        match entry.rules.scope {
            _ if entry.rules.space => asked,
            Scope::Cluster => true,
            Scope::Database => all || choices.manage == Manage::Database,
        }
    });
}

/// What stands at the top and is as `keep` says, with everything under it.
fn part(state: &State, keep: impl Fn(&Address) -> bool) -> State {
    let mut out = State::default();
    for (at, object) in state.iter().filter(|(at, _)| keep(at.top())) {
        out.insert(at.clone(), object.clone());
    }
    out
}
