//! The privileges that objects have from the start when a certain role makes them.
//!
//! See <https://www.postgresql.org/docs/current/sql-alterdefaultprivileges.html>. Those of one schema only add to those
//! of everywhere, and these replace PostgreSQL's own. The order of statements does not matter to a project: what is
//! declared counts for the declared objects of that owner too, whether they were there before or not; but for what the
//! role takes from itself (`app: { everywhere: { tables: { app: select } } }`), which counts for what it makes later.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::grant::Grant;
use super::part::privilege::grantee;
use super::part::{PrivilegeSet, ROLE, is_default};
use super::schema::Schema;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Problem};
use crate::kind::{
    Alter, Cx, Entry, Form, Home, Kind, Lowered, Misfit, Privileges, References, Renaming, Rules, Under,
};
use crate::kinds::register;
use crate::model::node::{Key, Node, Value};
use crate::model::suggest::did_you_mean;
use crate::model::{Address, Declaration, HazardClass, KindName, Object, Origin, PgVersion, State, Step};
use crate::sql;

/// What one grantee gets on one sort of object that one role makes, in one schema or everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefaultPrivilege {
    /// The role that makes the objects.
    pub role: String,
    /// The schema; everywhere when absent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub schema: Option<String>,
    /// `tables`, `sequences`, `functions`, `types`, `schemas` or `large_objects`.
    pub objects: String,
    /// Who gets it; `public` for PUBLIC.
    pub grantee: String,
    /// What.
    pub privileges: PrivilegeSet,
}

/// The key for privileges in every schema.
const EVERYWHERE: &str = "everywhere";

impl Kind for DefaultPrivilege {
    const NAME: KindName = KindName("default_privilege");
    const NOUN: &'static str = "default privilege";
    const HOMES: &'static [Home] = &[Home { under: Under::Root, key: "default_privileges", form: Form::Free }];
    const RULES: Rules = Rules { last: true, falls_with_parent: false, ..Rules::DEFAULT };

    const PRESENT: Option<&'static str> = Some("pg_default_acl");

    fn catalog(_server: PgVersion) -> Option<String> {
        Some(
            "with d as (
                 select a.oid, r.rolname as role, a.defaclrole, a.defaclnamespace = 0 as everywhere, n.nspname as schema,
                        case a.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                             when 'T' then 'types' when 'n' then 'schemas' when 'L' then 'large_objects' end as objects,
                        x.grantee, x.privilege_type, x.is_grantable
                 from pg_default_acl a join pg_roles r on r.oid = a.defaclrole
                      left join pg_namespace n on n.oid = a.defaclnamespace
                      left join lateral aclexplode(a.defaclacl) x on true),
             given as (
                 select oid, role, defaclrole, everywhere, schema, objects, grantee,
                        jsonb_object_agg(lower(privilege_type), is_grantable) as privileges
                 from d where grantee is not null group by 1, 2, 3, 4, 5, 6, 7
               union all
                 select distinct oid, role, defaclrole, everywhere, schema, objects, 0::oid, '{}'::jsonb from d
                 where everywhere and objects in ('functions', 'types')
                   and not exists (select from d e where e.oid = d.oid and e.grantee = 0)
               union all
                 select distinct oid, role, defaclrole, everywhere, schema, objects, defaclrole, '{}'::jsonb from d
                 where everywhere and not exists (select from d e where e.oid = d.oid and e.grantee = d.defaclrole))
             select g.oid, '' as key, g.role, g.schema, g.objects, coalesce(r.rolname, 'public') as grantee, g.privileges
             from given g left join pg_roles r on r.oid = g.grantee
             where (g.grantee <> g.defaclrole or not g.everywhere
                    or g.privileges <> (select jsonb_object_agg(lower(x.privilege_type), x.is_grantable)
                                        from pg_default_acl a,
                                             aclexplode(acldefault(case a.defaclobjtype when 'S' then 's'
                                                                        else a.defaclobjtype end, a.defaclrole)) x
                                        where a.oid = g.oid and x.grantee = g.defaclrole))
               and not (g.grantee = 0 and g.everywhere and g.objects = 'functions'
                        and g.privileges = '{\"execute\": false}')
               and not (g.grantee = 0 and g.everywhere and g.objects = 'types' and g.privileges = '{\"usage\": false}')
             order by g.role, g.schema nulls first, g.objects, 6"
                .to_owned(),
        )
    }

    fn key(&self, _written: &str, _parent: Option<&Address>) -> Result<String, Problem> {
        let schema = self.schema.as_deref().unwrap_or(EVERYWHERE);
        Ok(format!("{}/{schema}/{}/{}", self.role, self.objects, self.grantee))
    }

    fn lower(_home: &Home, _parent: Option<&Address>, node: &Node, out: &mut Lowered) {
        each(node, "roles", &mut out.problems, &mut |role, schemas, problems| {
            each(schemas, "schemas or `everywhere`", problems, &mut |schema, sorts, problems| {
                each(sorts, "sorts of objects", problems, &mut |objects, grantees, problems| {
                    each(grantees, "grantees", problems, &mut |who, privileges, problems| {
                        let place = [role, schema, objects, who];
                        if let Some(found) = read(place, privileges, problems) {
                            out.objects.push(found);
                        }
                    });
                });
            });
        });
    }

    fn free_schema(_home: &Home, _parent: Option<&Entry>) -> serde_json::Value {
        let by_grantee = |objects: &str| {
            let mut rules = register().iter().filter_map(|e| e.rules.privileges);
            let of = rules.find(|p| p.plural == objects).map(|p| p.all).unwrap_or_default();
            let words: Vec<&str> = of.iter().map(|(name, _)| *name).chain(["none"]).collect();
            let one = json!({ "type": "string", "examples": words });
            let granted = json!({ "anyOf": [one, { "type": "array", "items": one }] });
            json!({ "type": "object", "additionalProperties": granted })
        };
        let properties: serde_json::Map<String, serde_json::Value> =
            plurals().map(|objects| (objects.to_owned(), by_grantee(objects))).collect();
        let by_objects = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        let by_schema = json!({ "type": "object", "additionalProperties": by_objects });
        json!({ "type": "object", "additionalProperties": by_schema })
    }

    fn raise(children: &[(&Address, &Self)]) -> Option<Node> {
        let mut tree: BTreeMap<[&str; 4], Node> = BTreeMap::new();
        for (_, spec) in children {
            let schema = spec.schema.as_deref().unwrap_or(EVERYWHERE);
            let node = crate::model::bridge::to_node(&spec.privileges);
            tree.insert([&spec.role, schema, &spec.objects, &spec.grantee], node);
        }
        let mut root = Node::new(Value::Map(Vec::new()));
        for (path, leaf) in tree {
            let mut at = &mut root;
            for part in path {
                let Value::Map(entries) = &mut at.value else { return None };
                let i = entries.iter().position(|(k, _)| &*k.text == part).unwrap_or_else(|| {
                    entries.push((Key::from(part), Node::new(Value::Map(Vec::new()))));
                    entries.len() - 1
                });
                at = &mut entries[i].1;
            }
            *at = leaf;
        }
        Some(root)
    }

    fn suit(desired: &mut State, server: PgVersion) {
        for at in desired.of_kind(Self::NAME) {
            let Some(mut spec) = desired.spec::<Self>(&at).cloned() else { continue };
            for rules in register().iter().filter_map(|e| e.rules.privileges).filter(|p| p.plural == spec.objects) {
                spec.privileges.suit(&rules, server);
            }
            desired.set(&at, spec);
        }
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        self.privileges.late(cx)
    }

    fn in_scope(&self, _at: &Address, desired: &State) -> bool {
        let declared = |s: &String| desired.contains(&Address::root(Schema::NAME, s));
        let role_declared = desired.contains(&Address::root(ROLE, &self.role));
        desired.claims(Grant::NAME) && self.schema.as_ref().map_or(role_declared, declared)
    }

    fn managed(&self, _at: &Address, desired: &State) -> bool {
        desired.claims(Grant::NAME)
    }

    fn follow(&mut self, renaming: Renaming<'_>) {
        renaming.root(ROLE, &mut self.role);
        renaming.root(ROLE, &mut self.grantee);
        if let Some(schema) = &mut self.schema {
            renaming.root(Schema::NAME, schema);
        }
    }

    fn key_after(&self, key: &str, _renaming: Renaming<'_>) -> Option<String> {
        self.key("", None).ok().filter(|now| now != key)
    }

    /// What says no more than PostgreSQL does by itself is nothing that it would keep.
    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            if desired.spec::<Self>(&at).is_some_and(Self::is_built_in) {
                desired.remove(&at);
            }
        }
    }

    fn references(&self, _at: &Address, out: &mut References) {
        out.object(Address::root(ROLE, &self.role), "role");
        if self.grantee != "public" {
            out.object(Address::root(ROLE, &self.grantee), "grantee");
        }
        if let Some(schema) = &self.schema {
            out.object(Address::root(Schema::NAME, schema), "schema");
        }
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        self.steps(&self.base(cx.server.version))
    }

    fn alter(&self, old: &Self, _cx: &Cx<'_>) -> Alter {
        Alter::InPlace(self.steps(&old.privileges))
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        Self { privileges: self.base(cx.server.version), ..self.clone() }.steps(&self.privileges)
    }
}

/// The sorts of objects that have privileges.
fn plurals() -> impl Iterator<Item = &'static str> {
    register().iter().filter_map(|e| e.rules.privileges).map(|p| p.plural)
}

impl DefaultPrivilege {
    /// What the grantee has where nothing is said: the role itself everything on what it makes.
    fn base(&self, server: PgVersion) -> PrivilegeSet {
        if self.is_own()
            && let Some(rules) = register().iter().filter_map(|e| e.rules.privileges).find(|p| p.plural == self.objects)
        {
            let mut all = PrivilegeSet::of(rules.all.iter().map(|(name, _)| name));
            all.suit(&rules, server);
            return all;
        }
        self.of_public()
    }

    /// What PUBLIC has where nothing is said; nothing for any other grantee.
    fn of_public(&self) -> PrivilegeSet {
        match (&self.schema, self.grantee.as_str(), self.objects.as_str()) {
            (None, "public", "functions") => PrivilegeSet::of(["execute"]),
            (None, "public", "types") => PrivilegeSet::of(["usage"]),
            _ => PrivilegeSet::default(),
        }
    }

    /// True for what a role has on what it makes itself, wherever.
    fn is_own(&self) -> bool {
        self.schema.is_none() && self.grantee == self.role
    }

    /// True where it says what PostgreSQL has built in.
    fn is_built_in(&self) -> bool {
        if self.is_own() {
            let full = |rules: Privileges| rules.plural == self.objects && self.privileges.is_full(&rules);
            let onward = self.privileges.0.values().any(|option| *option);
            return !onward && register().iter().filter_map(|e| e.rules.privileges).any(full);
        }
        let base = self.of_public();
        !base.is_empty() && self.privileges == base
    }

    fn steps(&self, old: &PrivilegeSet) -> Vec<Step> {
        let schema = self.schema.as_ref().map(|s| format!(" in schema {}", sql::ident(s))).unwrap_or_default();
        let front = format!("alter default privileges for role {}{schema}", sql::ident(&self.role));
        let who = grantee(&self.grantee);
        let objects = self.objects.replace('_', " ");
        self.privileges
            .changes(old)
            .statements(&objects, &who, "")
            .into_iter()
            .map(|(sql, takes)| {
                let step = Step::new(format!("{front} {sql}"));
                if takes {
                    step.hazard(HazardClass::Access, format!("takes default privileges from {who}"))
                } else {
                    step
                }
            })
            .collect()
    }

    /// What PUBLIC has on an object that `role` makes: what is said for everywhere, else PostgreSQL's own default.
    pub fn public_of(state: &State, role: &str, rules: &Privileges) -> PrivilegeSet {
        let key = format!("{role}/{EVERYWHERE}/{}/public", sort_of(rules));
        state
            .spec::<Self>(&Address::root(Self::NAME, &key))
            .map_or_else(|| PrivilegeSet::of(rules.public), |d| d.privileges.clone())
    }

    /// Returns whether somebody's new objects of that sort come with privileges for that grantee.
    pub fn any_gives(state: &State, grantee: &str, rules: &Privileges) -> bool {
        let mut all = state.of_kind(Self::NAME).into_iter().filter_map(|at| state.spec::<Self>(&at));
        all.any(|d| d.grantee == grantee && d.objects == sort_of(rules))
    }

    /// What each grantee gets on an object that `role` makes, besides what [`Self::public_of`] says.
    pub fn given(state: &State, role: &str, on: &Address, rules: &Privileges) -> Vec<(String, PrivilegeSet)> {
        let sort = sort_of(rules);
        state
            .of_kind(Self::NAME)
            .iter()
            .filter_map(|at| state.spec::<Self>(at))
            .filter(|d| d.role == role && d.objects == sort)
            .filter(|d| match &d.schema {
                Some(schema) => on.parent().is_some() && on.top().key() == schema,
                None => d.grantee != "public",
            })
            .map(|d| (d.grantee.clone(), d.privileges.clone()))
            .collect()
    }
}

/// The sort of object as default privileges name it: procedures are functions to them.
fn sort_of(rules: &Privileges) -> &'static str {
    if rules.plural == "procedures" { "functions" } else { rules.plural }
}

/// Calls `f` for every entry of a map.
fn each<'n>(
    node: &'n Node,
    what: &str,
    problems: &mut Diagnostics,
    f: &mut dyn FnMut(&'n Key, &'n Node, &mut Diagnostics),
) {
    let Some(entries) = node.as_map() else {
        let problem = Problem::new(Code::WrongType, format!("found {} where a map belongs", node.noun()))
            .help(format!("write a map from {what}"));
        return problems.push(match node.span {
            Some(span) => problem.at(span, ""),
            None => Diagnostic::from(problem),
        });
    };
    for (key, value) in entries {
        f(key, value, problems);
    }
}

/// Reads one leaf: its address and object.
fn read(place: [&Key; 4], node: &Node, problems: &mut Diagnostics) -> Option<(Address, Object)> {
    let [role, schema, objects, who] = place;
    let mut report = |problem: Problem, key: &Key| {
        problems.push(match key.span.or(node.span) {
            Some(span) => problem.at(span, ""),
            None => Diagnostic::from(problem),
        });
    };
    let Some(rules) = register().iter().filter_map(|e| e.rules.privileges).find(|p| p.plural == &*objects.text) else {
        let known = ["tables", "sequences", "functions", "types", "schemas"];
        let problem = Problem::new(Code::UnknownKey, format!("unknown key `{}`", objects.text))
            .help(did_you_mean(&objects.text, &known));
        report(problem, objects);
        return None;
    };
    let mut privileges = PrivilegeSet::default();
    let words: Vec<&str> = match &node.value {
        Value::List(items) => items.iter().filter_map(Node::as_text).collect(),
        Value::Scalar(text) => text.text.split(',').collect(),
        Value::Null | Value::Map(_) => {
            report(
                Problem::new(Code::WrongType, "this is no list of privileges")
                    .help("write `select` or `[select, insert]`"),
                who,
            );
            return None;
        }
    };
    for word in words {
        if let Err(problem) = privileges.add(word, &rules) {
            report(problem, who);
        }
    }
    let spec = DefaultPrivilege {
        role: role.text.to_string(),
        schema: (&*schema.text != EVERYWHERE).then(|| schema.text.to_string()),
        objects: objects.text.to_string(),
        grantee: who.text.to_string(),
        privileges,
    };
    let at = Address::root(DefaultPrivilege::NAME, &spec.key("", None).unwrap_or_default());
    let value = node.span.or(who.span);
    let origin = match (who.span.or(value), value) {
        (Some(key), Some(value)) => {
            let fields = [("role", role), ("schema", schema), ("grantee", who)];
            let fields = fields.into_iter().filter_map(|(f, k)| Some((f, k.span?))).collect();
            Origin::File(Arc::new(Declaration { key, value, fields }))
        }
        _ => Origin::Derived(None),
    };
    Some((at, Object::new(Arc::new(spec), origin)))
}
