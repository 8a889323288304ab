//! A foreign server. See <https://www.postgresql.org/docs/current/sql-createserver.html>.
//!
//! Who logs in there as whom is said by user mappings, which stand under it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::foreign_data_wrapper::ForeignDataWrapper;
use super::part::catalog::options;
use super::part::options::{changes, clause};
use super::part::{Options, is_default};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Privileges, References, Renaming, Rules, Under};
use crate::model::{Address, KindName, PgVersion, Step};
use crate::sql;

/// A foreign server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForeignServer {
    /// The foreign data wrapper that reaches it.
    pub wrapper: String,
    /// Its type, where the wrapper knows several.
    #[serde(rename = "type", default, skip_serializing_if = "is_default")]
    pub sort: Option<String>,
    /// Its version.
    #[serde(default, skip_serializing_if = "is_default")]
    pub version: Option<String>,
    /// Its options, such as `host`, `port` and `dbname`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Options,
}

impl Kind for ForeignServer {
    const NAME: KindName = KindName("foreign_server");
    const NOUN: &'static str = "server";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "servers", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1417,
        identity: Identity::Plain,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(Privileges { noun: "foreign server", plural: "servers", all: &[("usage", 'U')], public: &[] }),
        short_field: Some("wrapper"),
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_foreign_server");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select s.oid, s.srvname as key, s.srvowner::regrole::text as owner, s.srvacl::text[] as acl,
                    w.fdwname as wrapper, s.srvtype as type, s.srvversion as version, {} as options
             from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw order by s.srvname",
            options("s.srvoptions")
        ))
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.perhaps(Address::root(ForeignDataWrapper::NAME, &self.wrapper), "wrapper");
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { wrapper, sort, version, options } = self;
        let word = |word: &str, value: &Option<String>| {
            value.as_ref().map(|v| format!(" {word} {}", sql::literal(v))).unwrap_or_default()
        };
        let front = format!("create server {}{}{}", cx.name(), word("type", sort), word("version", version));
        vec![Step::new(format!("{front} foreign data wrapper {}{}", sql::ident(wrapper), clause(options)))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { wrapper, sort, version, options } = self;
        if *wrapper != old.wrapper {
            return Alter::Replace("another foreign data wrapper reaches it".to_owned());
        }
        if *sort != old.sort {
            return Alter::Replace("PostgreSQL can't change a server's type".to_owned());
        }
        let version = match version {
            _ if *version == old.version => String::new(),
            Some(version) => format!(" version {}", sql::literal(version)),
            None => " version null".to_owned(),
        };
        let what = version + &changes(options, &old.options);
        Alter::InPlace(vec![Step::new(format!("alter server {}{what}", cx.name()))])
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        renaming.root(ForeignDataWrapper::NAME, &mut self.wrapper);
    }
}
