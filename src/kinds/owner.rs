//! The owner of an object. See <https://www.postgresql.org/docs/current/ddl-priv.html>.
//!
//! Where nothing is declared the schema's owner counts; where none is declared there, the owner is not managed.

use std::collections::HashSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::ROLE;
use super::sequence::Sequence;
use super::shell_type::type_of;
use crate::diagnostic::Diagnostics;
use crate::kind::access::Fact;
use crate::kind::{
    Alter, Cx, Entry, FacetRow, Form, Home, Kind, RELATION, References, Renaming, Rules, Under, demands, find,
};
use crate::model::{Act, Address, Demand, HazardClass, KindName, Lock, Object, Origin, State, Step};
use crate::sql;

/// An owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The role.
    pub role: String,
}

impl Kind for Owner {
    const NAME: KindName = KindName("owner");
    const NOUN: &'static str = "owner";
    const HOMES: &'static [Home] = &[Home { under: Under::Owned, key: "owner", form: Form::One }];
    const RULES: Rules = Rules { short_field: Some("role"), ..Rules::DEFAULT };

    fn facet(row: &FacetRow, rules: &Rules) -> Vec<(String, Self)> {
        row.owner.iter().filter(|_| rules.owner).map(|role| (String::new(), Self { role: role.clone() })).collect()
    }

    fn born(_on: &Address, cx: &Cx<'_>) -> Vec<(String, Self)> {
        vec![(String::new(), Self { role: cx.server.user.clone() })]
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, register: &'static [Entry]) {
        let bare: Vec<Address> = desired
            .iter()
            .map(|(at, _)| at)
            .filter(|at| find(register, at.kind()).rules.owner && !desired.contains(&at.child(Self::NAME, "")))
            .cloned()
            .collect();
        for at in bare {
            let heir = owner_of(&at, desired).cloned();
            if let Some(owner) = heir {
                let span = desired.get(&at).and_then(|o| o.origin.span());
                desired.insert(at.child(Self::NAME, ""), Object::new(Arc::new(owner), Origin::Derived(span)));
            }
        }
        desired.share_specs(Self::NAME);
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        let inherits = |at: &Address| {
            let heir = at.parent().and_then(|thing| inherited(thing, state));
            heir.is_some() && heir == state.spec::<Self>(at)
        };
        let said: HashSet<Address> = state.of_kind(Self::NAME).into_iter().filter(inherits).collect();
        state.retain(|at, _| !said.contains(at));
    }

    fn managed(&self, at: &Address, desired: &State) -> bool {
        desired.contains(at)
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.object(Address::root(ROLE, &self.role), "role");
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        if follows_table(&cx.parent()) || type_of(cx.parent().at, cx.desired).is_some() {
            return Vec::new();
        }
        let sql = format!("alter {} owner to {}", cx.parent().target(), sql::ident(&self.role));
        let is_relation = cx.parent().entry.rules.slots.contains(&RELATION);
        let lock = if is_relation { Lock::AccessExclusive } else { Lock::None };
        vec![Step::new(sql).lock(lock).hands_to(&self.role)]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let lost = format!("`{}` no longer owns {}", old.role, cx.parent().at);
        Alter::InPlace(self.create(cx).into_iter().map(|s| s.hazard(HazardClass::Access, lost.clone())).collect())
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        renaming.root(ROLE, &mut self.role);
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        let mut demands = demands::usual(act, cx);
        demands.push(Demand::Becomes(self.role.clone()));
        demands
    }

    fn access(&self, _at: &Address) -> Option<Fact> {
        Some(Fact::Owner(self.role.clone()))
    }

    fn drop(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new() // what has an owner always has one
    }
}

/// The owner that a declared object has: its own, its table's for an owned sequence, its type's for a shell, else the nearest
/// above.
pub fn owner_of<'a>(at: &Address, state: &'a State) -> Option<&'a Owner> {
    state.spec::<Owner>(&at.child(Owner::NAME, "")).or_else(|| inherited(at, state))
}

/// The owner of an object that declares none.
fn inherited<'a>(at: &Address, state: &'a State) -> Option<&'a Owner> {
    let column = state.spec::<Sequence>(at).and_then(|sequence| sequence.column_in(state));
    let other = column.and_then(|column| column.parent().cloned()).or_else(|| type_of(at, state));
    let mut places = other.iter().chain(at.ancestors());
    places.find_map(|place| state.spec::<Owner>(&place.child(Owner::NAME, "")))
}

/// The owner that a thing has in the end: the declared one, else the one it has.
pub fn owner_after<'a>(thing: &Address, cx: &Cx<'a>) -> &'a str {
    let declared = cx.desired.spec::<Owner>(&thing.child(Owner::NAME, ""));
    declared.map_or_else(|| owner_before(thing, cx), |owner| &owner.role)
}

/// The owner that a thing has: the applying role if it does not exist yet.
pub fn owner_before<'a>(thing: &Address, cx: &Cx<'a>) -> &'a str {
    let as_read = || cx.whole.spec::<Owner>(&cx.at(thing).address_as_read()?.child(Owner::NAME, ""));
    let owner = cx.live.spec::<Owner>(&thing.child(Owner::NAME, "")).or_else(as_read);
    owner.map_or(&cx.server.user, |owner| &owner.role)
}

/// A sequence that stays with its column, or is made with the table of it, has the owner of the table.
pub fn follows_table(sequence: &Cx<'_>) -> bool {
    let Some(wanted) = sequence.desired.spec::<Sequence>(sequence.at) else { return false };
    let Some(column) = wanted.column_in(sequence.desired) else { return false };
    let is_new = || column.parent().is_some_and(|table| !sequence.live.contains(table));
    sequence.live.spec::<Sequence>(sequence.at).map_or_else(is_new, |there| there.owned_by == wanted.owned_by)
}
