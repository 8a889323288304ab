//! A type and functions in C that are made of each other: neither can go without the other.

use crate::kind::Cx;
use crate::kinds::shell_type::shell_of;
use crate::model::{Address, Step};
use crate::sql;

/// Who owns them for the moment in which they go.
const ROLE: &str = "dbstate_drop";

/// Statements that drop a type together with the functions that it uses and that use it.
///
/// `drop type` and `drop function` name objects of one kind, so each would need `cascade`, which takes along whatever came
/// in since the plan was made. What a role owns goes in one statement, and PostgreSQL refuses it while anything else
/// depends on any of it: so they are given to a role that owns nothing else. Like making such a type, that takes a
/// superuser. See <https://www.postgresql.org/docs/current/sql-drop-owned.html>.
pub fn drop_type(cx: &Cx<'_>) -> Vec<Step> {
    let of_each_other = |at: &&Address| cx.live.uses(at).contains(cx.at);
    let mut functions: Vec<Address> = cx.live.uses(cx.at).iter().filter(of_each_other).cloned().collect();
    functions.sort();
    let mut statements = match functions.as_slice() {
        [] => vec![format!("drop {}", cx.target())],
        functions => together(functions, cx),
    };
    // What takes its place begins as a shell.
    statements.extend(cx.desired.contains(&shell_of(cx.at)).then(|| format!("create {}", cx.target())));
    statements.into_iter().map(|sql| Step::new(sql).speaks_for(functions.iter().cloned())).collect()
}

fn together(functions: &[Address], cx: &Cx<'_>) -> Vec<String> {
    let role = sql::ident(ROLE);
    let all = [cx.at].into_iter().chain(functions);
    let given = all.map(|at| format!("alter {} owner to {role}", cx.at(at).target()));
    let first = [format!("create role {role}")];
    first
        .into_iter()
        .chain(given)
        .chain([format!("drop owned by {role} restrict"), format!("drop role {role}")])
        .collect()
}
