//! What PostgreSQL adds to a foreign key to a partitioned table: a constraint on the same table for each partition.
//!
//! Nobody declares these, but they have names. Up to version 17 PostgreSQL chooses such as `orders_user_id_fkey1`, whatever
//! the key's own name is; from then on `buyer_1` for a key `buyer`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ForeignKey;
use crate::kind::{Cx, Kind};
use crate::kinds::part::constraint::alter_table;
use crate::kinds::part::names::{is_taken, object_name};
use crate::kinds::table::{is_made_anew, is_partitioned, sprung_from};
use crate::model::{Address, PgVersion, State, Step};
use crate::sql;

/// The names of the constraints that a live key brought along. Not compared.
#[derive(Debug, Clone, Default, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Echoes(Vec<String>);

impl PartialEq for Echoes {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// An SQL expression for [`Echoes`].
pub const ECHOES: &str = "array(select e.conname::text from pg_constraint e
                    where e.conparentid = con.oid and e.conrelid = con.conrelid) as live_echoes";

impl ForeignKey {
    /// Returns the other new keys whose names PostgreSQL might give to what this one brings along, so that they come first.
    pub(super) fn before_echoes(&self, cx: &Cx<'_>) -> Vec<Address> {
        let Some(table) = cx.at.parent().filter(|_| self.has_echoes(cx.at, cx.desired)) else { return Vec::new() };
        let rank = |at: &Address| (at.key().len(), at.key().to_owned());
        let mut first = Vec::new();
        for on in std::iter::once(table.clone()).chain(sprung_from(table, cx.desired)) {
            for (at, other) in cx.desired.children_of::<Self>(&on, Self::NAME) {
                let yields = !other.has_echoes(at, cx.desired) || rank(at) < rank(cx.at);
                if at != cx.at && yields && self.may_take(at.key(), &on, cx) {
                    first.push(at.clone());
                }
            }
        }
        first
    }

    /// Returns the statements that free its name where a constraint that came along with another key has it.
    pub(super) fn free_name(cx: &Cx<'_>) -> (Vec<Step>, Option<Address>) {
        let Some(table) = cx.at.parent() else { return (Vec::new(), None) };
        let keys = cx.live.children_of::<Self>(table, Self::NAME).into_iter();
        let has_it = |key: &Self| key.echoes.0.iter().any(|name| name == cx.at.key());
        let Some((holder, key)) = keys.into_iter().find(|(at, key)| *at != cx.at && has_it(key)) else {
            return (Vec::new(), None);
        };
        let target = key.target(holder);
        let stays = cx.desired.spec::<Self>(holder).is_some_and(|now| now.target(holder) == target);
        if !stays || is_made_anew(&target, cx.live, cx.desired) {
            return (Vec::new(), Some(holder.clone()));
        }
        let is_free = |name: &String| !is_taken(name, cx.at.top(), cx) && !key.echoes.0.contains(name);
        let place = key.echoes.0.iter().take_while(|name| *name != cx.at.key()).count();
        let free = (1..).map(|n| key.echo(n, holder, cx.server.version)).filter(is_free).nth(place);
        let rename = |to: &String| format!("rename constraint {} to {}", cx.name(), sql::ident(to));
        (free.iter().map(|to| alter_table(cx, &rename(to))).collect(), None)
    }

    fn has_echoes(&self, at: &Address, state: &State) -> bool {
        is_partitioned(&self.target(at), state)
    }

    fn may_take(&self, name: &str, on: &Address, cx: &Cx<'_>) -> bool {
        let own = on.child(Self::NAME, cx.at.key());
        let digits = &name[name.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
        name == self.echo(digits.parse().unwrap_or_default(), &own, cx.server.version)
    }

    /// Returns a name that PostgreSQL gives to what comes along.
    fn echo(&self, n: usize, at: &Address, server: PgVersion) -> String {
        if server.at_least(18) {
            return object_name(at.key(), "", &n.to_string());
        }
        let table = at.parent().map_or("", Address::key);
        let number = if n == 0 { String::new() } else { n.to_string() };
        object_name(table, &self.columns.join("_"), &format!("fkey{number}"))
    }
}
