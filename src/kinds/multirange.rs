//! The multirange type that comes with a range type. See <https://www.postgresql.org/docs/current/rangetypes.html>.

use std::collections::HashSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::catalog::USER_SCHEMA;
use super::part::is_default;
use super::range_type::RangeType;
use crate::diagnostic::Diagnostics;
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Rules, TYPE, Under};
use crate::model::{Address, KindName, Object, Origin, PgVersion, State, Step};

/// A multirange type. Its name is in its address.
#[derive(Debug, Clone, Default, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Multirange {
    /// Its name; the one that PostgreSQL makes from the range's when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub name: Option<String>,
}

impl PartialEq for Multirange {
    fn eq(&self, other: &Self) -> bool {
        let (Self { name: _ }, Self { name: _ }) = (self, other);
        true
    }
}

impl Kind for Multirange {
    const NAME: KindName = KindName("multirange");
    const NOUN: &'static str = "type";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[RangeType::NAME]), key: "multirange", form: Form::One }];
    const RULES: Rules = Rules {
        class: 1247,
        rebuildable: false,
        part: true,
        renames: true,
        comment: true,
        slots: &[TYPE],
        short_field: Some("name"),
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_range where rngtypid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select m.oid, 1247 as parent_class, t.oid as parent, m.typname as key,
                    case when m.typname <> case when t.typname like '%range%'
                                                then left(regexp_replace(t.typname, 'range', 'multirange'), 63)
                                                else left(t.typname, 52) || '_multirange' end
                         then m.typname::text end as name
             from pg_range r join pg_type t on t.oid = r.rngtypid join pg_type m on m.oid = r.rngmultitypid
                  join pg_namespace n on n.oid = t.typnamespace
             where {USER_SCHEMA}
             order by t.oid"
        ))
    }

    fn one_key(&self, parent: Option<&Address>) -> String {
        self.name.clone().unwrap_or_else(|| by_default(parent.map_or("", Address::key)))
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for range in desired.of_kind(RangeType::NAME) {
            if desired.children_of::<Self>(&range, Self::NAME).is_empty() {
                let span = desired.get(&range).and_then(|o| o.origin.span());
                let at = range.child(Self::NAME, &by_default(range.key()));
                desired.insert(at, Object::new(Arc::new(Self::default()), Origin::Derived(span)));
            }
        }
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        let plain =
            |at: &Address| state.spec::<Self>(at).is_some_and(|m| m.name.is_none()) && state.children(at).is_empty();
        let gone: HashSet<Address> = state.of_kind(Self::NAME).into_iter().filter(plain).collect();
        state.retain(|at, _| !gone.contains(at));
    }

    /// Nothing: the statement that makes the range makes it.
    fn create(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new()
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::InPlace(Vec::new())
    }

    fn drop(&self, _cx: &Cx<'_>) -> Vec<Step> {
        Vec::new()
    }
}

/// As `makeMultirangeTypeName` in PostgreSQL's `pg_type.c` makes it.
fn by_default(range: &str) -> String {
    let cut = |text: &str, bytes: usize| text[..text.floor_char_boundary(bytes)].to_owned();
    if range.contains("range") {
        cut(&range.replacen("range", "multirange", 1), 63)
    } else {
        cut(range, 52) + "_multirange"
    }
}
