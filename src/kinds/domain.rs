//! A domain: a type with rules. See <https://www.postgresql.org/docs/current/sql-createdomain.html>.
//!
//! The short form is what stands after `as` in `create domain`: `text not null default ''`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::column::Column;
use super::domain_check::DomainCheck;
use super::enum_type::PRIVILEGES;
use super::part::catalog::{TYPE_COLUMNS, USER_SCHEMA};
use super::part::convert::{Conversion, convert};
use super::part::names::object_name;
use super::part::{QualifiedName, Sql, TypeName, constant, is_default, since};
use super::schema::Schema;
use crate::diagnostic::{Code, Problem};
use crate::kind::{Alter, COLLATION, Cx, Entry, Form, Home, Kind, Misfit, References, Renaming, Rules, TYPE, Under};
use crate::model::{Address, HazardClass, KindName, PgVersion, State, Step};
use crate::sql;

/// A domain.
#[derive(Debug, Clone, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// The type below it.
    #[serde(rename = "type")]
    pub data_type: TypeName,
    /// Refuses nulls.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_null: bool,
    /// The name of the constraint that refuses nulls; nobody's when absent. From PostgreSQL 17 on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_null_name: Option<String>,
    /// A comment on that constraint.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_null_comment: Option<String>,
    /// Its collation, where it is not the type's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub collation: Option<QualifiedName>,
    /// The default of columns that have none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub default: Option<Sql>,
}

/// A name that is not said is not compared: it follows no rename of the domain.
impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        let Self { data_type, not_null, not_null_name, not_null_comment, collation, default } = self;
        let named = not_null_name.as_ref().zip(other.not_null_name.as_ref());
        (data_type, not_null, not_null_comment) == (&other.data_type, &other.not_null, &other.not_null_comment)
            && (collation, default) == (&other.collation, &other.default)
            && named.is_none_or(|(mine, theirs)| mine == theirs)
    }
}

impl Kind for Domain {
    const NAME: KindName = KindName("domain");
    const NOUN: &'static str = "domain";
    const HOMES: &'static [Home] = &[Home { under: Under::Kinds(&[Schema::NAME]), key: "domains", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 1247,
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        privileges: Some(PRIVILEGES),
        slots: &[TYPE],
        visible: true,
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_type where typtype = 'd' and oid >= 16384");

    fn catalog(server: PgVersion) -> Option<String> {
        let not_null = if server.at_least(17) {
            "(select con.conname::text from pg_constraint con where con.contypid = t.oid and con.contype = 'n')
               as not_null_name,
             (select obj_description(con.oid, 'pg_constraint') from pg_constraint con
              where con.contypid = t.oid and con.contype = 'n') as not_null_comment,"
        } else {
            ""
        };
        Some(format!(
            "select {TYPE_COLUMNS},
                    format_type(t.typbasetype, t.typtypmod) as type, t.typnotnull as not_null, {not_null}
                    case when t.typcollation <> b.typcollation
                         then (select case when cn.nspname = 'pg_catalog' then quote_ident(co.collname)
                                           else quote_ident(cn.nspname) || '.' || quote_ident(co.collname) end
                               from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
                               where co.oid = t.typcollation) end as collation,
                    coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)) as \"default\"
             from pg_type t join pg_namespace n on n.oid = t.typnamespace join pg_type b on b.oid = t.typbasetype
             where t.typtype = 'd' and {USER_SCHEMA}
             order by n.nspname, t.typname"
        ))
    }

    fn short(text: &str) -> Option<Result<Self, Problem>> {
        Some(Column::short(text)?.and_then(Self::from_column))
    }

    fn shorten(&self) -> Option<String> {
        let said = self.not_null_name.is_some() || self.not_null_comment.is_some();
        if said { None } else { self.as_column().shorten() }
    }

    /// The name that PostgreSQL gives goes unsaid.
    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        for at in state.of_kind(Self::NAME) {
            let usual = usual_name(&at);
            if let Some(spec) = state.spec::<Self>(&at).filter(|d| d.not_null_name.as_ref() == Some(&usual)) {
                let spec = Self { not_null_name: None, ..spec.clone() };
                state.set(&at, spec);
            }
        }
    }

    fn references(&self, _at: &Address, out: &mut References) {
        self.data_type.reference(out, "type");
        if let Some(collation) = &self.collation {
            collation.reference(COLLATION, out, "collation");
        }
        if let Some(default) = &self.default {
            out.expression(default.as_str(), "default");
        }
    }

    fn spelled(&self, stored: &Self) -> Option<Self> {
        let there = (stored.default.as_ref(), &stored.data_type);
        let default = constant::as_stored((self.default.as_ref()?, &self.data_type), there)?;
        Some(Self { default: Some(default), ..self.clone() })
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let said = self.not_null_name.is_some() || self.not_null_comment.is_some();
        said.then(|| since(17, "the constraint that refuses nulls in a domain by name", "not_null_name", cx))?
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        [Step::new(self.definition(cx))].into_iter().chain(self.not_null_said(None, cx)).collect()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { data_type, not_null, not_null_name: _, not_null_comment: _, collation: _, default } = self;
        if self.needs_another(old, cx) {
            let create = self.create_with_checks(cx);
            let risk = format!("fails where a value is no {data_type}");
            let below = |domain: &Self, state| rests_on(&domain.data_type, state);
            let from = below(old, cx.live).unwrap_or_else(|| old.data_type.clone());
            let to = below(self, cx.desired).unwrap_or_else(|| data_type.clone());
            let between = Some((&from, &to));
            let by = Conversion { create: &create, through: None, between, cast: None, risk: Some(&risk) };
            return convert(cx, by).map_or_else(Alter::Refuse, Alter::InPlace);
        }
        let alter = |what: &str| Step::new(format!("alter domain {} {what}", cx.identity()));
        let mut steps = Vec::new();
        match default {
            _ if *default == old.default => {}
            Some(default) => steps.push(alter(&format!("set default {default}"))),
            None => steps.push(alter("drop default")),
        }
        if *not_null && !old.not_null {
            let named =
                self.not_null_name.as_deref().map(|name| format!("add constraint {} not null", sql::ident(name)));
            let step = alter(named.as_deref().unwrap_or("set not null"));
            steps.push(step.hazard(HazardClass::Block, "scans every table that uses the domain"));
        }
        if old.not_null && !*not_null {
            steps.push(alter("drop not null"));
        }
        if let (true, Some(from), Some(to)) = (old.not_null && *not_null, &old.not_null_name, &self.not_null_name)
            && from != to
        {
            steps.push(alter(&format!("rename constraint {} to {}", sql::ident(from), sql::ident(to))));
        }
        steps.extend(self.not_null_said(Some(old), cx));
        Alter::InPlace(steps)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.data_type.follow(renaming);
        self.default.iter_mut().for_each(|d| d.follow(renaming));
        self.collation.iter_mut().for_each(|c| c.follow(COLLATION, renaming));
    }
}

impl Domain {
    fn definition(&self, cx: &Cx<'_>) -> String {
        let mut sql = format!("create domain {} as {}", cx.identity(), self.data_type);
        if let Some(collation) = &self.collation {
            sql += &format!(" collate {collation}");
        }
        if let Some(default) = &self.default {
            sql += &format!(" default {}", default.as_default());
        }
        if self.not_null {
            let named = self.not_null_name.clone().or_else(|| usual_name_if_taken(cx));
            sql += &named.map(|name| format!(" constraint {}", sql::ident(&name))).unwrap_or_default();
            sql += " not null";
        }
        sql
    }

    /// The comment on the constraint that refuses nulls, where it changes.
    fn not_null_said(&self, old: Option<&Self>, cx: &Cx<'_>) -> Option<Step> {
        let there = old.filter(|o| o.not_null).and_then(|o| o.not_null_comment.as_ref());
        if !self.not_null || self.not_null_comment.as_ref() == there {
            return None;
        }
        let known = self.not_null_name.as_ref().or(old.and_then(|o| o.not_null_name.as_ref()));
        let name = known.cloned().unwrap_or_else(|| usual_name(cx.at));
        let text = self.not_null_comment.as_deref().map_or_else(|| "null".to_owned(), sql::literal);
        let on = cx.identity();
        Some(Step::new(format!("comment on constraint {} on domain {on} is {text}", sql::ident(&name))))
    }

    /// True when the domain can't be altered: its type changes, or nulls would be looked for inside of arrays.
    pub fn needs_another(&self, old: &Self, cx: &Cx<'_>) -> bool {
        self.changes_type(old) || self.not_null && !old.not_null && is_in_arrays(cx)
    }

    /// True when it rests on another type, or sorts otherwise.
    pub fn changes_type(&self, old: &Self) -> bool {
        self.data_type != old.data_type || self.collation != old.collation
    }

    /// The definition with the checks that hold from the start: they could not be added later where arrays use it.
    fn create_with_checks(&self, cx: &Cx<'_>) -> Step {
        let checks = cx.desired.children_of::<DomainCheck>(cx.at, DomainCheck::NAME);
        let valid: Vec<_> = checks.into_iter().filter(|(_, c)| !c.not_valid).collect();
        let mut sql = Self { not_null: false, ..self.clone() }.definition(cx);
        if self.not_null {
            // The old domain has the name that PostgreSQL would choose.
            let name = self.not_null_name.clone().unwrap_or_else(|| usual_name(cx.at));
            sql += &format!(" constraint {} not null", sql::ident(&name));
        }
        for (at, check) in &valid {
            sql += &format!(" constraint {} check ({})", sql::ident(at.key()), check.expression);
        }
        Step::new(sql).speaks_for(valid.into_iter().map(|(at, _)| at.clone()))
    }

    /// The column whose short form is this domain's.
    fn as_column(&self) -> Column {
        let Self { data_type, not_null, not_null_name: _, not_null_comment: _, collation, default } = self.clone();
        Column { not_null, collation, default, ..Column::of_type(data_type) }
    }

    fn from_column(column: Column) -> Result<Self, Problem> {
        if column.identity.is_some() || column.generated.is_some() {
            let problem = Problem::new(Code::Sql, "a domain has no identity and is not generated");
            return Err(problem.help("write it on the columns that have the domain as their type"));
        }
        let Column { data_type, not_null, collation, default, .. } = column;
        Ok(Self { data_type, not_null, not_null_name: None, not_null_comment: None, collation, default })
    }
}

/// The name that PostgreSQL gives the constraint by which a domain refuses nulls.
fn usual_name(at: &Address) -> String {
    object_name(at.key(), "", "not_null")
}

/// The usual name of that constraint if another domain has it, so that PostgreSQL would choose another.
fn usual_name_if_taken(cx: &Cx<'_>) -> Option<String> {
    let usual = usual_name(cx.at);
    let mut others =
        cx.live.children_of::<Domain>(cx.at.parent()?, Domain::NAME).into_iter().filter(|(at, _)| *at != cx.at);
    others.any(|(_, other)| other.not_null_name.as_ref() == Some(&usual)).then_some(usual)
}

/// True when a column is an array of the domain: PostgreSQL can't check values there.
pub fn is_in_arrays(cx: &Cx<'_>) -> bool {
    cx.live.edges().any(|(user, used)| {
        used == cx.at && cx.live.spec::<Column>(user).is_some_and(|c| c.data_type.element().is_some())
    })
}

/// True for a domain that refuses values, or one that is made of such a domain.
pub fn has_rules(data_type: &TypeName, state: &State) -> bool {
    let at = address(data_type);
    at.and_then(|at| Some((state.spec::<Domain>(&at)?, at))).is_some_and(|(domain, at)| {
        let checked = !state.children_of::<DomainCheck>(&at, DomainCheck::NAME).is_empty();
        domain.not_null || checked || has_rules(&domain.data_type, state)
    })
}

/// The type that is no domain and that a domain, or an array of it, rests on in the end; none for other types.
pub fn rests_on(data_type: &TypeName, state: &State) -> Option<TypeName> {
    if let Some(element) = data_type.element() {
        return rests_on(&element, state).map(|base| base.array());
    }
    let below = &state.spec::<Domain>(&address(data_type)?)?.data_type;
    Some(rests_on(below, state).unwrap_or_else(|| below.clone()))
}

/// Where a domain of that name stands.
pub fn address(data_type: &TypeName) -> Option<Address> {
    let parts = sql::split_name(data_type.as_str())?;
    let [schema, name] = <[String; 2]>::try_from(parts).ok()?;
    Some(Address::root(Schema::NAME, &schema).child(Domain::NAME, &name))
}
