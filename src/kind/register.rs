//! The lines of the register: found by kind, and by what nests where.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Entry, Home, OPERATOR, OPERATOR_CLASS, OPERATOR_FAMILY, ROUTINE, References, Under};
use crate::model::{Address, KindName, Spec};

/// The line of a kind.
///
/// # Panics
/// When the register has none: an address is made from a line.
pub fn find(register: &'static [Entry], kind: KindName) -> &'static Entry {
    // Asked several times for each object, and there is one register.
    static LINES: OnceLock<HashMap<KindName, &'static Entry>> = OnceLock::new();
    let lines = LINES.get_or_init(|| register.iter().map(|e| (e.name, e)).collect());
    lines.get(&kind).expect("every address's kind has a line in the register")
}

/// What stands at a key under an object of `parent`, or at the top for `None`.
pub fn home(register: &'static [Entry], parent: Option<&Entry>, key: &str) -> Option<(&'static Entry, &'static Home)> {
    register.iter().find_map(|e| e.nests_under(parent).find(|h| h.key == key).map(|h| (e, h)))
}

/// What may stand under an object of `parent`, or at the top for `None`, in the order in which it is written: whose it
/// is and what it is for, then the rest.
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
    /// True for what may rest on what serves its types: neither that itself, nor the routines and operators it is made of.
    pub fn is_served(&self, spec: &dyn Spec, at: &Address) -> bool {
        let made_of = [ROUTINE, OPERATOR, OPERATOR_CLASS, OPERATOR_FAMILY];
        let mut served = References::default();
        (self.serves)(spec, at, &mut served);
        served.list.is_empty() && !self.rules.slots.iter().any(|slot| made_of.contains(slot))
    }

    /// True for a kind that sits on any kind with a certain rule: owner, comment, grant.
    pub fn is_facet(&self) -> bool {
        self.homes.iter().any(|h| matches!(h.under, Under::Owned | Under::Commented | Under::Granted))
    }

    /// True when this kind may stand under an object of `parent`, or at the top for `None`.
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
