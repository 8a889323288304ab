//! An operator class: how an index method works with a type. The key is `abs_ops using btree`.
//!
//! See <https://www.postgresql.org/docs/current/sql-createopclass.html>.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::operator_family::OperatorFamily;
use super::part::catalog::{USER_SCHEMA, qualified};
use super::part::opclass::{self, Member};
use super::part::{QualifiedName, TypeName, is_default, refer_to_access_method};
use super::schema::Schema;
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::{
    Alter, Cx, Entry, Form, Home, Identity, Kind, OPERATOR_CLASS, OPERATOR_FAMILY, References, Renaming, Rules, Under,
    demands,
};
use crate::model::{Act, Address, Demand, KindName, PgVersion, State, Step};
use crate::sql;

/// An operator class.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorClass {
    /// The type it is for.
    #[serde(rename = "type")]
    pub data_type: TypeName,
    /// The default for its type and index method.
    #[serde(default, skip_serializing_if = "is_default")]
    pub default: bool,
    /// Its family; one of its own name when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub family: Option<QualifiedName>,
    /// The type that the index keeps, where it is another.
    #[serde(default, skip_serializing_if = "is_default")]
    pub storage: Option<TypeName>,
    /// Operators: `1 shop.<(shop.money, shop.money)`.
    #[serde(default, deserialize_with = "opclass::sorted", skip_serializing_if = "is_default")]
    pub operators: Vec<Member>,
    /// Functions: `1 (shop.money, shop.money) shop.cmp(shop.money, shop.money)`.
    #[serde(default, deserialize_with = "opclass::sorted", skip_serializing_if = "is_default")]
    pub functions: Vec<Member>,
    /// The members that PostgreSQL noted with the family: they stay when the class goes.
    #[serde(default, skip_serializing)]
    pub live_loose: Vec<String>,
}

/// By what is declared: where PostgreSQL noted a member follows from the rest.
impl PartialEq for OperatorClass {
    fn eq(&self, other: &Self) -> bool {
        let Self { data_type, default, family, storage, operators, functions, live_loose: _ } = self;
        (data_type, default, family, storage) == (&other.data_type, &other.default, &other.family, &other.storage)
            && (operators, functions) == (&other.operators, &other.functions)
    }
}

impl Kind for OperatorClass {
    const NAME: KindName = KindName("operator_class");
    const NOUN: &'static str = "operator class";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "operator_classes", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2616,
        identity: Identity::By(opclass::identity),
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        slots: &[OPERATOR_CLASS],
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_opclass where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        // Where two classes of a family are for one type, the members are the older one's.
        let own = |left: &str| {
            format!(
                "m.{left} = c.opcintype and not exists (select from pg_opclass e where e.opcfamily = c.opcfamily
                                                        and e.opcintype = c.opcintype and e.oid < c.oid)"
            )
        };
        Some(format!(
            "select c.oid, 2615 as parent_class, c.opcnamespace as parent, c.opcname || ' using ' || a.amname as key,
                    c.opcowner::regrole::text as owner, format_type(c.opcintype, null) as type, c.opcdefault as default,
                    case when (f.opfname, f.opfnamespace) <> (c.opcname, c.opcnamespace) then {} end as family,
                    case when c.opckeytype <> 0 then format_type(c.opckeytype, null) end as storage,
                    {} as operators, {} as functions,
                    (select jsonb_agg(x.word) from (
                         select 'operator ' || m.amopstrategy || ' (' || format_type(m.amoplefttype, null) || ', '
                                || format_type(m.amoprighttype, null) || ')' as word
                         from pg_amop m join pg_depend d on d.classid = 2602 and d.objid = m.oid
                         where d.refclassid = 2753 and d.refobjid = f.oid and m.amopfamily = f.oid and {}
                       union all
                         select 'function ' || m.amprocnum || ' (' || format_type(m.amproclefttype, null) || ', '
                                || format_type(m.amprocrighttype, null) || ')'
                         from pg_amproc m join pg_depend d on d.classid = 2603 and d.objid = m.oid
                         where d.refclassid = 2753 and d.refobjid = f.oid and m.amprocfamily = f.oid and {}) x)
                      as live_loose
             from pg_opclass c join pg_namespace n on n.oid = c.opcnamespace join pg_am a on a.oid = c.opcmethod
                  join pg_opfamily f on f.oid = c.opcfamily
             where {USER_SCHEMA} order by n.nspname, c.opcname, a.amname",
            qualified("pg_opfamily", "opfname", "opfnamespace", "c.opcfamily"),
            opclass::operators("c.opcfamily", &own("amoplefttype")),
            opclass::functions("c.opcfamily", &own("amproclefttype")),
            own("amoplefttype"),
            own("amproclefttype"),
        ))
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        opclass::key(written)
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let Some(mut spec) = desired.spec::<Self>(&at).cloned() else { continue };
            let own = sql::dotted([at.top().key(), opclass::parts(at.key()).0]);
            spec.family = spec.family.filter(|f| f.as_str() != own);
            spec.storage = spec.storage.filter(|t| *t != spec.data_type);
            desired.set(&at, spec);
        }
    }

    fn references(&self, at: &Address, out: &mut References) {
        refer_to_access_method(opclass::parts(at.key()).1, "type", out);
        match (&self.family, at.parent()) {
            (Some(family), _) => family.reference(OPERATOR_FAMILY, out, "family"),
            (None, Some(schema)) => out.perhaps(schema.child(OperatorFamily::NAME, at.key()), "type"),
            (None, None) => {}
        }
        self.data_type.reference(out, "type");
        if let Some(storage) = &self.storage {
            storage.reference(out, "storage");
        }
        self.operators.iter().for_each(|m| m.references(out, "operators"));
        self.functions.iter().for_each(|m| m.references(out, "functions"));
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        if act == Act::Make { vec![Demand::Superuser] } else { demands::usual(act, cx) }
    }

    fn serves(&self, at: &Address, out: &mut References) {
        if self.default {
            self.data_type.reference(out, "type");
            // Its type may be PostgreSQL's own, and the method not yet one for it.
            refer_to_access_method(opclass::parts(at.key()).1, "type", out);
        }
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.data_type.follow(renaming);
        self.storage.iter_mut().for_each(|t| t.follow(renaming));
        self.family.iter_mut().for_each(|family| family.follow(OPERATOR_FAMILY, renaming));
        self.operators.iter_mut().chain(&mut self.functions).for_each(|member| member.follow(renaming));
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let Self { data_type, default, family, storage, operators, functions, live_loose: _ } = self;
        let (name, method) = opclass::parts(cx.at.key());
        let name = sql::dotted([cx.at.top().key(), name]);
        let family = family.as_ref().map_or_else(|| name.clone(), ToString::to_string);
        let default = if *default { " default" } else { "" };
        let mut members = opclass::members(operators, functions);
        // One clause there must be; the type itself as storage says nothing.
        let stored = storage.as_ref().or(Some(data_type).filter(|_| members.is_empty()));
        members.extend(stored.map(|t| format!("storage {t}")));
        let head = format!("create operator class {name}{default} for type {data_type} using {}", sql::ident(method));
        vec![Step::new(format!("{head} family {family} as\n    {}", members.join(",\n    ")))]
    }

    fn alter(&self, _old: &Self, _cx: &Cx<'_>) -> Alter {
        let Self { data_type: _, default: _, family: _, storage: _, operators: _, functions: _, live_loose: _ } = self;
        Alter::Replace("PostgreSQL can't change an operator class".to_owned())
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let drop = Step::new(format!("drop {}", cx.target()));
        let (name, method) = opclass::parts(cx.at.key());
        let own = sql::dotted([cx.at.top().key(), name]);
        let family = self.family.as_ref().map_or(own, ToString::to_string);
        let rest = (!self.live_loose.is_empty()).then(|| {
            let list = self.live_loose.join(", ");
            Step::new(format!("alter operator family {family} using {} drop {list}", sql::ident(method)))
        });
        [drop].into_iter().chain(rest).collect()
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        vec![Step::new(format!("alter {} rename to {}", cx.target(), sql::ident(opclass::parts(to).0)))]
    }
}
