//! What a role needs to run a statement, as most kinds have it.
//!
//! See <https://www.postgresql.org/docs/current/ddl-priv.html>. Where PostgreSQL or a managed service may allow more, less
//! is asked: a privilege that is not asked for is refused by the server, and one asked for in vain stops a plan that works.

use super::{Cx, Scope, Under, find};
use crate::model::{Act, Address, Demand};

/// Returns the usual demands: to own the object, or the nearest one above it that has an owner. To create an object
/// directly in a schema takes `create` on the schema instead; to drop one, its owner or the schema's will do. A grant
/// needs the right to grant. In addition, `usage` is needed on the schema.
pub fn usual(act: Act, cx: &Cx<'_>) -> Vec<Demand> {
    if cx.entry.rules.scope == Scope::Cluster {
        return Vec::new();
    }
    let parent = cx.at.parent();
    let space = parent.filter(|p| find(cx.register, p.kind()).rules.space).filter(|_| !cx.entry.is_facet());
    let is_grant = cx.entry.homes.iter().any(|home| matches!(home.under, Under::Granted));
    let usage = cx.at.ancestors().last().filter(|top| find(cx.register, top.kind()).rules.space);
    let usage = usage.filter(|top| !(cx.entry.is_facet() && parent == Some(top)));
    let mut demands = match (act, space) {
        (Act::Make, Some(space)) => vec![Demand::Privilege("create", space.clone())],
        _ if is_grant => parent.and_then(|p| owned(p, cx)).map(Demand::Grants).into_iter().collect::<Vec<_>>(),
        (Act::Make, None) => parent.and_then(|p| owned(p, cx)).map(Demand::Owns).into_iter().collect::<Vec<_>>(),
        (Act::Drop, Some(space)) => {
            owned(cx.at, cx).map(|at| Demand::OwnsEither(at, space.clone())).into_iter().collect::<Vec<_>>()
        }
        (Act::Change | Act::Drop, _) => owned(cx.at, cx).map(Demand::Owns).into_iter().collect::<Vec<_>>(),
    };
    demands.extend(usage.map(|top| Demand::Privilege("usage", top.clone())));
    demands
}

/// Returns the nearest object that has an owner, from `at` upwards. A schema does not count for what it contains,
/// except for its own facets.
fn owned(at: &Address, cx: &Cx<'_>) -> Option<Address> {
    let rules = |a: &Address| find(cx.register, a.kind()).rules;
    let above = at.ancestors().take_while(|a| !rules(a).space || find(cx.register, at.kind()).is_facet());
    std::iter::once(at).chain(above).find(|a| rules(a).owner).cloned()
}
