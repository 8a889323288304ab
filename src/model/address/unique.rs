//! Every address that is in use, once.
//!
//! A live and a desired state have mostly the same addresses. Each is in memory only once, and whether two are equal takes
//! no look at them. An address that is no longer used is forgotten when the set has doubled since that was last done.

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashTable;

use super::{Address, Inner, KindName};

/// The number of parts of the set, so that threads seldom wait for each other.
const PARTS: usize = 16;
/// The number of addresses up to which a part forgets none.
const FEW: usize = 4096;

static ALL: [Mutex<Part>; PARTS] = [const { Mutex::new(Part { addresses: HashTable::new(), limit: FEW }) }; PARTS];

/// The addresses for which [`part_of`] says the same.
struct Part {
    addresses: HashTable<Address>,
    /// The number of addresses at which those that are not used are forgotten.
    limit: usize,
}

/// Returns the address with that kind, parent and key, whose hash is `hash`.
pub(super) fn of(hash: u64, kind: KindName, parent: Option<Address>, key: &str) -> Address {
    // What a thread that panicked left is sound: an address is complete before it is added.
    let mut part = ALL[part_of(hash)].lock().unwrap_or_else(PoisonError::into_inner);
    let is_it = |at: &Address| at.0.hash == hash && at.0.parent == parent && &*at.0.key == key && at.0.kind == kind;
    if let Some(at) = part.addresses.find(hash, is_it) {
        return at.clone();
    }
    part.forget();
    let at = Address(Arc::new(Inner { hash, kind, parent, key: key.into() }));
    part.addresses.insert_unique(hash, at.clone(), |at| at.0.hash);
    at
}

/// Returns the number of the part in which addresses with this hash are. It uses bits in the middle, as a part looks
/// addresses up by those at both ends.
fn part_of(hash: u64) -> usize {
    usize::try_from((hash >> 32) % PARTS as u64).unwrap_or_default()
}

impl Part {
    /// Forgets what nobody uses, if there is much.
    fn forget(&mut self) {
        if self.addresses.len() >= self.limit {
            self.addresses.retain(|at| Arc::strong_count(&at.0) > 1);
            self.limit = FEW.max(self.addresses.len() * 2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: KindName = KindName("any");

    #[test]
    fn equal_addresses_are_one() {
        let [a, b] = [0, 1].map(|_| Address::root(ANY, "unique_a").child(ANY, "b"));
        assert!(Arc::ptr_eq(&a.0, &b.0));
        assert!(Address::root(ANY, "unique_a") != a && a.parent() == Some(&Address::root(ANY, "unique_a")));
    }

    #[test]
    fn what_is_not_used_is_forgotten() {
        let kept = Address::root(ANY, "unique_kept");
        for i in 0..4 * FEW * PARTS {
            Address::root(ANY, &format!("unique_{i}"));
        }
        let count: usize = ALL.iter().map(|part| part.lock().expect("no panic").addresses.len()).sum();
        assert!(count < 3 * FEW * PARTS, "{count}");
        assert!(Arc::ptr_eq(&kept.0, &Address::root(ANY, "unique_kept").0));
    }
}
