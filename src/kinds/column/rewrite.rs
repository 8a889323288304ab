//! Whether PostgreSQL rewrites a table to add a column to it.

use super::Column;
use crate::kind::{Cx, Kind as _, ROUTINE};
use crate::kinds::domain::has_rules;
use crate::kinds::function::{Function, Volatility};
use crate::kinds::part::Sql;
use crate::model::Address;
use crate::sql;

/// Functions of PostgreSQL and its extensions that return another value for each row and may occur in a default.
const VOLATILE: &[&str] = &[
    "clock_timestamp",
    "gen_random_bytes",
    "gen_random_uuid",
    "nextval",
    "random",
    "random_normal",
    "timeofday",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

impl Column {
    /// Returns whether PostgreSQL rewrites the table to add the column: because each row gets a value of its own, or
    /// because its value must be checked against the rules of a domain.
    pub fn rewrites(&self, cx: &Cx<'_>) -> bool {
        let computed = self.identity.is_some() || self.generated.is_some() && self.stored;
        computed || has_rules(&self.data_type, cx.desired) || self.default.as_ref().is_some_and(|d| is_volatile(d, cx))
    }
}

impl Column {
    /// Returns a warning if PostgreSQL will refuse to add the column, because it would be null in existing rows.
    pub fn lacks_values(&self, cx: &Cx<'_>) -> Option<String> {
        let filled = self.default.is_some() || self.identity.is_some() || self.generated.is_some();
        let table = cx.at.parent()?;
        let size = cx.live.size(table).filter(|size| size.bytes > 0 && size.rows != Some(0))?;
        // A type with a schema may be a domain with a default.
        let declared = self.data_type.as_str().contains('.');
        (self.not_null && !filled && !declared).then(|| {
            format!(
                "{} is added `not null` and without a default, but {table} holds rows ({size}): give it a default, or add \
                 it without `not null`, fill it, and then say `not null`",
                cx.at
            )
        })
    }
}

/// Returns whether an expression calls a volatile function: one of [`VOLATILE`], or a declared one.
fn is_volatile(expression: &Sql, cx: &Cx<'_>) -> bool {
    let tokens = sql::tokens(expression.as_str());
    let calls = tokens.windows(2).enumerate().filter(|(_, pair)| pair[1].is("("));
    let mut names = calls.filter_map(|(i, pair)| Some((i, pair[0].name()?)));
    names.any(|(i, name)| {
        let schema = (i > 1 && tokens[i - 1].is(".")).then(|| tokens[i - 2].name()).flatten();
        let declared = |at: &Address| {
            schema.as_deref() == Some(at.top().key())
                && ROUTINE.bare(at.key()) == name
                && cx.desired.spec::<Function>(at).is_some_and(|f| f.volatility == Volatility::Volatile)
        };
        VOLATILE.contains(&name.as_str()) || cx.desired.of_kind(Function::NAME).iter().any(declared)
    })
}
