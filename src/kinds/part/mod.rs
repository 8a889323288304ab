//! Shapes that several kinds share.

pub mod catalog;
pub mod constraint;
pub mod convert;
pub mod data_type;
pub mod expression;
pub mod index_key;
pub mod names;
pub mod privilege;
pub mod sequence_options;

pub use data_type::TypeName;
pub use expression::Sql;
pub use index_key::IndexKey;
pub use privilege::PrivilegeSet;
pub use sequence_options::SequenceOptions;

/// The kind of roles, which many kinds name.
pub const ROLE: crate::model::KindName = crate::model::KindName("role");

/// For serde: true for a value that need not be written because it is the default.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
