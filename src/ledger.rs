//! The ledger: what applies record in the target database, namely which texts mean the same, and who applied what.
//!
//! It is only a memory: without it plans are slower but, renames apart, the same. Schema `dbstate` is never part of a
//! plan.

use std::collections::{HashMap, HashSet};
use std::pin::pin;

use futures_util::future::join3;
use futures_util::stream::TryStreamExt;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use crate::declare::digest::Digests;
use crate::declare::imprint::Imprint;
use crate::diagnostic::Result;
use crate::kind;
use crate::model::{Address, Applied, Moved, Object, Spec, Stamp, State};
use crate::session::{cell, server_error};
use crate::sql;

/// The schema that contains the ledger.
pub const SCHEMA: &str = "dbstate";

/// What the ledger records about one object: the digests of both sides, and the `was` that was carried out.
#[derive(Debug)]
pub struct Settled {
    declared: String,
    stored: String,
    was: Option<String>,
}

/// What the ledger records about some objects; `None` if there is no ledger.
#[derive(Debug, Default)]
pub struct Ledger(Option<HashMap<Address, Settled>>);

/// Reads what the ledger records about some objects. Without a ledger, or without the right to read it, the result is
/// empty.
pub async fn read(client: &Client, objects: impl IntoIterator<Item = &Address>) -> Ledger {
    let objects: Vec<&Address> = objects.into_iter().collect();
    let mut known = HashMap::new();
    let read = each(client, objects.iter().copied(), |i, then| drop(known.insert(objects[i].clone(), then))).await;
    Ledger(read.is_some().then_some(known))
}

/// Passes on what the ledger records about each of some objects, as it arrives, with the object's index. Returns `None` if
/// there is no ledger, or it may not be read.
pub async fn each(
    client: &Client,
    objects: impl IntoIterator<Item = &Address>,
    mut what: impl FnMut(usize, Settled),
) -> Option<()> {
    let keys: Vec<String> = objects.into_iter().map(key).collect();
    let sql = "select k.place, s.declared, s.stored, s.was
               from pg_catalog.unnest($1) with ordinality as k (address, place) join dbstate.settled as s using (address)";
    let rows = client.query_typed_raw(sql, [(keys, Type::TEXT_ARRAY)]).await.ok()?;
    let mut rows = pin!(rows);
    while let Some(row) = rows.try_next().await.ok()? {
        let place: usize = cell::<i64>(&row, 0).ok()?.try_into().ok()?;
        let then = Settled { declared: cell(&row, 1).ok()?, stored: cell(&row, 2).ok()?, was: cell(&row, 3).ok()? };
        what(place.checked_sub(1)?, then);
    }
    Some(())
}

impl Settled {
    /// Returns which side differs from what the last apply left.
    pub fn moved<'a>(
        &self,
        at: &Address,
        declared: Option<&'a dyn Spec>,
        stored: Option<&'a dyn Spec>,
        digests: &mut Digests<'a>,
    ) -> Moved {
        let mut same = |spec: Option<&'a dyn Spec>, was: &str| spec.is_some_and(|s| digests.of(at, s) == was);
        match (same(declared, &self.declared), same(stored, &self.stored)) {
            (true, true) => Moved::Neither,
            (false, true) => Moved::Project,
            (true, false) => Moved::Database,
            (false, false) => Moved::Both,
        }
    }
}

impl Ledger {
    /// Returns whether the rename of an object from `was` has been carried out, or was never needed; `None` if there is
    /// no ledger.
    pub fn carried_out(&self, at: &Address, was: &str) -> Option<bool> {
        let then = self.0.as_ref()?.get(at);
        Some(then.is_some_and(|then| then.was.as_deref() == Some(was)))
    }

    /// Returns which side differs from what the last apply left. `None` if there is no ledger, or it allows no
    /// conclusion.
    pub fn moved<'a>(
        &self,
        at: &Address,
        declared: Option<&'a dyn Spec>,
        stored: Option<&'a dyn Spec>,
        digests: &mut Digests<'a>,
    ) -> Option<Moved> {
        match (self.0.as_ref()?.get(at), declared, stored) {
            (Some(then), _, _) => Some(then.moved(at, declared, stored, digests)),
            // The ledger does not know the object, so it was added since, on the side that has it.
            (None, Some(_), None) => Some(Moved::Project),
            (None, None, Some(_)) => Some(Moved::Database),
            (None, Some(_), Some(_)) | (None, None, None) => None,
        }
    }
}

/// Returns, for each object, the apply that last found it as declared. For an object that the ledger does not know,
/// that is the last apply that checked all known objects under the same top-level name. Without a ledger the result is
/// empty.
pub async fn since<'a>(client: &Client, objects: impl IntoIterator<Item = &'a Address>) -> HashMap<Address, Stamp> {
    let objects: Vec<&Address> = objects.into_iter().collect();
    let keys: Vec<String> = objects.iter().map(|at| key(at)).collect();
    let tops: Vec<&str> = objects.iter().map(|at| top(at)).collect();
    // Mostly one apply checked all, so that it suffices to look whether the ledger knows the top-level name; with a limit, the
    // server does not prepare all rows for that.
    let sql = format!(
        "with missing as materialized (
             select distinct k.top from rows from (pg_catalog.unnest($1), pg_catalog.unnest($2)) as k (address, top)
             where not exists (select from dbstate.settled as s where s.address = k.address)
         ), checked as materialized (
             select one.apply, exists (select from dbstate.settled as s where s.apply is distinct from one.apply) as is_mixed
             from (select apply from dbstate.settled where exists (select from missing) limit 1) as one
         )
         select s.address, s.top, h.id, {AT}, h.applied_by, h.revision
         from dbstate.history as h
         join (select address, null as top, apply from dbstate.settled where address = any($1)
               union all
               select null, m.top, c.apply from checked as c cross join missing as m
               where not c.is_mixed and (select true from dbstate.settled where {TOP} = m.top limit 1)
               union all
               select null, {TOP}, pg_catalog.min(apply) from dbstate.settled
               where (select is_mixed from checked) and {TOP} in (select top from missing) group by 2
         ) as s on s.apply = h.id"
    );
    let lists = [&keys as &(dyn ToSql + Sync), &tops].map(|value| (value, Type::TEXT_ARRAY));
    // A ledger written by an older version lacks column `apply`; nothing is known then until the next apply.
    let rows = client.query_typed(&sql, &lists).await.unwrap_or_default();
    let stamp = |r: &Row| {
        let stamp = Stamp { id: cell(r, 2)?, at: cell(r, 3)?, by: cell(r, 4)?, revision: cell(r, 5)? };
        Ok(((cell(r, 0)?, cell(r, 1)?), stamp))
    };
    let known: Result<HashMap<(Option<String>, Option<String>), Stamp>> = rows.iter().map(stamp).collect();
    let known = known.unwrap_or_default();
    let of = |at: &Address, key: String| {
        known.get(&(Some(key), None)).or_else(|| known.get(&(None, Some(top(at).to_owned())))).cloned()
    };
    objects.into_iter().zip(keys).filter_map(|(at, key)| Some((at.clone(), of(at, key)?))).collect()
}

/// A project for which there was nothing to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// The paths of the files that `file:` names.
    pub bodies: Vec<String>,
    /// The digest of all its texts.
    pub whole: String,
}

/// Returns the projects for which there was nothing to do and whose YAML files have this digest.
pub async fn known(client: &Client, files: &str) -> Vec<Known> {
    let sql = "select bodies, project from dbstate.unchanged where files = $1";
    // Without a ledger, or without the right to read it, no project is known.
    let rows = client.query_typed(sql, &[(&files, Type::TEXT)]).await.unwrap_or_default();
    let known = |row: &Row| Ok(Known { bodies: cell(row, 0)?, whole: cell(row, 1)? });
    rows.iter().map(known).collect::<Result<_>>().unwrap_or_default()
}

/// Returns whether the ledger records that there was nothing to do for the project while the catalogs had the same
/// fingerprint as now. `fingerprint` is an SQL expression.
pub async fn is_unchanged(client: &Client, project: &str, fingerprint: &str) -> bool {
    let begin = client.batch_execute("begin read only; set local search_path = ''; set local jit = off");
    let sql = format!("select from dbstate.unchanged where project = $1 and catalogs = ({fingerprint})");
    let value = [(&project as &(dyn ToSql + Sync), Type::TEXT)];
    // If the server refuses the question, the answer is no.
    let (_, rows, _) = join3(begin, client.query_typed(&sql, &value), client.batch_execute("rollback")).await;
    rows.is_ok_and(|rows| !rows.is_empty())
}

/// Records that there is nothing to do for a project as long as the catalogs have this fingerprint. Deletes all older
/// records but the latest 50.
pub async fn note_unchanged(client: &Client, project: &Imprint, catalogs: &str) -> Result<()> {
    let sql = "with old as (delete from dbstate.unchanged where project in
                                (select project from dbstate.unchanged order by noted_at desc offset 50))
               insert into dbstate.unchanged (project, catalogs, files, bodies) values ($1, $2, $3, $4)
               on conflict (project) do update set catalogs = excluded.catalogs, noted_at = excluded.noted_at,
                                                   files = excluded.files, bodies = excluded.bodies";
    let Imprint { files, bodies, whole } = project;
    let values: [(&(dyn ToSql + Sync), Type); 4] =
        [(whole, Type::TEXT), (&catalogs, Type::TEXT), (files, Type::TEXT), (bodies, Type::TEXT_ARRAY)];
    let failed = |error| server_error(&error, "the ledger in schema `dbstate`");
    client.query_typed(sql, &values).await.map(|_| ()).map_err(failed)
}

/// Removes the ledger's own schema from a live state.
pub fn hide(live: &mut State) {
    live.retain(|at, _| at.parent().is_some() || at.key() != SCHEMA);
}

/// What an apply records about objects.
#[derive(Debug)]
pub struct Entries<'a> {
    /// The declared state, as written.
    pub declared: &'a State,
    /// The state as the catalog has it now.
    pub stored: &'a State,
    /// The whole database. Objects that another project declares in it are that project's to record.
    pub whole: &'a State,
    /// The objects to record; `None` for all declared ones.
    pub only: Option<&'a HashSet<Address>>,
}

/// Returns whether, for any declared object, the ledger has no entry or one that differs from the present state.
pub async fn is_stale(client: &Client, entries: &Entries<'_>, register: &'static [kind::Entry]) -> bool {
    let objects: Vec<(&Address, &Object)> = entries.declared.iter().collect();
    let mut digests = Digests::new(register);
    let (mut is_known, mut differs) = (vec![false; objects.len()], false);
    let compare = |i: usize, then: Settled| {
        let (at, object) = objects[i];
        is_known[i] = true;
        let there = entries.stored.get(at).map(|there| &*there.spec);
        differs = differs || then.moved(at, Some(&**object.as_written()), there, &mut digests) != Moved::Neither;
    };
    let is_there = each(client, objects.iter().map(|(at, _)| *at), compare).await.is_some();
    let mut known = objects.iter().zip(is_known);
    !is_there || differs || known.any(|((at, _), is_known)| !is_known && entries.stored.contains(at))
}

/// Records both sides of every declared object. Entries of objects that are no longer declared are deleted, except
/// those under schemas and roles that belong to other projects.
pub async fn record(client: &Client, entries: &Entries<'_>, register: &'static [kind::Entry]) -> Result<()> {
    let failed = |error: tokio_postgres::Error| server_error(&error, "the ledger in schema `dbstate`");
    client.batch_execute(&format!("begin; {CREATE}")).await.map_err(failed)?;
    if let Err(error) = fill(client, entries, register).await {
        // The first error is the one to report; if the rollback fails too, the transaction ends with the session.
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
    let mut digests = Digests::new(register);
    let (mut keys, mut declared, mut stored, mut was) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, object) in entries.declared.iter().filter(|(at, _)| entries.only.is_none_or(|only| only.contains(*at))) {
        let Some(there) = entries.stored.get(at) else { continue };
        keys.push(key(at));
        declared.push(digests.of(at, &**object.as_written()).to_owned());
        stored.push(digests.of(at, &*there.spec).to_owned());
        was.push(object.was());
    }
    let sql = "insert into dbstate.settled (address, declared, stored, was, apply)
               select *, (select max(id) from dbstate.history) from unnest($1, $2, $3, $4)";
    let list = Type::TEXT_ARRAY;
    let lists = [&keys as &(dyn ToSql + Sync), &declared, &stored, &was].map(|value| (value, list.clone()));
    client.query_typed(sql, &lists).await.map(|_| ())
}

/// Returns the top-level names in the database that the project does not own.
fn others(entries: &Entries<'_>) -> Vec<String> {
    let ours: HashSet<&str> = entries.declared.iter().chain(entries.stored.iter()).map(|(at, _)| top(at)).collect();
    let all: HashSet<&str> = entries.whole.iter().map(|(at, _)| top(at)).collect();
    all.difference(&ours).map(|name| (*name).to_owned()).collect()
}

/// A row of the history, which is written while the apply is still running.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The statements that ran since the row was last written, in the form that may be shown.
    pub statements: Vec<&'a str>,
    /// The renames made since then, each with the old key as written in `was:`.
    pub renames: Vec<(&'a Address, &'a str)>,
    /// The git revision of the project, if known.
    pub revision: Option<&'a str>,
    /// How long the statements have run so far, in milliseconds.
    pub milliseconds: i64,
    /// Whether this apply has a row already.
    pub goes_on: bool,
}

/// Returns SQL that writes the row of an apply and records its renames. It must run in the transaction that made them,
/// so that an apply that stops halfway leaves a true record.
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

/// Marks the last history row of this session as complete: the database was found to be as declared.
pub async fn complete(client: &Client) -> Result<()> {
    let sql = format!("update dbstate.history set complete = true where {CURRENT}");
    client.batch_execute(&sql).await.map_err(|error| server_error(&error, &sql))
}

/// Returns every apply, the latest first. Without a ledger the list is empty.
pub async fn history(client: &Client) -> Result<Vec<Applied>> {
    let exists = "select to_regclass('dbstate.history') is not null";
    let failed = |error: tokio_postgres::Error| server_error(&error, "the ledger in schema `dbstate`");
    if !cell::<bool>(&client.query_one(exists, &[]).await.map_err(failed)?, 0)? {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select id, {AT}, applied_by, version, revision, milliseconds, complete,
                array(select jsonb_array_elements_text(statements))
         from dbstate.history order by id desc"
    );
    let rows = client.query(&sql, &[]).await.map_err(failed)?;
    let applied = |r: &Row| {
        Ok(Applied {
            id: cell(r, 0)?,
            at: cell(r, 1)?,
            by: cell(r, 2)?,
            version: cell(r, 3)?,
            revision: cell(r, 4)?,
            milliseconds: cell(r, 5)?,
            complete: cell(r, 6)?,
            statements: cell(r, 7)?,
        })
    };
    rows.iter().map(applied).collect()
}

/// The time of an apply, in the format of [`Stamp`].
const AT: &str = r#"to_char(applied_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"#;

/// Matches the history row that this session wrote.
const CURRENT: &str = "id = currval('dbstate.history_id_seq')";

/// Creates or upgrades the tables. Does nothing if they are up to date, so that an event trigger of the project does
/// not see any statement of ours.
const CREATE: &str = "
do $dbstate$ begin
    if (select count(*) from pg_catalog.pg_attribute
        where (attrelid, attname) in ((to_regclass('dbstate.settled')::oid, 'apply'),
                                      (to_regclass('dbstate.unchanged')::oid, 'bodies'))) < 2 then
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
        alter table dbstate.unchanged add column if not exists files text, add column if not exists bodies text[];
        alter table dbstate.settled add column if not exists was text, add column if not exists apply bigint;
        alter table dbstate.history add column if not exists complete boolean not null default false;
    end if;
end $dbstate$;";

/// The top-level name of an address in the form that [`key`] returns.
const TOP: &str = "split_part(substr(address, strpos(address, ':') + 1), '.', 1)";

/// Returns the top-level name of an address, as [`TOP`] computes it.
fn top(at: &Address) -> &str {
    at.path().first().map_or("", |name| name.split('.').next().unwrap_or(name))
}

/// The form of an address in the ledger. A column and an index may have the same name, and both a comment.
fn key(at: &Address) -> String {
    match at.parent().filter(|_| at.key().is_empty()) {
        Some(parent) => format!("{}/{parent:?}", at.kind()),
        None => format!("{at:?}"),
    }
}
