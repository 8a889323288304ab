//! `history`: what was applied to a database.

use crate::diagnostic::Result;
use crate::ledger;
use crate::model::Applied;
use crate::session::Session;

/// Every apply that changed something, the latest first; none where there is no ledger.
pub async fn history(session: &Session) -> Result<Vec<Applied>> {
    ledger::history(&session.client).await
}
