//! The register: every kind of PostgreSQL object, a line each.
//!
//! The order of the lines breaks ties in plans: what comes first is made first and dropped last.

pub mod part;

use crate::kind::{Entry, entry};

/// Declares the modules and the register from one list.
macro_rules! kinds {
    ($($module:ident :: $kind:ident,)*) => {
        $(pub mod $module;)*

        static REGISTER: &[Entry] = &[$(entry::<$module::$kind>(),)*];
    };
}

kinds! {
    role::Role,
    tablespace::Tablespace,
    parameter::Parameter,
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
