//! What applies leave in the target database: which texts were found to mean the same, and who applied what.
//!
//! Only a memory: without it plans are the same, and slower. Schema `dbstate` is never part of a plan.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use crate::declare::write::write;
use crate::diagnostic::Result;
use crate::kind::{Entry, find};
use crate::model::{Address, Moved, Spec, State};
use crate::session::server_error;
use crate::sql;

/// The schema that holds the ledger.
pub const SCHEMA: &str = "dbstate";

/// Per object the digest of what was declared and of what the catalog then said; nothing where there is no ledger.
#[derive(Debug, Default)]
pub struct Ledger(Option<HashMap<String, (String, String)>>);

/// Reads what the ledger knows of some objects; nothing where there is none or it may not be read.
pub async fn read(client: &Client, objects: impl IntoIterator<Item = &Address>) -> Ledger {
    let keys: Vec<String> = objects.into_iter().map(key).collect();
    let sql = "select address, declared, stored from dbstate.settled where address = any($1)";
    let rows = client.query_typed(sql, &[(&keys, Type::TEXT_ARRAY)]).await.ok();
    Ledger(rows.map(|rows| rows.iter().map(|r| (r.get(0), (r.get(1), r.get(2)))).collect()))
}

impl Ledger {
    /// True when this very declaration left this very stored object.
    pub fn settles(&self, at: &Address, declared: &dyn Spec, stored: &dyn Spec, register: &'static [Entry]) -> bool {
        self.moved(at, Some(declared), Some(stored), register) == Some(Moved::Neither)
    }

    /// Which side differs from what the last apply left; `None` where there is no ledger, or nothing follows from it.
    pub fn moved(
        &self,
        at: &Address,
        declared: Option<&dyn Spec>,
        stored: Option<&dyn Spec>,
        register: &'static [Entry],
    ) -> Option<Moved> {
        let Some((was_declared, was_stored)) = self.0.as_ref()?.get(&key(at)) else {
            // Unknown then, so it came since: on the side that has it.
            return match (declared, stored) {
                (Some(_), None) => Some(Moved::Project),
                (None, Some(_)) => Some(Moved::Database),
                (Some(_), Some(_)) | (None, None) => None,
            };
        };
        let same = |spec: Option<&dyn Spec>, was: &str| spec.is_some_and(|s| digest(at, s, register) == was);
        Some(match (same(declared, was_declared), same(stored, was_stored)) {
            (true, true) => Moved::Neither,
            (false, true) => Moved::Project,
            (true, false) => Moved::Database,
            (false, false) => Moved::Both,
        })
    }
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
    /// The statements that ran, as they may be shown.
    pub statements: Vec<&'a str>,
    /// The git revision of the project, where it is known.
    pub revision: Option<String>,
    /// How long the statements ran, in milliseconds.
    pub milliseconds: i64,
}

/// Writes what every declared object is now on both sides, and a line of history when statements ran.
pub async fn record(client: &Client, entries: &Entries<'_>, register: &'static [Entry]) -> Result<()> {
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
    register: &'static [Entry],
) -> std::result::Result<(), tokio_postgres::Error> {
    let (mut keys, mut declared, mut stored) = (Vec::new(), Vec::new(), Vec::new());
    for (at, object) in entries.declared.iter() {
        let Some(there) = entries.stored.get(at) else { continue };
        keys.push(key(at));
        declared.push(digest(at, &*object.spec, register));
        stored.push(digest(at, &*there.spec, register));
    }
    let sql = "insert into dbstate.settled (address, declared, stored) select * from unnest($1, $2, $3)";
    let list = Type::TEXT_ARRAY;
    client.query_typed(sql, &[(&keys, list.clone()), (&declared, list.clone()), (&stored, list)]).await?;
    if entries.statements.is_empty() {
        return Ok(());
    }
    let statements = serde_json::to_string(&entries.statements).unwrap_or_default();
    let revision = entries.revision.as_deref().map_or_else(|| "null".to_owned(), sql::literal);
    let sql = format!(
        "insert into dbstate.history (version, revision, milliseconds, statements) values ({}, {revision}, {}, {})",
        sql::literal(env!("CARGO_PKG_VERSION")),
        entries.milliseconds,
        sql::literal(&statements)
    );
    client.batch_execute(&sql).await
}

const CREATE: &str = "
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
delete from dbstate.settled;
";

fn key(at: &Address) -> String {
    format!("{at:?}")
}

fn digest(at: &Address, spec: &dyn Spec, register: &'static [Entry]) -> String {
    let text = write(&(find(register, at.kind()).write_long)(spec));
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(16).fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
}
