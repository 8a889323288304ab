//! `pull`: writes a database as YAML.

use std::path::Path;

use globset::GlobSet;

use crate::catalog;
use crate::declare::bodies::{plain, take_out};
use crate::declare::lower::Lowering;
use crate::declare::raise::raise;
use crate::declare::write::write;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result, Sources};
use crate::diff::{diff, scope};
use crate::kind::{Scope, find};
use crate::kinds;
use crate::ledger;
use crate::model::{Address, Manage, State};
use crate::session::Session;

/// The name and the text of a file to write.
pub type File = (String, String);

/// How many objects a warning names.
const SHOWN: usize = 10;

/// What to pull.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// How much of the database is managed.
    pub manage: Manage,
    /// Only these schemas; all of them if empty.
    pub schemas: Vec<String>,
    /// Whether to write bodies of routines and queries of views to files of their own.
    pub bodies: bool,
}

/// Reads a database and returns it as files: one per schema, one for roles, one for the rest.
pub async fn pull(session: &Session, choices: &Choices) -> Result<Vec<File>, Diagnostics> {
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
        let name = file_name(space.key());
        let mut root = raise(&part(&state, |at| at == space), register);
        if choices.bodies {
            files.extend(take_out(&mut root, name.trim_end_matches(".yaml"), register));
        }
        files.push((name, write(&root)));
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

/// Returns a warning that names what a pull of everything does not write: privileges on objects of PostgreSQL's own and of
/// extensions.
pub async fn unwritten(session: &Session) -> Result<Option<String>, Diagnostics> {
    let mut whats = catalog::census::regranted(&session.client).await?;
    let more = whats.len().saturating_sub(SHOWN);
    whats.truncate(SHOWN);
    if more > 0 {
        whats.push(format!("{more} more"));
    }
    let list = whats.join(", ");
    let warning = format!(
        "not written, since dbstate never touches objects of PostgreSQL's own and of extensions: changed privileges on {list}; \
         keep those in SQL of your own"
    );
    Ok((!list.is_empty()).then_some(warning))
}

/// Returns the names of the schemas that a pull of everything writes.
pub async fn schemas(session: &Session) -> Result<Vec<String>, Diagnostics> {
    let state = read(session, &Choices::default()).await?;
    let is_one = |at: &&Address| at.parent().is_none() && find(kinds::register(), at.kind()).rules.space;
    Ok(state.iter().map(|(at, _)| at).filter(is_one).map(|at| at.key().to_owned()).collect())
}

/// Returns the file of one schema, or `None` if the database does not have it.
pub async fn schema(session: &Session, name: &str) -> Result<Option<File>, Diagnostics> {
    let register = kinds::register();
    let state =
        read(session, &Choices { manage: Manage::Schemas, schemas: vec![name.to_owned()], ..Choices::default() })
            .await?;
    let is_it = |at: &Address| at.key() == name && find(register, at.kind()).rules.space;
    let part = part(&state, is_it);
    Ok((!part.is_empty()).then(|| (file_name(name), write(&raise(&part, register)))))
}

/// Returns everything as one text.
pub async fn pull_one(session: &Session, choices: &Choices) -> Result<String, Diagnostics> {
    Ok(write(&raise(&read(session, choices).await?, kinds::register())))
}

/// Reads the chosen part of a database, in its shortest form.
async fn read(session: &Session, choices: &Choices) -> Result<State, Diagnostics> {
    let register = kinds::register();
    let server = catalog::server(&session.client).await?;
    let mut state = catalog::read(&session.client, server.version, register).await?;
    all_read(session, &state, choices).await?;
    ledger::hide(&mut state);
    narrow(&mut state, choices);
    state.set_whole(choices.manage == Manage::Database);
    let live = state.clone();
    // The inverse of `complete`, so in reverse order: facets before the objects that they are attached to.
    for entry in register.iter().rev() {
        (entry.before_raise)(&mut state, register);
    }
    all_written(&live, &state, choices)?;
    Ok(state)
}

/// Fails if the database contains objects that no kind reads.
async fn all_read(session: &Session, state: &State, choices: &Choices) -> Result<(), Diagnostics> {
    let mut problems = Diagnostics::default();
    for object in catalog::census::unread(&session.client, state).await? {
        let asked = choices.schemas.is_empty() || object.schema.as_ref().is_some_and(|s| choices.schemas.contains(s));
        if asked {
            let why = match object.schema {
                Some(schema) if schema.starts_with("pg_") => format!("stands in `{schema}`, which is PostgreSQL's own"),
                _ => "is of a kind that dbstate does not know".to_owned(),
            };
            problems.push(
                Diagnostic::new(Code::Internal, format!("{} {why}", object.what))
                    .help("drop it, or keep it in SQL of your own; nothing was written"),
            );
        }
    }
    problems.into_result(())
}

/// Fails if the YAML, when read again, does not say the same as the database.
fn all_written(live: &State, short: &State, choices: &Choices) -> Result<(), Diagnostics> {
    let register = kinds::register();
    let mut sources = Sources::default();
    let mut lowering = Lowering::new(register, &mut sources);
    lowering.state.set_whole(choices.manage == Manage::Database);
    lowering.file(&raise(short, register));
    lowering.finish();
    let (mut said, mut problems) = (lowering.state, lowering.problems);
    let mut live = live.clone();
    scope::project(&mut live, &mut said, choices.manage, &GlobSet::empty(), register);
    // Whether a secret is the one in the database depends on the environment, and is no matter of the YAML.
    let names_secret = |at: &Address| {
        said.get(at).is_some_and(|o| (find(register, at.kind()).located)(&*o.spec, Path::new("")).is_some())
    };
    for at in diff(&live, &said).keys().filter(|at| !names_secret(at)) {
        let message = format!("the YAML of {at} says something else than the database");
        problems.push(Diagnostic::new(Code::Internal, message).help("please report it; nothing was written"));
    }
    problems.into_result(())
}

/// Removes everything that was not chosen.
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

/// Returns the top-level objects that satisfy `keep`, with everything below them.
fn part(state: &State, keep: impl Fn(&Address) -> bool) -> State {
    let mut out = State::default();
    for (at, object) in state.iter().filter(|(at, _)| keep(at.top())) {
        out.insert(at.clone(), object.clone());
    }
    out
}

/// Returns the file name for a schema, in characters that every file system accepts.
pub fn file_name(schema: &str) -> String {
    let name = plain(schema);
    if matches!(name.as_str(), "roles" | "database" | "dbstate") {
        format!("schema_{name}.yaml")
    } else {
        format!("{name}.yaml")
    }
}
