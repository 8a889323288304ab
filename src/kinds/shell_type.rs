//! A type that is only named yet: functions in C may take it, so that a base type can be made of them.
//!
//! See <https://www.postgresql.org/docs/current/sql-createtype.html>. Base types, and ranges that have a `canonical`
//! function, begin as one by themselves.

use std::collections::HashSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::base_type::BaseType;
use super::part::catalog::USER_SCHEMA;
use super::range_type::RangeType;
use super::schema::Schema;
use crate::diagnostic::Diagnostics;
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Rules, Under};
use crate::model::{Address, KindName, Object, Origin, PgVersion, State, Step};

/// A shell type has nothing but a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShellType {}

impl Kind for ShellType {
    const NAME: KindName = KindName("shell_type");
    const NOUN: &'static str = "type";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "shell_types", form: Form::Map }];
    const RULES: Rules = Rules { class: 1247, falls_with_parent: false, owner: true, comment: true, ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some(
        "pg_type t where t.oid >= 16384 and (not t.typisdefined or t.typtype = 'b' and t.typinput <> 'array_in'::regproc
                                             or t.oid in (select rngtypid from pg_range where rngcanonical <> 0))",
    );

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select case when t.typisdefined then 0 else t.oid end as oid, 2615 as parent_class, t.typnamespace as parent, t.typname as key,
                    t.typowner::regrole::text as owner
             from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_range r on r.rngtypid = t.oid
             where (not t.typisdefined or t.typtype = 'b' or r.rngcanonical <> 0) and {USER_SCHEMA}
               and not exists (select from pg_type e where e.typarray = t.oid)
               and not exists (select from pg_depend d where d.classid = 1247 and d.objid = t.oid and d.deptype = 'e')
             order by n.nspname, t.typname"
        ))
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in begun(desired) {
            let span = desired.get(&at).and_then(|o| o.origin.span());
            let shell = shell_of(&at);
            desired.insert(shell, Object::new(Arc::new(Self {}), Origin::Derived(span)));
        }
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        let unsaid: HashSet<Address> = begun(state).iter().map(shell_of).collect();
        state.retain(|at, _| !unsaid.contains(at));
    }

    /// Where a range goes, which began as none, it leaves its name to it.
    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let left = cx.live.of_kind(RangeType::NAME).iter().any(|at| shell_of(at) == *cx.at);
        if left { Vec::new() } else { vec![Step::new(format!("create {}", cx.target()))] }
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::InPlace(Vec::new())
    }

    /// What it became goes in its stead.
    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let became = begun(cx.live).iter().any(|at| shell_of(at) == *cx.at);
        if became { Vec::new() } else { vec![Step::new(format!("drop {}", cx.target()))] }
    }
}

/// The types of a state that begin as shells.
fn begun(state: &State) -> Vec<Address> {
    let canonical = |at: &Address| state.spec::<RangeType>(at).is_some_and(|r| r.canonical.is_some());
    let ranges = state.of_kind(RangeType::NAME).into_iter().filter(canonical);
    state.of_kind(BaseType::NAME).into_iter().chain(ranges).collect()
}

/// The type that began as that shell, or will.
pub fn type_of(shell: &Address, state: &State) -> Option<Address> {
    let is_shell = shell.kind() == ShellType::NAME;
    is_shell.then(|| begun(state).into_iter().find(|at| shell_of(at) == *shell))?
}

/// The shell that a type begins as.
pub fn shell_of(at: &Address) -> Address {
    at.top().child(ShellType::NAME, at.key())
}
