//! Decides what happens to each object that differs, by asking its kind.

use indexmap::IndexMap;

use super::Input;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::diff::Difference;
use crate::kind::{Alter, find};
use crate::model::{Address, Step};

/// What a plan does with an object.
#[derive(Debug, Clone)]
pub enum Action {
    /// Create it.
    Create,
    /// Change it in place with these statements.
    Alter(Vec<Step>),
    /// Drop it and create it again.
    Replace,
    /// Drop it.
    Drop,
}

impl Action {
    /// Returns whether the object is a new one afterwards.
    pub fn makes_anew(&self) -> bool {
        match self {
            Self::Create | Self::Replace => true,
            Self::Alter(steps) => steps.iter().any(|s| s.renews),
            Self::Drop => false,
        }
    }
}

/// An action and its reason.
#[derive(Debug, Clone)]
pub struct Fate {
    /// The action.
    pub action: Action,
    /// The reason, if it is not obvious.
    pub why: Option<String>,
}

/// Returns the fate of every object that differs, by its own difference alone. Objects whose kind refuses the change
/// are left out and added to `problems`.
pub fn decide(
    differences: &IndexMap<Address, Difference>,
    input: Input<'_>,
    problems: &mut Diagnostics,
) -> IndexMap<Address, Fate> {
    let mut fates = IndexMap::new();
    for (at, difference) in differences {
        if let Some(problem) = refusal(at, *difference, input) {
            problems.push(problem);
            continue;
        }
        let (action, why) = match difference {
            Difference::Missing => (Action::Create, None),
            Difference::Extra => (Action::Drop, None),
            Difference::Unequal => match alter(at, input) {
                Ok(decided) => decided,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            },
        };
        fates.insert(at.clone(), Fate { action, why });
    }
    fates
}

/// Returns the kind's reason why the object cannot be created or changed, if any.
fn refusal(at: &Address, difference: Difference, input: Input<'_>) -> Option<Diagnostic> {
    let object = match difference {
        Difference::Missing | Difference::Unequal => input.desired.get(at)?,
        Difference::Extra => return None,
    };
    let (problem, field) = (find(input.register, at.kind()).refuse)(&*object.spec, &input.cx(at))?;
    Some(match object.origin.field(field) {
        Some(span) => problem.at(span, "asked for here"),
        None => problem.into(),
    })
}

fn alter(at: &Address, input: Input<'_>) -> Result<(Action, Option<String>), Diagnostic> {
    let entry = find(input.register, at.kind());
    let (old, new) =
        (&input.live.get(at).expect("unequal on both sides").spec, input.desired.get(at).expect("the same"));
    let spec = match new.written() {
        Some(written) => (entry.respelled)(&**written, &*new.spec, &**old),
        None => new.spec.clone(),
    };
    match (entry.alter)(&*spec, &**old, &input.cx(at)) {
        Alter::InPlace(steps) => Ok((Action::Alter(steps), None)),
        Alter::Replace(why) => Ok((Action::Replace, Some(why))),
        Alter::Drop => Ok((Action::Drop, None)),
        Alter::Refuse(problem) => {
            let diagnostic = Diagnostic::from(problem);
            Err(match new.origin.span() {
                Some(span) => diagnostic.label(span, "asked for here"),
                None => diagnostic,
            })
        }
    }
}

/// Refuses to drop or replace objects with `protect: true`. As these are declared, the cause is usually that they, or
/// an ancestor, must be replaced.
pub fn protect(fates: &IndexMap<Address, Fate>, input: Input<'_>, problems: &mut Diagnostics) {
    for (at, fate) in fates {
        let Some(object) = input.desired.get(at).filter(|o| o.is_protected()) else { continue };
        if matches!(fate.action, Action::Replace | Action::Drop) {
            let problem = Diagnostic::new(Code::Refused, format!("{at} is protected and this plan would drop it"))
                .help("remove `protect: true`, or undo the change that needs a replacement");
            problems.push(match object.origin.span() {
                Some(span) => problem.label(span, "protected here"),
                None => problem,
            });
        }
    }
}
