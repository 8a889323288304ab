//! A boolean parameter that PostgreSQL stores as it was typed: `on` stays `on`.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::refused;
use crate::diagnostic::{Code, Problem};

/// True, false, or not given; `on` and `true` mean the same and are two values, as `pg_dump` shows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switch(Option<String>);

impl Switch {
    /// Returns the value as typed; `None` if it is not given.
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Returns whether it is on. Like PostgreSQL's `parse_bool`, this accepts any prefix of `true` and `yes`, `on` and
    /// `1`.
    pub fn is_on(&self) -> bool {
        let text = self.0.as_deref().unwrap_or_default().to_ascii_lowercase();
        !text.is_empty() && (["true", "yes"].iter().any(|word| word.starts_with(&text)) || text == "on" || text == "1")
    }

    fn is_off(&self) -> bool {
        let text = self.0.as_deref().unwrap_or_default().to_ascii_lowercase();
        !text.is_empty()
            && (["false", "no"].iter().any(|word| word.starts_with(&text)) || ["of", "off", "0"].contains(&&*text))
    }
}

impl Serialize for Switch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.text() {
            None => serializer.serialize_none(),
            Some("true") => serializer.serialize_bool(true),
            Some("false") => serializer.serialize_bool(false),
            Some(other) => serializer.serialize_str(other),
        }
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let switch = Self(Option::<String>::deserialize(deserializer).map_err(D::Error::custom)?);
        if switch.text().is_some() && !switch.is_on() && !switch.is_off() {
            let text = switch.text().unwrap_or_default();
            let problem = Problem::new(Code::WrongType, format!("expected `true` or `false`, found `{text}`"));
            return Err(refused(problem.help("write `true` or `false`")));
        }
        Ok(switch)
    }
}

crate::kinds::part::own_schema!(Switch, _generator => schemars::json_schema!({
    "enum": [true, false, "true", "false", "on", "off", "yes", "no", "1", "0", 1, 0]
}));
