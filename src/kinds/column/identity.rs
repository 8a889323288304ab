//! `generated … as identity`. See <https://www.postgresql.org/docs/current/ddl-identity-columns.html>.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Column, sequence_of};
use crate::kind::{Cx, Kind};
use crate::kinds::identity_sequence;
use crate::kinds::part::sequence_options::{self, RESTART, with_hazard};
use crate::kinds::part::{SequenceOptions, is_default};
use crate::model::{Address, State, Step};
use crate::sql;

/// An identity: its mode and the numbers of its sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Whether a value may be given.
    pub mode: Mode,
    /// The sequence's numbers.
    pub options: SequenceOptions,
}

/// Whether an insert may give a value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// Only with `overriding system value`.
    #[default]
    #[serde(rename = "always")]
    Always,
    /// Freely.
    #[serde(rename = "by default")]
    ByDefault,
}

impl Mode {
    fn words(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::ByDefault => "by default",
        }
    }
}

/// The long form.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Long {
    #[serde(default)]
    mode: Mode,
    #[serde(default, skip_serializing_if = "is_default")]
    options: SequenceOptions,
}

/// Returns the fields of a catalog query about identity, where `a` is the column and `s` a row of [`SEQUENCES`]. They are
/// null if the column has no identity.
///
/// The sequence's bounds are compared with those of the column's type: `like … including identity` makes one of another type.
pub fn fields() -> String {
    format!(
        "case when s.name is not null then
           jsonb_build_object('mode', case a.attidentity when 'a' then 'always' else 'by default' end,
                              'options', {options})
           end as identity,
         s.name as live_sequence",
        options = sequence_options::catalog("a.atttypid"),
    )
}

/// The sequences of all identity columns, by table and column.
pub const SEQUENCES: &str = "select sd.refobjid as owner, sd.refobjsubid as owner_column, sc.relname as name, q.*
     from pg_class sc join pg_sequence q on q.seqrelid = sc.oid join pg_depend sd on sd.objid = sc.oid
     where sd.classid = 1259 and sd.refclassid = 1259 and sd.deptype = 'i' and sc.relkind = 'S'";

/// The name of an identity's sequence: PostgreSQL chose it, and it is never compared.
#[derive(Debug, Clone, Default, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct OwnSequence(pub Option<String>);

impl PartialEq for OwnSequence {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Identity {
    /// Returns the clause of `create table`. `sequence` is the name of the sequence, if that is not the default one.
    pub fn definition(&self, sequence: Option<&str>) -> String {
        let name = sequence.map(|name| format!("sequence name {name}"));
        let words: Vec<String> = name.into_iter().chain(self.options.words()).collect();
        let options = if words.is_empty() { String::new() } else { format!(" ({})", words.join(" ")) };
        format!("generated {} as identity{options}", self.mode.words())
    }

    /// Returns the steps that turn `old` into `self`; `alter` writes `alter column … <what>`.
    pub fn steps(&self, old: Option<&Self>, sequence: Option<&str>, alter: &dyn Fn(&str) -> Step) -> Vec<Step> {
        let Some(old) = old else { return vec![alter(&format!("add {}", self.definition(sequence)))] };
        let mut steps = Vec::new();
        if self.mode != old.mode {
            steps.push(alter(&format!("set generated {}", self.mode.words())));
        }
        let changes = self.options.changes(&old.options);
        if !changes.is_empty() {
            let word = |c: &String| if c == RESTART { c.clone() } else { format!("set {c}") };
            let words: Vec<String> = changes.iter().map(word).collect();
            steps.push(with_hazard(alter(&words.join(" ")), &changes));
        }
        steps
    }
}

/// Returns the name of the sequence of an identity column.
pub(super) fn sequence_name(at: &Address, state: &State) -> String {
    identity_sequence::named_at(at, state).map_or_else(|| sequence_of(at).key().to_owned(), str::to_owned)
}

/// Returns the qualified name of the sequence of an identity column, if it is not the default one.
pub(super) fn own_sequence(cx: &Cx<'_>) -> Option<String> {
    let name = identity_sequence::named_at(cx.at, cx.desired)?;
    (name != sequence_of(cx.at).key()).then(|| sql::dotted([cx.at.top().key(), name]))
}

/// Sets `not_null` of all identity columns, as PostgreSQL does, and normalises the options of their sequences.
pub fn imply_not_null(desired: &mut State) {
    desired.amend(Column::NAME, |column: &Column| {
        let mut identity = column.identity.clone()?;
        identity.options = identity.options.normalised(column.data_type.as_str());
        Some(Column { not_null: true, identity: Some(identity), ..column.clone() })
    });
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.options == SequenceOptions::default() {
            return self.mode.serialize(serializer);
        }
        Long { mode: self.mode, options: self.options.clone() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Identity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`always`, `by default`, or a map with `mode` and `options`")
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Identity, E> {
                if on { Ok(Identity::default()) } else { Err(E::custom("leave `identity` out instead of `false`")) }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Identity, E> {
                let mode = match text {
                    "always" => Mode::Always,
                    "by default" => Mode::ByDefault,
                    _ => return Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                };
                Ok(Identity { mode, options: SequenceOptions::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Identity, A::Error> {
                let long = Long::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Identity { mode: long.mode, options: long.options })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

crate::kinds::part::own_schema!(Identity, generator => schemars::json_schema!({ "anyOf": [{ "enum": [true, "always", "by default"] }, generator.subschema_for::<Long>()] }));

impl Column {
    /// Returns the statement that renames the identity sequence along with its column or table, if it has the default
    /// name and the live state does not list it under a name of its own. PostgreSQL does not rename it by itself.
    pub fn sequence_follows(&self, from: &Address, to: &Address, cx: &Cx<'_>) -> Option<Step> {
        if !self.has_usual_sequence(from, to) || identity_sequence::named_at(from, cx.live).is_some() {
            return None;
        }
        let (old, new) = (sequence_of(from), sequence_of(to));
        let schema = sql::ident(from.top().key());
        let sql = format!("alter sequence {schema}.{} rename to {}", sql::ident(old.key()), sql::ident(new.key()));
        Some(Step::new(sql).takes(new.key()))
    }
}
