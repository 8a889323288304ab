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

static ALL: [Mutex<Part>; PARTS] = [const { Mutex::new(Part::EMPTY) }; PARTS];

/// The addresses for which [`part_of`] says the same.
struct Part {
    addresses: HashTable<Address>,
    /// The number of addresses at which those that are not used are forgotten.
    limit: usize,
    /// How many numbers it has given out.
    numbers: u32,
    /// Numbers of addresses that it has forgotten.
    free: Vec<u32>,
}

/// Returns the address with that kind, parent and key, whose hash is `hash`.
pub(super) fn of(hash: u64, kind: KindName, parent: Option<Address>, key: &str) -> Address {
    let hash = (hash >> 32) as u32;
    let part = part_of(hash);
    // What a thread that panicked left is sound: an address is complete before it is added.
    let mut of_part = ALL[part].lock().unwrap_or_else(PoisonError::into_inner);
    let is_it = |at: &Address| at.0.hash == hash && at.0.parent == parent && &*at.0.key == key && at.0.kind == kind;
    if let Some(at) = of_part.addresses.find(spread(hash), is_it) {
        return at.clone();
    }
    of_part.forget();
    let number = of_part.number(part);
    let at = Address(Arc::new(Inner { hash, number, kind, parent, key: key.into() }));
    of_part.addresses.insert_unique(spread(hash), at.clone(), |at| spread(at.0.hash));
    at
}

/// Returns the number of the part in which addresses with this hash are.
fn part_of(hash: u32) -> usize {
    usize::try_from(hash).unwrap_or_default() % PARTS
}

/// Returns a hash whose bits at both ends, by which a table looks up, depend on all of this one.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_right(20)
}

impl Part {
    const EMPTY: Self = Self { addresses: HashTable::new(), limit: FEW, numbers: 0, free: Vec::new() };

    /// Forgets what nobody uses, if there is much.
    fn forget(&mut self) {
        if self.addresses.len() >= self.limit {
            self.addresses.retain(|at| {
                let is_used = Arc::strong_count(&at.0) > 1;
                self.free.extend((!is_used).then_some(at.0.number));
                is_used
            });
            self.limit = FEW.max(self.addresses.len() * 2);
        }
    }

    /// Returns a number that no address in use has. Parts give out numbers in turns.
    fn number(&mut self, part: usize) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            let number = usize::try_from(self.numbers).unwrap_or_default() * PARTS + part;
            self.numbers += 1;
            u32::try_from(number).expect("fewer addresses in use than the server has oids")
        })
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

    #[test]
    fn no_two_addresses_in_use_have_one_number() {
        let mut kept: Vec<Address> = Vec::new();
        for i in 0..8 * FEW * PARTS {
            let at = Address::root(ANY, &format!("number_{i}"));
            kept.extend((i % 8 == 0).then_some(at));
        }
        let mut numbers: Vec<usize> = kept.iter().map(Address::number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), kept.len());
        assert!(numbers.last() < Some(&(4 * FEW * PARTS)), "numbers are given again");
    }
}
