//! An operator family: what belongs to several operator classes of one index method.
//!
//! See <https://www.postgresql.org/docs/current/sql-createopfamily.html>. The key is `numbers using btree`. A class without
//! a family has one of its own name, which need not be declared.

use std::collections::HashSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::operator_class::OperatorClass;
use super::part::catalog::USER_SCHEMA;
use super::part::opclass::{self, Member};
use super::part::{is_default, refer_to_access_method};
use super::schema::Schema;
use crate::diagnostic::{Diagnostics, Problem};
use crate::kind::{
    Alter, Cx, Entry, Form, Home, Identity, Kind, OPERATOR_FAMILY, References, Renaming, Rules, Under, demands,
};
use crate::model::{Act, Address, Demand, KindName, Object, Origin, PgVersion, State, Step};
use crate::sql;

/// An operator family: the members that belong to no class of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OperatorFamily {
    /// Operators: `1 <(integer, bigint)`.
    #[serde(deserialize_with = "opclass::sorted", skip_serializing_if = "is_default")]
    pub operators: Vec<Member>,
    /// Functions: `1 (integer, bigint) btint48cmp(integer, bigint)`.
    #[serde(deserialize_with = "opclass::sorted", skip_serializing_if = "is_default")]
    pub functions: Vec<Member>,
}

impl Kind for OperatorFamily {
    const NAME: KindName = KindName("operator_family");
    const NOUN: &'static str = "operator family";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Schema::NAME]), key: "operator_families", form: Form::Map }];
    const RULES: Rules = Rules {
        class: 2753,
        identity: Identity::By(opclass::identity),
        falls_with_parent: false,
        renames: true,
        owner: true,
        comment: true,
        slots: &[OPERATOR_FAMILY],
        ..Rules::DEFAULT
    };

    const PRESENT: Option<&'static str> = Some("pg_opfamily where oid >= 16384");

    fn catalog(_server: PgVersion) -> Option<String> {
        let loose = |left: &str| {
            format!("not exists (select from pg_opclass c where c.opcfamily = f.oid and c.opcintype = m.{left})")
        };
        Some(format!(
            "select f.oid, 2615 as parent_class, f.opfnamespace as parent, f.opfname || ' using ' || a.amname as key,
                    f.opfowner::regrole::text as owner, {} as operators, {} as functions
             from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace join pg_am a on a.oid = f.opfmethod
             where {USER_SCHEMA} order by n.nspname, f.opfname, a.amname",
            opclass::operators("f.oid", &loose("amoplefttype")),
            opclass::functions("f.oid", &loose("amproclefttype"))
        ))
    }

    fn key(&self, written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        opclass::key(written)
    }

    /// A class without a family has one of its own name, which follows its renames.
    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(OperatorClass::NAME) {
            let Some((class, schema)) = desired.spec::<OperatorClass>(&at).zip(at.parent()) else { continue };
            let family = schema.child(Self::NAME, at.key());
            if class.family.is_none() && !desired.contains(&family) {
                let declared = desired.get(&at);
                let span = declared.and_then(|o| o.origin.span());
                let was = declared.and_then(Object::was);
                let mut object = Object::new(Arc::new(Self::default()), Origin::Derived(span));
                if let Some(was) = was {
                    object.set_was(was);
                }
                desired.insert(family, object);
            }
        }
    }

    fn before_raise(state: &mut State, _register: &'static [Entry]) {
        let own = |at: &Address| {
            let class = at.parent().map(|schema| schema.child(OperatorClass::NAME, at.key()));
            let has_class = class.and_then(|c| state.spec::<OperatorClass>(&c)).is_some_and(|c| c.family.is_none());
            has_class && state.spec::<Self>(at) == Some(&Self::default()) && state.children(at).is_empty()
        };
        let unsaid: HashSet<Address> = state.of_kind(Self::NAME).into_iter().filter(own).collect();
        state.retain(|at, _| !unsaid.contains(at));
    }

    fn references(&self, at: &Address, out: &mut References) {
        refer_to_access_method(opclass::parts(at.key()).1, "operators", out);
        self.operators.iter().for_each(|m| m.references(out, "operators"));
        self.functions.iter().for_each(|m| m.references(out, "functions"));
    }

    fn demands(&self, act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        if act == Act::Make { vec![Demand::Superuser] } else { demands::usual(act, cx) }
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        self.operators.iter_mut().chain(&mut self.functions).for_each(|member| member.follow(renaming));
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        let create = Step::new(format!("create {}", cx.target()));
        let add = opclass::members(&self.operators, &self.functions);
        let add = (!add.is_empty()).then(|| alter(cx, &format!("add\n    {}", add.join(",\n    "))));
        [create].into_iter().chain(add).collect()
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { operators, functions } = self;
        let lost = |word: &str, new: &[Member], old: &[Member]| {
            let gone = old.iter().filter(|m| !new.contains(m));
            gone.map(|m| format!("{word} {}", m.place())).collect::<Vec<_>>()
        };
        let mut drop = lost("operator", operators, &old.operators);
        drop.extend(lost("function", functions, &old.functions));
        let new =
            |list: &[Member], old: &[Member]| list.iter().filter(|m| !old.contains(m)).cloned().collect::<Vec<_>>();
        let add = opclass::members(&new(operators, &old.operators), &new(functions, &old.functions));
        let steps = [("drop", drop), ("add", add)].into_iter().filter(|(_, list)| !list.is_empty());
        Alter::InPlace(steps.map(|(verb, list)| alter(cx, &format!("{verb} {}", list.join(", ")))).collect())
    }

    fn rename(&self, to: &str, cx: &Cx<'_>) -> Vec<Step> {
        vec![alter(cx, &format!("rename to {}", sql::ident(opclass::parts(to).0)))]
    }
}

fn alter(cx: &Cx<'_>, what: &str) -> Step {
    Step::new(format!("alter {} {what}", cx.target()))
}
