//! Asks PostgreSQL how it spells declared objects, in a scratch database.
//!
//! PostgreSQL rewrites SQL text when it stores it, so different texts may mean the same. Objects in doubt, and what
//! they need, are created in a temporary database and read back. Nothing cluster-wide is created, except on an embedded
//! server. The database is dropped at the end; the next run drops what a killed one left behind.

use std::collections::HashSet;

use rustc_hash::FxHashMap;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::catalog;
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::kind::names::Names;
use crate::kind::{Entry, Reference, References, Scope, find};
use crate::model::node::Value;
use crate::model::{Address, Object, Server, State};
use crate::plan;
use crate::session::{self, Session, Target, cell, server_error};
use crate::sql;

/// The prefix of the names of scratch databases.
const PREFIX: &str = "dbstate_scratch_";
/// How many statements fill a scratch database in one transaction.
const BATCH: usize = 50;

/// What to build in a scratch database.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The whole live database, as objects that the project does not manage may be needed too.
    pub live: &'a State,
    /// The desired state.
    pub desired: &'a State,
    /// The objects to create and read back.
    pub doubtful: &'a [Address],
    /// The server that the plan is for.
    pub server: &'a Server,
    /// The register of kinds.
    pub register: &'static [Entry],
}

/// Returns those of the objects that differ that are on both sides and contain SQL text, so that only PostgreSQL knows whether
/// both mean the same.
pub fn doubtful<'a>(
    differing: impl IntoIterator<Item = &'a Address>,
    live: &State,
    desired: &State,
    register: &'static [Entry],
) -> Vec<Address> {
    let is_doubtful =
        |at: &&Address| live.contains(at) && desired.get(at).is_some_and(|wanted| holds_text(at, wanted, register));
    differing.into_iter().filter(is_doubtful).cloned().collect()
}

fn holds_text(at: &Address, object: &Object, register: &'static [Entry]) -> bool {
    let mut references = References::default();
    (find(register, at.kind()).references)(&*object.spec, at, &mut references);
    references.list.iter().any(|(r, _)| matches!(r, Reference::Text(_)))
}

/// Returns whether the stored and the declared object differ, if at all, only in fields that contain SQL text.
pub fn differs_in_text_alone(at: &Address, stored: &State, declared: &State, register: &'static [Entry]) -> bool {
    let entry = find(register, at.kind());
    let (Some(stored), Some(declared)) = (stored.get(at), declared.get(at)) else { return false };
    let mut references = References::default();
    for object in [stored, declared] {
        (entry.references)(&*object.spec, at, &mut references);
    }
    let is_text = |(reference, _): &&(Reference, &str)| matches!(reference, Reference::Text(_));
    let texts: HashSet<&str> = references.list.iter().filter(is_text).map(|(_, field)| *field).collect();
    let [stored, declared] = [stored, declared].map(|object| match (entry.write_long)(&*object.spec).value {
        Value::Map(mut entries) => {
            entries.retain(|(key, _)| !texts.contains(&*key.text));
            Value::Map(entries)
        }
        other => other,
    });
    stored == declared
}

/// What was read back from the scratch database.
#[derive(Debug, Default)]
pub struct Stored {
    /// The objects that could be created, as PostgreSQL stores them.
    pub state: State,
    /// Why the others could not be created: the first error of the server or of the plan.
    pub failure: Option<String>,
}

/// The server on which the scratch database is created.
#[derive(Clone, Copy)]
pub enum Host<'a> {
    /// The server that the plan is for.
    Same(&'a Session),
    /// Another server.
    Other(&'a Session),
    /// An embedded server, on which the roles of the plan's server may be created.
    Own(&'a Session),
}

impl<'a> Host<'a> {
    fn session(self) -> &'a Session {
        let (Self::Same(session) | Self::Other(session) | Self::Own(session)) = self;
        session
    }
}

/// Returns why a session cannot create a scratch database on its server, or `None` if it can.
pub async fn obstacle(session: &Session) -> Result<Option<String>> {
    let sql = "select pg_is_in_recovery(), rolsuper or rolcreatedb from pg_roles where rolname = current_user";
    let row = session.client.query_one(sql, &[]).await.map_err(|e| server_error(&e, sql))?;
    Ok(match (cell(&row, 0)?, cell(&row, 1)?) {
        (true, _) => Some("the server is a standby, on which nothing can be made".to_owned()),
        (false, false) => Some(format!("role `{}` may not create databases", session.target().user())),
        (false, true) => None,
    })
}

/// Creates objects and reads them back. `target` is the session of the plan.
pub async fn read_back(target: &Session, host: Host<'_>, needed: &Needed) -> Result<Stored> {
    let name = create(target, host).await?;
    let session = host.session();
    let result = build_and_read(&session.target().with_database(&name), needed).await;
    left(session, &name).await;
    let dropped = session.client.batch_execute(&format!("drop database if exists {name} with (force)")).await;
    let stored = result?;
    dropped.map_err(|e| failed("dropped", &e))?;
    Ok(stored)
}

/// Waits a little until nobody is in a database any more. `drop database` looks only every tenth of a second.
async fn left(session: &Session, name: &str) {
    let sql = "select pg_sleep(0.002) from pg_stat_activity where datname = $1";
    for _ in 0..20 {
        let there = session.client.query_typed(sql, &[(&name, Type::TEXT)]).await;
        if !there.is_ok_and(|rows| !rows.is_empty()) {
            return;
        }
    }
}

async fn create(target: &Session, host: Host<'_>) -> Result<String> {
    let session = host.session();
    sweep(session).await;
    let sql = "select pg_encoding_to_char(encoding), datcollate, datctype
               from pg_database where datname = current_database()";
    let row = target.client.query_one(sql, &[]).await.map_err(|e| failed("named", &e))?;
    let encoding: String = cell(&row, 0)?;
    let [collate, ctype] = match host {
        Host::Same(_) => [cell(&row, 1)?, cell(&row, 2)?],
        // Another machine may lack the locale, which does not affect how definitions are spelled.
        Host::Other(_) | Host::Own(_) => ["C".to_owned(), "C".to_owned()],
    };
    if let Host::Own(_) = host {
        borrow_roles(target, session).await?;
    }
    let sql = format!(
        "select '{PREFIX}' || pg_backend_pid() || '_' || (extract(epoch from clock_timestamp()) * 1000)::bigint"
    );
    let row = session.client.query_one(&sql, &[]).await.map_err(|e| failed("named", &e))?;
    let name: String = cell(&row, 0)?;
    let create = format!(
        "create database {name} template template0 encoding {} lc_collate {} lc_ctype {}",
        sql::literal(&encoding),
        sql::literal(&collate),
        sql::literal(&ctype)
    );
    session.client.batch_execute(&create).await.map_err(|e| failed("created", &e))?;
    Ok(name)
}

/// Creates the roles of a server on an embedded one, as policies name roles.
async fn borrow_roles(from: &Session, to: &Session) -> Result<()> {
    let roles = "select rolname::text from pg_roles where not starts_with(rolname, 'pg_')";
    let names = |rows: Vec<Row>| rows.iter().map(|row| cell(row, 0)).collect::<Result<HashSet<String>>>();
    let wanted = names(from.client.query(roles, &[]).await.map_err(|e| failed("filled", &e))?)?;
    let there = names(to.client.query(roles, &[]).await.map_err(|e| failed("filled", &e))?)?;
    let create: Vec<String> = wanted.difference(&there).map(|r| format!("create role {}", sql::ident(r))).collect();
    to.client.batch_execute(&create.join("; ")).await.map_err(|e| failed("filled", &e))
}

/// Drops what killed runs left behind: scratch databases of this role whose creator is gone, along with any sessions in
/// them.
pub async fn sweep(session: &Session) {
    let sql = format!(
        "select datname from pg_database d
         where starts_with(datname, '{PREFIX}') and pg_get_userbyid(datdba) = current_user
           and not exists (select from pg_stat_activity a where a.pid = split_part(d.datname::text, '_', 3)::int)"
    );
    let Ok(rows) = session.client.query(&sql, &[]).await else { return };
    for row in rows {
        let Ok(name) = cell(&row, 0) else { return };
        // Another run may have dropped it in the meantime.
        let drop = format!("drop database if exists {} with (force)", sql::ident(name));
        let _ = session.client.batch_execute(&drop).await;
    }
}

async fn build_and_read(target: &Target, needed: &Needed) -> Result<Stored> {
    let Needed { objects, server, register, .. } = needed;
    // Not set as a startup parameter, because poolers reject those.
    let scratch = session::connect(target, &[]).await?;
    scratch.client.batch_execute("set client_min_messages = error").await.map_err(|e| failed("prepared", &e))?;
    let version = server.version;
    let empty = catalog::read_tops(&scratch.client, version, register).await?;
    let mut live = State::default();
    for (at, object) in empty.iter().filter(|(at, _)| objects.contains(at)) {
        live.insert(at.clone(), object.clone());
    }
    let input =
        plan::Input { live: &live, whole: &live, desired: objects, server, register, online: false, suspects: None };
    let plan = match plan::plan(input) {
        Ok(plan) => plan,
        Err(problems) => {
            let failure = problems.iter().next().map(|d| d.problem.message.clone());
            return Ok(Stored { failure, ..Stored::default() });
        }
    };
    let settings = "set search_path = ''; set check_function_bodies = off; set synchronous_commit = off";
    scratch.client.batch_execute(settings).await.map_err(|e| failed("prepared", &e))?;
    let statements: Vec<&str> = plan.steps.iter().map(|s| s.sql.as_str()).collect();
    let failure = run(&scratch, &statements).await?;
    let state = catalog::read(&scratch.client, version, register).await?;
    Ok(Stored { state, failure })
}

/// Runs the statements. Those that fail are tried again after the others, until no more succeed, and then in the same way
/// with the `search_path` of the role: they may run functions whose bodies name things without their schemas. Returns the
/// first error that remains.
async fn run(scratch: &Session, statements: &[&str]) -> Result<Option<String>> {
    let mut waiting: Vec<&str> = statements.to_vec();
    let mut on_own_path = false;
    loop {
        let before = waiting.len();
        let mut failed_again = Vec::new();
        let mut first = None;
        for batch in waiting.chunks(BATCH) {
            // One request, and one transaction, that the server's lock table has room for.
            let is_whole = batch.len() > 1 && attempt(scratch, &batch.join("\n;\n")).await?.is_none();
            for sql in batch.iter().filter(|_| !is_whole) {
                if let Some(cause) = attempt(scratch, sql).await? {
                    first.get_or_insert(cause);
                    failed_again.push(*sql);
                }
            }
        }
        let is_stuck = failed_again.len() == before;
        if failed_again.is_empty() || is_stuck && on_own_path {
            return Ok(first);
        }
        if is_stuck {
            on_own_path = true;
            scratch.client.batch_execute("reset search_path").await.map_err(|e| failed("filled", &e))?;
        }
        waiting = failed_again;
    }
}

/// Runs SQL in a transaction of its own; the server's error if it refuses.
///
/// # Errors
/// If the connection is lost.
async fn attempt(scratch: &Session, sql: &str) -> Result<Option<String>> {
    match scratch.client.batch_execute(sql).await {
        Ok(()) => Ok(None),
        Err(error) if error.as_db_error().is_some() => {
            let cause = session::cause(&error);
            tracing::debug!(%sql, error = %cause, "scratch");
            Ok(Some(cause))
        }
        Err(error) => Err(failed("filled", &error)),
    }
}

/// The doubtful objects and everything they need, without facets and cluster-wide objects.
pub struct Needed {
    objects: State,
    server: Server,
    register: &'static [Entry],
    /// The objects of which edges tell what they need. If their edges were not known, it has to be found out again.
    pub told: Vec<Address>,
}

impl Needed {
    /// Returns what is built, in order.
    pub fn list(&self) -> Vec<&Address> {
        self.objects.iter().map(|(at, _)| at).collect()
    }
}

/// How much of an object is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    /// So much of it that something can be below it: of a table, its columns.
    Ground,
    /// With everything that is created along with it.
    Whole,
}

/// Returns the doubtful objects and everything they need.
pub fn needed(request: Request<'_>) -> Needed {
    let universe = Universe(request);
    let takes_place = |at: &Address| !find(request.register, at.kind()).rules.slots.is_empty();
    let names = Names::of_all(universe.iter(takes_place).map(|(at, _)| at), request.register);
    let servants = names.servants(request.desired.iter().chain(request.live.iter()), request.register);
    let mut wanted: FxHashMap<Address, Extent> = FxHashMap::default();
    let opaque = [request.desired, request.live].into_iter().flat_map(|state| opaque(state, request.register));
    let mut queue: Vec<(Address, Extent)> =
        request.doubtful.iter().chain(opaque).map(|at| (at.clone(), Extent::Whole)).collect();
    while let Some((at, extent)) = queue.pop() {
        let Some(object) = universe.get(&at) else { continue };
        let known = wanted.get(&at).copied();
        if known >= Some(extent) {
            continue;
        }
        wanted.insert(at.clone(), extent);
        let whole = |at: &Address| (at.clone(), Extent::Whole);
        let is_needed =
            |child: &&Address| extent == Extent::Whole || find(request.register, child.kind()).rules.visible;
        let children = universe.children(&at).filter(is_needed).filter(|child| universe.is_part(child, &at));
        queue.extend(children.map(whole));
        if known.is_some() {
            continue;
        }
        queue.extend(at.ancestors().map(|above| (above.clone(), Extent::Ground)));
        let entry = find(request.register, at.kind());
        let mut references = References::default();
        (entry.references)(&*object.spec, &at, &mut references);
        let served = entry.is_served(&*object.spec, &at);
        for to in references.list.iter().flat_map(|(reference, _)| names.resolve(reference, &at)) {
            queue.extend(servants.get(&to).into_iter().flatten().filter(|_| served).map(whole));
            queue.push(whole(&to));
        }
        queue.extend(universe.uses(&at).map(whole));
    }
    let mut objects = State::default();
    for (at, object) in universe.iter(|at| wanted.contains_key(at)) {
        objects.insert(at.clone(), object.clone());
        if universe.is_told(at) {
            let uses = universe.uses(at).filter(|to| wanted.contains_key(*to));
            uses.for_each(|to| objects.add_edge(at.clone(), to.clone()));
        }
    }
    let is_told = |at: &&Address| universe.is_told(at) || !request.desired.contains(at);
    let told = objects.iter().map(|(at, _)| at).filter(is_told).cloned().collect();
    Needed { objects, server: request.server.clone(), register: request.register, told }
}

/// Returns the objects that are needed whatever is in doubt, as they bring along what nothing declares.
pub fn opaque<'s>(state: &'s State, register: &'static [Entry]) -> impl Iterator<Item = &'s Address> {
    state.tops().filter(move |at| find(register, at.kind()).rules.opaque)
}

/// The desired objects, and those live ones that may be needed besides.
struct Universe<'a>(Request<'a>);

impl<'a> Universe<'a> {
    /// Returns the objects that `counts` is true for: the desired ones first, each in the order of its state.
    fn iter(&self, counts: impl Fn(&Address) -> bool + Copy) -> impl Iterator<Item = (&'a Address, &'a Object)> {
        let Request { desired, live, .. } = self.0;
        let others = live.iter().filter(move |(at, _)| counts(at) && self.is_besides(at));
        desired.iter().filter(move |(at, _)| counts(at)).chain(others).filter(|(at, _)| self.is_buildable(at))
    }

    fn get(&self, at: &Address) -> Option<&'a Object> {
        let Request { desired, live, .. } = self.0;
        let object = desired.get(at).or_else(|| live.get(at).filter(|_| self.is_besides(at)));
        object.filter(|_| self.is_buildable(at))
    }

    /// Returns the children of an object, in no order that matters.
    fn children(&self, at: &Address) -> impl Iterator<Item = &'a Address> {
        let Request { desired, live, .. } = self.0;
        let others = live.children(at).into_iter().filter(|at| self.is_besides(at));
        desired.children(at).into_iter().chain(others).filter(|at| self.is_buildable(at))
    }

    /// Returns what an object uses according to the edges that count here: those of live ones, and of what does not tell.
    fn uses(&self, at: &Address) -> impl Iterator<Item = &'a Address> {
        let Request { desired, live, .. } = self.0;
        let is_told = self.is_told(at);
        let of_live = live.uses(at).iter().filter(move |_| is_told || !desired.contains(at));
        of_live.chain(desired.uses(at).iter().filter(move |_| is_told))
    }

    /// Returns whether a live object is neither declared nor a part of something that is.
    fn is_besides(&self, at: &Address) -> bool {
        let desired = self.0.desired;
        !desired.contains(at) && !at.ancestors().any(|above| above.parent().is_some() && desired.contains(above))
    }

    /// Returns whether an object can be created in a database of its own: it is no facet, and nothing cluster-wide.
    fn is_buildable(&self, at: &Address) -> bool {
        let entry = find(self.0.register, at.kind());
        !entry.is_facet() && entry.rules.scope == Scope::Database && !entry.rules.last && !entry.rules.watches
    }

    /// Returns whether the text of an object does not say all that it needs.
    fn is_told(&self, at: &Address) -> bool {
        find(self.0.register, at.kind()).needs.is_some()
    }

    /// Returns whether a child is created along with its parent: none of its `Object` references, and no `Perhaps`
    /// reference to an object that exists, leads out of the parent.
    fn is_part(&self, child: &Address, parent: &Address) -> bool {
        if parent.parent().is_none() {
            return false; // a schema is built without its contents
        }
        let Some(object) = self.get(child) else { return false };
        let mut references = References::default();
        (find(self.0.register, child.kind()).references)(&*object.spec, child, &mut references);
        references.list.iter().all(|(reference, _)| match reference {
            Reference::Text(_) | Reference::Name { .. } => true,
            Reference::Object(to) => to.is_within(parent),
            Reference::Perhaps(to) => to.is_within(parent) || self.get(to).is_none(),
        })
    }
}

fn failed(what: &str, error: &tokio_postgres::Error) -> Box<Diagnostic> {
    let cause = session::cause(error);
    Box::new(Diagnostic::new(Code::Server, format!("the scratch database could not be {what}: {cause}")).help(
        "`--scratch URL` names another server; `--scratch none` shows what PostgreSQL spells otherwise as changed",
    ))
}
