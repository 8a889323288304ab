//! A column of a table. See <https://www.postgresql.org/docs/current/sql-createtable.html>.
//!
//! The short form is what stands after the name in `create table`: `bigint not null default 0`. `serial` and its
//! siblings become the integer, the default and the sequence that PostgreSQL makes of them.

mod attributes;
mod default;
mod generated;
mod identity;
mod inherited;
mod local;
mod nulls;
mod own_not_null;
mod position;
mod release;
mod retype;
mod rewrite;
mod row_type;
mod serial;
mod short;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use identity::{Identity, Mode, OwnSequence};
use identity::{own_sequence, sequence_name};
pub use inherited::{Inherited, above, below, column_above, has_order_of_its_own, is_own};
pub use local::joins_again;
use own_not_null::OwnNotNull;
pub use own_not_null::is_handed_down;
pub use position::Handover;
pub use serial::sequence_of;

use super::not_null::{self, named_at};
use super::part::catalog::USER_SCHEMA;
use super::part::stored::{self, OfType};
use super::part::{FOREIGN_TABLE, Parameters, QualifiedName, Sql, TypeName, constant, is_default, since};
use super::table::{Table, is_made_anew, leaving_below, sprung_from};
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::kind::picture::Mark;
use crate::kind::{
    Alter, COLLATION, Cx, Entry, Form, Home, Identity as Naming, Kind, Misfit, Privileges, References, Renaming, Rules,
    Under,
};
use crate::kinds::primary_key;
use crate::model::{Address, HazardClass, KindName, Lock, PgVersion, State, Step};
use crate::sql;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its data type; absent for a column that comes from a table above.
    #[serde(rename = "type", default = "TypeName::absent", skip_serializing_if = "TypeName::is_absent")]
    pub data_type: TypeName,
    /// Refuses nulls; from PostgreSQL 18 on, where a column above does, it does so by itself too.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_null: bool,
    /// Its collation, where it is not the type's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub collation: Option<QualifiedName>,
    /// Its default expression.
    #[serde(default, skip_serializing_if = "is_default")]
    pub default: Option<Sql>,
    /// Numbers from a sequence of its own.
    #[serde(default, skip_serializing_if = "is_default")]
    pub identity: Option<Identity>,
    /// Computed from other columns by this expression.
    #[serde(default, skip_serializing_if = "is_default")]
    pub generated: Option<Sql>,
    /// The computed value is stored; before PostgreSQL 18 it must be.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stored: bool,
    /// How large values are stored: `plain`, `external`, `extended`, `main`; the type's own way when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("examples" = ["plain", "external", "extended", "main"]))]
    pub storage: Option<String>,
    /// How the type itself stores them.
    #[serde(default, skip_serializing)]
    pub live_storage: OfType,
    /// The sequence of its identity.
    #[serde(default, skip_serializing)]
    pub live_sequence: OwnSequence,
    /// How large values are compressed: `pglz` or `lz4`; the server's default when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    #[schemars(extend("examples" = ["pglz", "lz4"]))]
    pub compression: Option<String>,
    /// Detail of planner statistics, 0 to 10,000; the server's default when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub statistics: Option<u16>,
    /// Attributes of its own: `n_distinct`, `n_distinct_inherited`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Parameters,
    /// Whether it comes from a table above.
    #[serde(default, rename = "live_inherited", skip_serializing)]
    pub inherited: Inherited,
    /// Whether it refuses nulls by itself too.
    #[serde(default, skip_serializing)]
    pub live_own_not_null: OwnNotNull,
}

/// The privileges on a column.
pub const PRIVILEGES: Privileges = Privileges {
    noun: "column",
    plural: "columns",
    all: &[("select", 'r'), ("insert", 'a'), ("update", 'w'), ("references", 'x')],
    public: &[],
};

impl Kind for Column {
    const NAME: KindName = KindName("column");
    const NOUN: &'static str = "column";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Table::NAME, FOREIGN_TABLE]), key: "columns", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1259,
        identity: Naming::Dotted,
        rebuildable: false,
        holds_values: true,
        renames: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        visible: true,
        ..Rules::DEFAULT
    };

    fn catalog(server: PgVersion) -> Option<String> {
        Some(format!(
            "select a.attrelid as oid, a.attnum as sub, 1259 as parent_class, a.attrelid as parent, a.attname as key,
                    a.attnum as ordinal, a.attacl::text[] as acl,
                    case when a.attacl is not null then c.relowner::regrole::text end as owner,
                    format_type(a.atttypid, a.atttypmod) as type,
                    nullif(a.attnotnull, false) as not_null,
                    case when a.attcollation <> t.typcollation
                         then (select case when cn.nspname = 'pg_catalog' then quote_ident(co.collname)
                                           else quote_ident(cn.nspname) || '.' || quote_ident(co.collname) end
                               from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
                               where co.oid = a.attcollation) end as collation,
                    case when a.attgenerated = '' then pg_get_expr(d.adbin, 0) end as \"default\",
                    case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end as generated,
                    nullif(a.attgenerated = 's', false) as stored,
                    {},
                    case when a.attinhcount = 0 then null when a.attislocal then 'both' else 'above' end
                      as live_inherited,
                    {} as live_own_not_null,
                    {}
             from pg_attribute a
                  join pg_class c on c.oid = a.attrelid
                  join pg_namespace n on n.oid = c.relnamespace
                  join pg_type t on t.oid = a.atttypid
                  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                  left join ({}) s on s.owner = a.attrelid and s.owner_column = a.attnum
                                   and a.attidentity <> '' and not c.relispartition
             where c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped and {USER_SCHEMA}
             order by a.attrelid, a.attnum",
            stored::fields(),
            own_not_null::field(server),
            identity::fields(),
            identity::SEQUENCES
        ))
    }

    fn short(text: &str) -> Option<Result<Self, Problem>> {
        Some(short::read(text))
    }

    fn shorten(&self) -> Option<String> {
        short::write(self)
    }

    fn complete(desired: &mut State, problems: &mut Diagnostics, _register: &'static [Entry]) {
        serial::expand(desired, problems);
        identity::imply_not_null(desired);
        inherited::complete(desired);
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        inherited::before_raise(state);
        serial::compact(state);
    }

    fn renamed_with(live: &State, from: &Address, to: &Address) -> Vec<(Address, Address)> {
        let of_heir = |heir: &Address| (heir.child(Self::NAME, from.key()), heir.child(Self::NAME, to.key()));
        let heirs = from.parent().map_or_else(Vec::new, |table| sprung_from(table, live));
        heirs.iter().map(of_heir).collect()
    }

    fn foresee(live: &mut State, desired: &State) {
        local::foresee(live, desired);
        inherited::foresee(live, desired);
    }

    fn spelled(&self, stored: &Self) -> Option<Self> {
        let there = (stored.default.as_ref(), &stored.data_type);
        let default = constant::as_stored((self.default.as_ref()?, &self.data_type), there)?;
        Some(Self { default: Some(default), ..self.clone() })
    }

    fn kept(&self, declared: &Self) -> Option<Self> {
        let Self { inherited, live_own_not_null, .. } = *declared;
        let is_all = inherited.is_just(self.inherited) && live_own_not_null.is_just(self.live_own_not_null);
        (!is_all).then(|| Self { inherited, live_own_not_null, ..self.clone() })
    }

    fn carry(&mut self, stored: &Self) {
        self.inherited = stored.inherited;
        self.live_own_not_null = stored.live_own_not_null;
    }

    /// A generated column can be rebuilt, as its values are computed again.
    fn rebuildable(&self) -> bool {
        self.generated.is_some()
    }

    fn references(&self, at: &Address, out: &mut References) {
        self.data_type.reference(out, "type");
        if let Some(collation) = &self.collation {
            collation.reference(COLLATION, out, "collation");
        }
        if let Some(default) = &self.default {
            out.expression(default.as_str(), "default");
        }
        if let Some(generated) = &self.generated {
            out.row_expression(generated.as_str(), at.parent(), Self::NAME, "generated");
        }
    }

    fn check(&self, at: &Address, desired: &State) -> Vec<(Problem, &'static str)> {
        let wrong = |message: String, help: String| Problem::new(Code::WrongType, message).help(help);
        let given = [
            ("default", self.default.is_some()),
            ("identity", self.identity.is_some()),
            ("generated", self.generated.is_some()),
        ];
        let given: Vec<&str> = given.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect();
        let mut problems = Vec::new();
        if self.data_type.is_absent() {
            let help = "write `type: …`".to_owned();
            problems.push((wrong("missing key `type`".to_owned(), help), "type"));
        }
        if let Some(above) = inherited::column_above(at, desired).filter(|above| above.data_type != self.data_type) {
            let message =
                format!("the column is `{}` here and `{}` in the table above", self.data_type, above.data_type);
            problems.push((
                wrong(message, "write the same type, or none, or give the column another name".to_owned()),
                "type",
            ));
        }
        if self.compression.is_some() && at.parent().is_some_and(|table| table.kind() == FOREIGN_TABLE) {
            let message = "the values of a foreign table are not compressed here".to_owned();
            problems.push((wrong(message, "remove `compression`".to_owned()), "compression"));
        }
        if let [first, second, ..] = given.as_slice() {
            let message = format!("a column has one of `{first}` and `{second}`");
            problems.push((wrong(message, "remove one of them".to_owned()), *second));
        }
        problems.extend(self.stored().check());
        problems
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let computed = self.generated.is_some() && !self.stored;
        let (problem, field) =
            computed.then(|| since(18, "generated columns that are not stored", "generated", cx))??;
        Some((problem.help("write `stored: true` beside it"), field))
    }

    fn draw(&self, _at: &Address) -> Option<Mark> {
        Some(Mark::Line { data_type: self.data_type.to_string(), not_null: self.not_null || self.identity.is_some() })
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let table = cx.parent().identity();
        let named = not_null::added_with(cx);
        let words = named.as_ref().map_or_else(String::new, |(_, words)| format!(" {words}"));
        let step = Step::new(format!("alter table {table} add column {}{words}", self.definition(cx)))
            .lock(Lock::AccessExclusive)
            .speaks_for(named.iter().map(|(at, _)| at.clone()));
        let step = if self.rewrites(cx) { step.hazard(HazardClass::Rewrite, "rewrites the table") } else { step };
        if cx.parent_is_new() {
            return vec![step];
        }
        let mut steps = row_type::add(self, cx).unwrap_or_else(|| match &named {
            Some((at, _)) => not_null::after_name_is_free(at, step, cx),
            None => vec![step],
        });
        steps.extend(self.attribute_steps(None, cx));
        let stays = |at: &Address| at.parent().is_none_or(|t| !is_made_anew(t, cx.live, cx.desired));
        let added = local::added_below(cx);
        let mut below = inherited::below(cx.at, cx.desired);
        below.retain(|at| cx.live.contains(at) && stays(at) && !local::comes_with(at, &added, cx));
        for at in &below {
            let (Some(column), cx) = (cx.desired.spec::<Self>(at), cx.at(at)) else { continue };
            let Some(above) = inherited::column_above(at, cx.desired) else { continue };
            let Alter::InPlace(more) = column.alter(&above.as_inherited(), &cx) else { continue };
            steps.extend(more);
        }
        let mut warning = self.lacks_values(cx);
        let first = [leaving_below(cx), added].concat();
        let whole = |s: Step| s.speaks_for(below.iter().cloned()).needs(first.clone()).warns(warning.take());
        steps.into_iter().map(whole).collect()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self {
            data_type: _,
            not_null,
            collation: _,
            default,
            identity,
            generated,
            stored,
            storage: _,
            compression: _,
            statistics: _,
            live_storage: _,
            live_sequence: _,
            options: _,
            inherited,
            live_own_not_null: _,
        } = self;
        if generated != &old.generated || stored != &old.stored {
            return self.alter_generated(old, cx);
        }
        let mut steps = Vec::new();
        if *inherited != old.inherited {
            steps.extend(local::leave_and_join(cx));
        }
        let retyped = self.changes_type(old);
        let handover = Handover::of(cx.at, false, cx.live, cx.desired);
        let calls_what_goes = || release::calls_what_goes(cx) || handover.as_ref().is_some_and(Handover::is_from_owned);
        let calls_another = old.default != *default && calls_what_goes();
        let loses_default = old.default.is_some() && (default.is_none() || retyped || calls_another);
        let step = |what: &str| if retyped { self.joining_step(cx, what) } else { self.step(cx, what) };
        steps.extend(handover.iter().map(|handover| handover.note().frees().carries(cx.at)));
        if loses_default {
            steps.push(step("drop default").frees());
        }
        if old.identity.is_some() && identity.is_none() {
            steps.push(self.step(cx, "drop identity").frees().gives(sequence_name(cx.at, cx.live)));
        }
        if retyped {
            let holders = cx.at.parent().map_or_else(Vec::new, |table| row_type::holders(table, cx));
            steps.extend(row_type::around(&holders, self.type_step(old, cx), cx));
            steps.extend(super::extension_dependency::indexes_depend_again(cx));
        }
        match default {
            Some(default) if loses_default || old.default.as_ref() != Some(default) => {
                // The same statement about a column above sets this one, too.
                let set = step(&format!("set default {default}")).follows(inherited::above(cx.at, cx.desired));
                steps.push(if retyped { set } else { set.late() });
            }
            _ => {}
        }
        steps.extend(self.refuses_nulls(old, cx));
        if let Some(identity) = identity {
            let takes = sequence_name(cx.at, cx.desired);
            let alter = |what: &str| self.step(cx, what);
            let steps_of_identity =
                identity.steps(old.identity.as_ref(), own_sequence(cx).as_deref(), &alter).into_iter();
            let adds = old.identity.is_none();
            steps.extend(steps_of_identity.map(|s| if adds { s.takes(takes.clone()) } else { s }));
            if adds && handover.is_none() {
                steps.extend(position::after_rows(identity.options.is_ascending(), cx));
            }
        }
        steps.extend(handover.iter().map(|handover| handover.give().carries(cx.at)));
        if !*not_null && old.not_null {
            steps.push(self.step(cx, "drop not null").needs(primary_key::with_column(cx.at, cx.live)).late());
        }
        let above = inherited::above(cx.at, cx.desired);
        // A not-null constraint of a table above may first have to become `no inherit`.
        let kept = above.iter().filter_map(|at| Some(named_at(at, cx.desired)?.0.clone()));
        let above: Vec<Address> = above.iter().cloned().chain(kept).collect();
        // A change of type resets how values are stored.
        let afresh = Self { storage: None, compression: None, ..old.clone() };
        steps.extend(self.attribute_steps(Some(if retyped { &afresh } else { old }), cx));
        let leaving = leaving_below(cx);
        let waits = |s: Step| if s.frees { s } else { s.needs(above.iter().chain(&leaving).cloned()) };
        Alter::InPlace(steps.into_iter().map(waits).collect())
    }

    fn release(&self, old: &Self, used: &[Address], cx: &Cx<'_>) -> Option<Alter> {
        release::release(self, old, used, cx)
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let goes = |p: &Address| !cx.desired.contains(p) || inherited::is_computed_with(cx.at, p, cx);
        let falls = |p: &Address| cx.live.contains(p) && goes(p) && !inherited::leaves(cx.at, p, cx);
        let alone = |p: &Address| Self::goes_alone(p, cx);
        if self.inherited.is_from_above_only() && inherited::above(cx.at, cx.live).iter().any(|p| falls(p) && !alone(p))
        {
            return Vec::new(); // it goes with the one above
        }
        // A table must leave the one above, or its composite type, before it can drop a column that came from there.
        let came = matches!(self.inherited, Inherited::Above | Inherited::Both);
        let came = |t: &Address| came || cx.live.spec::<Table>(t).is_some_and(|t| t.of_type.is_some());
        let table_first = cx.at.parent().filter(|t| came(t) && cx.desired.contains(t)).cloned();
        // One that is its table's own too stays there, to be dropped by itself.
        let above = inherited::above(cx.at, cx.live).into_iter().filter(falls);
        let mut below = inherited::falling(cx.at, cx.live);
        below.retain(|at| !inherited::leaves(at, cx.at, cx));
        let stays = Self::goes_alone(cx.at, cx);
        let only = if stays { "only " } else { "" };
        let spoken = below.into_iter().filter(|_| !stays);
        let table = cx.parent().identity();
        let step = Step::new(format!("alter table {only}{table} drop column {}", cx.name()))
            .lock(Lock::AccessExclusive)
            .speaks_for(spoken)
            .needs(leaving_below(cx))
            .needs(table_first)
            .needs(above);
        // Dropping a generated column loses no data, unless it becomes a plain one: its values can be computed again.
        let loses = self.generated.is_none() || cx.desired.spec::<Self>(cx.at).is_some_and(|c| c.generated.is_none());
        vec![if loses { step.hazard(HazardClass::Data, "drops the column with its values") } else { step }]
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        let table = cx.parent().identity();
        let sql = format!("alter table {table} rename column {} to {}", cx.name(), sql::ident(to));
        let table = cx.at.parent().expect("a column has a table");
        let follows = self.sequence_follows(cx.at, &table.child(Self::NAME, to), cx);
        [Step::new(sql).lock(Lock::AccessExclusive)].into_iter().chain(follows).collect()
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.data_type.follow(renaming);
        self.collation.iter_mut().for_each(|c| c.follow(COLLATION, renaming));
        self.default.iter_mut().chain(&mut self.generated).for_each(|text| text.follow(renaming));
        let (from, to) = (renaming.from, renaming.to);
        if renaming.at.is_within(to) && self.has_usual_sequence(&renaming.at.moved(to, from), renaming.at) {
            self.live_sequence = OwnSequence(Some(sequence_of(renaming.at).key().to_owned()));
        }
    }
}

impl Column {
    /// Returns whether the identity sequence has the default name for a column at `from`, which is another than that
    /// for `to`.
    fn has_usual_sequence(&self, from: &Address, to: &Address) -> bool {
        let (old, new) = (sequence_of(from), sequence_of(to));
        self.live_sequence.0.as_deref() == Some(old.key()) && old.key() != new.key()
    }

    /// Returns a column with this type and nothing else.
    pub fn of_type(data_type: TypeName) -> Self {
        Self {
            data_type,
            not_null: false,
            collation: None,
            default: None,
            identity: None,
            generated: None,
            stored: false,
            storage: None,
            live_storage: OfType::default(),
            live_sequence: OwnSequence::default(),
            compression: None,
            statistics: None,
            options: Parameters::new(),
            inherited: Inherited::No,
            live_own_not_null: OwnNotNull::default(),
        }
    }

    /// Returns the column as written within the parentheses of `create table`.
    pub fn definition(&self, cx: &Cx<'_>) -> String {
        let mut sql = format!("{} {}", cx.name(), self.data_type);
        if let Some(collation) = &self.collation {
            sql += &format!(" collate {collation}");
        }
        if let Some(generated) = self.generated.as_ref().filter(|_| !self.is_computed_by_birth(cx)) {
            let stored = if self.stored { " stored" } else { " virtual" };
            sql += &format!(" generated always as ({generated}){stored}");
        }
        if let Some(identity) = &self.identity {
            sql += &format!(" {}", identity.definition(own_sequence(cx).as_deref()));
        }
        if let Some(default) = &self.default {
            sql += &format!(" default {}", default.as_default());
        }
        // A table that is created below others has it from there.
        let has_it = cx.parent_is_new() && self.live_own_not_null.is_only_above();
        if self.not_null && !has_it && named_at(cx.at, cx.desired).is_none() {
            sql += &not_null::words(cx);
        }
        sql
    }

    fn step(&self, cx: &Cx<'_>, what: &str) -> Step {
        let table = cx.parent().identity();
        Step::new(format!("alter table {table} alter column {} {what}", cx.name())).lock(Lock::AccessExclusive)
    }
}
