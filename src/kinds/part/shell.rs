//! Drops a type and functions in C that depend on each other, so that neither can be dropped without the other.

use crate::kind::Cx;
use crate::kinds::shell_type::shell_of;
use crate::model::{Address, Step};
use crate::sql;

/// The role that owns them just before they are dropped.
const ROLE: &str = "dbstate_drop";

/// Returns the statements that drop a type together with the functions that it uses and that use it.
///
/// `drop type` and `drop function` name objects of one kind only, so each would need `cascade`, which would also drop
/// whatever was added since the plan was made. `drop owned` drops all that a role owns in one statement, and PostgreSQL
/// refuses it if anything else depends on any of it. So the objects are given to a role that owns nothing else. Like
/// the creation of such a type, that requires a superuser. See
/// <https://www.postgresql.org/docs/current/sql-drop-owned.html>.
pub fn drop_type(cx: &Cx<'_>) -> Vec<Step> {
    let of_each_other = |at: &&Address| cx.live.uses(at).contains(cx.at);
    let mut functions: Vec<Address> = cx.live.uses(cx.at).iter().filter(of_each_other).cloned().collect();
    functions.sort();
    let mut statements = match functions.as_slice() {
        [] => vec![format!("drop {}", cx.target())],
        functions => together(functions, cx),
    };
    // Its replacement begins as a shell type.
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
