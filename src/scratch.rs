//! PostgreSQL's own spelling of wanted objects, from a scratch database on the same server.
//!
//! PostgreSQL rewrites SQL text when it stores it, so a text that differs may mean the same. Objects in doubt, and what
//! they need, are built in a database of their own and read back; nothing cluster-wide is made. The database is dropped
//! at the end, and what a killed run left is dropped by the next.

use std::collections::HashSet;

use crate::catalog;
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::kind::names::Names;
use crate::kind::{Entry, Reference, References, Scope, Under, find};
use crate::model::{Address, Object, Server, State};
use crate::plan;
use crate::session::{self, Session, Target};

/// How the names of scratch databases begin.
const PREFIX: &str = "dbstate_scratch_";

/// What the scratch database is for.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The database as it is, whole: what the project does not manage may be needed too.
    pub live: &'a State,
    /// What is wanted.
    pub desired: &'a State,
    /// What is to be built and read back.
    pub doubtful: &'a [Address],
    /// The server.
    pub server: &'a Server,
    /// Every kind.
    pub register: &'static [Entry],
}

/// The objects on both sides that differ and hold SQL text: PostgreSQL alone knows whether they mean the same.
pub fn doubtful(live: &State, desired: &State, register: &'static [Entry]) -> Vec<Address> {
    desired
        .iter()
        .filter(|(at, wanted)| {
            live.get(at).is_some_and(|there| !there.spec.same(&*wanted.spec)) && holds_text(at, wanted, register)
        })
        .map(|(at, _)| at.clone())
        .collect()
}

fn holds_text(at: &Address, object: &Object, register: &'static [Entry]) -> bool {
    let mut references = References::default();
    (find(register, at.kind()).references)(&*object.spec, at, &mut references);
    references.list.iter().any(|(r, _)| matches!(r, Reference::Text(_)))
}

/// What the scratch database says.
#[derive(Debug, Default)]
pub struct Stored {
    /// The objects that could be built, as PostgreSQL stores them.
    pub state: State,
    /// Why the others could not: the first error of the server, or of the plan.
    pub failure: Option<String>,
}

/// Builds the doubtful objects and what they need, and reads them back.
pub async fn read_back(target: &Target, session: &Session, request: Request<'_>) -> Result<Stored> {
    let name = create(session).await?;
    let result = build_and_read(target, &name, request).await;
    let dropped = session.client.batch_execute(&format!("drop database if exists {name} with (force)")).await;
    let stored = result?;
    dropped.map_err(|e| failed("dropped", &e))?;
    Ok(stored)
}

async fn create(session: &Session) -> Result<String> {
    sweep(session).await;
    let sql = format!(
        "select '{PREFIX}' || pg_backend_pid() || '_' || (extract(epoch from clock_timestamp()) * 1000)::bigint,
                pg_encoding_to_char(encoding), datcollate, datctype
         from pg_database where datname = current_database()"
    );
    let row = session.client.query_one(&sql, &[]).await.map_err(|e| failed("named", &e))?;
    let (name, encoding): (String, String) = (row.get(0), row.get(1));
    let (collate, ctype): (String, String) = (row.get(2), row.get(3));
    let create = format!(
        "create database {name} template template0 encoding {} lc_collate {} lc_ctype {}",
        crate::sql::literal(&encoding),
        crate::sql::literal(&collate),
        crate::sql::literal(&ctype)
    );
    session.client.batch_execute(&create).await.map_err(|e| failed("created", &e))?;
    Ok(name)
}

/// Drops what killed runs left: scratch databases of this role that nobody is connected to.
async fn sweep(session: &Session) {
    let sql = format!(
        "select datname from pg_database d
         where starts_with(datname, '{PREFIX}') and pg_get_userbyid(datdba) = current_user
           and not exists (select from pg_stat_activity a
                           where a.datname = d.datname or a.pid = split_part(d.datname::text, '_', 3)::int)"
    );
    let Ok(rows) = session.client.query(&sql, &[]).await else { return };
    for row in rows {
        let name: String = row.get(0);
        // Another run may have swept it in between.
        let _ = session.client.batch_execute(&format!("drop database if exists {}", crate::sql::ident(&name))).await;
    }
}

async fn build_and_read(target: &Target, name: &str, request: Request<'_>) -> Result<Stored> {
    let scratch = session::connect(&target.with_database(name), &[("client_min_messages", "error")]).await?;
    let version = request.server.version;
    let empty = catalog::read(&scratch.client, version, request.register).await?;
    let wanted = closure(request);
    let mut live = State::default();
    for (at, object) in empty.iter().filter(|(at, _)| wanted.contains(at)) {
        live.insert(at.clone(), object.clone());
    }
    let input = plan::Input {
        live: &live,
        desired: &wanted,
        server: request.server,
        register: request.register,
        online: false,
    };
    let plan = match plan::plan(input) {
        Ok(plan) => plan,
        Err(problems) => {
            let failure = problems.iter().next().map(|d| d.problem.message.clone());
            return Ok(Stored { failure, ..Stored::default() });
        }
    };
    let settings = "set search_path = ''; set check_function_bodies = off; set synchronous_commit = off; begin";
    scratch.client.batch_execute(settings).await.map_err(|e| failed("prepared", &e))?;
    let statements: Vec<&str> = plan.steps.iter().map(|s| s.sql.as_str()).collect();
    let failure = run(&scratch, &statements).await?;
    scratch.client.batch_execute("commit").await.map_err(|e| failed("filled", &e))?;
    let state = catalog::read(&scratch.client, version, request.register).await?;
    Ok(Stored { state, failure })
}

/// Runs what can be run: what fails is tried again after the rest, until nothing more succeeds. Gives the first error
/// that stays.
async fn run(scratch: &Session, statements: &[&str]) -> Result<Option<String>> {
    let mut waiting: Vec<&str> = statements.to_vec();
    loop {
        let before = waiting.len();
        let mut failed_again = Vec::new();
        let mut first = None;
        for sql in waiting {
            let guarded = format!("savepoint s; {sql}; release savepoint s");
            if let Err(error) = scratch.client.batch_execute(&guarded).await {
                let cause = session::cause(&error);
                tracing::debug!(%sql, error = %cause, "scratch");
                first.get_or_insert(cause);
                scratch.client.batch_execute("rollback to savepoint s").await.map_err(|e| failed("filled", &e))?;
                failed_again.push(sql);
            }
        }
        if failed_again.is_empty() || failed_again.len() == before {
            return Ok(first);
        }
        waiting = failed_again;
    }
}

/// The doubtful objects and all they need, facets and cluster-wide things left out.
fn closure(request: Request<'_>) -> State {
    let universe = universe(request);
    let names = Names::of(&universe, request.register);
    let mut wanted: HashSet<Address> = HashSet::new();
    let mut queue: Vec<Address> = request.doubtful.to_vec();
    queue.extend(
        universe
            .iter()
            .map(|(at, _)| at)
            .filter(|at| at.parent().is_none() && find(request.register, at.kind()).rules.opaque)
            .cloned(),
    );
    while let Some(at) = queue.pop() {
        let Some(object) = universe.get(&at) else { continue };
        if !wanted.insert(at.clone()) {
            continue;
        }
        queue.extend(at.ancestors().cloned());
        let entry = find(request.register, at.kind());
        let mut references = References::default();
        (entry.references)(&*object.spec, &at, &mut references);
        for (reference, _) in references.list {
            queue.extend(names.resolve(&reference, &at));
        }
        queue.extend(universe.uses(&at).iter().cloned());
        queue.extend(
            universe.children(&at).into_iter().filter(|c| is_part(c, &at, &universe, &names, request)).cloned(),
        );
    }
    let mut out = State::default();
    for (at, object) in universe.iter().filter(|(at, _)| wanted.contains(*at)) {
        out.insert(at.clone(), object.clone());
    }
    out
}

/// What is wanted, and what is there besides and may be needed.
fn universe(request: Request<'_>) -> State {
    let buildable = |at: &Address| {
        let entry = find(request.register, at.kind());
        let facet = entry.homes.iter().any(|h| matches!(h.under, Under::Owned | Under::Commented | Under::Granted));
        !facet && entry.rules.scope == Scope::Database && !entry.rules.last && !entry.rules.watches
    };
    let mut universe = State::default();
    for (at, object) in request.desired.iter().chain(request.live.iter()) {
        let declared_above = at.ancestors().chain([at]).any(|a| request.desired.contains(a) && a.parent().is_some());
        if buildable(at) && !universe.contains(at) && (request.desired.contains(at) || !declared_above) {
            universe.insert(at.clone(), object.clone());
        }
    }
    for (from, to) in request.live.edges().filter(|(from, _)| !request.desired.contains(from)) {
        universe.add_edge(from.clone(), to.clone());
    }
    universe
}

/// True for a child that belongs to its parent wherever it is built: it refers to nothing outside by name.
fn is_part(child: &Address, parent: &Address, universe: &State, names: &Names, request: Request<'_>) -> bool {
    if parent.parent().is_none() {
        return false; // a schema is built without its contents
    }
    let Some(object) = universe.get(child) else { return false };
    let mut references = References::default();
    (find(request.register, child.kind()).references)(&*object.spec, child, &mut references);
    references.list.iter().all(|(reference, _)| match reference {
        Reference::Text(_) | Reference::Name { .. } => true,
        Reference::Object(_) | Reference::Perhaps(_) => {
            names.resolve(reference, child).iter().all(|to| to.is_within(parent))
        }
    })
}

fn failed(what: &str, error: &tokio_postgres::Error) -> Box<Diagnostic> {
    let cause = session::cause(error);
    Box::new(
        Diagnostic::new(Code::Server, format!("the scratch database could not be {what}: {cause}"))
            .help("`--scratch none` plans without it; text that PostgreSQL spells otherwise then shows as changed"),
    )
}
