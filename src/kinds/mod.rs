//! The register: every kind of PostgreSQL object, a line each.
//!
//! The order of the lines breaks ties in plans: what comes first is made first and dropped last.

pub mod part;

pub mod access_method;
pub mod aggregate;
pub mod all_role_setting;
pub mod attribute;
pub mod base_type;
pub mod cast;
pub mod check;
pub mod collation;
pub mod column;
pub mod comment;
pub mod composite_type;
pub mod conversion;
pub mod database;
pub mod database_setting;
pub mod default_privilege;
pub mod domain;
pub mod domain_check;
pub mod enum_type;
pub mod event_trigger;
pub mod exclusion;
pub mod extension;
pub mod extension_dependency;
pub mod foreign_column_option;
pub mod foreign_data_wrapper;
pub mod foreign_key;
pub mod foreign_server;
pub mod foreign_table;
pub mod function;
pub mod grant;
pub mod identity_sequence;
pub mod index;
pub mod language;
pub mod large_object;
pub mod materialized_view;
pub mod membership;
pub mod multirange;
pub mod not_null;
pub mod operator;
pub mod operator_class;
pub mod operator_family;
pub mod owner;
pub mod parameter;
pub mod policy;
pub mod primary_key;
pub mod procedure;
pub mod publication;
pub mod published_schema;
pub mod published_table;
pub mod range_type;
pub mod replication_origin;
pub mod role;
pub mod role_database_setting;
pub mod role_setting;
pub mod rule;
pub mod schema;
pub mod security_label;
pub mod sequence;
pub mod shell_type;
pub mod statistics;
pub mod subscription;
pub mod table;
pub mod tablespace;
pub mod text_search_configuration;
pub mod text_search_dictionary;
pub mod text_search_parser;
pub mod text_search_template;
pub mod transform;
pub mod trigger;
pub mod trigger_state;
pub mod unique;
pub mod user_mapping;
pub mod view;
pub mod view_column;

use crate::kind::{Entry, entry};

/// The register from a list of modules and the kinds in them.
macro_rules! kinds {
    ($($module:ident :: $kind:ident,)*) => {
        static REGISTER: &[Entry] = &[$(entry::<$module::$kind>(),)*];
    };
}

kinds! {
    role::Role,
    tablespace::Tablespace,
    parameter::Parameter,
    replication_origin::ReplicationOrigin,
    all_role_setting::AllRoleSetting,
    membership::Membership,
    role_setting::RoleSetting,
    role_database_setting::RoleDatabaseSetting,
    database::Database,
    database_setting::DatabaseSetting,
    large_object::LargeObject,
    schema::Schema,
    extension::Extension,
    collation::Collation,
    foreign_data_wrapper::ForeignDataWrapper,
    foreign_server::ForeignServer,
    user_mapping::UserMapping,
    access_method::AccessMethod,
    language::Language,
    shell_type::ShellType,
    base_type::BaseType,
    enum_type::EnumType,
    composite_type::CompositeType,
    attribute::Attribute,
    range_type::RangeType,
    multirange::Multirange,
    domain::Domain,
    domain_check::DomainCheck,
    sequence::Sequence,
    table::Table,
    foreign_table::ForeignTable,
    column::Column,
    identity_sequence::IdentitySequence,
    foreign_column_option::ForeignColumnOption,
    primary_key::PrimaryKey,
    unique::Unique,
    check::Check,
    exclusion::Exclusion,
    not_null::NotNull,
    function::Function,
    procedure::Procedure,
    cast::Cast,
    transform::Transform,
    conversion::Conversion,
    operator::Operator,
    operator_family::OperatorFamily,
    operator_class::OperatorClass,
    aggregate::Aggregate,
    text_search_parser::TextSearchParser,
    text_search_template::TextSearchTemplate,
    text_search_dictionary::TextSearchDictionary,
    text_search_configuration::TextSearchConfiguration,
    view::View,
    materialized_view::MaterializedView,
    view_column::ViewColumn,
    foreign_key::ForeignKey,
    index::Index,
    statistics::Statistics,
    rule::Rule,
    trigger::Trigger,
    trigger_state::TriggerState,
    extension_dependency::ExtensionDependency,
    policy::Policy,
    publication::Publication,
    published_schema::PublishedSchema,
    published_table::PublishedTable,
    subscription::Subscription,
    event_trigger::EventTrigger,
    owner::Owner,
    grant::Grant,
    comment::Comment,
    security_label::SecurityLabel,
    default_privilege::DefaultPrivilege,
}

/// Every kind.
pub fn register() -> &'static [Entry] {
    REGISTER
}

/// The place of a kind in the register.
///
/// # Panics
/// When the register has no such kind: an address is made from a line of it.
pub fn rank(kind: crate::model::KindName) -> usize {
    REGISTER.iter().position(|e| e.name == kind).expect("every address's kind has a line in the register")
}
