//! How a role logs in to a foreign server: the key is the role, or `public` for everybody.
//!
//! See <https://www.postgresql.org/docs/current/sql-createusermapping.html>. Passwords come from the environment or a
//! file. `pull` writes a variable to set in their place; where it is not set, a secret that is there is taken to be right.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::foreign_server::ForeignServer;
use super::part::options::{self, Put};
use super::part::{ROLE, is_default};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Misfit, References, Renaming, Rules, Under, demands};
use crate::model::{Act, Address, Demand, HazardClass, KindName, PgVersion, State, Step};
use crate::secret::{self, Hidden, Source};

/// A user mapping.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserMapping {
    /// Its options, such as `user` and `password`.
    #[serde(skip_serializing_if = "is_default")]
    pub options: BTreeMap<String, Given>,
    /// The options that hold secrets.
    #[serde(skip_serializing)]
    #[schemars(skip)]
    pub live_secrets: BTreeMap<String, Hidden>,
}

/// The value of an option: as it is, or where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// As it is.
    Text(String),
    /// In the environment or a file.
    Secret(Source),
}

impl Serialize for Given {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Secret(source) => source.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Given;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, `{ env: NAME }` or `{ file: PATH }`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Given, E> {
                Ok(Given::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Given, A::Error> {
                Source::deserialize(MapAccessDeserializer::new(map)).map(Given::Secret)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// What the name of an option that holds a secret looks like, as a regular expression without case.
const SECRET: &str = "passw|secret|token|credential|api_?key";

/// True for the name of an option that holds a secret: as [`SECRET`] says.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["passw", "secret", "token", "credential", "apikey", "api_key"].iter().any(|part| name.contains(part))
        && name != "password_required"
}

/// Secrets are equal as far as can be seen: a source equals what is stored when it yields it, or can't be read.
impl PartialEq for UserMapping {
    fn eq(&self, other: &Self) -> bool {
        let (declared, stored) = if self.live_secrets.is_empty() { (self, other) } else { (other, self) };
        if stored.live_secrets.is_empty() || !declared.live_secrets.is_empty() {
            return self.options == other.options && self.live_secrets.keys().eq(other.live_secrets.keys());
        }
        declared.plain() == stored.plain()
            && declared.secrets().map(|(key, _)| key).eq(stored.live_secrets.keys())
            && declared.secrets().all(|(key, source)| !stored.lacks(key, source))
    }
}

impl UserMapping {
    fn plain(&self) -> BTreeMap<&str, &str> {
        self.options
            .iter()
            .filter_map(|(key, value)| match value {
                Given::Text(text) => Some((key.as_str(), text.as_str())),
                Given::Secret(_) => None,
            })
            .collect()
    }

    fn secrets(&self) -> impl Iterator<Item = (&String, &Source)> {
        self.options.iter().filter_map(|(key, value)| match value {
            Given::Text(_) => None,
            Given::Secret(source) => Some((key, source)),
        })
    }

    /// True unless that secret is stored here, as far as can be seen.
    fn lacks(&self, key: &str, source: &Source) -> bool {
        let Some(stored) = self.live_secrets.get(key) else { return true };
        secret::resolve(source).is_ok_and(|secret| !stored.matches(&secret))
    }

    /// `add user 'app'` and the like, which turn `old` into this, or make it: as sent, and as it may be shown.
    fn words(&self, old: Option<&Self>) -> [Vec<String>; 2] {
        let held: Vec<&String> = old.map_or_else(Vec::new, |o| o.options.keys().chain(o.live_secrets.keys()).collect());
        let gone = held.iter().filter(|key| !self.options.contains_key(**key));
        let mut sent: Vec<String> = gone.map(|key| options::dropped(key)).collect();
        let mut shown = sent.clone();
        for (key, value) in &self.options {
            let Some([text, seen]) = value.text(key, old) else { continue };
            let put = old.map_or(Put::New, |_| Put::over(held.contains(&key)));
            sent.push(put.words(key, &text));
            shown.push(put.words(key, &seen));
        }
        [sent, shown]
    }

    /// `create user mapping for app server s options (…)`.
    fn statement(&self, verb: &str, old: Option<&Self>, cx: &Cx<'_>) -> Step {
        let words = self.words(old);
        let [sent, shown] = words.map(|list| format!("{verb} {}{}", target(cx), options::in_brackets(&list)));
        if sent == shown { Step::new(sent) } else { Step::new(sent).shown(shown) }
    }
}

impl Given {
    /// The value of an option as sent, and as it may be shown; none where `old` has it.
    fn text(&self, key: &str, old: Option<&UserMapping>) -> Option<[String; 2]> {
        match self {
            Self::Text(text) => {
                let same = old.is_some_and(|old| old.options.get(key) == Some(self));
                (!same).then(|| [text.clone(), text.clone()])
            }
            Self::Secret(source) => {
                // A secret that is not there was refused before.
                let secret = secret::resolve(source).ok()?;
                let differs = old.is_none_or(|old| old.lacks(key, source));
                differs.then(|| [secret.expose_secret().to_owned(), source.to_string()])
            }
        }
    }
}

/// `user mapping for app server s`.
fn target(cx: &Cx<'_>) -> String {
    let role = if cx.at.key() == "public" { "public".to_owned() } else { cx.name() };
    format!("user mapping for {role} server {}", cx.parent().name())
}

impl Kind for UserMapping {
    const NAME: KindName = KindName("user_mapping");
    const NOUN: &'static str = "user mapping";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[ForeignServer::NAME]), key: "user_mappings", form: Form::Map }];
    const RULES: Rules = Rules { class: 1418, falls_with_parent: false, rebuildable: false, ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_foreign_server");

    fn catalog(_server: PgVersion) -> Option<String> {
        let part = |test: &str| {
            format!(
                "(select jsonb_object_agg(split_part(o, '=', 1), substr(o, strpos(o, '=') + 1))
                  from unnest(m.umoptions) o
                  where {test} (split_part(o, '=', 1) ~* '{SECRET}' and split_part(o, '=', 1) <> 'password_required'))"
            )
        };
        Some(format!(
            "select m.umid as oid, 1417 as parent_class, m.srvid as parent,
                    case when m.umuser = 0 then 'public' else m.usename end as key,
                    {} as options, {} as live_secrets
             from pg_user_mappings m order by m.srvname, m.usename",
            part("not"),
            part("")
        ))
    }

    fn references(&self, at: &Address, out: &mut References) {
        if at.key() != "public" {
            out.object(Address::root(ROLE, at.key()), "options");
        }
    }

    /// What is written at all is written whole: every secret must be there.
    fn refuse(&self, _cx: &Cx<'_>) -> Option<Misfit> {
        self.secrets().find_map(|(_, source)| Some((secret::resolve(source).err()?, "options")))
    }

    /// `password: { env: FAR_APP_PASSWORD }`: a variable for whoever builds another database.
    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        for at in state.of_kind(Self::NAME) {
            let Some(mut spec) = state.spec::<Self>(&at).cloned() else { continue };
            for key in spec.live_secrets.keys() {
                let words: Vec<&str> = at.path().into_iter().chain([key.as_str()]).collect();
                let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
                let name: String = words.join("_").chars().map(plain).collect();
                spec.options.insert(key.clone(), Given::Secret(Source::Env(name)));
            }
            state.set(&at, spec);
        }
    }

    fn located(&self, dir: &Path) -> Option<Self> {
        self.secrets().next()?;
        let place = |value: &Given| match value {
            Given::Secret(source) => Given::Secret(source.located(dir)),
            Given::Text(text) => Given::Text(text.clone()),
        };
        let options = self.options.iter().map(|(k, v)| (k.clone(), place(v))).collect();
        Some(Self { options, live_secrets: self.live_secrets.clone() })
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        // Everybody may make one's own.
        if act == Act::Make { Vec::new() } else { demands::usual(act, cx) }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![self.statement("create", None, cx)]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { options: _, live_secrets: _ } = self;
        Alter::InPlace(vec![self.statement("alter", Some(old), cx)])
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let lost = format!("{} can no longer log in there", cx.at.key());
        vec![Step::new(format!("drop {}", target(cx))).hazard(HazardClass::Access, lost)]
    }

    fn key_after(&self, key: &str, renaming: Renaming<'_>) -> Option<String> {
        renaming.key(ROLE, key)
    }

    fn check(&self, _at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        let open = self.options.iter().filter(|(k, v)| is_secret(k) && matches!(v, Given::Text(_)));
        open.map(|(key, _)| {
            let problem =
                Problem::new(Code::Secret, format!("`{key}` is a secret, and a secret never stands in a file"));
            (problem.help("write `{ env: NAME }` or `{ file: PATH }`, and choose a new one"), "options")
        })
        .collect()
    }
}

crate::kinds::part::own_schema!(Given, generator => schemars::json_schema!({ "anyOf": [{ "type": "string" }, generator.subschema_for::<Source>()] }));
