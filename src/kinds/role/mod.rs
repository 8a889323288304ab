//! A role. See <https://www.postgresql.org/docs/current/sql-createrole.html>.
//!
//! Only declared roles are managed. The role `public` stands for everybody: it is known so that grants can be written
//! under it, and never made.

mod until;

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use until::Until;

use super::part::{ROLE, is_default};
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::access::Fact;
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, Misfit, References, Rules, Scope, Under, plain_key};
use crate::model::{Act, Address, Demand, HazardClass, KindName, PgVersion, State, Step};
use crate::secret::{self, Source, Verifier};
use crate::sql;

/// A role.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute of PostgreSQL's own")]
pub struct Role {
    /// May log in.
    #[serde(skip_serializing_if = "is_default")]
    pub login: bool,
    /// Bypasses every permission check.
    #[serde(skip_serializing_if = "is_default")]
    pub superuser: bool,
    /// May make databases.
    #[serde(skip_serializing_if = "is_default")]
    pub createdb: bool,
    /// May make roles.
    #[serde(skip_serializing_if = "is_default")]
    pub createrole: bool,
    /// Has the privileges of the roles it is a member of without `set role`.
    #[serde(skip_serializing_if = "is_true")]
    pub inherit: bool,
    /// May replicate.
    #[serde(skip_serializing_if = "is_default")]
    pub replication: bool,
    /// Is not bound by policies.
    #[serde(skip_serializing_if = "is_default")]
    pub bypass_rls: bool,
    /// How many concurrent connections it may have; -1 for no limit.
    #[serde(skip_serializing_if = "is_unlimited")]
    pub connection_limit: i32,
    /// When its password expires; a time without a zone is UTC.
    #[serde(skip_serializing_if = "is_default")]
    pub valid_until: Until,
    /// Where its password comes from.
    #[serde(skip_serializing_if = "is_default")]
    pub password: Option<Source>,
    /// Exists already, and is never touched.
    #[serde(skip_serializing_if = "is_default")]
    pub external: bool,
    /// Must not exist: a plan drops it.
    #[serde(skip_serializing_if = "is_default")]
    pub absent: bool,
    /// The role that takes over what an absent role owns in this database; what was granted to it there is revoked.
    #[serde(skip_serializing_if = "is_default")]
    pub reassign_to: Option<String>,
    /// What is stored of its password; nothing where that can't be read.
    #[serde(skip_serializing)]
    pub live_verifier: Option<Verifier>,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            login: false,
            superuser: false,
            createdb: false,
            createrole: false,
            inherit: true,
            replication: false,
            bypass_rls: false,
            connection_limit: -1,
            valid_until: Until::default(),
            password: None,
            external: false,
            absent: false,
            reassign_to: None,
            live_verifier: None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_unlimited(value: &i32) -> bool {
    *value == -1
}

/// Passwords are equal as far as can be seen: a source equals what is stored when it yields it.
impl PartialEq for Role {
    fn eq(&self, other: &Self) -> bool {
        self.attributes() == other.attributes()
            && self.connection_limit == other.connection_limit
            && self.valid_until == other.valid_until
            && (self.external, self.absent) == (other.external, other.absent)
            && match (&self.password, &other.password) {
                (Some(mine), Some(theirs)) => mine == theirs,
                (Some(_), None) => self.has_password(other),
                (None, Some(_)) => other.has_password(self),
                (None, None) => true,
            }
    }
}

/// The name that stands for everybody.
const PUBLIC: &str = "public";

/// The attributes that are words, with whether PostgreSQL gives them by itself.
type Attributes = [(bool, &'static str, bool); 7];

impl Role {
    fn attributes(&self) -> Attributes {
        [
            (self.login, "login", false),
            (self.superuser, "superuser", false),
            (self.createdb, "createdb", false),
            (self.createrole, "createrole", false),
            (self.inherit, "inherit", true),
            (self.replication, "replication", false),
            (self.bypass_rls, "bypassrls", false),
        ]
    }

    /// True unless the live role is seen to have another password.
    fn has_password(&self, live: &Self) -> bool {
        let (Some(source), Some(verifier)) = (&self.password, &live.live_verifier) else { return true };
        secret::resolve(source).is_ok_and(|password| verifier.matches(&password))
    }

    /// What is to be written: the password as its verifier, and as it may be shown.
    fn new_password(&self, live: Option<&Self>) -> Option<[String; 2]> {
        let source = self.password.as_ref().filter(|_| live.is_none_or(|live| !self.has_password(live)))?;
        // A secret that is not there was refused before.
        let verifier = Verifier::of(&secret::resolve(source).ok()?);
        Some([verifier.expose().to_owned(), source.to_string()].map(|text| format!("password {}", sql::literal(&text))))
    }

    /// True when nothing but `external` or `absent` is said of it.
    fn is_bare(&self) -> bool {
        Self { external: false, absent: false, reassign_to: None, ..self.clone() } == Self::default()
            && self.password.is_none()
    }

    /// What it needs to drop it: first to give away what it owns, where somebody is to have that.
    fn dropped(&self, cx: &Cx<'_>) -> Vec<Demand> {
        let me = cx.at.key().to_owned();
        match cx.desired.spec::<Self>(cx.at).and_then(|wanted| wanted.reassign_to.clone()) {
            None => vec![Demand::Administers(me), Demand::Unused(cx.at.clone())],
            Some(heir) => vec![
                Demand::Administers(me.clone()),
                Demand::Becomes(me),
                Demand::Becomes(heir),
                Demand::UnusedElsewhere(cx.at.clone()),
            ],
        }
    }

    fn check_name(&self, name: &str) -> Option<Problem> {
        if name == "none" {
            let problem = Problem::new(Code::WrongType, "no role can be named `none`");
            return Some(problem.help("PostgreSQL keeps that name for itself; choose another"));
        }
        (name.starts_with("pg_") && !self.external).then(|| {
            Problem::new(Code::WrongType, format!("role `{name}` can't be made: names from `pg_` are PostgreSQL's own"))
                .help("PostgreSQL's own roles need no declaration; say `external: true` to write grants under one")
        })
    }
}

/// `create role app …` or `alter role app …`, showing the source of a password in its place.
fn statement(verb: &str, cx: &Cx<'_>, words: &[String], password: Option<[String; 2]>) -> Step {
    let line = |last: Option<&str>| {
        let words: Vec<&str> = words.iter().map(String::as_str).chain(last).collect();
        format!("{verb} role {} {}", cx.name(), words.join(" ")).trim_end().to_owned()
    };
    match password {
        None => Step::new(line(None)),
        Some([sent, shown]) => Step::new(line(Some(&sent))).shown(line(Some(&shown))),
    }
}

impl Kind for Role {
    const NAME: KindName = ROLE;
    const NOUN: &'static str = "role";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "roles", form: Form::Map }];
    const RULES: Rules = Rules {
        scope: Scope::Cluster,
        class: 1260,
        identity: Identity::Plain,
        falls_with_parent: false,
        rebuildable: false,
        renames: true,
        comment: true,
        ..Rules::DEFAULT
    };

    fn catalog(_server: PgVersion) -> Option<String> {
        // Most roles may not read `pg_authid`, and naming it is enough to be refused: so it is named in a text that is
        // run only where it may be read. A verifier holds nothing that XML would write in another way.
        Some(
            "with stored as materialized (
                 select split_part(pair, ' ', 1)::oid as oid, split_part(pair, ' ', 2) as verifier
                 from string_to_table(substring(
                     case when has_table_privilege('pg_catalog.pg_authid', 'select')
                          then query_to_xml('select string_agg(oid || '' '' || coalesce(rolpassword, ''''), '','') as v
                                             from pg_catalog.pg_authid', false, false, '')::text end
                     from '<v>(.*)</v>'), ',') pair)
             select r.oid, r.rolname as key, r.rolcanlogin as login, r.rolsuper as superuser,
                    r.rolcreatedb as createdb, r.rolcreaterole as createrole, r.rolinherit as inherit,
                    r.rolreplication as replication, r.rolbypassrls as bypass_rls,
                    r.rolconnlimit as connection_limit,
                    case when isfinite(r.rolvaliduntil)
                         then to_char(r.rolvaliduntil at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00'
                         else r.rolvaliduntil::text end as valid_until,
                    s.verifier as live_verifier
             from pg_roles r left join stored s on s.oid = r.oid
             where r.rolname !~ '^pg_'
             order by r.rolname"
                .to_owned(),
        )
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        let name = plain_key(written)?;
        self.check_name(&name).map_or(Ok(name), Err)
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        let at = Address::root(Self::NAME, PUBLIC);
        if let Some(role) = desired.spec::<Self>(&at).cloned() {
            desired.set(&at, Self { external: true, ..role });
        }
    }

    fn builtin(key: &str) -> bool {
        key == PUBLIC || key.starts_with("pg_")
    }

    fn managed(&self, at: &Address, desired: &State) -> bool {
        desired.spec::<Self>(at).is_none_or(|wanted| !wanted.external)
    }

    fn located(&self, dir: &Path) -> Option<Self> {
        let password = self.password.as_ref()?.located(dir);
        Some(Self { password: Some(password), ..self.clone() })
    }

    fn references(&self, _at: &Address, out: &mut References) {
        if let Some(heir) = &self.reassign_to {
            out.object(Address::root(Self::NAME, heir), "reassign_to");
        }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let source = self.password.as_ref().filter(|_| !self.external && !self.absent)?;
        let unseen = cx.live.spec::<Self>(cx.at).is_some_and(|live| live.live_verifier.is_none());
        let problem = secret::resolve(source).err().filter(|_| !unseen)?;
        let message = format!("the password of {} is not there: {}", cx.at, problem.message);
        Some((Problem { message, ..problem }, "password"))
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        let was = cx.live.spec::<Self>(cx.at);
        if self.superuser || was.is_some_and(|was| was.superuser) {
            return vec![Demand::Superuser];
        }
        match act {
            Act::Make => vec![Demand::CreateRole],
            Act::Change => vec![Demand::Administers(cx.at.key().to_owned())],
            Act::Drop => self.dropped(cx),
        }
    }

    fn access(&self, at: &Address) -> Option<Fact> {
        let Self { superuser, inherit: inherits, bypass_rls, .. } = *self;
        (!self.absent && at.key() != PUBLIC).then_some(Fact::Role { superuser, inherits, bypass_rls })
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        if self.external || self.absent {
            return Vec::new();
        }
        let attributes = self.attributes().into_iter().filter(|(on, _, given)| on != given);
        let mut words: Vec<String> = attributes.map(|(on, word, _)| attribute(on, word)).collect();
        if self.connection_limit != -1 {
            words.push(format!("connection limit {}", self.connection_limit));
        }
        if self.valid_until != Until::default() {
            words.push(format!("valid until {}", sql::literal(self.valid_until.as_str())));
        }
        vec![statement("create", cx, &words, self.new_password(None))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self {
            connection_limit, valid_until, external, absent, reassign_to: _, password: _, live_verifier: _, ..
        } = self;
        if *external {
            return Alter::InPlace(Vec::new());
        }
        if *absent {
            return Alter::Drop;
        }
        let mut words = Vec::new();
        let mut lost = Vec::new();
        for ((on, word, _), (was, _, _)) in self.attributes().into_iter().zip(old.attributes()) {
            if on != was {
                words.push(attribute(on, word));
            }
            if was && !on {
                lost.push(format!("{} loses `{word}`", cx.at));
            }
        }
        if *connection_limit != old.connection_limit {
            words.push(format!("connection limit {connection_limit}"));
        }
        if *valid_until != old.valid_until {
            words.push(format!("valid until {}", sql::literal(valid_until.as_str())));
            if valid_until.is_before(&old.valid_until) {
                lost.push(format!("the password of {} ceases to be good earlier", cx.at));
            }
        }
        let password = self.new_password(Some(old));
        if words.is_empty() && password.is_none() {
            return Alter::InPlace(Vec::new());
        }
        let step = statement("alter", cx, &words, password);
        Alter::InPlace(vec![lost.into_iter().fold(step, |step, what| step.hazard(HazardClass::Access, what))])
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let what = format!("nobody can be {} any more", cx.at);
        let drop = Step::new(format!("drop role {}", cx.name())).hazard(HazardClass::Access, what);
        let Some(heir) = cx.desired.spec::<Self>(cx.at).and_then(|wanted| wanted.reassign_to.as_deref()) else {
            return vec![drop];
        };
        let name = cx.name();
        let given = format!("`{heir}` gets what {} owns in this database", cx.at);
        let lost = format!("{} loses what it was granted in this database", cx.at);
        vec![
            Step::new(format!("reassign owned by {name} to {}", sql::ident(heir)))
                .needs([Address::root(Self::NAME, heir)])
                .hazard(HazardClass::Access, given),
            Step::new(format!("drop owned by {name}")).hazard(HazardClass::Access, lost),
            drop,
        ]
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        let what = format!("clients know the old name of {}", cx.at);
        let sql = format!("alter role {} rename to {}", cx.name(), sql::ident(to));
        vec![Step::new(sql).hazard(HazardClass::Breaking, what)]
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        let mut problems = Vec::new();
        let word = if self.external { "external" } else { "absent" };
        let problem = |message: String, help: &str| Problem::new(Code::WrongType, message).help(help);
        if self.external && self.absent {
            let message = format!("{at} is external and absent");
            problems.push((problem(message, "an external role is never touched; say one of them"), "absent"));
        } else if self.external || self.absent {
            if !self.is_bare() || !desired.children(at).is_empty() {
                let message = format!("{at} is {word}, and something else is said of it");
                let help = "take the rest out: of such a role nothing is managed but grants";
                problems.push((problem(message, help), word));
            }
        } else if self.reassign_to.is_some() {
            let message = format!("{at} says `reassign_to`, and is not to go");
            problems.push((problem(message, "it says who gets what an `absent: true` role owns"), "reassign_to"));
        } else if self.connection_limit < -1 {
            let message = format!("`connection_limit` is {}", self.connection_limit);
            problems.push((problem(message, "write 0 or more, or -1 for any number"), "connection_limit"));
        }
        problems
    }
}

fn attribute(on: bool, word: &str) -> String {
    if on { word.to_owned() } else { format!("no{word}") }
}
