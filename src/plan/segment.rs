//! Statements to transactions: one, unless PostgreSQL allows less.

use super::PlanStep;
use crate::model::Transaction;

/// Numbers the segments, in order.
pub fn segment(steps: &mut [PlanStep]) {
    let mut segment = 0;
    let mut open = false;
    for step in steps {
        match step.transaction {
            Transaction::Inside => {
                step.segment = segment;
                open = true;
            }
            Transaction::CommitAfter => {
                step.segment = segment;
                segment += 1;
                open = false;
            }
            Transaction::Outside => {
                segment += usize::from(open);
                step.segment = segment;
                segment += 1;
                open = false;
            }
        }
    }
}
