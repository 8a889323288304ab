//! Shapes that several kinds share.

/// Implements `JsonSchema` for a type that is written as text.
macro_rules! text_schema {
    ($type:ident, $what:literal) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "description": $what })
            }
        }
    };
}

/// Implements `JsonSchema` for a type with a schema of its own.
macro_rules! own_schema {
    ($type:ident, $generator:ident => $schema:expr) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema($generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    };
}

pub(in crate::kinds) use {own_schema, text_schema};

pub mod backing;
mod cast_pairs;
pub mod catalog;
pub mod connection;
pub mod constant;
pub mod constraint;
pub mod convert;
pub mod data_type;
pub mod expression;
pub mod index_key;
pub mod names;
pub mod narrow;
pub mod opclass;
pub mod options;
pub mod parameters;
pub mod privilege;
pub mod qualified;
pub mod routine;
pub mod sequence_options;
pub mod setting;
pub mod settings;
pub mod shell;
pub mod signature;
pub mod stored;
pub mod switch;
pub mod unfit;

pub use data_type::TypeName;
pub use expression::Sql;
pub use index_key::IndexKey;
pub use options::Options;
pub use parameters::Parameters;
pub use privilege::PrivilegeSet;
pub use qualified::QualifiedName;
pub use sequence_options::SequenceOptions;
pub use setting::Setting;
pub use settings::Settings;
pub use switch::Switch;

/// The kind of roles, which many kinds refer to.
pub const ROLE: crate::model::KindName = crate::model::KindName("role");

/// The kind of foreign tables, below which there may be many kinds that are below tables too.
pub const FOREIGN_TABLE: crate::model::KindName = crate::model::KindName("foreign_table");

/// Returns whether a value is the default, so that serde need not write it.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const TABLESPACE: crate::model::KindName = crate::model::KindName("tablespace");

/// Updates the name of an object's tablespace after a rename.
pub fn follow_tablespace(name: &mut Option<String>, renaming: crate::kind::Renaming<'_>) {
    if let Some(name) = name {
        renaming.root(TABLESPACE, name);
    }
}

/// Adds a reference to an object's tablespace, which is created outside the transaction that creates the object.
pub fn refer_to_tablespace(name: Option<&String>, out: &mut crate::kind::References) {
    if let Some(name) = name {
        out.perhaps(crate::model::Address::root(TABLESPACE, name), "tablespace");
    }
}

/// Adds a reference to the access method of a table or index. What serves the method must be created before it too.
pub fn refer_to_access_method(name: &str, field: &'static str, out: &mut crate::kind::References) {
    use crate::model::{Address, KindName};
    out.perhaps(Address::root(KindName("access_method"), name), field);
}

/// Refuses `what`, which `field` asks for, on servers older than the major version `from`.
pub fn since(from: u32, what: &str, field: &'static str, cx: &crate::kind::Cx<'_>) -> Option<crate::kind::Misfit> {
    use crate::diagnostic::{Code, Problem};
    let version = cx.server.version;
    let problem = Problem::new(Code::Version, format!("PostgreSQL knows {what} from version {from} on"));
    (!version.at_least(from)).then(|| (problem.help(format!("this server is version {}", version.major())), field))
}

/// Converts a problem with its help to a serde error, in the form that the bridge to YAML reads.
#[expect(clippy::needless_pass_by_value, reason = "`map_err` passes a value")]
pub fn refused<E: serde::de::Error>(problem: crate::diagnostic::Problem) -> E {
    E::custom(problem.to_text())
}

/// Deserializes a type that is written as text. Problems keep their help and their position in the text.
pub fn read_text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: TryFrom<String, Error = crate::diagnostic::Problem>,
{
    let text: String = serde::Deserialize::deserialize(deserializer)?;
    T::try_from(text).map_err(refused)
}
