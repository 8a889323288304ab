//! An extension. See <https://www.postgresql.org/docs/current/sql-createextension.html>.
//!
//! A schema or version that is not declared is not managed. What an extension brings along is never touched. Its schema
//! may be one that the project does not know.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::part::is_default;
use super::schema::Schema;
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Rules, Under};
use crate::model::{Address, HazardClass, KindName, PgVersion, State, Step};
use crate::sql;

/// Those that every database has from the start.
const BY_INITDB: [&str; 1] = ["plpgsql"];

/// An extension.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Extension {
    /// The schema of what it brings along; not managed when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub schema: Option<String>,
    /// The version to stay at; not managed when absent.
    #[serde(skip_serializing_if = "Version::is_free")]
    pub version: Version,
}

/// Which version an extension has, or shall have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Version {
    /// Whichever the server offers.
    #[default]
    Any,
    /// The one there is; nobody asked for it, so that `pull` does not write it.
    Installed(String),
    /// The one that is asked for.
    Pinned(String),
}

impl Version {
    fn is_free(&self) -> bool {
        !matches!(self, Self::Pinned(_))
    }

    fn number(&self) -> Option<&str> {
        match self {
            Self::Any => None,
            Self::Installed(number) | Self::Pinned(number) => Some(number),
        }
    }
}

impl PartialEq for Extension {
    fn eq(&self, other: &Self) -> bool {
        let Self { schema, version } = self;
        agree(schema.as_deref(), other.schema.as_deref()) && agree(version.number(), other.version.number())
    }
}

/// True when both say the same, or one says nothing.
fn agree(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_none_or(|(a, b)| a == b)
}

impl Kind for Extension {
    const NAME: KindName = KindName("extension");
    const NOUN: &'static str = "extension";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "extensions", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 3079,
        identity: Identity::Plain,
        rebuildable: false,
        comment: true,
        visible: true,
        opaque: true,
        ..Rules::DEFAULT
    };

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(
            "select e.oid, e.extname as key, n.nspname::text as schema,
                    jsonb_build_object('installed', e.extversion) as version
             from pg_extension e join pg_namespace n on n.oid = e.extnamespace
             order by e.extname"
                .to_owned(),
        )
    }

    /// What every database has is nobody's unless it is declared.
    fn managed(&self, at: &Address, desired: &State) -> bool {
        !BY_INITDB.contains(&at.key()) || desired.contains(at)
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let mut sql = format!("create extension {}", cx.name());
        if let Some(schema) = &self.schema {
            sql += &format!(" schema {}", sql::ident(schema));
        }
        if let Some(version) = self.version.number() {
            sql += &format!(" version {}", sql::literal(version));
        }
        let schema = self.schema.as_ref().map(|s| Address::root(Schema::NAME, s));
        vec![Step::new(sql).needs(schema)]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { schema, version } = self;
        let mut steps = Vec::new();
        if let Some(schema) = schema.as_deref().filter(|s| old.schema.as_deref() != Some(*s)) {
            let sql = format!("alter extension {} set schema {}", cx.name(), sql::ident(schema));
            steps.push(Step::new(sql).hazard(HazardClass::Breaking, "clients know its objects by the old schema"));
        }
        if let Some(version) = version.number().filter(|v| old.version.number() != Some(*v)) {
            steps.push(Step::new(format!("alter extension {} update to {}", cx.name(), sql::literal(version))));
        }
        Alter::InPlace(steps)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let lost = "drops the extension with what it brought along";
        vec![Step::new(format!("drop extension {}", cx.name())).hazard(HazardClass::Data, lost)]
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pinned(number) => serializer.serialize_str(number),
            Self::Any | Self::Installed(_) => serializer.serialize_none(),
        }
    }
}

/// Reads what YAML says, a number; and what the catalog says, `{ installed: … }`.
impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Version;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a version, such as `1.3`")
            }

            fn visit_str<E: de::Error>(self, number: &str) -> Result<Version, E> {
                Ok(Version::Pinned(number.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Version, A::Error> {
                match map.next_entry::<String, String>()? {
                    Some((key, number)) if key == "installed" => Ok(Version::Installed(number)),
                    _ => Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
                }
            }
        }
        deserializer.deserialize_any(Either)
    }
}
