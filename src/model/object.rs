//! An object: what its kind knows of it, and where it came from.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use crate::diagnostic::Span;

/// What a kind knows of one object, behind a type that phases can hold without knowing the kind.
pub trait Spec: Any + Debug + Send + Sync {
    /// Returns whether both are of one kind and equal.
    fn same(&self, other: &dyn Spec) -> bool;
    /// For a kind to get its own type back.
    fn as_any(&self) -> &dyn Any;
}

impl<T: PartialEq + Debug + Send + Sync + 'static> Spec for T {
    fn same(&self, other: &dyn Spec) -> bool {
        other.as_any().downcast_ref::<T>() == Some(self)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Where an object came from.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// A YAML file.
    File(Arc<Declaration>),
    /// The catalog: the object's class, oid and sub-id as in `pg_depend`.
    Catalog {
        /// `pg_class` row of the catalog that holds it; 0 for what has none.
        class: u32,
        /// Its oid.
        oid: u32,
        /// Its sub-id: a column's number, else 0.
        sub: i32,
    },
    /// It follows from another object of the same project.
    Derived(Option<Span>),
}

/// Where a YAML file declares an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Declaration {
    /// The key, or the value where there is no key.
    pub key: Span,
    /// The value.
    pub value: Span,
    /// The fields of the long form.
    pub fields: Box<[(&'static str, Span)]>,
}

/// An object as `pg_depend` names it: class, oid and sub-id.
pub type ObjectId = (u32, u32, i32);

impl Origin {
    /// Returns the id that the catalog knows it by; `None` if it came from elsewhere or its kind has no catalog.
    pub fn id(&self) -> Option<ObjectId> {
        match *self {
            Self::Catalog { class, oid, sub } => (class != 0).then_some((class, oid, sub)),
            Self::File(_) | Self::Derived(_) => None,
        }
    }

    /// Returns the place to point at, for what came from a file.
    pub fn span(&self) -> Option<Span> {
        match self {
            Self::File(place) => Some(place.key),
            Self::Catalog { .. } => None,
            Self::Derived(span) => *span,
        }
    }

    /// Returns the place of a long-form field, or else of the value.
    pub fn field(&self, name: &str) -> Option<Span> {
        match self {
            Self::File(place) => {
                let field = place.fields.iter().find(|(field, _)| *field == name);
                Some(field.map_or(place.value, |(_, span)| *span))
            }
            Self::Catalog { .. } => None,
            Self::Derived(span) => *span,
        }
    }
}

/// One object.
#[derive(Debug, Clone)]
pub struct Object {
    /// What its kind knows of it.
    pub spec: Arc<dyn Spec>,
    /// Where it came from.
    pub origin: Origin,
    /// Its place among its siblings; not compared.
    pub ordinal: u32,
    /// What is known of few objects.
    more: Option<Box<More>>,
}

/// What is known of few objects.
#[derive(Debug, Clone, Default)]
struct More {
    written: Option<Arc<dyn Spec>>,
    was: Option<Box<str>>,
    carried_out: Option<bool>,
    protected: bool,
}

impl Object {
    /// Creates an object with that spec and origin, at ordinal 0.
    pub fn new(spec: Arc<dyn Spec>, origin: Origin) -> Self {
        Self { spec, origin, ordinal: 0, more: None }
    }

    /// Replaces the spec by `spec`, PostgreSQL's spelling of it, and keeps what was declared.
    pub fn respell(&mut self, spec: Arc<dyn Spec>) {
        let declared = std::mem::replace(&mut self.spec, spec);
        self.more.get_or_insert_default().written.get_or_insert(declared);
    }

    /// Returns what was declared, where the spec is PostgreSQL's own spelling of it.
    pub fn written(&self) -> Option<&Arc<dyn Spec>> {
        self.more.as_ref()?.written.as_ref()
    }

    /// Returns what was declared.
    pub fn as_written(&self) -> &Arc<dyn Spec> {
        self.written().unwrap_or(&self.spec)
    }

    /// Returns whether the specs of both are equal.
    pub fn is_like(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.spec, &other.spec) || self.spec.same(&*other.spec)
    }

    /// Returns the key it had before, from `was:`.
    pub fn was(&self) -> Option<&str> {
        self.more.as_ref()?.was.as_deref()
    }

    /// Sets the key it had before.
    pub fn set_was(&mut self, was: impl Into<Box<str>>) {
        self.more.get_or_insert_default().was = Some(was.into());
    }

    /// Returns whether a rename by `was` was made before, where the ledger knows.
    pub fn carried_out(&self) -> Option<bool> {
        self.more.as_ref()?.carried_out
    }

    /// Sets whether a rename by `was` was made before; `None` if that is not known.
    pub fn set_carried_out(&mut self, carried_out: Option<bool>) {
        self.more.get_or_insert_default().carried_out = carried_out;
    }

    /// Returns whether no plan may drop it, from `protect: true`.
    pub fn is_protected(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.protected)
    }

    /// Has no plan drop it.
    pub fn protect(&mut self) {
        self.more.get_or_insert_default().protected = true;
    }
}

/// There is one for each thing on either side, so that its size counts.
const _: () = assert!(size_of::<Object>() <= 48);
