//! Names that PostgreSQL chooses itself.

use crate::kind::Cx;
use crate::model::{Address, State};

/// The length of the longest name that PostgreSQL does not cut, in bytes.
pub const LONGEST: usize = 63;

/// Returns a name such as `orders_id_seq`: the parts joined by `_`, with the longer of the first two cut so that 63
/// bytes suffice.
///
/// This works like `makeObjectName` in PostgreSQL's `indexcmds.c`.
pub fn object_name(first: &str, second: &str, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(!second.is_empty());
    let room = LONGEST.saturating_sub(overhead);
    let (mut a, mut b) = (first.len(), second.len());
    while a + b > room {
        if a > b { a -= 1 } else { b -= 1 }
    }
    let (first, second) = (&first[..first.floor_char_boundary(a)], &second[..second.floor_char_boundary(b)]);
    if second.is_empty() { format!("{first}_{label}") } else { format!("{first}_{second}_{label}") }
}

/// Returns whether anything in a schema has that name, or will have it.
pub fn is_taken(name: &str, schema: &Address, cx: &Cx<'_>) -> bool {
    [cx.whole, cx.desired].into_iter().any(|state| !called(name, schema, state).is_empty())
}

/// Returns everything in a schema that has that name.
pub fn called(name: &str, schema: &Address, state: &State) -> Vec<Address> {
    state.descendants(schema).into_iter().filter(|at| at.key() == name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_as_postgresql_cuts_them() {
        assert_eq!(object_name("orders", "id", "seq"), "orders_id_seq");
        assert_eq!(object_name("orders", "", "pkey"), "orders_pkey");
        let long = "x".repeat(63);
        assert_eq!(object_name(&long, "id", "seq").len(), 63);
        assert_eq!(object_name(&long, &long, "seq"), format!("{}_{}_seq", "x".repeat(29), "x".repeat(29)));
    }
}
