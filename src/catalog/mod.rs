//! Reads a database to a state: one snapshot, every kind's query, and the edges of `pg_depend`.

mod activity;
mod beside;
pub mod census;
mod depend;
mod facets;
pub mod fingerprint;
mod needs;
mod row;
mod size;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use futures_util::future::{BoxFuture, FutureExt, join3, try_join_all};
use futures_util::stream::{FuturesOrdered, StreamExt, TryStreamExt};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row, RowStream};

use crate::diagnostic::{Code, Diagnostic, Problem, Result, Statement};
use crate::kind::{Entry, Scope, Shared};
use crate::model::{Address, Locks, Object, Origin, PgVersion, Server, Spec, State};
use crate::session::{Session, cause, cell};

pub use activity::activity;
use beside::LARGE;
pub use depend::{Dependencies, EdgeSource, Item, Way};
use depend::{Ids, Members};
use facets::Facets;
pub use needs::needs;
use row::Fixed;
pub use size::measure;

/// A kind with its catalog query.
type Query = (&'static Entry, String);

/// What a snapshot begins with.
const BEGIN: &str = "begin isolation level repeatable read read only; set local search_path = ''; set local jit = off; \
     set local max_parallel_workers_per_gather = 0; \
     set local work_mem = '64MB'; set local bytea_output = hex; set local intervalstyle = postgres; set local datestyle = iso; \
     set local extra_float_digits = 1; set local quote_all_identifiers = off";

/// Reads the whole database in one snapshot, with two round trips: the first asks which kinds exist, the second reads
/// them all.
///
/// The role needs no privilege but to connect. Members of extensions are left out.
pub async fn read(client: &Client, version: PgVersion, register: &'static [Entry]) -> Result<State> {
    let begun = begin(client, version, register).await?;
    Ok(read_and_ask(client, register, &begun, true, None).await?.0)
}

/// Reads like [`read`], but only the top-level objects of the database itself, without edges.
pub async fn read_tops(client: &Client, version: PgVersion, register: &'static [Entry]) -> Result<State> {
    let mut begun = begin(client, version, register).await?;
    let is_top = |entry: &Entry| entry.rules.scope == Scope::Database && entry.nests_under(None).next().is_some();
    begun.queries.retain(|(entry, _)| is_top(entry));
    Ok(read_and_ask(client, register, &begun, false, None).await?.0)
}

/// Reads like [`read`], but for the edges, which only matter where something changes: [`EdgeSource`] reads them. Where the
/// database is large, a second session helps, if the server has one to give.
pub async fn read_objects(
    session: &Session,
    version: PgVersion,
    register: &'static [Entry],
) -> Result<(State, EdgeSource)> {
    let mut begun = begin(&session.client, version, register).await?;
    if begun.is_large {
        match beside::open(session).await {
            Ok(Some(second)) => {
                let state = Box::pin(beside::read(&session.client, &second.client, register, &begun)).await?;
                return Ok((state, EdgeSource::new(begun.members, Some(second))));
            }
            Ok(None) => {}
            Err(_) => {
                session.client.batch_execute("rollback").await.map_err(|e| lost(&e))?;
                begun = begin(&session.client, version, register).await?;
            }
        }
    }
    let state = read_and_ask(&session.client, register, &begun, false, None).await?.0;
    Ok((state, EdgeSource::new(begun.members, None)))
}

/// Reads like [`read`], and returns the [`fingerprint`] of the catalogs in the same snapshot; `None` if the role does
/// not see enough for it.
pub async fn read_marked(
    client: &Client,
    server: &Server,
    register: &'static [Entry],
) -> Result<(State, Option<String>)> {
    let sql = format!("select {}", fingerprint::expression(server.version, server.superuser));
    let begun = begin(client, server.version, register).await?;
    read_and_ask(client, register, &begun, true, Some(&sql)).await
}

/// A snapshot that has begun.
struct Begun {
    /// The queries of the kinds that the database contains.
    queries: Vec<Query>,
    members: Members,
    /// Whether it contains so much that two sessions read it sooner than one.
    is_large: bool,
}

/// Begins a snapshot, in one round trip.
async fn begin(client: &Client, version: PgVersion, register: &'static [Entry]) -> Result<Begun> {
    let members = async { members(rows(client, depend::MEMBERS).await?).await };
    let (begun, members, present) =
        join3(client.batch_execute(BEGIN), members, present(client, version, register)).await;
    begun.map_err(|e| lost(&e))?;
    let ((queries, is_large), members) = (present?, members?);
    Ok(Begun { queries, members, is_large })
}

/// Returns what the rows of [`depend::MEMBERS`] say.
async fn members(rows: RowStream) -> Result<Members> {
    let mut members = Members::default();
    let add = |row: &Row| {
        members.insert((cell(row, 0)?, cell(row, 1)?), (cell(row, 2)?, cell(row, 3)?));
        Ok(())
    };
    each(depend::MEMBERS, rows, add).await?;
    Ok(members)
}

/// Reads the objects in the snapshot that has begun and, in the same, the edges, if they are asked for, and evaluates a
/// question for one text, which may be null or refused.
async fn read_and_ask(
    client: &Client,
    register: &'static [Entry],
    begun: &Begun,
    with_edges: bool,
    question: Option<&str>,
) -> Result<(State, Option<String>)> {
    // All queries are sent at once. Rows are processed as they arrive, while the server goes on reading, and none is
    // kept.
    let texts = begun.queries.iter().map(|(_, sql)| sql.as_str());
    let edges = with_edges.then(|| depend::edges(None));
    let mut answers = Answers::of(client, texts.chain(edges.as_deref()).chain(question).chain(["commit"]));
    let mut reading = Reading::new(register);
    for (entry, sql) in &begun.queries {
        reading.rows(entry, sql, &begun.members, answers.next().await?).await?;
    }
    if let Some(sql) = &edges {
        let read = Dependencies::take(sql, answers.next().await?).await?;
        read.add_to(&mut reading.state, &reading.ids, &begun.members);
    }
    let mut answer = None;
    if let Some(sql) = question {
        // This is the last query before `commit`: if the role may not run it, everything else has been read all the
        // same.
        if let Ok(rows) = answers.next().await {
            let take = |row: &Row| {
                answer = cell(row, 0)?;
                Ok(())
            };
            _ = each(sql, rows, take).await;
        }
    }
    each("commit", answers.next().await?, |_| Ok(())).await?;
    Ok((reading.state, answer))
}

/// The answers to queries that were sent at once, in their order. The driver holds back the rows of one until all of those before
/// are taken.
struct Answers<'a>(FuturesOrdered<BoxFuture<'a, Result<RowStream>>>);

impl<'a> Answers<'a> {
    fn of(client: &'a Client, queries: impl IntoIterator<Item = &'a str>) -> Self {
        Self(queries.into_iter().map(|sql| rows(client, sql).boxed()).collect())
    }

    /// Returns the rows of the next query.
    async fn next(&mut self) -> Result<RowStream> {
        self.0.next().await.unwrap_or_else(|| Err(unanswered()))
    }
}

fn unanswered() -> Box<Diagnostic> {
    let message = "the server answered fewer queries than it was asked";
    Box::new(Diagnostic::new(Code::Internal, message).help("please report it; nothing was changed"))
}

/// Returns the queries of the kinds that the database contains, according to [`Entry::present`], and whether it is large.
async fn present(client: &Client, version: PgVersion, register: &'static [Entry]) -> Result<(Vec<Query>, bool)> {
    let queries: Vec<Query> = register.iter().filter_map(|e| Some((e, (e.catalog)(version)?))).collect();
    let clauses: BTreeSet<&str> = queries.iter().filter_map(|(e, _)| e.present).collect();
    let exist: Vec<String> = clauses.iter().map(|clause| format!("exists (select from {clause})")).collect();
    let is_large = format!("pg_relation_size('pg_catalog.pg_class') >= {LARGE}");
    let rows = query(client, &format!("select array[{}], {is_large}", exist.join(", "))).await?;
    let found = rows.first().map_or(Ok(Vec::new()), |row| cell::<Vec<bool>>(row, 0))?;
    let is_large = rows.first().map_or(Ok(false), |row| cell(row, 1))?;
    let found: HashMap<&str, bool> = clauses.into_iter().zip(found).collect();
    let is_there = |query: &Query| query.0.present.is_none_or(|clause| found.get(clause) == Some(&true));
    let (present, absent): (Vec<Query>, Vec<Query>) = queries.into_iter().partition(is_there);
    if cfg!(debug_assertions) {
        try_join_all(absent.iter().map(|query| agrees(client, query))).await?;
    }
    Ok((present, is_large))
}

/// Checks that a kind which `present` calls absent has no rows. A wrong clause would silently lose objects, so every
/// debug build asks.
async fn agrees(client: &Client, (entry, sql): &Query) -> Result<()> {
    match query(client, sql).await?.len() {
        0 => Ok(()),
        rows => Err(defect(entry, sql, &Problem::new(Code::Internal, format!("{rows} rows, but not `present`")))),
    }
}

/// Asks the server for what a plan needs to know about it.
pub async fn server(client: &Client) -> Result<Server> {
    let sql = "select current_setting('server_version_num')::int as version, current_database()::text as name,
                      current_user::text as user_name, r.rolsuper as superuser,
                      array(select m.rolname::text from pg_roles m where pg_has_role(current_user, m.oid, 'member'))
                        as member_of,
                      current_setting('max_locks_per_transaction')::int as locks,
                      current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int
                        as sessions
               from pg_roles r where r.rolname = current_user";
    let rows = query(client, sql).await?;
    let row = rows
        .first()
        .ok_or_else(|| Diagnostic::new(Code::Connection, "the server does not know the role it is asked as"))?;
    let number = |column| -> Result<usize> { Ok(cell::<i32>(row, column)?.try_into().unwrap_or_default()) };
    Ok(Server {
        version: PgVersion(u32::try_from(cell::<i32>(row, "version")?).unwrap_or_default()),
        database: cell(row, "name")?,
        user: cell(row, "user_name")?,
        superuser: cell(row, "superuser")?,
        member_of: cell(row, "member_of")?,
        locks: Locks { each: number("locks")?, sessions: number("sessions")?.max(1) },
    })
}

/// Returns the identifier that the cluster got at its creation, or `None` if the role may not ask for it.
pub async fn system_identifier(client: &Client) -> Result<Option<String>> {
    let sql = "select system_identifier::text from pg_catalog.pg_control_system()";
    match client.query_typed(sql, &[]).await {
        Ok(rows) => rows.first().map(|row| cell(row, 0)).transpose(),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Ok(None),
        Err(error) => Err(catalog_error(&error, sql)),
    }
}

async fn query(client: &Client, sql: &str) -> Result<Vec<Row>> {
    client.query_typed(sql, &[]).await.map_err(|error| catalog_error(&error, sql))
}

/// Returns the rows of a query as a stream.
async fn rows(client: &Client, sql: &str) -> Result<RowStream> {
    let no_parameters = std::iter::empty::<(i32, Type)>();
    client.query_typed_raw(sql, no_parameters).await.map_err(|error| catalog_error(&error, sql))
}

/// Calls `what` for every row of a query.
async fn each(sql: &str, rows: RowStream, mut what: impl FnMut(&Row) -> Result<()>) -> Result<()> {
    let mut rows = std::pin::pin!(rows);
    while let Some(row) = rows.try_next().await.map_err(|error| catalog_error(&error, sql))? {
        what(&row)?;
    }
    Ok(())
}

fn catalog_error(error: &tokio_postgres::Error, sql: &str) -> Box<Diagnostic> {
    let Some(db) = error.as_db_error() else { return lost(error) };
    let message = format!("the catalog can't be read: {}", db.message());
    let position = match db.position() {
        Some(tokio_postgres::error::ErrorPosition::Original(at)) => Some(*at as usize),
        _ => None,
    };
    let statement = Statement { sql: sql.to_owned(), position, text: db.message().to_owned() };
    Box::new(Diagnostic::new(Code::Server, message).statement(statement))
}

fn lost(error: &tokio_postgres::Error) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::Connection, format!("the connection was lost: {}", cause(error))))
}

/// A state that is being filled.
struct Reading {
    state: State,
    ids: Ids,
    facets: Facets,
    shared: Shared,
}

impl Reading {
    fn new(register: &'static [Entry]) -> Self {
        let facets = Facets::new(register);
        Self { state: State::default(), ids: Ids::default(), facets, shared: Shared::default() }
    }

    /// Adds the objects of a query's rows, as they arrive.
    async fn rows(&mut self, entry: &'static Entry, sql: &str, members: &Members, rows: RowStream) -> Result<()> {
        let (mut ordinal, mut columns) = (0, None);
        let read = |row: &Row| {
            let columns = columns.get_or_insert_with(|| row::columns(row));
            ordinal += 1;
            self.row(entry, sql, members, columns, row, ordinal - 1)
        };
        each(sql, rows, read).await
    }

    /// Adds the object of one row. Skips members of extensions, and objects whose parent was not read.
    fn row(
        &mut self,
        entry: &'static Entry,
        sql: &str,
        members: &Members,
        columns: &[row::Column],
        row: &Row,
        ordinal: u32,
    ) -> Result<()> {
        let fixed = row::fixed(row, columns).map_err(|p| defect(entry, sql, &p))?;
        if !is_member(entry, &fixed, members) && self.has_place(entry, sql, &fixed)? {
            let spec = spec(entry, columns, row, &mut self.shared).map_err(|p| defect(entry, sql, &p))?;
            self.add(entry, fixed, spec, ordinal);
        }
        Ok(())
    }

    /// Returns whether the parent of an object was read, or none is needed.
    fn has_place(&self, entry: &Entry, sql: &str, fixed: &Fixed) -> Result<bool> {
        match &fixed.parent {
            Some(parent) => Ok(self.ids.contains_key(parent)),
            None if entry.nests_under(None).next().is_none() => {
                Err(defect(entry, sql, &Problem::new(Code::Internal, "it has no parent")))
            }
            None => Ok(true),
        }
    }

    /// Adds an object and its facets.
    fn add(&mut self, entry: &'static Entry, fixed: Fixed, spec: Arc<dyn Spec>, ordinal: u32) {
        let id = (entry.rules.class, fixed.oid, fixed.sub);
        let parent = fixed.parent.and_then(|parent| self.ids.get(&parent).cloned());
        let key = (entry.key)(&*spec, &fixed.key, parent.as_ref()).unwrap_or(fixed.key);
        let at = parent.map_or_else(|| Address::root(entry.name, &key), |p| p.child(entry.name, &key));
        let origin = Origin::Catalog { class: id.0, oid: id.1, sub: id.2 };
        let mut object = Object::new(spec, origin.clone());
        object.ordinal = fixed.ordinal.unwrap_or(ordinal);
        if entry.rules.class != 0 {
            self.ids.insert(id, at.clone());
        }
        for (kind, key, spec) in self.facets.of(fixed.facets, entry.name, &entry.rules).iter() {
            self.state.insert(at.child(*kind, key), Object::new(Arc::clone(spec), origin.clone()));
        }
        self.state.insert(at, object);
    }
}

/// Returns whether an object of a kind is a member of an extension.
fn is_member(entry: &Entry, fixed: &Fixed, members: &Members) -> bool {
    entry.rules.class != 0 && members.contains_key(&(entry.rules.class, fixed.oid))
}

/// Returns the spec in a row, which may be that of an earlier one.
fn spec(entry: &Entry, columns: &[row::Column], row: &Row, shared: &mut Shared) -> Result<Arc<dyn Spec>, Problem> {
    shared.begin(entry.name);
    row::add(row, columns, shared)?;
    if let Some(spec) = shared.get() {
        return Ok(spec);
    }
    let spec = (entry.read)(&row::fields(row, columns)?).map_err(|e| e.problem)?;
    shared.keep(&spec);
    Ok(spec)
}

/// Returns the error for a row that its own kind cannot read, which means that the query is wrong.
fn defect(entry: &Entry, sql: &str, problem: &Problem) -> Box<Diagnostic> {
    let message = format!("the catalog says something of a {} that can't be read: {}", entry.name, problem.message);
    let statement = Statement { sql: sql.to_owned(), position: None, text: String::new() };
    Box::new(
        Diagnostic::new(Code::Internal, message)
            .help("please report this with the statement below")
            .statement(statement),
    )
}
