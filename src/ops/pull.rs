//! `pull`: writes a database as YAML.

use std::path::Path;

use globset::GlobSet;

use crate::catalog;
use crate::declare::bodies::{plain, take_out};
use crate::declare::lower::Lowering;
use crate::declare::raise::raise_part;
use crate::declare::write::write;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result, Sources};
use crate::diff::{diff, scope};
use crate::kind::{Scope, find};
use crate::kinds;
use crate::ledger;
use crate::model::node::Node;
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
    let Read { live, short } = read(session, choices).await?;
    let (spaces, others): (Vec<&Address>, Vec<&Address>) = short.tops().partition(|at| is_space(at));
    let (cluster, rest): (Vec<&Address>, Vec<&Address>) =
        others.into_iter().partition(|at| find(register, at.kind()).rules.scope == Scope::Cluster);
    let mut sources = Sources::default();
    let mut written = Written::new(choices, &mut sources);
    let mut files = Vec::new();
    // One file at a time, as nodes take more memory than the objects.
    for space in spaces {
        let name = file_name(space.key());
        let mut root = written.raise(&short, &[space]);
        if choices.bodies {
            files.extend(take_out(&mut root, name.trim_end_matches(".yaml"), register));
        }
        files.push((name, write(&root)));
    }
    for (name, tops) in [("roles.yaml", cluster), ("database.yaml", rest)] {
        if !tops.is_empty() {
            files.push((name.to_owned(), write(&written.raise(&short, &tops))));
        }
    }
    written.compare(&live, choices)?;
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
    let choices = Choices::default();
    let read = read(session, &choices).await?;
    read.written(&choices)?;
    Ok(read.short.tops().filter(|at| is_space(at)).map(|at| at.key().to_owned()).collect())
}

/// Returns the file of one schema, or `None` if the database does not have it.
pub async fn schema(session: &Session, name: &str) -> Result<Option<File>, Diagnostics> {
    let choices = Choices { manage: Manage::Schemas, schemas: vec![name.to_owned()], ..Choices::default() };
    let read = read(session, &choices).await?;
    read.written(&choices)?;
    let space = read.short.tops().find(|at| at.key() == name && is_space(at));
    Ok(space.map(|space| (file_name(name), write(&raise_part(&read.short, kinds::register(), &[space])))))
}

/// Returns whether an address is that of a schema.
fn is_space(at: &Address) -> bool {
    find(kinds::register(), at.kind()).rules.space
}

/// Returns everything as one text.
pub async fn pull_one(session: &Session, choices: &Choices) -> Result<String, Diagnostics> {
    read(session, choices).await?.written(choices)
}

/// The chosen part of a database.
struct Read {
    /// As the catalog has it.
    live: State,
    /// In its shortest form.
    short: State,
}

impl Read {
    /// Returns everything as one text.
    fn written(&self, choices: &Choices) -> Result<String, Diagnostics> {
        let mut sources = Sources::default();
        let mut written = Written::new(choices, &mut sources);
        let text = write(&written.raise(&self.short, &self.short.tops().collect::<Vec<_>>()));
        written.compare(&self.live, choices)?;
        Ok(text)
    }
}

/// Reads the chosen part of a database.
async fn read(session: &Session, choices: &Choices) -> Result<Read, Diagnostics> {
    let register = kinds::register();
    let server = catalog::server(&session.client).await?;
    let mut state = catalog::read_objects(session, server.version, register).await?;
    all_read(session, &state, choices).await?;
    ledger::hide(&mut state);
    narrow(&mut state, choices);
    state.set_whole(choices.manage == Manage::Database);
    let live = state.clone();
    // The inverse of `complete`, so in reverse order: facets before the objects that they are attached to.
    for entry in register.iter().rev() {
        (entry.before_raise)(&mut state, register);
    }
    Ok(Read { live, short: state })
}

/// Fails if the database contains objects that no kind reads.
async fn all_read(session: &Session, state: &State, choices: &Choices) -> Result<(), Diagnostics> {
    let mut problems = Diagnostics::default();
    for object in catalog::census::unread(&session.client, state).await? {
        let asked = choices.schemas.is_empty() || object.schema.as_ref().is_some_and(|s| choices.schemas.contains(s));
        if asked {
            let problem = Diagnostic::new(Code::Internal, format!("{} {}", object.what, object.why));
            problems.push(problem.help(format!("{}; nothing was written", object.help)));
        }
    }
    problems.into_result(())
}

/// What the YAML says when it is read again.
struct Written<'a>(Lowering<'a>);

impl<'a> Written<'a> {
    fn new(choices: &Choices, sources: &'a mut Sources) -> Self {
        let mut lowering = Lowering::new(kinds::register(), sources);
        lowering.state.set_whole(choices.manage == Manage::Database);
        Self(lowering)
    }

    /// Returns the YAML of top-level objects and of everything below them, having read it again.
    fn raise(&mut self, short: &State, tops: &[&Address]) -> Node {
        let node = raise_part(short, kinds::register(), tops);
        self.0.file(&node);
        node
    }

    /// Fails if all that was written does not say the same as the database.
    fn compare(mut self, live: &State, choices: &Choices) -> Result<(), Diagnostics> {
        let register = kinds::register();
        self.0.finish();
        let (mut said, mut problems) = (self.0.state, self.0.problems);
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

/// Returns the file name for a schema, in characters that every file system accepts.
pub fn file_name(schema: &str) -> String {
    let name = plain(schema);
    if matches!(name.as_str(), "roles" | "database" | "dbstate") {
        format!("schema_{name}.yaml")
    } else {
        format!("{name}.yaml")
    }
}
