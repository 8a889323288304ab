//! Watches long statements from a second session.
//!
//! PostgreSQL reports the phases of index builds; of any other statement, only whether it waits and for which sessions.
//! See <https://www.postgresql.org/docs/current/progress-reporting.html>.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::time::timeout;
use tokio_postgres::Row;

use super::{Event, Watch};
use crate::diagnostic::Result;
use crate::plan::PlanStep;
use crate::session::{self, Session, cell};

/// How long a statement runs before its progress is looked up, and the interval between look-ups.
const PAUSE: Duration = Duration::from_secs(1);

/// Returns the phase of a session's statement, how much of it is done, the total, and the processes it waits for.
const LOOK: &str = "
    select coalesce(p.phase, 'running'),
           case when p.phase like 'waiting%' then p.lockers_done when p.tuples_total > 0 then p.tuples_done
                else p.blocks_done end,
           case when p.phase like 'waiting%' then p.lockers_total when p.tuples_total > 0 then p.tuples_total
                else p.blocks_total end,
           case when p.current_locker_pid > 0 then array[p.current_locker_pid::int] else pg_blocking_pids(me.pid) end
    from (select $1::int as pid) me left join pg_catalog.pg_stat_progress_create_index p on p.pid = me.pid";

/// The progress of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// The phase, under PostgreSQL's own name.
    pub phase: String,
    /// How much of the phase is done, in blocks, rows or transactions.
    pub done: u64,
    /// The total for the phase; 0 if it is not known.
    pub total: u64,
    /// How long the statement has run.
    pub elapsed: Duration,
    /// The processes that it waits for.
    pub waits_for: Vec<i32>,
}

impl Progress {
    /// Returns the part of the phase that is done, from 0 to 1, or `None` if it is not known.
    #[expect(clippy::cast_precision_loss, reason = "a bar needs no more than two digits")]
    pub fn part(&self) -> Option<f64> {
        (self.total > 0).then(|| (self.done as f64 / self.total as f64).min(1.0))
    }
}

/// Waits for a statement that the given server process runs, and reports its progress if it takes long.
pub(super) async fn observed<F: Future>(
    session: &Session,
    process: i32,
    step: &PlanStep,
    watch: &mut dyn Watch,
    statement: F,
) -> F::Output {
    let begun = Instant::now();
    let mut statement = std::pin::pin!(statement);
    if let Ok(result) = timeout(PAUSE, &mut statement).await {
        return result;
    }
    // If no second session can be opened, the statement runs without reports.
    let target = session.target();
    let observer = tokio::select! {
        result = &mut statement => return result,
        opened = session::connect(target, &[]) => opened.ok(),
    };
    loop {
        if let Some(observer) = &observer
            && let Ok(Some(row)) = observer.client.query_opt(LOOK, &[&process]).await
            && let Ok(progress) = read(&row, begun.elapsed())
        {
            watch.event(Event::Progress(step, &progress));
        }
        if let Ok(result) = timeout(PAUSE, &mut statement).await {
            return result;
        }
    }
}

fn read(row: &Row, elapsed: Duration) -> Result<Progress> {
    let count =
        |i: usize| cell::<Option<i64>>(row, i).map(|n| n.and_then(|n| u64::try_from(n).ok()).unwrap_or_default());
    Ok(Progress {
        phase: cell(row, 0)?,
        done: count(1)?,
        total: count(2)?,
        elapsed,
        waits_for: cell::<Option<Vec<i32>>>(row, 3)?.unwrap_or_default(),
    })
}
