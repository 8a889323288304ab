//! A default that calls a function whose SQL-standard body may read the column's own table: `create table` cannot say it, since
//! PostgreSQL wants the table before the function. See <https://www.postgresql.org/docs/current/sql-createfunction.html>.

use super::Column;
use crate::kind::{Cx, Kind, ROUTINE};
use crate::kinds::function::Function;
use crate::model::{State, Step};
use crate::sql;

impl Column {
    /// Returns the statement that sets the default once the function exists; `None` if `create table` can say the default.
    pub fn default_apart(&self, cx: &Cx<'_>) -> Option<Step> {
        let default = self.default.as_ref().filter(|default| calls_atomic(default.as_str(), cx.desired))?;
        let set = self.step(cx, &format!("set default {default}"));
        Some(set.speaks_for([cx.at.clone()]).sets("default").late())
    }
}

/// Returns whether a text calls a declared function that has an SQL-standard body.
fn calls_atomic(text: &str, desired: &State) -> bool {
    let is_atomic = |schema: &str, name: &str| {
        desired.of_kind(Function::NAME).iter().any(|at| {
            at.top().key() == schema
                && ROUTINE.bare(at.key()) == name
                && desired.spec::<Function>(at).is_some_and(|function| function.atomic.is_some())
        })
    };
    sql::tokens(text).windows(4).any(|tokens| match tokens {
        [schema, dot, name, open] if dot.is(".") && open.is("(") => {
            schema.name().zip(name.name()).is_some_and(|(schema, name)| is_atomic(&schema, &name))
        }
        _ => false,
    })
}
