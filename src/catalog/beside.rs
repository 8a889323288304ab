//! A second session that reads a share of a large database, in the same snapshot and at the same time.
//!
//! See <https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION>.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio_postgres::Client;

use super::depend::MEMBERS;
use super::row::{self, Fixed};
use super::{Answers, BEGIN, Query, defect, each, is_member, query, spec, unanswered};
use crate::diagnostic::Result;
use crate::kind::{Entry, Shared, Under};
use crate::model::Spec;
use crate::session::{Session, cell, connect};
use crate::sql;

/// From how many bytes of `pg_class` on a second session pays: that of some six hundred tables.
pub const LARGE: u32 = 1 << 20;

/// How long the second session may take to begin. A pool may have only one to give.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the rows of one query say, in their order.
pub type Said = Vec<(Fixed, Arc<dyn Spec>)>;

/// Returns whether a kind is in the share of the second session: what tables and the like have besides columns.
pub fn is_read_beside(entry: &Entry) -> bool {
    !entry.rules.holds_values && entry.homes.iter().all(|home| matches!(home.under, Under::Kinds(_)))
}

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

/// Reads the share of the queries, and sends what each says. It is kept until it is asked for, as parents come first.
pub async fn read(client: &Client, queries: &[Query], said: UnboundedSender<Said>) -> Result<()> {
    let share: Vec<&Query> = queries.iter().filter(|(entry, _)| is_read_beside(entry)).collect();
    let texts = [MEMBERS].into_iter().chain(share.iter().map(|(_, sql)| sql.as_str()));
    let mut answers = Answers::of(client, texts);
    let (members, mut shared) = (answers.members().await?, Shared::default());
    for (entry, sql) in share {
        let (mut list, mut columns) = (Said::new(), None);
        let read = |row: &_| {
            let columns = columns.get_or_insert_with(|| row::columns(row));
            let fixed = row::fixed(row, columns).map_err(|p| defect(entry, sql, &p))?;
            if !is_member(entry, &fixed, &members) {
                list.push((fixed, spec(entry, columns, row, &mut shared).map_err(|p| defect(entry, sql, &p))?));
            }
            Ok(())
        };
        each(sql, answers.next().await?, read).await?;
        if said.send(list).is_err() {
            break;
        }
    }
    Ok(())
}
