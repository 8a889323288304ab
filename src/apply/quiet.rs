//! Keeps statements that contain a secret out of the server's log.
//!
//! A role's password is sent as a verifier, but user mappings and subscriptions need clear text: PostgreSQL offers no
//! other way. If the role may set them (a superuser, or by `grant set on parameter`), the parameters that would log the
//! statement are turned off while it runs.

use tokio_postgres::{Client, Error};

use crate::plan::PlanStep;

/// The parameters, with the values that turn logging off.
const PARAMETERS: [(&str, &str); 6] = [
    ("log_statement", "none"),
    ("log_min_duration_statement", "-1"),
    ("log_min_duration_sample", "-1"),
    ("log_transaction_sample_rate", "0"),
    ("log_min_error_statement", "panic"),
    ("pg_stat_statements.track", "none"),
];

/// Runs a statement. If it contains a secret, logging is turned off meanwhile.
pub(super) async fn execute(client: &Client, step: &PlanStep) -> Result<(), Error> {
    if step.shown.is_none() {
        return client.batch_execute(&step.sql).await;
    }
    let each = |word: fn(&str, &str) -> String| {
        let one = |(name, value): &(&str, &str)| {
            format!("begin {}; exception when insufficient_privilege then null; end;", word(name, value))
        };
        format!("do $dbstate$ begin {} end $dbstate$", PARAMETERS.iter().map(one).collect::<String>())
    };
    let off = each(|name, value| format!("perform pg_catalog.set_config('{name}', '{value}', false)"));
    client.batch_execute(&off).await?;
    let result = client.batch_execute(&step.sql).await;
    // If the transaction has failed, this fails too, and the rollback resets the parameters.
    let on = client.batch_execute(&each(|name, _| format!("execute 'reset {name}'"))).await;
    result.and(on)
}
