//! Computes which roles' privileges a role has, and which roles it may become.

use std::collections::{BTreeMap, VecDeque};

use super::{Access, DATABASE_OWNER, Options, Role};
use crate::model::access::EVERYBODY;

/// A role and the roles that it reaches, each with the path of memberships that leads there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The role, or `public`.
    pub role: String,
    /// Whether it passes every check.
    pub superuser: bool,
    /// Whether policies do not apply to it.
    pub bypass_rls: bool,
    /// The roles whose privileges it has, including itself with an empty path.
    pub has: BTreeMap<String, Vec<String>>,
    /// The roles that it may become by `set role`.
    pub becomes: BTreeMap<String, Vec<String>>,
}

impl Reach {
    /// Returns the groups whose privileges it has, with their paths.
    pub fn groups(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.has.iter().filter(|(_, path)| !path.is_empty()).map(|(name, path)| (name.as_str(), path.as_slice()))
    }

    /// Returns the roles that it may become and whose privileges it does not have otherwise.
    pub fn only_becomes(&self) -> impl Iterator<Item = (&str, &[String])> {
        let new = self.becomes.iter().filter(|(name, _)| !self.has.contains_key(*name));
        new.map(|(name, path)| (name.as_str(), path.as_slice()))
    }
}

impl Access {
    /// Returns what a role reaches. A role that the state does not contain reaches only itself.
    pub fn reach(&self, role: &str) -> Reach {
        let known = self.roles.get(role).cloned().unwrap_or_default();
        let everybody = role == EVERYBODY;
        Reach {
            role: role.to_owned(),
            superuser: known.superuser,
            bypass_rls: known.bypass_rls || known.superuser,
            has: if everybody { BTreeMap::new() } else { self.closure(role, |options| options.inherits) },
            becomes: if everybody { BTreeMap::new() } else { self.closure(role, |options| options.sets) },
        }
    }

    /// Returns what is reached by memberships that satisfy `counts`, with the shortest paths.
    fn closure(&self, role: &str, counts: impl Fn(Options) -> bool) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::from([(role.to_owned(), Vec::new())]);
        let mut queue = VecDeque::from([role.to_owned()]);
        while let Some(member) = queue.pop_front() {
            let path = found.get(&member).cloned().unwrap_or_default();
            let mut groups = self.groups(&member);
            groups.retain(|(_, options)| counts(*options));
            for (group, _) in groups {
                if !found.contains_key(&group) {
                    found.insert(group.clone(), path.iter().cloned().chain([group.clone()]).collect());
                    queue.push_back(group);
                }
            }
        }
        found
    }

    /// Returns the groups of a role, including `pg_database_owner` for the owner of the database.
    fn groups(&self, member: &str) -> Vec<(String, Options)> {
        let role = self.roles.get(member);
        let told =
            role.into_iter().flat_map(|role| role.groups.iter().map(|(group, options)| (group.clone(), *options)));
        let owns = self.database_owner.as_deref() == Some(member);
        let inherits = self.version.at_least(16) || role.is_none_or(|role: &Role| role.inherits);
        told.chain(owns.then(|| (DATABASE_OWNER.to_owned(), Options { inherits, sets: true }))).collect()
    }
}
