//! Statements that compare values without naming the operator: `is distinct from`, `nullif`, `case … when`, `join … using`,
//! `natural join`, `in (select …)`.
//!
//! PostgreSQL looks for `=` in `pg_catalog` and on the `search_path`, which is empty while a plan runs, and SQL has no way to name
//! another. For a type of an extension it may find the operator of a type that values can be turned into, `text` for `citext`. What
//! is made anew then means something else. See <https://www.postgresql.org/docs/current/typeconv-oper.html>.

use super::Input;
use super::emit::{Emitted, Verb};
use crate::kind::{OPERATOR, find};
use crate::model::Address;
use crate::sql;

/// Returns a warning for each object that is made anew so and used to compare with an operator of an extension or of the database.
pub fn warnings(emitted: &Emitted, input: Input<'_>) -> Vec<String> {
    let says = |verb: Verb| !matches!(verb, Verb::Drop | Verb::Rename);
    let warn = |node: &super::emit::Node| {
        let from = input.live.uses(&node.at).iter().find(|used| may_compare(used, input))?;
        compares(&node.step.sql).then(|| {
            format!(
                "{} compares values without naming the operator (`is distinct from`, `nullif`, `case … when`, `using`, \
                 `in (select …)`) and uses {from}: made anew, it may compare with the operator of another type; check what it \
                 says afterwards, or write the comparison with `operator(schema.=)`",
                node.at
            )
        })
    };
    emitted.nodes.iter().filter(|node| says(node.verb)).filter_map(warn).collect()
}

/// Returns whether an object is an operator `=`, or may bring one along.
fn may_compare(used: &Address, input: Input<'_>) -> bool {
    let rules = find(input.register, used.kind()).rules;
    rules.opaque || rules.slots.contains(&OPERATOR) && OPERATOR.bare(used.key()) == "="
}

/// Returns whether a text compares values in one of these ways. What stands in quotes does not count.
fn compares(text: &str) -> bool {
    let tokens = sql::tokens(text);
    tokens.windows(2).any(|pair| {
        let are = |first: &str, second: &str| pair[0].is_word(first) && pair[1].is_word(second);
        let calls = |word: &str| pair[0].is_word(word) && pair[1].is("(");
        are("distinct", "from")
            || are("natural", "join")
            || are("natural", "left")
            || are("natural", "full")
            || calls("nullif")
            || calls("using")
            || pair[0].is_word("case") && !pair[1].is_word("when")
            || calls("in")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_without_an_operator_are_recognised() {
        for text in [
            "select a is distinct from b",
            "select NULLIF (a, b)",
            "select case a when b then 1 end",
            "select * from a join b using (c)",
            "select * from a natural join b",
            "select a in (select b from c)",
        ] {
            assert!(compares(text), "{text}");
        }
        for text in [
            "select distinct a from b",
            "select case when a = b then 1 end",
            "select 'a is distinct from b'",
            "select a = b",
        ] {
            assert!(!compares(text), "{text}");
        }
    }
}
