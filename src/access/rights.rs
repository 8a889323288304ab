//! Computes what a role may do with a thing, and how it comes to be allowed.

use super::{Access, Policy, Reach, Thing};
use crate::kind::{Privileges, RELATION, Rules, find};
use crate::model::Address;
use crate::model::access::{Cause, EVERYBODY, Right, Rights, Rows, Way};

/// The privilege without which nothing in a schema can be used.
const USAGE: &str = "usage";

/// The commands that policies can be for.
const COMMANDS: [&str; 4] = ["select", "insert", "update", "delete"];

/// PostgreSQL's predefined roles with privileges on every relation, and whether they have `usage` on every schema. The
/// last one exists from PostgreSQL 17 on. See <https://www.postgresql.org/docs/current/predefined-roles.html>.
const PREDEFINED: [(&str, &[&str], bool); 3] = [
    ("pg_read_all_data", &["select"], true),
    ("pg_write_all_data", &["insert", "update", "delete"], true),
    ("pg_maintain", &["maintain"], false),
];

impl Access {
    /// Returns what a role may do with a thing.
    pub fn rights(&self, reach: &Reach, at: &Address) -> Rights {
        let list = self.privileges(reach, at);
        let barrier = if list.is_empty() { None } else { self.barrier(reach, at) };
        let rows = self.rows(reach, at, &list);
        Rights { list, barrier, rows }
    }

    fn privileges(&self, reach: &Reach, at: &Address) -> Vec<Right> {
        let Some((thing, rules)) = self.thing(at) else { return Vec::new() };
        let of = |privilege: &'static str| self.right(reach, at, thing, &rules, privilege);
        rules.privileges.iter().flat_map(|p| p.known(self.version)).filter_map(of).collect()
    }

    fn thing(&self, at: &Address) -> Option<(&Thing, Rules)> {
        self.things.get(at).map(|thing| (thing, find(self.register, at.kind()).rules))
    }

    fn right(
        &self,
        reach: &Reach,
        at: &Address,
        thing: &Thing,
        rules: &Rules,
        privilege: &'static str,
    ) -> Option<Right> {
        let mut right = Right { privilege, grantable: false, ways: Vec::new() };
        if reach.superuser {
            right.ways.push(Way { cause: Cause::Superuser, path: Vec::new() });
            return Some(Right { grantable: true, ..right });
        }
        if let Some(of) = self.whole(at, rules) {
            let whole = self.thing(of).and_then(|(thing, rules)| self.right(reach, of, thing, &rules, privilege));
            right = whole.unwrap_or(right);
        } else if let Some(path) = self.owner(at).and_then(|owner| reach.has.get(owner)) {
            // Grants may limit what the owner can do, but never what the owner can grant.
            let limited = thing.grants.iter().any(|(grantee, _)| Some(grantee) == thing.owner.as_ref());
            right.grantable = true;
            right.ways.extend((!limited).then(|| Way { cause: Cause::Owner, path: path.clone() }));
        }
        for (grantee, option) in thing.granted(privilege) {
            if let Some(way) = way(reach, grantee, thing) {
                right.grantable |= option;
                right.ways.push(way);
            }
        }
        right.ways.extend(predefined(reach, rules, privilege));
        right.ways.sort_by(|a, b| (a.path.len(), a.cause, &a.path).cmp(&(b.path.len(), b.cause, &b.path)));
        right.ways.dedup();
        (!right.ways.is_empty()).then_some(right)
    }

    /// Returns the thing whose privileges include every privilege of this part of it: the table of a column.
    fn whole<'a>(&self, at: &'a Address, rules: &Rules) -> Option<&'a Address> {
        let parent = at.parent()?;
        let of_parent = find(self.register, parent.kind()).rules.privileges?;
        let has = |p: &Privileges, name: &str| p.all.iter().any(|(n, _)| *n == name);
        let covered = rules.privileges?.all.iter().all(|(name, _)| has(&of_parent, name));
        (covered && !rules.owner).then_some(parent)
    }

    /// Returns whether a thing is part of another thing.
    pub fn is_part(&self, at: &Address) -> bool {
        self.whole(at, &find(self.register, at.kind()).rules).is_some()
    }

    /// Returns the schema that keeps a role from using a thing, for lack of `usage`.
    fn barrier(&self, reach: &Reach, at: &Address) -> Option<Address> {
        let top = at.top();
        let (thing, rules) = self.thing(top).filter(|(_, rules)| rules.space && at != top)?;
        self.right(reach, top, thing, &rules, USAGE).is_none().then(|| top.clone())
    }

    /// Returns which rows a role sees, if policies apply to it. For a part, the policies are those of its whole.
    fn rows(&self, reach: &Reach, at: &Address, list: &[Right]) -> Option<Rows> {
        if list.is_empty() {
            return None;
        }
        let whole = at.parent().filter(|_| self.is_part(at));
        let thing = self.things.get(whole.unwrap_or(at))?;
        let forced = thing.forced?;
        let owns = thing.owner.as_ref().is_some_and(|owner| reach.has.contains_key(owner));
        if reach.superuser || reach.bypass_rls || (owns && !forced) {
            return None;
        }
        let had = |command: &&str| list.iter().any(|right| right.privilege == *command);
        let rows: Rows = COMMANDS.into_iter().filter(had).map(|c| (c, thing.let_through(c, reach))).collect();
        (!rows.is_empty()).then_some(rows)
    }
}

impl Thing {
    /// Returns the roles that were granted a privilege, and whether they may grant it to others.
    fn granted(&self, privilege: &str) -> impl Iterator<Item = (&str, bool)> {
        self.grants.iter().filter_map(move |(grantee, list)| Some((grantee.as_str(), *list.get(privilege)?)))
    }

    /// Returns the names of the policies that decide on rows for a command; empty if no row is let through.
    fn let_through(&self, command: &str, reach: &Reach) -> Vec<String> {
        let counts = |p: &&Policy| {
            let mine = p.roles.is_empty() || p.roles.iter().any(|role| reach.has.contains_key(role));
            mine && p.command.is_none_or(|c| c == command)
        };
        let policies: Vec<&Policy> = self.policies.iter().filter(counts).collect();
        let any = policies.iter().any(|p| p.permissive);
        policies.iter().filter(|_| any).map(|p| p.name.clone()).collect()
    }
}

/// Returns the path by which a role has what was granted to `grantee`, if it has.
fn way(reach: &Reach, grantee: &str, thing: &Thing) -> Option<Way> {
    if grantee == EVERYBODY {
        return Some(Way { cause: Cause::Everybody, path: Vec::new() });
    }
    let cause = if thing.owner.as_deref() == Some(grantee) { Cause::Owner } else { Cause::Grant };
    reach.has.get(grantee).map(|path| Way { cause, path: path.clone() })
}

fn predefined(reach: &Reach, rules: &Rules, privilege: &str) -> Option<Way> {
    let has = |(_, privileges, looks): &&(&str, &[&str], bool)| {
        let relation = rules.slots.contains(&RELATION) && privileges.contains(&privilege);
        relation || (*looks && rules.space && privilege == USAGE)
    };
    let roles = PREDEFINED.iter().filter(has).filter_map(|(role, _, _)| reach.has.get(*role));
    roles.min_by_key(|path| path.len()).map(|path| Way { cause: Cause::Predefined, path: path.clone() })
}
