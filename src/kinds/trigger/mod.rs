//! A trigger. See <https://www.postgresql.org/docs/current/sql-createtrigger.html>.
//!
//! The clones that a partitioned table's trigger has on the partitions belong to it and are not listed.

mod call;
mod event;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

pub use call::Call;
pub use event::{Event, Events};

use super::column::Column;
use super::extension_dependency::depends_again;
use super::part::catalog::USER_SCHEMA;
use super::part::{Sql, is_default};
use super::table::Table;
use super::trigger_state::set_again;
use super::view::View;
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::names::Names;
use crate::kind::{
    Alter, Cx, Entry, Form, Home, Identity, Kind, RELATION, ROUTINE, References, Renaming, Rules, Under, demands,
};
use crate::model::{Act, Address, Demand, KindName, Lock, PgVersion, State, Step};
use crate::sql;

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// When it fires.
    pub timing: Timing,
    /// What fires it.
    pub events: Events,
    /// Once for each row, or once for the statement.
    #[serde(default, skip_serializing_if = "is_default")]
    pub each: Each,
    /// Fires only where this holds.
    #[serde(default, skip_serializing_if = "is_default", deserialize_with = "condition")]
    pub when: Option<Sql>,
    /// The function with its arguments: `shop.touch('note')`.
    pub execute: Call,
    /// A constraint trigger: it may wait for the end of the transaction.
    #[serde(default, skip_serializing_if = "is_default")]
    pub constraint: bool,
    /// May wait for the end of the transaction.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deferrable: bool,
    /// Waits for the end of the transaction unless set otherwise.
    #[serde(default, skip_serializing_if = "is_default")]
    pub initially_deferred: bool,
    /// The other table of a constraint trigger.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from: Option<String>,
    /// A name for the rows as they were before.
    #[serde(default, skip_serializing_if = "is_default")]
    pub old_table: Option<String>,
    /// A name for the rows as they are after.
    #[serde(default, skip_serializing_if = "is_default")]
    pub new_table: Option<String>,
    /// In which sessions it fires.
    #[serde(default, skip_serializing_if = "is_default")]
    pub enabled: Enabled,
}

/// When a trigger fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// Before the change.
    Before,
    /// After it.
    After,
    /// In its stead, on a view.
    InsteadOf,
}

/// How often a trigger fires.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Each {
    /// Once for each row.
    Row,
    /// Once for the statement.
    #[default]
    Statement,
}

/// In which sessions a trigger or a rule fires.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Enabled {
    /// In all but those that replay another server's changes.
    #[default]
    Origin,
    /// In none.
    Disabled,
    /// Only in those that replay.
    Replica,
    /// In all.
    Always,
}

impl Enabled {
    /// Returns the words of `alter table` before the noun `trigger` or `rule`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Origin => "enable",
            Self::Disabled => "disable",
            Self::Replica => "enable replica",
            Self::Always => "enable always",
        }
    }
}

/// Reads a condition. The catalog query returns the whole `create trigger` statement, because PostgreSQL prints a
/// condition with `old` and `new` only as a part of that; the condition is extracted from it.
fn condition<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sql>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let tokens = sql::tokens(&text);
    if !tokens.first().is_some_and(|t| t.is_word("create")) {
        return Ok(Some(Sql::new(&text)));
    }
    let when = tokens.iter().position(|t| t.is_word("when")).map_or(tokens.len(), |i| i + 1);
    let mut depth = 0_i32;
    for token in tokens.iter().skip(when) {
        depth += i32::from(token.is("(")) - i32::from(token.is(")"));
        if depth == 0 {
            return Ok(Some(Sql::new(&text[tokens[when].end()..token.start])));
        }
    }
    Ok(None)
}

impl Kind for Trigger {
    const NAME: KindName = KindName("trigger");
    const NOUN: &'static str = "trigger";
    const HOMES: &'static [Home] = &[Home {
        under: Under::Kinds(&[Table::NAME, View::NAME, KindName("foreign_table")]),
        key: "triggers",
        form: Form::Map,
    }];
    const RULES: Rules =
        Rules { class: 2620, identity: Identity::OnParent, renames: true, comment: true, ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_trigger where not tgisinternal");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            r"select t.oid, 1259 as parent_class, t.tgrelid as parent, t.tgname as key,
                    case when t.tgtype & 64 <> 0 then 'instead_of' when t.tgtype & 2 <> 0 then 'before'
                         else 'after' end as timing,
                    case when t.tgtype & 1 <> 0 then 'row' end as each,
                    array_remove(array[
                        case when t.tgtype & 4 <> 0 then 'insert' end,
                        case when t.tgtype & 16 <> 0 then 'update' || coalesce(' of ' || (
                            select string_agg(quote_ident(a.attname), ', ' order by k.o)
                            from unnest(t.tgattr::int2[]) with ordinality k(n, o)
                                 join pg_attribute a on a.attrelid = t.tgrelid and a.attnum = k.n), '') end,
                        case when t.tgtype & 8 <> 0 then 'delete' end,
                        case when t.tgtype & 32 <> 0 then 'truncate' end], null) as events,
                    case when t.tgqual is not null then pg_get_triggerdef(t.oid) end as when,
                    case when pn.nspname <> 'pg_catalog' then quote_ident(pn.nspname) || '.' else '' end
                        || quote_ident(p.proname) || '(' || coalesce((
                            select string_agg(quote_literal(convert_from(decode(replace(h, ' ', ''), 'hex'),
                                                            getdatabaseencoding())), ', ' order by o)
                            from regexp_split_to_table(regexp_replace(encode(t.tgargs, 'hex'), '(..)', '\1 ', 'g'), '00 ')
                                 with ordinality x(h, o)
                            where o <= t.tgnargs), '') || ')' as execute,
                    t.tgconstraint <> 0 as constraint, t.tgdeferrable as deferrable,
                    t.tginitdeferred as initially_deferred,
                    (select quote_ident(fn.nspname) || '.' || quote_ident(f.relname)
                     from pg_class f join pg_namespace fn on fn.oid = f.relnamespace
                     where f.oid = t.tgconstrrelid) as from,
                    t.tgoldtable as old_table, t.tgnewtable as new_table,
                    case t.tgenabled when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end as enabled
             from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
                  join pg_proc p on p.oid = t.tgfoid join pg_namespace pn on pn.oid = p.pronamespace
             where not t.tgisinternal and t.tgparentid = 0 and {USER_SCHEMA}
             order by n.nspname, c.relname, t.tgname"
        ))
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, register: &'static [Entry]) {
        let names = Names::of_slot(desired, register, ROUTINE);
        let all: Vec<Address> =
            desired.iter().map(|(at, _)| at).filter(|at| at.kind() == Self::NAME).cloned().collect();
        for at in all {
            let Some(trigger) = desired.spec::<Self>(&at) else { continue };
            let schema = at.top().key();
            let mut trigger = trigger.clone();
            trigger.execute.qualify(schema, |name| !names.at(ROUTINE, schema, name).is_empty());
            trigger.constraint |= trigger.deferrable || trigger.initially_deferred || trigger.from.is_some();
            trigger.deferrable |= trigger.initially_deferred;
            desired.set(&at, trigger);
        }
    }

    fn references(&self, at: &Address, out: &mut References) {
        out.name(ROUTINE, self.execute.function(), "execute");
        let table = at.parent().filter(|p| p.kind() == Table::NAME);
        for (table, column) in table.into_iter().flat_map(|t| self.events.columns().map(move |c| (t, c))) {
            out.object(table.child(Column::NAME, column), "events");
        }
        if let Some(from) = &self.from {
            out.name(RELATION, from, "from");
        }
        if let Some(when) = &self.when {
            out.expression(when.as_str(), "when");
        }
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        // The privilege `trigger` on its table suffices.
        if act == Act::Make { Vec::new() } else { demands::usual(act, cx) }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let create = if self.constraint { "create constraint trigger" } else { "create trigger" };
        self.made(create, cx)
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { constraint, enabled, timing: _, events: _, each: _, when: _, execute: _, .. } = self;
        let Self { deferrable: _, initially_deferred: _, from: _, old_table: _, new_table: _, .. } = self;
        if (Self { enabled: old.enabled, ..self.clone() }) == *old {
            return Alter::InPlace([enable(*enabled, cx)].into_iter().chain(set_again(cx)).collect());
        }
        if *constraint || old.constraint {
            return Alter::Replace("PostgreSQL has no `create or replace` for a constraint trigger".to_owned());
        }
        let made = self.made("create or replace trigger", cx);
        Alter::InPlace(made.into_iter().chain(depends_again(cx)).collect())
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("drop {}", cx.target())).lock(Lock::AccessExclusive)]
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        let sql = format!("alter {} rename to {}", cx.target(), sql::ident(to));
        vec![Step::new(sql).lock(Lock::AccessExclusive)]
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.events.follow(renaming);
        self.when.iter_mut().for_each(|w| w.follow(renaming));
        self.execute.follow(renaming);
    }

    fn check(&self, at: &Address, _desired: &State) -> Vec<(Problem, &'static str)> {
        let mut out = Vec::new();
        let on_view = at.parent().is_some_and(|p| p.kind() == View::NAME);
        if self.timing == Timing::InsteadOf && (!on_view || self.each != Each::Row) {
            let problem = Problem::new(Code::WrongType, "`instead_of` is for each row of a view");
            out.push((problem.help("write `each: row` on a view, or another `timing`"), "timing"));
        }
        if self.constraint && (self.timing != Timing::After || self.each != Each::Row) {
            let problem = Problem::new(Code::WrongType, "a constraint trigger fires after, for each row");
            out.push((problem.help("write `timing: after` and `each: row`"), "timing"));
        }
        if on_view && self.enabled != Enabled::Origin {
            let problem = Problem::new(Code::WrongType, "PostgreSQL can't switch a trigger on a view");
            out.push((problem.help("remove `enabled`"), "enabled"));
        }
        out
    }
}

impl Trigger {
    /// Returns the statement that begins with `create`, and the one that says in which sessions the trigger fires.
    fn made(&self, create: &str, cx: &Cx<'_>) -> Vec<Step> {
        let timing = match self.timing {
            Timing::Before => "before",
            Timing::After => "after",
            Timing::InsteadOf => "instead of",
        };
        let table = cx.parent().identity();
        let mut sql = format!("{create} {} {timing} {} on {table}", cx.name(), self.events.words());
        if let Some(from) = &self.from {
            sql += &format!(" from {from}");
        }
        if self.deferrable {
            sql += if self.initially_deferred { " deferrable initially deferred" } else { " deferrable" };
        }
        let transition = |word: &str, name: &Option<String>| {
            name.as_ref().map(|n| format!(" {word} table as {}", sql::ident(n))).unwrap_or_default()
        };
        if self.old_table.is_some() || self.new_table.is_some() {
            sql += &format!(" referencing{}{}", transition("old", &self.old_table), transition("new", &self.new_table));
        }
        sql += if self.each == Each::Row { " for each row" } else { " for each statement" };
        if let Some(when) = &self.when {
            sql += &format!(" when ({when})");
        }
        sql += &format!(" execute function {}", self.execute);
        let step = Step::new(sql).lock(Lock::ShareRowExclusive);
        let enable = (self.enabled != Enabled::Origin).then(|| enable(self.enabled, cx));
        [step].into_iter().chain(enable).chain(set_again(cx)).collect()
    }
}

/// Returns the statement that says in which sessions the trigger fires.
fn enable(enabled: Enabled, cx: &Cx<'_>) -> Step {
    let table = cx.parent().identity();
    Step::new(format!("alter table {table} {} trigger {}", enabled.words(), cx.name())).lock(Lock::ShareRowExclusive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_condition_is_found_in_a_deparsed_statement() {
        let read = |text: &str| condition(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text));
        let definition = "CREATE TRIGGER \"a WHEN (b)\" BEFORE UPDATE ON s.t FOR EACH ROW \
                          WHEN (((old.a = ')'::text) OR (new.b > 0))) EXECUTE FUNCTION s.f('WHEN (x)')";
        let when = read(definition).expect("read").expect("a condition");
        assert_eq!(when.as_str(), "((old.a = ')'::text) OR (new.b > 0))");
        assert_eq!(read("new.a > 0").expect("read"), Some(Sql::new("new.a > 0")));
    }
}
