//! Shapes that several kinds share.

pub mod catalog;
pub mod data_type;
pub mod expression;
pub mod names;
pub mod routine;
pub mod sequence_options;
pub mod settings;
pub mod signature;

pub use data_type::TypeName;
pub use expression::Sql;
pub use sequence_options::SequenceOptions;
pub use settings::Settings;

/// For serde: true for a value that need not be written because it is the default.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
