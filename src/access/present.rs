//! Computes the present access: what a role may do, and who may do something with a thing.

use std::collections::HashMap;

use super::{Access, Reach};
use crate::kind::RoutineKey;
use crate::model::Address;
use crate::model::access::{Cause, EVERYBODY, Right, Rights, Rows};
use crate::sql;

/// Everything that a role may do.
#[derive(Debug)]
pub struct OfRole {
    /// The role, and the roles that it reaches.
    pub reach: Reach,
    /// The things that the role has privileges on, by path. Of a column, only what its table does not give. Left out is
    /// what everybody would have if `usage` on the schema were granted.
    pub things: Vec<(Address, Rights)>,
}

/// Everyone who may do something with a thing.
#[derive(Debug)]
pub struct OfThing {
    /// The thing.
    pub at: Address,
    /// Its owner, if the state says.
    pub owner: Option<String>,
    /// The roles, by name, after PUBLIC. A role that has no more than PUBLIC is left out.
    pub roles: Vec<(Reach, Rights)>,
    /// The superusers.
    pub superusers: Vec<String>,
    /// Its parts, if more is granted on them.
    pub parts: Vec<Self>,
}

impl Access {
    /// Returns the role and the things that a name stands for: `app`, `shop.orders`, or `shop.total` with any
    /// arguments.
    pub fn named(&self, name: &str) -> (Option<&str>, Vec<&Address>) {
        let role = self.roles.keys().map(String::as_str).chain([EVERYBODY]).find(|role| *role == name);
        let parts = sql::split_name(name);
        let is_it = |at: &&Address| {
            let path = at.path().join(".");
            path == name
                || path[..path.as_str().rfind_args()] == *name
                || parts.as_ref().is_some_and(|p| *p == at.path())
        };
        (role, self.things().filter(|at| !at.path().is_empty()).filter(is_it).collect())
    }

    /// Returns everything that a role may do.
    pub fn of_role(&self, role: &str) -> OfRole {
        let reach = self.reach(role);
        let told = |rights: &Rights| rights.barrier.is_none() || rights.list.iter().any(is_more);
        let rights = |at| self.own_rights(&reach, at).filter(told);
        let things = self.things().filter_map(|at| Some((at.clone(), rights(at)?))).collect();
        OfRole { reach, things }
    }

    /// Returns, for each of these things, everyone who may do something with it.
    pub fn of_things<'a>(&'a self, things: impl IntoIterator<Item = &'a Address>) -> Vec<OfThing> {
        let everybody = self.reach(EVERYBODY);
        let roles = self.roles().filter(|role| *role != EVERYBODY).map(|role| self.reach(role));
        let (superusers, roles): (Vec<Reach>, Vec<Reach>) = roles.partition(|reach| reach.superuser);
        let superusers: Vec<String> = superusers.into_iter().map(|reach| reach.role).collect();
        let mut parts: HashMap<&Address, Vec<&Address>> = HashMap::new();
        let pairs = self.things().filter(|at| self.is_part(at)).filter_map(|part| Some((part.parent()?, part)));
        for (whole, part) in pairs {
            parts.entry(whole).or_default().push(part);
        }
        let of = |at: &Address| {
            let parts = parts.get(at).into_iter().flatten().map(|part| self.of_one(part, &everybody, &roles));
            let parts = parts.filter(|of| !of.roles.is_empty()).collect();
            OfThing { superusers: superusers.clone(), parts, ..self.of_one(at, &everybody, &roles) }
        };
        things.into_iter().map(of).collect()
    }

    fn of_one(&self, at: &Address, everybody: &Reach, roles: &[Reach]) -> OfThing {
        let of_everybody = self.own_rights(everybody, at);
        // If PUBLIC has privileges but no `usage` on the schema, a role that has `usage` can use those.
        let hidden = of_everybody.as_ref().is_some_and(|rights| rights.barrier.is_some());
        let beyond = |rights: &Rights| rights.list.iter().any(is_more) || (hidden && rights.barrier.is_none());
        let rights = |reach: &Reach| Some((reach.clone(), self.own_rights(reach, at).filter(beyond)?));
        let first = of_everybody.map(|rights| (everybody.clone(), rights));
        let roles = first.into_iter().chain(roles.iter().filter_map(rights)).collect();
        let owner = self.owner(at).map(str::to_owned);
        OfThing { at: at.clone(), owner, roles, superusers: Vec::new(), parts: Vec::new() }
    }

    /// Returns what a role may do with a thing, without what it may do with the whole that the thing is a part of.
    /// Returns `None` if that is nothing.
    fn own_rights(&self, reach: &Reach, at: &Address) -> Option<Rights> {
        let mut rights = self.rights(reach, at);
        if let Some(whole) = at.parent().filter(|_| self.is_part(at)) {
            let of_whole = self.rights(reach, whole);
            rights.list.retain(|right| of_whole.list.iter().all(|other| other.privilege != right.privilege));
            let has = |command: &str| rights.list.iter().any(|right| right.privilege == command);
            let rows = rights.rows.take().into_iter().flatten();
            let rows: Rows = rows.filter(|(command, _)| has(command)).collect();
            rights.rows = (!rows.is_empty()).then_some(rows);
        }
        (!rights.list.is_empty()).then_some(rights)
    }
}

/// Returns whether a right goes beyond what PUBLIC has.
fn is_more(right: &Right) -> bool {
    right.ways.iter().any(|way| way.cause != Cause::Everybody)
}
