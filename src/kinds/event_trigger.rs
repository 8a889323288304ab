//! An event trigger. See <https://www.postgresql.org/docs/current/sql-createeventtrigger.html>.
//!
//! It is made after everything else: it would fire on the statements of the plan itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{is_default, since};
use super::trigger::{Call, Enabled};
use crate::diagnostic::Diagnostics;
use crate::kind::{
    Alter, Cx, Entry, Form, Home, Identity, Kind, Misfit, ROUTINE, References, Renaming, Rules, Under, demands,
};
use crate::model::{Act, Address, Demand, HazardClass, KindName, PgVersion, State, Step};
use crate::sql;

/// An event trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventTrigger {
    /// What fires it.
    pub on: Event,
    /// Only for these commands, such as `CREATE TABLE`; for all when empty.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tags: Vec<String>,
    /// The function: `shop.note_ddl()`.
    pub execute: Call,
    /// In which sessions it fires.
    #[serde(default, skip_serializing_if = "is_default")]
    pub enabled: Enabled,
}

/// What fires an event trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A command begins.
    DdlCommandStart,
    /// A command ends.
    DdlCommandEnd,
    /// A command has dropped something.
    SqlDrop,
    /// A table is about to be rewritten.
    TableRewrite,
    /// Somebody connects; from PostgreSQL 17 on.
    Login,
}

impl Event {
    fn word(self) -> &'static str {
        match self {
            Self::DdlCommandStart => "ddl_command_start",
            Self::DdlCommandEnd => "ddl_command_end",
            Self::SqlDrop => "sql_drop",
            Self::TableRewrite => "table_rewrite",
            Self::Login => "login",
        }
    }
}

impl Kind for EventTrigger {
    const NAME: KindName = KindName("event_trigger");
    const NOUN: &'static str = "event trigger";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "event_triggers", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 3466,
        identity: Identity::Plain,
        renames: true,
        owner: true,
        comment: true,
        watches: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_event_trigger");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select e.oid, e.evtname as key, e.evtowner::regrole::text as owner, e.evtevent as on, e.evttags as tags,
                    {} || '()' as execute,
                    case e.evtenabled when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end as enabled
             from pg_event_trigger e order by e.evtname",
            super::part::catalog::function("e.evtfoid")
        ))
    }

    /// PostgreSQL keeps the names of commands in capitals.
    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(mut spec) = desired.spec::<Self>(&at).cloned() else { continue };
            spec.tags.iter_mut().for_each(|t| *t = t.to_uppercase());
            desired.set(&at, spec);
        }
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.name(ROUTINE, self.execute.function(), "execute");
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        (self.on == Event::Login).then(|| since(17, "event `login`", "on", cx))?
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        if act == Act::Make { vec![Demand::Superuser] } else { demands::usual(act, cx) }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let tags: Vec<String> = self.tags.iter().map(|t| sql::literal(t)).collect();
        let when = if tags.is_empty() { String::new() } else { format!(" when tag in ({})", tags.join(", ")) };
        let sql =
            format!("create event trigger {} on {}{when} execute function {}", cx.name(), self.on.word(), self.execute);
        let state = (self.enabled != Enabled::Origin).then(|| self.state(cx));
        [Step::new(sql)].into_iter().chain(state).collect()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { on, tags, execute, enabled } = self;
        if (on, tags, execute) != (&old.on, &old.tags, &old.execute) {
            return Alter::Replace("PostgreSQL can't change what an event trigger fires on or calls".to_owned());
        }
        let step = self.state(cx);
        let off = *enabled == Enabled::Disabled;
        Alter::InPlace(vec![if off {
            step.hazard(HazardClass::Access, "what it guards against goes unseen")
        } else {
            step
        }])
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let lost = "what it guards against goes unseen";
        vec![Step::new(format!("drop {}", cx.target())).hazard(HazardClass::Access, lost)]
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.execute.follow(renaming);
    }
}

impl EventTrigger {
    fn state(&self, cx: &Cx<'_>) -> Step {
        let word = if self.enabled == Enabled::Disabled { "disable" } else { self.enabled.words() };
        Step::new(format!("alter event trigger {} {word}", cx.name()))
    }
}
