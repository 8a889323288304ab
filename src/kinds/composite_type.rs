//! A composite type. See <https://www.postgresql.org/docs/current/rowtypes.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::attribute::Attribute;
use super::column::Column;
use super::domain::Domain;
use super::enum_type::PRIVILEGES;
use super::part::catalog::{TYPE_COLUMNS, USER_SCHEMA};
use super::part::convert::{Conversion, convert, needs_text, text_of};
use super::schema::Schema;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, Cx, Form, Home, Kind, RELATION, Rules, TYPE, Under};
use crate::model::{Address, KindName, PgVersion, State, Step};
use crate::sql;

/// A composite type: its attributes are objects of their own.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CompositeType {
    /// `alter type` can't make of it what is wanted: another order of its attributes, or other types of them while
    /// columns hold values. Only a live type says so.
    #[serde(skip)]
    pub stale: bool,
}

impl Kind for CompositeType {
    const NAME: KindName = KindName("composite_type");
    const NOUN: &'static str = "type";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "composites", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1247,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[TYPE, RELATION],
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_class where relkind = 'c' and oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select {TYPE_COLUMNS}
             from pg_type t join pg_class c on c.oid = t.typrelid and c.relkind = 'c'
                  join pg_namespace n on n.oid = t.typnamespace
             where {USER_SCHEMA}
             order by n.nspname, t.typname"
        ))
    }

    fn foresee(live: &mut State, desired: &State) {
        let stale = |at: &Address| desired.contains(at) && is_stale(at, live, desired);
        for at in live.of_kind(Self::NAME).into_iter().filter(stale).collect::<Vec<_>>() {
            live.set(&at, Self { stale: true });
        }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let attributes = attributes(cx.at, cx.desired);
        let lines: Vec<String> =
            attributes.iter().map(|(at, a)| format!("\n    {}", a.definition(&cx.at(at)))).collect();
        let end = if lines.is_empty() { "" } else { "\n" };
        let sql = format!("create type {} as ({}{end})", cx.identity(), lines.join(","));
        vec![Step::new(sql).speaks_for(attributes.into_iter().map(|(at, _)| at.clone()))]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { stale: _ } = self;
        if !old.stale {
            return Alter::InPlace(Vec::new());
        }
        let held = holders(cx.at, cx.live);
        if held.is_empty() {
            return Alter::Replace("PostgreSQL can't put its attributes in another order".to_owned());
        }
        if let Some(column) = held.iter().find(|c| !cx.live.uses(c).contains(cx.at)) {
            let message = format!("{} must be made anew, but {column} holds it within another type", cx.at);
            let help = "make a type of another name, and move the columns over";
            return Alter::Refuse(Problem::new(Code::Refused, message).help(help));
        }
        let [create] = <[Step; 1]>::try_from(self.create(cx)).expect("one statement makes a composite type");
        let lost: Vec<String> = gone(cx.at, cx).iter().map(|at| format!("`{}`", at.key())).collect();
        let risk = format!("drops what columns of the type hold in {}", lost.join(", "));
        let risk = if lost.is_empty() { "fails where a value has no place in the new type" } else { &risk };
        let query = row_of_old(cx);
        let by = Conversion { create: &create, through: None, between: None, cast: Some(&query), risk: Some(risk) };
        convert(cx, by).map_or_else(Alter::Refuse, Alter::InPlace)
    }
}

fn attributes<'a>(at: &Address, state: &'a State) -> Vec<(&'a Address, &'a Attribute)> {
    state.children_of::<Attribute>(at, Attribute::NAME)
}

/// The live attributes that are not wanted.
fn gone<'a>(at: &Address, cx: &Cx<'a>) -> Vec<&'a Address> {
    attributes(at, cx.live).into_iter().map(|(a, _)| a).filter(|a| !cx.desired.contains(a)).collect()
}

/// True where the attributes, each changed on its own, would not be those that are wanted.
fn is_stale(at: &Address, live: &State, desired: &State) -> bool {
    let (old, new) = (attributes(at, live), attributes(at, desired));
    let stays = old.iter().map(|(a, _)| *a).filter(|a| desired.contains(a));
    let comes = new.iter().map(|(a, _)| *a).filter(|a| !live.contains(a));
    let reordered = !stays.chain(comes).eq(new.iter().map(|(a, _)| *a));
    let retyped = new.iter().any(|(a, wanted)| live.spec::<Attribute>(a).is_some_and(|there| there != *wanted));
    reordered || retyped && !holders(at, live).is_empty()
}

/// The columns that hold values of a type, within other types too.
fn holders(at: &Address, live: &State) -> Vec<Address> {
    let mut seen = vec![at.clone()];
    let mut columns = Vec::new();
    let mut next = 0;
    while let Some(used) = seen.get(next).cloned() {
        next += 1;
        for (user, _) in live.edges().filter(|(user, to)| **to == used && !user.is_within(to)) {
            if live.spec::<Column>(user).is_some() {
                columns.push(user.clone());
            }
            let holder = if user.kind() == Attribute::NAME { user.parent().unwrap_or(user) } else { user };
            let is_type = holder.kind() == CompositeType::NAME || holder.kind() == Domain::NAME;
            if is_type && !seen.contains(holder) {
                seen.push(holder.clone());
            }
        }
    }
    columns.sort();
    columns.dedup();
    columns
}

/// The query that makes a value of the type from one of the old, `$1`.
fn row_of_old(cx: &Cx<'_>) -> String {
    let value = |(at, wanted): &(&Address, &Attribute)| {
        let to = &wanted.data_type;
        let Some(there) = cx.live.spec::<Attribute>(at) else { return format!("null::{to}") };
        let name = sql::ident(at.key());
        let way = if needs_text(&there.data_type, to, cx) { text_of(to) } else { "" };
        if there.data_type == *to { format!("($1).{name}") } else { format!("($1).{name}{way}::{to}") }
    };
    let values: Vec<String> = attributes(cx.at, cx.desired).iter().map(value).collect();
    format!("select row({})::{}", values.join(", "), cx.identity())
}
