//! Keeping a statement that holds a secret out of the server's log.
//!
//! A role's password is a verifier by then, but what a user mapping or a subscription needs is clear text: PostgreSQL has
//! no other way. Where the role may set them (a superuser, or `grant set on parameter`), the parameters that would write
//! the statement down are off while it runs.

use tokio_postgres::{Client, Error};

use crate::plan::PlanStep;

/// The parameters, and the value with which nothing is written down.
const PARAMETERS: [(&str, &str); 6] = [
    ("log_statement", "none"),
    ("log_min_duration_statement", "-1"),
    ("log_min_duration_sample", "-1"),
    ("log_transaction_sample_rate", "0"),
    ("log_min_error_statement", "panic"),
    ("pg_stat_statements.track", "none"),
];

/// Runs a statement, and has the server keep quiet about it where it holds a secret.
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
    // In a transaction that has failed the rollback does it.
    let on = client.batch_execute(&each(|name, _| format!("execute 'reset {name}'"))).await;
    result.and(on)
}
