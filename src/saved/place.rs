//! The form of an address in a file: kind and key of each object, from the top down.

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Code, Diagnostic, Result};
use crate::kind::Entry;
use crate::model::Address;

/// An address such as `[["schema", "shop"], ["table", "orders"]]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(Vec<(String, String)>);

impl Place {
    /// Converts an address to a place.
    pub fn of(at: &Address) -> Self {
        let mut path: Vec<_> = std::iter::once(at).chain(at.ancestors()).map(pair).collect();
        path.reverse();
        Self(path)
    }

    /// Converts a place to an address.
    ///
    /// # Errors
    /// If it names an unknown kind, or no object at all.
    pub fn address(&self, register: &'static [Entry]) -> Result<Address> {
        let mut at: Option<Address> = None;
        for (kind, key) in &self.0 {
            let unknown = || broken(format!("the plan names a kind of object, `{kind}`, that is not known"));
            let kind = register.iter().find(|e| e.name.0 == kind).ok_or_else(unknown)?.name;
            at = Some(at.map_or_else(|| Address::root(kind, key), |parent| parent.child(kind, key)));
        }
        at.ok_or_else(|| broken("the plan names an object without a name".to_owned()))
    }
}

fn pair(at: &Address) -> (String, String) {
    (at.kind().0.to_owned(), at.key().to_owned())
}

/// Returns the error for a file that is not a valid saved plan.
pub(super) fn broken(message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(Code::PlanFile, message).help("make the plan again with `dbstate plan --out FILE`"))
}
