//! Looks before the first statement for rows that would make a statement fail which stands alone or comes after a commit, as
//! what it leaves, and what was changed before it, would stay.

use tokio_postgres::Client;

use super::located;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::model::Transaction;
use crate::plan::{Plan, PlanStep, Verb};

/// Refuses a plan with rows that its constraints do not allow, with one problem per statement that would fail.
///
/// Where rows can't be looked at, such as those of a column that the plan adds, the statement itself tells. Of a plan that
/// renames something the same is true: its names do not stand for what they will.
pub async fn check(client: &Client, plan: &Plan) -> Result<(), Diagnostics> {
    let mut problems = Diagnostics::default();
    if plan.changes.iter().any(|change| change.verb == Verb::Rename) {
        return Ok(());
    }
    let stays = |step: &&PlanStep| step.segment > 0 || step.transaction == Transaction::Outside;
    let parts = plan.steps.iter().filter(stays);
    for (step, query) in parts.filter_map(|step| Some((step, step.unfit.as_ref()?))) {
        let found = client.query_one(query, &[]).await.and_then(|row| row.try_get::<_, bool>(0));
        if found.is_ok_and(|found| found) {
            problems.push(refusal(step));
        }
    }
    problems.into_result(())
}

fn refusal(step: &PlanStep) -> Diagnostic {
    let message = format!("rows that are there do not fit {}: `{}` would fail", step.at, step.text());
    let help = "correct or delete these rows; a check or a foreign key may say `not_valid: true`, to hold for new rows alone; \
                nothing was changed";
    located(Diagnostic::new(Code::Refused, message).help(help), step)
}
