//! The settings of a routine: a map from names to values.

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};

use super::refused;
use super::setting::{self, Setting};

/// Settings by name, as PostgreSQL stores them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Settings(IndexMap<String, Setting>);

impl Settings {
    /// Returns `name to value` for each setting, as it follows `set`.
    pub fn assignments(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, value)| value.assignment(name))
    }

    /// Returns the `set name to value` and `reset name` that turn `old` into this.
    pub fn changes(&self, old: &Self) -> Vec<String> {
        let reset = |name: &String| format!("reset {}", setting::target(name));
        let gone = old.0.keys().filter(|name| !self.0.contains_key(*name)).map(reset);
        let set = self.0.iter().filter(|(name, value)| old.0.get(*name) != Some(value));
        gone.chain(set.map(|(name, value)| format!("set {}", value.assignment(name)))).collect()
    }
}

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = IndexMap::<String, Setting>::deserialize(deserializer)?;
        let stored = written.into_iter().map(|(name, value)| {
            let name = Setting::key(&name).map_err(refused)?;
            let value = value.normalised(&name);
            Ok((name, value))
        });
        stored.collect::<Result<_, D::Error>>().map(Self)
    }
}

crate::kinds::part::own_schema!(Settings, generator => schemars::json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<Setting>() }));
