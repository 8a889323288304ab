//! Checks the bodies of new routines before the commit.

use std::pin::pin;

use futures_util::future::join3;
use futures_util::stream::{self, StreamExt};
use tokio_postgres::error::{ErrorPosition, SqlState};
use tokio_postgres::{Client, Error};

use super::AHEAD;
use crate::plan::PlanStep;

/// Returns the routines created by this transaction whose language can check a body, with their validator functions.
const NEW: &str = "
    select p.oid, p.prosrc, v.proname::text
    from pg_catalog.pg_proc p
         join pg_catalog.pg_language l on l.oid = p.prolang
         join pg_catalog.pg_proc v on v.oid = l.lanvalidator
    where p.xmin = pg_catalog.pg_current_xact_id()::xid and l.lanname in ('sql', 'plpgsql')";

/// An error, the SQL or body that it is about, and the step that created the routine.
type Wrong<'a> = (Error, String, Option<&'a PlanStep>);

/// Checks the bodies of new routines for syntax errors.
///
/// They are not checked at creation, as they may name objects created after them. Other errors are left to the
/// routine's first call: a body may name what its caller creates.
pub(super) async fn check<'a>(client: &Client, segment: &'a [PlanStep]) -> Result<(), Wrong<'a>> {
    let routines = client.query(NEW, &[]).await.map_err(|error| (error, NEW.to_owned(), None))?;
    let checks = stream::iter(&routines).map(|routine| validate(client, routine.get(0), routine.get(2)));
    let mut checked = pin!(checks.buffered(AHEAD).zip(stream::iter(&routines)));
    while let Some((result, routine)) = checked.next().await {
        let Err(error) = result.map_err(|(error, sql)| (error, sql.to_owned(), None))? else { continue };
        if error.code() == Some(&SqlState::SYNTAX_ERROR) && !wants_type(&error) {
            let body: String = routine.get(1);
            let step = segment.iter().find(|step| step.sql.contains(&body));
            return Err((error, body, step));
        }
    }
    Ok(())
}

/// Has a validator check a routine, and undoes whatever comes of it. Returns the validator's result; fails with the error of
/// another statement, and that statement.
async fn validate(client: &Client, routine: u32, validator: &str) -> Result<Result<(), Error>, (Error, &'static str)> {
    const BEGIN: &str = "savepoint body; set local check_function_bodies = on";
    const END: &str = "rollback to savepoint body; release savepoint body";
    let check = format!("select pg_catalog.{validator}({routine})");
    let [begun, checked, ended] = [BEGIN, &check, END].map(|sql| client.batch_execute(sql));
    let (begun, checked, ended) = join3(begun, checked, ended).await;
    begun.map_err(|error| (error, BEGIN))?;
    ended.map_err(|error| (error, END))?;
    Ok(checked)
}

/// Returns whether PL/pgSQL failed at the `%` of a type such as `orders.total%type`. It looks up the table on the
/// search path, which is empty here, and reports a syntax error if it finds none.
fn wants_type(error: &Error) -> bool {
    match error.as_db_error().and_then(|error| error.position()) {
        Some(ErrorPosition::Internal { position, query }) => {
            query.chars().nth((*position as usize).saturating_sub(1)) == Some('%')
        }
        Some(ErrorPosition::Original(_)) | None => false,
    }
}
