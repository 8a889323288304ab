//! Whether a column that refuses nulls because one above does, does so by itself too.
//!
//! From PostgreSQL 18 on its constraint says so (`pg_constraint.conislocal`), and it goes on where the one above no longer
//! does. One that holds for every row counts too where that above is `not valid`. See <https://www.postgresql.org/docs/current/ddl-inherit.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Column;
use super::inherited::handed_down;
use crate::kind::Kind;
use crate::kinds::not_null::VALID_ALONE;
use crate::kinds::table::{parents, tables};
use crate::model::{Address, PgVersion, State};

/// Whether a column refuses nulls by itself too. Unknown, and equal to both, where no column above refuses nulls, and
/// before PostgreSQL 18.
#[derive(Debug, Clone, Copy, Default, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct OwnNotNull(Option<bool>);

impl PartialEq for OwnNotNull {
    fn eq(&self, other: &Self) -> bool {
        self.0.zip(other.0).is_none_or(|(mine, theirs)| mine == theirs)
    }
}

impl OwnNotNull {
    /// Returns whether both say the same, also where that is not compared.
    pub fn is_just(self, other: Self) -> bool {
        self.0 == other.0
    }

    /// Returns what the project says of a column, where it matters.
    pub fn said(own: bool, matters: bool) -> Self {
        Self(matters.then_some(own))
    }

    /// Returns whether it is known that the column does so by itself.
    pub fn is_own(self) -> bool {
        self.0 == Some(true)
    }

    /// Returns whether it is known that the column does so because of one above only.
    pub fn is_only_above(self) -> bool {
        self.0 == Some(false)
    }

    /// Returns whether the live column at `at` goes on where that of the table `above` no longer does.
    pub fn stays(self, at: &Address, above: &Address, live: &State) -> bool {
        let table = at.parent().expect("a column has a table");
        let others = || parents(table, live).into_iter().filter(|parent| parent != above);
        let refuses = |parent: Address| is_handed_down(&parent.child(Column::NAME, at.key()), live);
        self.is_own() || self.is_only_above() && others().any(refuses)
    }
}

/// Returns whether a column refuses nulls in the tables below too.
pub fn is_handed_down(at: &Address, state: &State) -> bool {
    state.spec::<Column>(at).is_some_and(|column| handed_down(at, column, state).not_null)
}

/// Returns the SQL expression for [`OwnNotNull`] of the column `a`.
pub fn field(server: PgVersion) -> String {
    if server.at_least(18) {
        format!(
            "case when a.attinhcount > 0 then exists (
                 select from pg_constraint con where con.conrelid = a.attrelid and con.contype = 'n'
                    and con.conkey[1] = a.attnum and (con.conislocal or {VALID_ALONE})) end"
        )
    } else {
        "null::boolean".to_owned()
    }
}

/// Leaves a live column what it does by itself where the project does not say so: no statement takes that alone away.
pub fn keep(live: &mut State, desired: &State) {
    let heirs: Vec<Address> = tables(live).into_iter().filter(|table| !parents(table, live).is_empty()).collect();
    for (at, wanted) in heirs.iter().flat_map(|table| desired.children_of::<Column>(table, Column::NAME)) {
        let Some(mine) = live.spec::<Column>(at).filter(|mine| mine.live_own_not_null.is_own()) else { continue };
        if !wanted.live_own_not_null.is_own() {
            let mine = Column { live_own_not_null: wanted.live_own_not_null, ..mine.clone() };
            live.set(at, mine);
        }
    }
}
