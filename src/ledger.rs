//! What applies leave in the target database: which texts were found to mean the same, and who applied what.
//!
//! Only a memory: without it plans are the same, and slower. Schema `dbstate` is never part of a plan.

use std::collections::{HashMap, HashSet};

use futures_util::future::join3;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::declare::digest;
use crate::diagnostic::Result;
use crate::kind;
use crate::model::{Address, Applied, Moved, Spec, Stamp, State};
use crate::session::server_error;
use crate::sql;

/// The schema that holds the ledger.
pub const SCHEMA: &str = "dbstate";

/// What the ledger knows of one object.
#[derive(Debug)]
struct Settled {
    declared: String,
    stored: String,
    was: Option<String>,
}

/// Per object the digest of what was declared and of what the catalog then said, and the rename that was then made;
/// nothing where there is no ledger.
#[derive(Debug, Default)]
pub struct Ledger(Option<HashMap<String, Settled>>);

/// Reads what the ledger knows of some objects; nothing where there is none or it may not be read.
pub async fn read(client: &Client, objects: impl IntoIterator<Item = &Address>) -> Ledger {
    let keys: Vec<String> = objects.into_iter().map(key).collect();
    let sql = "select address, declared, stored, was from dbstate.settled where address = any($1)";
    let rows = client.query_typed(sql, &[(&keys, Type::TEXT_ARRAY)]).await.ok();
    let settled = |r: &Row| (r.get(0), Settled { declared: r.get(1), stored: r.get(2), was: r.get(3) });
    Ledger(rows.map(|rows| rows.iter().map(settled).collect()))
}

impl Ledger {
    /// Whether the rename of an object from `was` was made, or was never needed; `None` where there is no ledger.
    pub fn carried_out(&self, at: &Address, was: &str) -> Option<bool> {
        let then = self.0.as_ref()?.get(&key(at));
        Some(then.is_some_and(|then| then.was.as_deref() == Some(was)))
    }

    /// True when this very declaration left this very stored object.
    pub fn settles(
        &self,
        at: &Address,
        declared: &dyn Spec,
        stored: &dyn Spec,
        register: &'static [kind::Entry],
    ) -> bool {
        self.moved(at, Some(declared), Some(stored), register) == Some(Moved::Neither)
    }

    /// Which side differs from what the last apply left; `None` where there is no ledger, or nothing follows from it.
    pub fn moved(
        &self,
        at: &Address,
        declared: Option<&dyn Spec>,
        stored: Option<&dyn Spec>,
        register: &'static [kind::Entry],
    ) -> Option<Moved> {
        let Some(then) = self.0.as_ref()?.get(&key(at)) else {
            // Unknown then, so it came since: on the side that has it.
            return match (declared, stored) {
                (Some(_), None) => Some(Moved::Project),
                (None, Some(_)) => Some(Moved::Database),
                (Some(_), Some(_)) | (None, None) => None,
            };
        };
        let same = |spec: Option<&dyn Spec>, was: &str| spec.is_some_and(|s| digest::spec(at, s, register) == was);
        Some(match (same(declared, &then.declared), same(stored, &then.stored)) {
            (true, true) => Moved::Neither,
            (false, true) => Moved::Project,
            (true, false) => Moved::Database,
            (false, false) => Moved::Both,
        })
    }
}

/// Per object the apply that last found it as declared; for one that the ledger does not know, the last that looked at
/// all of what it is in. Nothing where there is no ledger.
pub async fn since<'a>(client: &Client, objects: impl IntoIterator<Item = &'a Address>) -> HashMap<Address, Stamp> {
    let objects: Vec<&Address> = objects.into_iter().collect();
    let keys: Vec<String> = objects.iter().map(|at| key(at)).collect();
    let tops: Vec<&str> = objects.iter().map(|at| top(at)).collect();
    let sql = format!(
        "select s.address, s.top, h.id, {AT}, h.applied_by, h.revision
         from dbstate.history as h
         join (select address, null as top, apply from dbstate.settled where address = any($1)
               union all
               select null, {TOP}, min(apply) from dbstate.settled where {TOP} = any($2) group by 2) as s on s.apply = h.id"
    );
    let lists = [&keys as &(dyn ToSql + Sync), &tops].map(|value| (value, Type::TEXT_ARRAY));
    // A ledger that an older version wrote has no such column: nothing is known until the next apply.
    let rows = client.query_typed(&sql, &lists).await.unwrap_or_default();
    let stamp = |r: &Row| Stamp { id: r.get(2), at: r.get(3), by: r.get(4), revision: r.get(5) };
    let known: HashMap<(Option<String>, Option<String>), Stamp> =
        rows.iter().map(|r| ((r.get(0), r.get(1)), stamp(r))).collect();
    let of = |at: &Address, key: String| {
        known.get(&(Some(key), None)).or_else(|| known.get(&(None, Some(top(at).to_owned())))).cloned()
    };
    objects.into_iter().zip(keys).filter_map(|(at, key)| Some((at.clone(), of(at, key)?))).collect()
}

/// True where the database has a list of the projects that it was found to be like.
pub async fn has_unchanged(client: &Client) -> bool {
    let sql = "select pg_catalog.to_regclass('dbstate.unchanged') is not null";
    client.query_typed(sql, &[]).await.is_ok_and(|rows| rows.first().is_some_and(|row| row.get(0)))
}

/// True where an apply of that project found nothing to do, and the catalogs are what they were then; `fingerprint` is an
/// SQL expression.
pub async fn is_unchanged(client: &Client, project: &str, fingerprint: &str) -> bool {
    let begin = client.batch_execute("begin read only; set local search_path = ''; set local jit = off");
    let sql = format!("select from dbstate.unchanged where project = $1 and catalogs = ({fingerprint})");
    let value = [(&project as &(dyn ToSql + Sync), Type::TEXT)];
    // What can't be asked is not known.
    let (_, rows, _) = join3(begin, client.query_typed(&sql, &value), client.batch_execute("rollback")).await;
    rows.is_ok_and(|rows| !rows.is_empty())
}

/// Notes that nothing is to be done for a project while the catalogs stay what they are; so many projects are known.
pub async fn note_unchanged(client: &Client, project: &str, catalogs: &str) -> Result<()> {
    let sql = "with old as (delete from dbstate.unchanged where project in
                                (select project from dbstate.unchanged order by noted_at desc offset 50))
               insert into dbstate.unchanged values ($1, $2)
               on conflict (project) do update set catalogs = excluded.catalogs, noted_at = excluded.noted_at";
    let values = [&project as &(dyn ToSql + Sync), &catalogs].map(|value| (value, Type::TEXT));
    let failed = |error| server_error(&error, "the ledger in schema `dbstate`");
    client.query_typed(sql, &values).await.map(|_| ()).map_err(failed)
}

/// Takes the ledger's own schema out of a live state.
pub fn hide(live: &mut State) {
    live.retain(|at, _| at.parent().is_some() || at.key() != SCHEMA);
}

/// What one apply has to remember.
#[derive(Debug)]
pub struct Entries<'a> {
    /// What was declared, as written.
    pub declared: &'a State,
    /// What the catalog says now.
    pub stored: &'a State,
    /// The whole database: what another project declares in it is for that project to remember.
    pub whole: &'a State,
    /// The objects that it speaks of; all that are declared where absent.
    pub only: Option<&'a HashSet<Address>>,
}

/// True where the ledger holds something else than this, or nothing.
pub async fn is_stale(client: &Client, entries: &Entries<'_>, register: &'static [kind::Entry]) -> bool {
    let objects: Vec<&Address> = entries.declared.iter().map(|(at, _)| at).collect();
    let Some(known) = read(client, objects.iter().copied()).await.0 else { return true };
    let stored = |at: &Address| entries.stored.get(at).map(|there| digest::spec(at, &*there.spec, register));
    entries.declared.iter().any(|(at, object)| {
        let then = known.get(&key(at)).map(|then| (then.declared.as_str(), then.stored.as_str()));
        let now = stored(at).map(|stored| (digest::spec(at, &*object.spec, register), stored));
        then != now.as_ref().map(|(declared, stored)| (declared.as_str(), stored.as_str()))
    })
}

/// Writes what every declared object is now on both sides; what is no longer declared is forgotten, but for what lies in
/// schemas and roles of others.
pub async fn record(client: &Client, entries: &Entries<'_>, register: &'static [kind::Entry]) -> Result<()> {
    let failed = |error: tokio_postgres::Error| server_error(&error, "the ledger in schema `dbstate`");
    client.batch_execute(&format!("begin; {CREATE}")).await.map_err(failed)?;
    if let Err(error) = fill(client, entries, register).await {
        // The error is what there is to tell; a failed rollback ends with the session.
        let _ = client.batch_execute("rollback").await;
        return Err(failed(error));
    }
    client.batch_execute("commit").await.map_err(failed)
}

async fn fill(
    client: &Client,
    entries: &Entries<'_>,
    register: &'static [kind::Entry],
) -> std::result::Result<(), tokio_postgres::Error> {
    let (forget, list): (String, Vec<String>) = match entries.only {
        None => (format!("delete from dbstate.settled where not {TOP} = any($1)"), others(entries)),
        Some(only) => {
            ("delete from dbstate.settled where address = any($1)".to_owned(), only.iter().map(key).collect())
        }
    };
    client.query_typed(&forget, &[(&list, Type::TEXT_ARRAY)]).await?;
    let (mut keys, mut declared, mut stored, mut was) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, object) in entries.declared.iter().filter(|(at, _)| entries.only.is_none_or(|only| only.contains(*at))) {
        let Some(there) = entries.stored.get(at) else { continue };
        keys.push(key(at));
        declared.push(digest::spec(at, &*object.spec, register));
        stored.push(digest::spec(at, &*there.spec, register));
        was.push(object.was.as_deref());
    }
    let sql = "insert into dbstate.settled (address, declared, stored, was, apply)
               select *, (select max(id) from dbstate.history) from unnest($1, $2, $3, $4)";
    let list = Type::TEXT_ARRAY;
    let lists = [&keys as &(dyn ToSql + Sync), &declared, &stored, &was].map(|value| (value, list.clone()));
    client.query_typed(sql, &lists).await.map(|_| ())
}

/// What stands at the top of the database and is not the project's.
fn others(entries: &Entries<'_>) -> Vec<String> {
    let ours: HashSet<&str> = entries.declared.iter().chain(entries.stored.iter()).map(|(at, _)| top(at)).collect();
    let all: HashSet<&str> = entries.whole.iter().map(|(at, _)| top(at)).collect();
    all.difference(&ours).map(|name| (*name).to_owned()).collect()
}

/// A line of the history as it is written while an apply goes on.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The statements that ran since the line was last written, as they may be shown.
    pub statements: Vec<&'a str>,
    /// The renames made so far, each with the old key as `was:` has it.
    pub renames: Vec<(&'a Address, &'a str)>,
    /// The git revision of the project, where it is known.
    pub revision: Option<&'a str>,
    /// How long the statements ran so far, in milliseconds.
    pub milliseconds: i64,
    /// True when this apply has a line already.
    pub goes_on: bool,
}

/// SQL that writes the line of an apply, and remembers its renames: to be run in the transaction that made them, so that
/// an apply which ends in the middle has left what it did.
pub fn entry(entry: &Entry<'_>) -> String {
    let statements = serde_json::to_string(&entry.statements).unwrap_or_default();
    let (statements, milliseconds) = (sql::literal(&statements), entry.milliseconds);
    let revision = entry.revision.map_or_else(|| "null".to_owned(), sql::literal);
    let version = sql::literal(env!("CARGO_PKG_VERSION"));
    let line = if entry.goes_on {
        format!(
            "update dbstate.history set milliseconds = {milliseconds}, statements = statements || {statements}::jsonb where {CURRENT}"
        )
    } else {
        format!(
            "insert into dbstate.history (version, revision, milliseconds, statements) \
             values ({version}, {revision}, {milliseconds}, {statements})"
        )
    };
    let renamed = |(at, was): &(&Address, &str)| {
        let (at, was) = (sql::literal(&key(at)), sql::literal(was));
        format!(
            "; insert into dbstate.settled (address, declared, stored, was) values ({at}, '', '', {was}) \
             on conflict (address) do update set was = excluded.was"
        )
    };
    format!("{CREATE} {line}{}", entry.renames.iter().map(renamed).collect::<String>())
}

/// Notes that what the session's last line of history says was found to be as declared.
pub async fn complete(client: &Client) -> Result<()> {
    let sql = format!("update dbstate.history set complete = true where {CURRENT}");
    client.batch_execute(&sql).await.map_err(|error| server_error(&error, &sql))
}

/// Every apply, the latest first; none where there is no ledger.
pub async fn history(client: &Client) -> Result<Vec<Applied>> {
    let exists = "select to_regclass('dbstate.history') is not null";
    let failed = |error: tokio_postgres::Error| server_error(&error, "the ledger in schema `dbstate`");
    if !client.query_one(exists, &[]).await.map_err(failed)?.get::<_, bool>(0) {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select id, {AT}, applied_by, version, revision, milliseconds, complete,
                array(select jsonb_array_elements_text(statements))
         from dbstate.history order by id desc"
    );
    let rows = client.query(&sql, &[]).await.map_err(failed)?;
    let applied = |r: &Row| Applied {
        id: r.get(0),
        at: r.get(1),
        by: r.get(2),
        version: r.get(3),
        revision: r.get(4),
        milliseconds: r.get(5),
        complete: r.get(6),
        statements: r.get(7),
    };
    Ok(rows.iter().map(applied).collect())
}

/// When an apply was, as [`Stamp`] has it.
const AT: &str = r#"to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"#;

/// The line of history that this session wrote.
const CURRENT: &str = "id = currval('dbstate.history_id_seq')";

/// Makes the tables where they are not as they should be: an event trigger of the project sees no statement of ours
/// otherwise.
const CREATE: &str = "
do $dbstate$ begin
    if not exists (select from pg_catalog.pg_attribute
                   where attrelid = to_regclass('dbstate.settled') and attname = 'apply')
       or to_regclass('dbstate.unchanged') is null then
        set local client_min_messages = error;
        create schema if not exists dbstate;
        create table if not exists dbstate.settled (
            address text primary key,
            declared text not null,
            stored text not null
        );
        create table if not exists dbstate.history (
            id bigint generated always as identity primary key,
            applied_at timestamptz not null default now(),
            applied_by text not null default current_user,
            version text not null,
            revision text,
            milliseconds bigint not null,
            statements jsonb not null
        );
        create table if not exists dbstate.unchanged (
            project text primary key,
            catalogs text not null,
            noted_at timestamptz not null default now()
        );
        alter table dbstate.settled add column if not exists was text, add column if not exists apply bigint;
        alter table dbstate.history add column if not exists complete boolean not null default false;
    end if;
end $dbstate$;";

/// The name of what an address stands under at the top, in [`key`].
const TOP: &str = "split_part(substr(address, strpos(address, ':') + 1), '.', 1)";

/// The same of an address.
fn top(at: &Address) -> &str {
    at.path().first().map_or("", |name| name.split('.').next().unwrap_or(name))
}

fn key(at: &Address) -> String {
    format!("{at:?}")
}
