//! Finds lines of the register: by kind, or by where kinds nest.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::{Entry, Home, OPERATOR, OPERATOR_CLASS, OPERATOR_FAMILY, ROUTINE, References, Under};
use crate::model::{Address, KindName, Spec};

/// Returns the register's line of a kind.
///
/// # Panics
/// When the register has none: an address is made from a line.
pub fn find(register: &'static [Entry], kind: KindName) -> &'static Entry {
    // This is called several times per object, and a process has only one register.
    static LINES: OnceLock<FxHashMap<KindName, &'static Entry>> = OnceLock::new();
    let lines = LINES.get_or_init(|| register.iter().map(|e| (e.name, e)).collect());
    lines.get(&kind).expect("every address's kind has a line in the register")
}

/// Returns the kind, and its home, at a key under an object of `parent`, or at the top level for `None`.
pub fn home(register: &'static [Entry], parent: Option<&Entry>, key: &str) -> Option<(&'static Entry, &'static Home)> {
    // As in `find`.
    static HOMES: OnceLock<FxHashMap<(Option<KindName>, &str), (&Entry, &Home)>> = OnceLock::new();
    let homes = HOMES.get_or_init(|| {
        let mut homes = FxHashMap::default();
        for parent in register.iter().map(Some).chain([None]) {
            for (entry, home) in register.iter().flat_map(|e| e.nests_under(parent).map(move |h| (e, h))) {
                homes.entry((parent.map(|p| p.name), home.key)).or_insert((entry, home));
            }
        }
        homes
    });
    homes.get(&(parent.map(|p| p.name), key)).copied()
}

/// Returns the kinds, with their homes, that may be under an object of `parent`, or at the top level for `None`. The
/// order is that in which they are written: owner and comment first, then the rest.
pub fn nested(
    register: &'static [Entry],
    parent: Option<&Entry>,
) -> impl Iterator<Item = (&'static Entry, &'static Home)> {
    let of = move |e: &'static Entry| e.nests_under(parent).map(move |h| (e, h)).collect::<Vec<_>>();
    let (first, rest): (Vec<_>, Vec<_>) =
        register.iter().flat_map(of).partition(|(_, h)| matches!(h.under, Under::Owned | Under::Commented));
    first.into_iter().chain(rest)
}

impl Entry {
    /// Returns whether an object may depend on what serves the types it uses. This excludes whatever serves types
    /// itself, and the routines and operators that such objects are made of.
    pub fn is_served(&self, spec: &dyn Spec, at: &Address) -> bool {
        let made_of = [ROUTINE, OPERATOR, OPERATOR_CLASS, OPERATOR_FAMILY];
        let mut served = References::default();
        (self.serves)(spec, at, &mut served);
        served.list.is_empty() && !self.rules.slots.iter().any(|slot| made_of.contains(slot))
    }

    /// Returns whether objects of this kind attach to any kind with a certain rule: owner, comment, grant.
    pub fn is_facet(&self) -> bool {
        self.homes.iter().any(|h| matches!(h.under, Under::Owned | Under::Commented | Under::Granted))
    }

    /// Returns the homes of this kind under an object of `parent`, or at the top level for `None`.
    pub fn nests_under(&self, parent: Option<&Self>) -> impl Iterator<Item = &'static Home> {
        let parent = parent.map(|p| (p.name, p.rules));
        self.homes.iter().filter(move |home| match (home.under, parent) {
            (Under::Root, None) => true,
            (Under::Kinds(kinds), Some((name, _))) => kinds.contains(&name),
            (Under::Owned, Some((_, rules))) => rules.owner,
            (Under::Commented, Some((_, rules))) => rules.comment,
            (Under::Granted, Some((_, rules))) => rules.privileges.is_some(),
            (Under::Root, Some(_)) | (Under::Kinds(_) | Under::Owned | Under::Commented | Under::Granted, None) => {
                false
            }
        })
    }
}
