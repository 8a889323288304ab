//! `pull`: writes a database as YAML.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::mpsc::sync_channel;

use globset::GlobSet;

use crate::catalog;
use crate::declare::bodies::{plain, take_out};
use crate::declare::layout::Layout;
use crate::declare::lower::Lowering;
use crate::declare::raise::raise_part;
use crate::declare::write::{STEP, write, write_entries};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Result, Sources};
use crate::diff::{diff, scope};
use crate::kind::{Scope, find, nested};
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
    let files = written.read_again(|read| {
        let mut files = Vec::new();
        for space in spaces {
            let name = file_name(space.key());
            let node = raise_part(&short, register, &[space]);
            if choices.bodies {
                let mut bare = node.clone();
                files.extend(take_out(&mut bare, name.trim_end_matches(".yaml"), register));
                files.push((name, write(&bare)));
            } else {
                files.push((name, write(&node)));
            }
            read(node);
        }
        for (name, tops) in [("roles.yaml", cluster), ("database.yaml", rest)] {
            if !tops.is_empty() {
                let node = raise_part(&short, register, &tops);
                files.push((name.to_owned(), write(&node)));
                read(node);
            }
        }
        files
    });
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
        let text = written.read_again(|read| self.text(read));
        written.compare(&self.live, choices)?;
        Ok(text)
    }

    /// Returns everything as one text, and passes on what it is made of: a schema at a time, as nodes take more memory than
    /// objects. The first one comes with all that is in none.
    fn text(&self, pass_on: &mut dyn FnMut(Node)) -> String {
        let register = kinds::register();
        let mut spaces = self.short.tops().filter(|at| is_space(at));
        let first = spaces.next();
        let others = self.short.tops().filter(|at| !is_space(at)).chain(first);
        let root = raise_part(&self.short, register, &others.collect::<Vec<_>>());
        let Some(entries) = root.as_map().filter(|entries| !entries.is_empty()) else { return write(&root) };
        let place = nested(register, None).find(|(entry, _)| entry.rules.space).map(|(_, home)| home.key);
        let mut text = String::new();
        for entry in entries {
            text.push_str(&write_entries(std::slice::from_ref(entry), 0, &Layout::default()));
            if Some(&*entry.0.text) != place {
                continue;
            }
            for space in spaces.by_ref() {
                let node = raise_part(&self.short, register, &[space]);
                let inner = node.as_map().and_then(|map| map.first()?.1.as_map()).unwrap_or_default();
                text.push_str(&write_entries(inner, STEP, &Layout::default()));
                pass_on(node);
            }
        }
        pass_on(root);
        text
    }
}

/// Reads the chosen part of a database.
async fn read(session: &Session, choices: &Choices) -> Result<Read, Diagnostics> {
    let register = kinds::register();
    let server = catalog::server(&session.client).await?;
    let (mut state, _) = catalog::read_objects(session, server.version, register).await?;
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

    /// Has another thread write, and reads again what it passes on meanwhile: one node, while it makes the next.
    fn read_again<T: Send>(&mut self, write: impl FnOnce(&mut dyn FnMut(Node)) -> T + Send) -> T {
        let (say, said) = sync_channel(1);
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || write(&mut |node| drop(say.send(node))));
            for node in said {
                self.0.file(&node);
            }
            writer.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
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
