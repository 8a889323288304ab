//! Columns of other tables whose type is the row type of a table.
//!
//! While there are any, PostgreSQL refuses to change the type of a column of that table, or to add one with a default.
//! For a change of type, they are text meanwhile. A column with a default is added without it and filled afterwards.

use super::Column;
use crate::kind::{Cx, Kind as _};
use crate::kinds::not_null::named_at;
use crate::kinds::part::convert::text_of;
use crate::model::{Address, HazardClass, Lock, State, Step};
use crate::sql;

/// Returns the columns that contain rows of a table before and after the plan, by the live edges.
pub fn holders<'a>(table: &Address, cx: &Cx<'a>) -> Vec<&'a Address> {
    let row = sql::dotted(table.path());
    let holds = |at: &Address, state: &State| state.spec::<Column>(at).is_some_and(|c| c.data_type.base() == row);
    let users = cx.live.edges().filter(|(user, used)| *used == table && user.kind() == Column::NAME);
    let mut list: Vec<&Address> =
        users.map(|(user, _)| user).filter(|at| holds(at, cx.live) && holds(at, cx.desired)).collect();
    list.sort();
    list.dedup();
    list
}

/// Returns `change`, between the statements that turn the columns that contain rows into text and back.
pub fn around(holders: &[&Address], change: Step, cx: &Cx<'_>) -> Vec<Step> {
    let moves = |to_text: bool| {
        holders.iter().filter_map(move |at| Some(retype(at, cx.live.spec(at)?, cx.desired.spec(at)?, to_text, cx)))
    };
    let steps = moves(true).chain([change]).chain(moves(false));
    let unseated: Vec<Address> = holders.iter().map(|at| (*at).clone()).collect();
    steps.map(|s| s.unseats(unseated.iter().cloned())).collect()
}

fn retype(at: &Address, old: &Column, new: &Column, to_text: bool, cx: &Cx<'_>) -> Step {
    let (name, table) = (sql::ident(at.key()), at.parent().expect("a column has a table"));
    let mut parts = Vec::new();
    if to_text {
        parts.extend(old.default.as_ref().map(|_| format!("alter column {name} drop default")));
        let text = text_of(&old.data_type);
        parts.push(format!("alter column {name} type {} using {name}{text}", text.trim_start_matches("::")));
    } else {
        parts.push(format!("alter column {name} type {0} using {name}::{0}", new.data_type));
        parts.extend(new.default.as_ref().map(|default| format!("alter column {name} set default {default}")));
    }
    Step::new(format!("alter table {} {}", cx.at(table).identity(), parts.join(", ")))
        .lock(Lock::AccessExclusive)
        .hazard(HazardClass::Rewrite, "rewrites the table for the rows that it holds")
}

/// Returns the statements that add a column with a default to a table whose rows other columns contain: it is first
/// added without its default. `None` if it has no default or there are no such columns.
pub fn add(column: &Column, cx: &Cx<'_>) -> Option<Vec<Step>> {
    let default = column.default.as_ref()?;
    let table = cx.parent();
    if holders(table.at, cx).is_empty() {
        return None;
    }
    let bare = Column { default: None, not_null: false, ..column.clone() };
    let (identity, name) = (table.identity(), cx.name());
    let mut steps = vec![
        Step::new(format!("alter table {identity} add column {}", bare.definition(cx))).lock(Lock::AccessExclusive),
        column.step(cx, &format!("set default {default}")),
        Step::new(format!("update {identity} set {name} = default")).hazard(
            HazardClass::Rewrite,
            "writes every row: PostgreSQL can't add a default where rows of the table are held",
        ),
    ];
    if column.not_null && named_at(cx.at, cx.desired).is_none() {
        steps.push(cx.reads_rows(column.step(cx, "set not null"), "scans the table while writers wait"));
    }
    Some(steps)
}
