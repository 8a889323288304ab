//! Two sessions that read a large database at the same time, in the same snapshot.
//!
//! See <https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION>.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::try_join3;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_postgres::{Client, RowStream};

use super::depend::Members;
use super::row::{self, Fixed};
use super::{Answers, BEGIN, Begun, Query, Reading, defect, each, is_member, query, rows, spec, unanswered};
use crate::diagnostic::Result;
use crate::kind::{Entry, Home, Shared, Under, find};
use crate::model::{Spec, State};
use crate::session::{Session, cell, connect};
use crate::sql;

/// From how many bytes of `pg_class` on a second session pays: that of some six hundred tables.
pub const LARGE: u32 = 1 << 20;

/// How long the second session may take to begin. A pool may have only one to give.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many rows are passed on at once.
const ROWS: usize = 256;

/// What some rows of a query say, in their order; `None` after the last.
type Said = Option<Vec<(Fixed, Arc<dyn Spec>)>>;

/// Opens a second session with the snapshot of `session`; `None` if the server has none to give.
///
/// # Errors
/// If the snapshot can't be shared. Then the transaction of `session` is void.
pub async fn open(session: &Session) -> Result<Option<Session>> {
    let exported = query(&session.client, "select pg_catalog.pg_export_snapshot()").await?;
    let snapshot: String = exported.first().map_or_else(|| Err(unanswered()), |row| cell(row, 0))?;
    let begun = async {
        let second = connect(session.target(), &[]).await.ok()?;
        let begin = format!("{BEGIN}; set transaction snapshot {}", sql::literal(&snapshot));
        second.client.batch_execute(&begin).await.ok()?;
        Some(second)
    };
    Ok(tokio::time::timeout(PATIENCE, begun).await.ok().flatten())
}

/// Reads all objects with two sessions of one snapshot, and ends the transaction of the first.
///
/// The first asks at once for all that only it reads. What tables and the like have besides columns is about half of the work:
/// the second session begins with it, and once the first is free, it begins with the last of that. What has to open tables,
/// checks and indexes, comes first, so that one session opens each table, once.
pub async fn read(client: &Client, second: &Client, register: &'static [Entry], begun: &Begun) -> Result<State> {
    let (queries, members) = (&*begun.queries, &begun.members);
    let (said, answered) = queries.iter().map(|_| unbounded_channel()).unzip();
    let (mut shared, own): (Vec<usize>, Vec<usize>) = (0..queries.len()).partition(|i| is_shared(queries[*i].0));
    shared.sort_by_key(|i| match turn(queries[*i].0, register) {
        turn @ Turn::Last => (turn, queries.len() - i),
        turn => (turn, *i),
    });
    let work = Work { queries, members, said, shared: Mutex::new(shared.into()) };
    Ok(try_join3(work.first(client, &own), work.second(second), gather(register, queries, answered)).await?.2)
}

/// Returns whether either session may read a kind.
fn is_shared(entry: &Entry) -> bool {
    !entry.rules.holds_values && entry.homes.iter().all(|home| matches!(home.under, Under::Kinds(_)))
}

/// When a shared kind is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// First, since the rest waits for it: it nests in a schema.
    First,
    /// Then, by the same session if possible: it opens its parent.
    Opens,
    /// At last, or first by the other session, which takes what comes first in the register before what comes after it.
    Last,
}

/// Returns when a shared kind is read.
fn turn(entry: &Entry, register: &'static [Entry]) -> Turn {
    let is_in_space = |home: &Home| match home.under {
        Under::Kinds(kinds) => kinds.iter().any(|kind| find(register, *kind).rules.space),
        Under::Root | Under::Owned | Under::Commented | Under::Granted => false,
    };
    if entry.homes.iter().any(is_in_space) {
        return Turn::First;
    }
    if entry.rules.deparsed { Turn::Opens } else { Turn::Last }
}

/// Adds the objects in the order of the queries, since parents come first.
async fn gather(
    register: &'static [Entry],
    queries: &[Query],
    answered: Vec<UnboundedReceiver<Said>>,
) -> Result<State> {
    let mut reading = Reading::new(register);
    for ((entry, sql), mut answers) in queries.iter().zip(answered) {
        let mut ordinals = 0..;
        while let Some(rows) = answers.recv().await.ok_or_else(unanswered)? {
            for ((fixed, spec), ordinal) in rows.into_iter().zip(&mut ordinals) {
                if reading.has_place(entry, sql, &fixed)? {
                    reading.add(entry, fixed, spec, ordinal);
                }
            }
        }
    }
    Ok(reading.state)
}

/// The queries, and who reads which.
struct Work<'q> {
    queries: &'q [Query],
    members: &'q Members,
    said: Vec<UnboundedSender<Said>>,
    /// The places of the queries that either session may read and none has taken.
    shared: Mutex<VecDeque<usize>>,
}

impl Work<'_> {
    /// Reads the queries at these places, and what is left of the shared ones then, from the last on.
    async fn first(&self, client: &Client, own: &[usize]) -> Result<()> {
        let mut answers = Answers::of(client, own.iter().map(|i| self.queries[*i].1.as_str()));
        let mut known = Shared::default();
        for i in own {
            self.say(*i, answers.next().await?, &mut known).await?;
        }
        self.share(client, VecDeque::pop_back, known).await?;
        each("commit", rows(client, "commit").await?, |_| Ok(())).await
    }

    /// Reads the shared queries from the first on.
    async fn second(&self, client: &Client) -> Result<()> {
        self.share(client, VecDeque::pop_front, Shared::default()).await
    }

    /// Reads shared queries as long as one is left.
    async fn share(
        &self,
        client: &Client,
        take: impl Fn(&mut VecDeque<usize>) -> Option<usize>,
        mut known: Shared,
    ) -> Result<()> {
        // The list is whole even if a thread panicked.
        let next = || take(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner));
        while let Some(i) = next() {
            self.say(i, rows(client, &self.queries[i].1).await?, &mut known).await?;
        }
        Ok(())
    }

    /// Passes on what the rows of a query say.
    async fn say(&self, i: usize, rows: RowStream, known: &mut Shared) -> Result<()> {
        let (entry, sql) = &self.queries[i];
        let (mut list, mut columns) = (Vec::new(), None);
        // Nobody listens any more if another part of the work failed, which is then what the error says.
        let pass_on = |said| drop(self.said[i].send(said));
        let read = |row: &_| {
            let columns = columns.get_or_insert_with(|| row::columns(row));
            let fixed = row::fixed(row, columns).map_err(|p| defect(entry, sql, &p))?;
            if !is_member(entry, &fixed, self.members) {
                list.push((fixed, spec(entry, columns, row, known).map_err(|p| defect(entry, sql, &p))?));
            }
            if list.len() == ROWS {
                pass_on(Some(std::mem::take(&mut list)));
            }
            Ok(())
        };
        each(sql, rows, read).await?;
        pass_on(Some(list));
        pass_on(None);
        Ok(())
    }
}
