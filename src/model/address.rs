//! The address of an object: its kind, its parent's address and its key under that parent.

mod unique;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// The name of a kind, as in `kinds!`: `table`, `foreign_key`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindName(pub &'static str);

impl fmt::Debug for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace('_', " "))
    }
}

/// Where an object stands: cheap to clone, compare and hash.
///
/// Equal addresses are the same value in memory, see [`unique`], so it is hashed by its place there: maps of addresses that are
/// walked through keep the order in which they were filled.
#[derive(Clone)]
pub struct Address(Arc<Inner>);

struct Inner {
    hash: u32,
    number: u32,
    kind: KindName,
    parent: Option<Address>,
    key: Box<str>,
}

impl Address {
    /// Returns the address of a top-level object: a schema, a role, an extension.
    pub fn root(kind: KindName, key: &str) -> Self {
        Self::build(kind, None, key)
    }

    /// Returns the address of `key` under this one.
    #[must_use]
    pub fn child(&self, kind: KindName, key: &str) -> Self {
        Self::build(kind, Some(self.clone()), key)
    }

    fn build(kind: KindName, parent: Option<Self>, key: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (kind, parent.as_ref().map(|p| p.0.hash), key).hash(&mut hasher);
        unique::of(hasher.finish(), kind, parent, key)
    }

    /// Returns a digest that depends on nothing but what it says: the same in every run.
    pub(super) fn digest(&self) -> u32 {
        self.0.hash
    }

    /// Returns a number that no other address in use has. There are about as many numbers as there were addresses at a time.
    pub(super) fn number(&self) -> usize {
        usize::try_from(self.0.number).unwrap_or(usize::MAX)
    }

    /// Returns its kind.
    pub fn kind(&self) -> KindName {
        self.0.kind
    }

    /// Returns its key under its parent: a name, a function's signature, a grantee; empty for a facet of which there is
    /// only one.
    pub fn key(&self) -> &str {
        &self.0.key
    }

    /// Returns its parent; `None` at the top level.
    pub fn parent(&self) -> Option<&Self> {
        self.0.parent.as_ref()
    }

    /// Returns its parent, the parent's parent and so on up to the top.
    pub fn ancestors(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(self.parent(), |a| a.parent())
    }

    /// Returns the topmost ancestor, or itself: the schema of everything in a schema.
    pub fn top(&self) -> &Self {
        self.ancestors().last().unwrap_or(self)
    }

    /// Returns the keys from the top down, without empty ones.
    pub fn path(&self) -> Vec<&str> {
        let mut path: Vec<&str> = self.ancestors().map(Self::key).collect();
        path.reverse();
        path.push(self.key());
        path.retain(|k| !k.is_empty());
        path
    }

    /// Returns itself, or the nearest ancestor, that has a key.
    fn named(&self) -> Option<&Self> {
        std::iter::once(self).chain(self.ancestors()).find(|at| !at.key().is_empty())
    }

    /// Returns how many keys its path has.
    fn level(&self) -> usize {
        std::iter::once(self).chain(self.ancestors()).filter(|at| !at.key().is_empty()).count()
    }

    /// Returns whether `other` is this address or one of its ancestors.
    pub fn is_within(&self, other: &Self) -> bool {
        self == other || self.ancestors().any(|a| a == other)
    }

    /// Returns this address with `from`, if that is itself or an ancestor, replaced by `to`.
    #[must_use]
    pub fn moved(&self, from: &Self, to: &Self) -> Self {
        if self == from {
            return to.clone();
        }
        match self.parent() {
            Some(parent) => parent.moved(from, to).child(self.kind(), self.key()),
            None => self.clone(),
        }
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(Arc::as_ptr(&self.0).addr());
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> Ordering {
        if self == other {
            return Ordering::Equal;
        }
        let by_path = compare((Some(self), self.level()), (Some(other), other.level()));
        by_path.then_with(|| self.kind().cmp(&other.kind()))
    }
}

/// Compares two addresses, each with the number of keys of its path, by these paths.
fn compare((a, m): (Option<&Address>, usize), (b, n): (Option<&Address>, usize)) -> Ordering {
    match (a.and_then(Address::named), b.and_then(Address::named)) {
        _ if a == b => Ordering::Equal,
        (Some(a), _) if m > n => compare((a.parent(), m - 1), (b, n)).then(Ordering::Greater),
        (_, Some(b)) if m < n => compare((a, m), (b.parent(), n - 1)).then(Ordering::Less),
        (Some(a), Some(b)) => compare((a.parent(), m - 1), (b.parent(), n - 1)).then_with(|| a.key().cmp(b.key())),
        _ => Ordering::Equal,
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{}", self.kind(), self.path().join("."))
    }
}

/// ``table `shop.orders` ``; a facet names what it sits on: ``comment on table `shop.orders` ``.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parent() {
            Some(parent) if self.key().is_empty() => write!(f, "{} of {parent}", self.kind()),
            None if self.key().is_empty() => write!(f, "{}", self.kind()),
            Some(parent) if parent.path().is_empty() => write!(f, "{} `{}` of {parent}", self.kind(), self.key()),
            _ => write!(f, "{} `{}`", self.kind(), self.path().join(".")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_in_the_order_of_their_paths_and_then_kinds() {
        const KINDS: [KindName; 2] = [KindName("part"), KindName("facet")];
        let mut all: Vec<Address> = Vec::new();
        for level in 0..4 {
            let above: Vec<Option<Address>> = if level == 0 {
                vec![None]
            } else {
                all.iter().filter(|at| at.ancestors().count() + 1 == level).cloned().map(Some).collect()
            };
            for (above, kind, key) in
                above.iter().flat_map(|a| KINDS.map(|k| ["", "a", "b"].map(|key| (a, k, key)))).flatten()
            {
                all.push(above.as_ref().map_or_else(|| Address::root(kind, key), |above| above.child(kind, key)));
            }
        }
        assert_eq!(all.len(), 6 + 36 + 216 + 1296);
        for a in &all {
            for b in all.iter().step_by(7) {
                let by_path = a.path().cmp(&b.path()).then_with(|| a.kind().cmp(&b.kind()));
                assert_eq!(a.cmp(b), by_path, "{a:?} {b:?}");
            }
        }
    }
}
