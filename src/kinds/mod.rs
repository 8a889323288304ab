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
    membership::Membership,
    role_setting::RoleSetting,
    role_database_setting::RoleDatabaseSetting,
    database::Database,
    database_setting::DatabaseSetting,
    schema::Schema,
    extension::Extension,
    enum_type::EnumType,
    composite_type::CompositeType,
    attribute::Attribute,
    range_type::RangeType,
    multirange::Multirange,
    domain::Domain,
    domain_check::DomainCheck,
    sequence::Sequence,
    table::Table,
    column::Column,
    primary_key::PrimaryKey,
    unique::Unique,
    check::Check,
    exclusion::Exclusion,
    function::Function,
    procedure::Procedure,
    view::View,
    materialized_view::MaterializedView,
    view_column::ViewColumn,
    foreign_key::ForeignKey,
    index::Index,
    statistics::Statistics,
    rule::Rule,
    trigger::Trigger,
    policy::Policy,
    owner::Owner,
    grant::Grant,
    comment::Comment,
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
