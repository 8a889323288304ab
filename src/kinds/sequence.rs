//! A sequence. See <https://www.postgresql.org/docs/current/sql-createsequence.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::{Column, Handover};
use super::owner::{Owner, follows_table, owner_after, owner_before};
use super::part::catalog::{RELATION_COLUMNS, USER_SCHEMA};
use super::part::sequence_options::{self, with_hazard};
use super::part::{FOREIGN_TABLE, SequenceOptions, TypeName, is_default, since};
use super::schema::Schema;
use super::table::{Table, is_made_anew};
use super::view::View;
use crate::diagnostic::Diagnostics;
use crate::kind::{
    Alter, Cx, Entry, Form, Home, Kind, Misfit, Privileges, RELATION, References, Renaming, Rules, Under,
};
use crate::model::{Address, HazardClass, KindName, PgVersion, State, Step};
use crate::sql;

/// A sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// `smallint`, `integer` or `bigint`.
    #[serde(rename = "type", default = "bigint", skip_serializing_if = "is_bigint")]
    pub data_type: TypeName,
    /// The first value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub start: Option<i64>,
    /// The step; 1 when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub increment: Option<i64>,
    /// The least value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min: Option<i64>,
    /// The greatest value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub max: Option<i64>,
    /// How many values a session caches; 1 when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cache: Option<i64>,
    /// Starts again after the last value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cycle: bool,
    /// Not written to the write-ahead log.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unlogged: bool,
    /// The column it falls with: `schema.table.column`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub owned_by: Option<String>,
}

/// The kinds whose columns may own sequences.
const OWNERS: [KindName; 3] = [Table::NAME, FOREIGN_TABLE, View::NAME];

fn bigint() -> TypeName {
    TypeName::parse("bigint").expect("bigint is a type")
}

fn is_bigint(data_type: &TypeName) -> bool {
    data_type.as_str() == "bigint"
}

/// What may be granted on a sequence.
pub const PRIVILEGES: Privileges = Privileges {
    noun: "sequence",
    plural: "sequences",
    all: &[("usage", 'U'), ("select", 'r'), ("update", 'w')],
    public: &[],
};

impl Sequence {
    /// A sequence of that type with PostgreSQL's own numbers.
    pub fn of_type(data_type: TypeName) -> Self {
        Self {
            data_type,
            start: None,
            increment: None,
            min: None,
            max: None,
            cache: None,
            cycle: false,
            unlogged: false,
            owned_by: None,
        }
    }

    fn options(&self) -> SequenceOptions {
        let Self { start, increment, min, max, cache, cycle, .. } = *self;
        SequenceOptions { start, increment, min, max, cache, cycle }
    }

    fn with_options(mut self, options: &SequenceOptions) -> Self {
        let SequenceOptions { start, increment, min, max, cache, cycle } = *options;
        (self.start, self.increment, self.min, self.max, self.cache, self.cycle) =
            (start, increment, min, max, cache, cycle);
        self
    }

    /// The statement that makes it logged or unlogged.
    pub fn set_logged(logged: bool, cx: &Cx<'_>) -> Step {
        Step::new(format!("alter sequence {} set {}", cx.identity(), if logged { "logged" } else { "unlogged" }))
    }

    /// The address of the column it falls with, if that is one of a table.
    pub fn owner_column(&self) -> Option<Address> {
        self.columns().next()
    }

    /// The address of the column it falls with, in a state that has its table, foreign table or view.
    pub fn column_in(&self, state: &State) -> Option<Address> {
        self.columns().find(|column| column.parent().is_some_and(|relation| state.contains(relation)))
    }

    /// The addresses that the column it falls with may have.
    fn columns(&self) -> impl Iterator<Item = Address> {
        let parts = self.owned_by.as_deref().and_then(sql::split_name);
        let parts: Option<[String; 3]> = parts.and_then(|parts| parts.try_into().ok());
        parts.into_iter().flat_map(|[schema, relation, column]| {
            let schema = Address::root(Schema::NAME, &schema);
            OWNERS.map(|kind| schema.child(kind, &relation).child(Column::NAME, &column))
        })
    }

    /// The statements that hand it over. A column that goes must not take it along, and while it falls with one it cannot
    /// get another owner.
    fn change_owner(&self, old: &Self, cx: &Cx<'_>) -> Vec<Step> {
        let column = old.column_in(cx.live);
        let goes = |at: &Address| cx.live.contains(at) && !cx.desired.contains(at);
        let leaves = column.iter().flat_map(with_relation).any(goes);
        let free = || Step::new(format!("alter sequence {} owned by none", cx.identity())).frees();
        let frees = self.owned_by.is_none() || column.is_some() && (leaves || self.heir(cx).is_some());
        frees.then(free).into_iter().chain(self.owned_by_steps(cx)).collect()
    }

    /// The statements that link it to its column, whose table must have the same owner by then.
    fn owned_by_steps(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Some(column) = &self.owned_by else { return Vec::new() };
        let at = self.column_in(cx.desired);
        let anew = at.as_ref().and_then(Address::parent).is_some_and(|t| is_made_anew(t, cx.live, cx.desired));
        let new = at.iter().flat_map(with_relation).filter(|at| anew || !cx.live.contains(at)).cloned();
        let table = at.as_ref().and_then(Address::parent).filter(|_| !follows_table(cx));
        let owners = table.into_iter().chain([cx.at]).map(|thing| thing.child(Owner::NAME, ""));
        let step =
            Step::new(format!("alter sequence {} owned by {column}", cx.identity())).needs(new.chain(owners)).late();
        let unsaid = self.heir(cx).filter(|_| !cx.desired.contains(&cx.at.child(Owner::NAME, "")));
        let hand = unsaid.map(|role| Step::new(format!("alter {} owner to {}", cx.target(), sql::ident(role))));
        hand.into_iter().chain([step]).collect()
    }

    /// The owner of its table, where that is another than its own.
    fn heir<'a>(&self, cx: &Cx<'a>) -> Option<&'a str> {
        let column = self.column_in(cx.desired)?;
        let heir = owner_after(column.parent()?, cx);
        (heir != owner_before(cx.at, cx)).then_some(heir)
    }
}

/// A column and what it is in.
fn with_relation(column: &Address) -> impl Iterator<Item = &Address> {
    column.parent().into_iter().chain([column])
}

impl Kind for Sequence {
    const NAME: KindName = KindName("sequence");
    const NOUN: &'static str = "sequence";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "sequences", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1259,
        falls_with_parent: false,
        rebuildable: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[RELATION],
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_class where relkind = 'S'");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(format!(
            "select {RELATION_COLUMNS},
                    c.relpersistence = 'u' as unlogged, format_type(s.seqtypid, null) as type,
                    (o.v->>'start')::bigint as start, (o.v->>'increment')::bigint as increment,
                    (o.v->>'min')::bigint as min, (o.v->>'max')::bigint as max, (o.v->>'cache')::bigint as cache,
                    (o.v->>'cycle')::boolean as cycle,
                    (select quote_ident(tn.nspname) || '.' || quote_ident(t.relname) || '.' || quote_ident(a.attname)
                     from pg_depend d join pg_class t on t.oid = d.refobjid join pg_namespace tn on tn.oid = t.relnamespace
                          join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
                     where d.classid = 1259 and d.objid = c.oid and d.refclassid = 1259 and d.deptype = 'a') as owned_by
             from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_sequence s on s.seqrelid = c.oid,
                  lateral (select {options} as v) o
             where {USER_SCHEMA}
               and c.oid not in (select d.objid from pg_depend d where d.classid = 1259 and d.deptype = 'i')
             order by n.nspname, c.relname",
            options = sequence_options::catalog("s.seqtypid"),
        ))
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(sequence) = desired.spec::<Self>(&at) else { continue };
            let options = sequence.options().normalised(sequence.data_type.as_str());
            let sequence = sequence.clone().with_options(&options);
            desired.set(&at, sequence);
        }
    }

    fn references(&self, _at: &Address, _out: &mut References) {
        // The column it falls with comes after: its default needs the sequence.
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        self.unlogged.then(|| since(15, "unlogged sequences", "unlogged", cx))?
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let unlogged = if self.unlogged { "unlogged " } else { "" };
        let mut sql = format!("create {unlogged}sequence {}", cx.identity());
        if !is_bigint(&self.data_type) {
            sql += &format!(" as {}", self.data_type);
        }
        for word in self.options().words() {
            sql += &format!(" {word}");
        }
        [Step::new(sql)].into_iter().chain(self.owned_by_steps(cx)).collect()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { data_type, unlogged, owned_by, start: _, increment: _, min: _, max: _, cache: _, cycle: _ } = self;
        let sequence = cx.identity();
        let mut words = Vec::new();
        if *data_type != old.data_type {
            words.push(format!("as {data_type}"));
        }
        words.extend(self.options().changes(&old.options()));
        let mut steps = Vec::new();
        if !words.is_empty() {
            let step = Step::new(format!("alter sequence {sequence} {}", words.join(" ")));
            steps.push(with_hazard(step, &words));
        }
        if *unlogged != old.unlogged {
            steps.push(Self::set_logged(!unlogged, cx));
        }
        if *owned_by != old.owned_by {
            steps.extend(self.change_owner(old, cx));
        }
        Alter::InPlace(steps)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        let moved = self.columns().find(|column| column.is_within(renaming.from));
        if let Some(column) = moved {
            self.owned_by = Some(sql::dotted(column.moved(renaming.from, renaming.to).path()));
        }
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let step = Step::new(format!("drop sequence {}", cx.identity()));
        let hands_over = |column: Address| {
            let anew = column.parent().is_some_and(|table| is_made_anew(table, cx.live, cx.desired));
            Handover::of(&column, anew, cx.live, cx.desired).is_some_and(|handover| handover.is_from(cx.at))
        };
        vec![if self.owner_column().is_some_and(hands_over) {
            step
        } else {
            step.hazard(HazardClass::Data, "drops the sequence with its position")
        }]
    }
}
