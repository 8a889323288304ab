//! A subscription. See <https://www.postgresql.org/docs/current/sql-createsubscription.html>.
//!
//! No statement of ours connects to the publisher: a subscription is made with `connect = false` and without a slot of its
//! own making, and dropped without its slot. Enabled, it begins to work once the plan is applied; which tables it takes
//! follows from `alter subscription … refresh publication`, which is for whoever copies the data.

use std::path::Path;

use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::part::connection::Connection;
use super::part::{is_default, since};
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::{Alter, Cx, Entry, Form, Home, Identity, Kind, Misfit, Rules, Under};
use crate::model::{HazardClass, KindName, PgVersion, State, Step};
use crate::secret::{Hidden, Source};
use crate::sql;

/// A subscription.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of PostgreSQL's own")]
pub struct Subscription {
    /// The publisher's connection string, or where it comes from if it holds a password; not managed when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub connection: Option<Connection>,
    /// The publications to subscribe to.
    pub publications: Vec<String>,
    /// It works.
    #[serde(default, skip_serializing_if = "is_default")]
    pub enabled: bool,
    /// The replication slot on the publisher; the subscription's name when absent, `none` for none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub slot: Option<String>,
    /// Values come as bytes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub binary: bool,
    /// Whether transactions are streamed before they are committed; `off` when absent, `parallel` when absent from PostgreSQL 18 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub streaming: Option<Streaming>,
    /// How commits wait for the disk: `synchronous_commit`.
    #[serde(default = "off", skip_serializing_if = "is_off")]
    pub synchronous_commit: String,
    /// Prepared transactions arrive when they are prepared; from PostgreSQL 15 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub two_phase: bool,
    /// An error disables it; from PostgreSQL 15 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub disable_on_error: bool,
    /// Its connection must use a password; from PostgreSQL 16 on.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub password_required: bool,
    /// It writes as its owner, not as the owner of each table; from PostgreSQL 16 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub run_as_owner: bool,
    /// `none`: only changes that originate at the publisher; from PostgreSQL 16 on.
    #[serde(default = "any", skip_serializing_if = "is_any")]
    pub origin: String,
    /// Its slot follows to the publisher's standbys; from PostgreSQL 17 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failover: bool,
    /// The connection string, where it may be read.
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    pub live_connection: Option<Hidden>,
}

/// Whether transactions come before they are committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Streaming {
    /// No.
    Off,
    /// Yes, and they wait in files.
    On,
    /// Yes, and they are applied at once; from PostgreSQL 16 on.
    Parallel,
}

impl Streaming {
    fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Parallel => "parallel",
        }
    }
}

fn yes() -> bool {
    true
}

fn off() -> String {
    "off".to_owned()
}

fn any() -> String {
    "any".to_owned()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_true(value: &bool) -> bool {
    *value
}

fn is_off(value: &str) -> bool {
    value == "off"
}

fn is_any(value: &str) -> bool {
    value == "any"
}

/// Connections are equal as far as can be seen: a source equals what is stored when it yields it, or can't be read.
impl PartialEq for Subscription {
    fn eq(&self, other: &Self) -> bool {
        let publications = |s: &Self| {
            let mut list = s.publications.clone();
            list.sort();
            list
        };
        publications(self) == publications(other)
            && self.enabled == other.enabled
            && self.options() == other.options()
            && match (&self.connection, &other.connection) {
                (Some(mine), Some(theirs)) => mine == theirs,
                (Some(_), None) => self.has_connection(other),
                (None, Some(_)) => other.has_connection(self),
                (None, None) => match (&self.live_connection, &other.live_connection) {
                    (Some(mine), Some(theirs)) => mine.matches(theirs.expose()),
                    (Some(_), None) | (None, Some(_) | None) => true,
                },
            }
    }
}

/// The word for no slot.
const NONE: &str = "none";

impl Subscription {
    /// True unless the live one is seen to have another connection: both must be there to be read.
    fn has_connection(&self, live: &Self) -> bool {
        let (Some(source), Some(stored)) = (&self.connection, &live.live_connection) else { return true };
        source.resolve().map_or(true, |text| stored.matches(&text))
    }

    /// The options of `with (…)` that `alter subscription … set (…)` takes too, each with the version that brought it.
    fn options(&self) -> Vec<(&'static str, String, u32)> {
        let slot = self
            .slot
            .as_deref()
            .map_or_else(|| "default".to_owned(), |s| if s == NONE { NONE.to_owned() } else { sql::literal(s) });
        vec![
            ("slot_name", slot, 14),
            ("binary", self.binary.to_string(), 14),
            ("streaming", self.streaming.map_or("default", Streaming::word).to_owned(), 14),
            ("synchronous_commit", self.synchronous_commit.clone(), 14),
            ("two_phase", self.two_phase.to_string(), 15),
            ("disable_on_error", self.disable_on_error.to_string(), 15),
            ("password_required", self.password_required.to_string(), 16),
            ("run_as_owner", self.run_as_owner.to_string(), 16),
            ("origin", self.origin.clone(), 16),
            ("failover", self.failover.to_string(), 17),
        ]
    }

    /// The first option that is of no use to a server of that version.
    fn late(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let parallel = self.streaming == Some(Streaming::Parallel);
        let late = parallel.then(|| since(16, "`streaming: parallel`", "streaming", cx)).flatten();
        let pairs = self.options().into_iter().zip(Self::bare().options()).filter(|(new, bare)| new != bare);
        late.or_else(|| {
            pairs
                .map(|(option, _)| option)
                .find_map(|(name, _, from)| since(from, &format!("`{name}` of a subscription"), name, cx))
        })
    }

    /// The options that differ from `old`.
    fn words(&self, old: &Self, cx: &Cx<'_>) -> Vec<String> {
        let usual = |word: &str| match word {
            "slot_name" => sql::literal(cx.at.key()),
            _ if cx.server.version.at_least(18) => "parallel".to_owned(),
            _ => "off".to_owned(),
        };
        let pairs = self.options().into_iter().zip(old.options()).filter(|(new, old)| new != old);
        pairs
            .map(|((word, value, _), _)| format!("{word} = {}", if value == "default" { usual(word) } else { value }))
            .collect()
    }

    /// The connection string to send, and what to show in its place.
    fn connection_text(&self) -> Option<[String; 2]> {
        let source = self.connection.as_ref()?;
        // A secret that is not there was refused before.
        let text = source.resolve().ok()?;
        Some([sql::literal(text.expose_secret()), sql::literal(&source.to_string())])
    }
}

impl Kind for Subscription {
    const NAME: KindName = KindName("subscription");
    const NOUN: &'static str = "subscription";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "subscriptions", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 6100,
        identity: Identity::Plain,
        rebuildable: false,
        renames: true,
        owner: true,
        comment: true,
        last: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_subscription");

    fn catalog(server: PgVersion) -> Option<String> {
        let from =
            |version: u32, column: &str| if server.at_least(version) { format!(", {column}") } else { String::new() };
        let streaming = if server.at_least(16) {
            format!(
                "case s.substream when {} then null when 't' then 'on' when 'p' then 'parallel' else 'off' end",
                if server.at_least(18) { "'p'" } else { "'f'" }
            )
        } else {
            "case when s.substream then 'on' end".to_owned()
        };
        // Only superusers may read the connection string, and naming the column is enough to be refused: so it is named
        // in a text that is run only where it may be read.
        Some(format!(
            "select s.oid, s.subname as key, s.subowner::regrole::text as owner, s.subpublications as publications,
                    s.subenabled as enabled,
                    case when s.subslotname is null then 'none' when s.subslotname <> s.subname then s.subslotname::text
                         end as slot,
                    s.subbinary as binary, {streaming} as streaming, s.subsynccommit as synchronous_commit,
                    convert_from(decode(substring(
                        case when has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'select')
                             then query_to_xml('select encode(convert_to(subconninfo, ''UTF8''), ''hex'') as v
                                                from pg_catalog.pg_subscription where oid = ' || s.oid,
                                               false, false, '')::text end
                        from '<v>(.*)</v>'), 'hex'), 'UTF8') as live_connection
                    {}{}{}{}{}{}
             from pg_subscription s
             where s.subdbid = (select d.oid from pg_database d where d.datname = current_database())
             order by s.subname",
            from(15, "s.subtwophasestate <> 'd' as two_phase"),
            from(15, "s.subdisableonerr as disable_on_error"),
            from(16, "s.subpasswordrequired as password_required"),
            from(16, "s.subrunasowner as run_as_owner"),
            from(16, "s.suborigin as origin"),
            from(17, "s.subfailover as failover"),
        ))
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(mut spec) = desired.spec::<Self>(&at).cloned() else { continue };
            spec.slot = spec.slot.filter(|s| s != at.key());
            desired.set(&at, spec);
        }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        if let Some(late) = self.late(cx) {
            return Some(late);
        }
        if self.connection.is_none() && !cx.live.contains(cx.at) {
            let problem = Problem::new(Code::Refused, format!("subscription `{}` says no connection", cx.at.key()));
            return Some((
                problem.help("write the connection string, or `connection: { env: NAME }` where a password is in it"),
                "connection",
            ));
        }
        Some((self.connection.as_ref()?.resolve().err()?, "connection"))
    }

    /// The connection string where no password is in it, else `{ env: FEED_CONNECTION }`: a variable for whoever builds
    /// another database.
    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        for at in state.of_kind(Self::NAME) {
            let Some(mut spec) = state.spec::<Self>(&at).cloned() else { continue };
            let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
            let name: String = at.key().chars().map(plain).chain("_CONNECTION".chars()).collect();
            let plain = spec.live_connection.as_ref().and_then(Connection::of);
            spec.connection = Some(plain.unwrap_or(Connection::Secret(Source::Env(name))));
            state.set(&at, spec);
        }
    }

    fn located(&self, dir: &Path) -> Option<Self> {
        let connection = self.connection.as_ref()?.located(dir);
        Some(Self { connection: Some(connection), ..self.clone() })
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let words = [vec!["connect = false".to_owned()], self.words(&Self::bare(), cx)].concat();
        let statement = |connection: &str| {
            format!(
                "create subscription {} connection {connection} publication {} with ({})",
                cx.name(),
                sql::idents(&self.publications),
                words.join(", ")
            )
        };
        let [sent, shown] = self.connection_text().unwrap_or_default();
        let enable = self.enabled.then(|| enable(cx));
        [says(statement(&sent), statement(&shown))].into_iter().chain(enable).collect()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { connection: _, publications, enabled, two_phase, failover, .. } = self;
        if *two_phase != old.two_phase || *failover != old.failover {
            let message = format!("subscription `{}`: `two_phase` and `failover` belong to its slot too", cx.at.key());
            let help = "PostgreSQL changes them only with the publisher at hand: use `alter subscription` yourself";
            return Alter::Refuse(Problem::new(Code::Refused, message).help(help));
        }
        let alter = |what: &str| Step::new(format!("alter subscription {} {what}", cx.name()));
        let mut steps = Vec::new();
        if old.enabled && !enabled {
            steps.push(alter("disable").hazard(HazardClass::Breaking, "changes no longer arrive"));
        }
        if let Some([sent, shown]) = self.connection_text().filter(|_| !self.has_connection(old)) {
            steps.push(says(alter(&format!("connection {sent}")).sql, alter(&format!("connection {shown}")).sql));
        }
        if *publications != old.publications {
            steps.push(alter(&format!("set publication {} with (refresh = false)", sql::idents(publications))));
        }
        let words = self.words(old, cx);
        if !words.is_empty() {
            steps.push(alter(&format!("set ({})", words.join(", "))));
        }
        if *enabled && !old.enabled {
            steps.push(enable(cx));
        }
        Alter::InPlace(steps)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let alter = |what: &str| Step::new(format!("alter subscription {} {what}", cx.name()));
        let mut steps = Vec::new();
        if self.enabled {
            steps.push(alter("disable"));
        }
        if self.slot.as_deref() != Some(NONE) {
            let slot = self.slot.as_deref().unwrap_or(cx.at.key());
            let lost = format!("slot `{slot}` stays at the publisher and holds its log back until it is dropped there");
            steps.push(alter("set (slot_name = none)").hazard(HazardClass::Data, lost));
        }
        steps.push(
            Step::new(format!("drop subscription {}", cx.name()))
                .hazard(HazardClass::Breaking, "changes no longer arrive"),
        );
        steps
    }
}

impl Subscription {
    /// What `create subscription` makes where no option is given.
    fn bare() -> Self {
        Self {
            connection: None,
            publications: Vec::new(),
            enabled: false,
            slot: None,
            binary: false,
            streaming: None,
            synchronous_commit: off(),
            two_phase: false,
            disable_on_error: false,
            password_required: true,
            run_as_owner: false,
            origin: any(),
            failover: false,
            live_connection: None,
        }
    }
}

/// A statement, and what to show of it where that is something else.
fn says(sent: String, shown: String) -> Step {
    let same = sent == shown;
    let step = Step::new(sent);
    if same { step } else { step.shown(shown) }
}

fn enable(cx: &Cx<'_>) -> Step {
    Step::new(format!("alter subscription {} enable", cx.name()))
}
