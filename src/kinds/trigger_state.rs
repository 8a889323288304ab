//! In which sessions a trigger fires that a partition has from the table above, where that is another matter there.
//!
//! See <https://www.postgresql.org/docs/current/sql-altertable.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::FOREIGN_TABLE;
use super::part::catalog::USER_SCHEMA;
use super::table::{Table, is_sprung_from, parents};
use super::trigger::{Enabled, Trigger};
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Identity, Kind, Rules, Under};
use crate::model::{Address, KindName, Lock, PgVersion, State, Step};

/// The state of a trigger in a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerState {
    /// `origin`, `disabled`, `replica` or `always`.
    pub enabled: Enabled,
}

impl Kind for TriggerState {
    const NAME: KindName = KindName("trigger_state");
    const NOUN: &'static str = "trigger";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Table::NAME, FOREIGN_TABLE]), key: "trigger_states", form: Form::Map }];
    const RULES: Rules = Rules { identity: Identity::OnParent, short_field: Some("enabled"), ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_trigger where tgparentid <> 0");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select 0::oid as oid, 1259 as parent_class, t.tgrelid as parent, t.tgname as key,
                    case t.tgenabled when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always'
                         else 'origin' end as enabled
             from pg_trigger t join pg_trigger a on a.oid = t.tgparentid
                  join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
             where t.tgenabled <> a.tgenabled and t.tgname !~ '^RI_' and {USER_SCHEMA}
             order by t.tgrelid, t.tgname"
        ))
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let needed = [trigger_above(cx.at, cx.desired), state_above(cx.at, cx.desired)];
        let set = self.set(cx).needs(needed.into_iter().flatten());
        [set].into_iter().chain(set_again(cx)).collect()
    }

    fn alter(&self, _old: &Self, cx: &Cx<'_>) -> Alter {
        Alter::InPlace(self.create(cx))
    }

    /// It fires again where the one above does.
    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let state = state_above(cx.at, cx.desired).and_then(|at| cx.desired.spec::<Self>(&at)).map(|s| s.enabled);
        let trigger = || Some(cx.desired.spec::<Trigger>(&trigger_above(cx.at, cx.desired)?)?.enabled);
        state.or_else(trigger).map_or_else(Vec::new, |enabled| Self { enabled }.create(cx))
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        if trigger_above(at, desired).is_some() {
            return Vec::new();
        }
        let message = format!("no table above {} has a trigger `{}`", at.parent().unwrap_or(at), at.key());
        let help = "say `enabled` of a trigger of its own under `triggers`";
        vec![(Problem::new(Code::Dangling, message).help(help), "enabled")]
    }
}

impl TriggerState {
    fn set(&self, cx: &Cx<'_>) -> Step {
        let table = cx.parent().identity();
        let sql = format!("alter table {table} {} trigger {}", self.enabled.words(), cx.name());
        Step::new(sql).lock(Lock::ShareRowExclusive)
    }
}

/// What sets the states below a trigger, or a state of it, that are to stay: PostgreSQL gives a partition the state of
/// what is above it whenever that is set, and its usual state when the trigger is replaced.
pub fn set_again(cx: &Cx<'_>) -> Vec<Step> {
    let Some(table) = cx.at.parent() else { return Vec::new() };
    let stays = |at: &Address| {
        let there = cx.live.spec::<TriggerState>(at);
        there.is_some() && there == cx.desired.spec::<TriggerState>(at)
    };
    let below = |at: &Address| at.parent().is_some_and(|t| is_sprung_from(t, table, cx.desired));
    let mut states = cx.desired.of_kind(TriggerState::NAME);
    states.retain(|at| at.key() == cx.at.key() && below(at) && stays(at));
    // What is set below one of them comes after it.
    states.sort_by_key(|at| std::iter::successors(Some(at.clone()), |at| state_above(at, cx.desired)).count());
    states.iter().filter_map(|at| Some(cx.desired.spec::<TriggerState>(at)?.set(&cx.at(at)))).collect()
}

/// The state that a table above has of its own, the nearest one.
fn state_above(at: &Address, state: &State) -> Option<Address> {
    let above = parents(at.parent()?, state).into_iter().next()?.child(TriggerState::NAME, at.key());
    if state.contains(&above) { Some(above) } else { state_above(&above, state) }
}

/// The trigger of that name that the nearest table above declares.
fn trigger_above(at: &Address, state: &State) -> Option<Address> {
    let mut table = at.parent()?.clone();
    while let Some(above) = parents(&table, state).into_iter().next() {
        let trigger = above.child(Trigger::NAME, at.key());
        if state.contains(&trigger) {
            return Some(trigger);
        }
        table = above;
    }
    None
}
