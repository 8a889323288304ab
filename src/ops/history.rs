//! `history`: lists what was applied to a database.

use crate::diagnostic::Result;
use crate::ledger;
use crate::model::Applied;
use crate::session::Session;

/// Returns every apply that changed something, the latest first. Without a ledger the list is empty.
pub async fn history(session: &Session) -> Result<Vec<Applied>> {
    ledger::history(&session.client).await
}
