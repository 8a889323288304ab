//! What applies leave in the target database: which texts were found to mean the same, and who applied what.
//!
//! Only a memory: without it plans are the same, and slower. Schema `dbstate` is never part of a plan.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use tokio_postgres::Client;

use crate::declare::write::write;
use crate::diagnostic::Result;
use crate::kind::{Entry, find};
use crate::model::{Address, Spec, State};
use crate::session::server_error;
use crate::sql;

/// The schema that holds the ledger.
pub const SCHEMA: &str = "dbstate";

/// Per object the digest of what was declared and of what the catalog then said.
#[derive(Debug, Default)]
pub struct Ledger(HashMap<String, (String, String)>);

/// Reads the ledger; empty where there is none or it may not be read.
pub async fn read(client: &Client) -> Ledger {
    let rows =
        client.query_typed("select address, declared, stored from dbstate.settled", &[]).await.unwrap_or_default();
    Ledger(rows.iter().map(|r| (r.get(0), (r.get(1), r.get(2)))).collect())
}

impl Ledger {
    /// True when this very declaration left this very stored object.
    pub fn settles(&self, at: &Address, declared: &dyn Spec, stored: &dyn Spec, register: &'static [Entry]) -> bool {
        self.0
            .get(&key(at))
            .is_some_and(|(d, s)| *d == digest(at, declared, register) && *s == digest(at, stored, register))
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

/// Writes what differs in text but was found equal, and a line of history.
pub async fn record(client: &Client, entries: &Entries<'_>, register: &'static [Entry]) -> Result<()> {
    let rows: Vec<String> = entries
        .declared
        .iter()
        .filter_map(|(at, declared)| {
            let stored = entries.stored.get(at).filter(|s| !s.spec.same(&*declared.spec))?;
            let cells = [key(at), digest(at, &*declared.spec, register), digest(at, &*stored.spec, register)];
            Some(format!("({})", cells.map(|c| sql::literal(&c)).join(", ")))
        })
        .collect();
    let statements = serde_json::to_string(&entries.statements).unwrap_or_default();
    let revision = entries.revision.as_deref().map_or_else(|| "null".to_owned(), sql::literal);
    let mut text = String::from(CREATE);
    text += "delete from dbstate.settled;";
    if !rows.is_empty() {
        text += &format!("insert into dbstate.settled (address, declared, stored) values {};", rows.join(", "));
    }
    if !entries.statements.is_empty() {
        text += &format!(
            "insert into dbstate.history (version, revision, milliseconds, statements) values ({}, {revision}, {}, {});",
            sql::literal(env!("CARGO_PKG_VERSION")),
            entries.milliseconds,
            sql::literal(&statements)
        );
    }
    client
        .batch_execute(&format!("begin; {text} commit"))
        .await
        .map_err(|error| server_error(&error, "the ledger in schema `dbstate`"))
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
";

fn key(at: &Address) -> String {
    format!("{at:?}")
}

fn digest(at: &Address, spec: &dyn Spec, register: &'static [Entry]) -> String {
    let text = write(&(find(register, at.kind()).write_long)(spec));
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(16).fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
}
