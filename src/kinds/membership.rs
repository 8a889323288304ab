//! A role's membership in another. See <https://www.postgresql.org/docs/current/sql-grant.html>.
//!
//! From PostgreSQL 16 on a membership may be granted several times, by several grantors, each with options of its own;
//! what counts is their sum. Who makes a role there becomes a member of it by itself, with `admin` alone: that grant is
//! left alone unless it is declared.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::part::{is_default, since};
use super::role::Role;
use crate::diagnostic::Diagnostics;
use crate::kind::access::Fact;
use crate::kind::{Alter, Cx, Entry, Form, Home, Kind, Misfit, References, Renaming, Rules, Scope, Under};
use crate::model::{Act, Address, Demand, HazardClass, KindName, PgVersion, State, Step};
use crate::sql;

/// A membership: the key is the group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Membership {
    /// Has the group's privileges without `set role`; as the member's own `inherit` when absent. From PostgreSQL 16 on.
    #[serde(skip_serializing_if = "is_default")]
    pub inherit: Option<bool>,
    /// May assume the group by `set role`. From PostgreSQL 16 on.
    #[serde(skip_serializing_if = "Clone::clone")]
    pub set: bool,
    /// May grant the membership to others.
    #[serde(skip_serializing_if = "is_default")]
    pub admin: bool,
    /// Whether it inherits in effect.
    #[serde(skip_serializing)]
    pub live_inherit: Option<bool>,
    /// Who granted it; an empty name for the first superuser, as whom every superuser grants.
    #[serde(skip_serializing)]
    pub live_grantors: Vec<String>,
    /// PostgreSQL granted it by itself.
    #[serde(skip_serializing)]
    pub live_automatic: bool,
}

impl Default for Membership {
    fn default() -> Self {
        Self {
            inherit: None,
            set: true,
            admin: false,
            live_inherit: None,
            live_grantors: Vec::new(),
            live_automatic: false,
        }
    }
}

impl PartialEq for Membership {
    fn eq(&self, other: &Self) -> bool {
        self.options() == other.options()
    }
}

impl Membership {
    fn inherits(&self) -> bool {
        self.live_inherit.or(self.inherit).unwrap_or(true)
    }

    /// The three options, as `with` takes them.
    fn options(&self) -> [(&'static str, bool); 3] {
        [("admin", self.admin), ("inherit", self.inherits()), ("set", self.set)]
    }

    /// As whom to change or revoke it; an empty name is whom PostgreSQL takes by itself. What PostgreSQL granted of its
    /// own accord stays, and another grant is put beside it.
    fn grantors(&self) -> Vec<String> {
        let own = self.live_grantors.is_empty() || self.live_automatic;
        if own { vec![String::new()] } else { self.live_grantors.clone() }
    }

    /// What a new grant has to say: PostgreSQL gives the rest by itself.
    fn new_options(&self, cx: &Cx<'_>) -> Vec<Choice> {
        let member_inherits = cx.at.parent().and_then(|at| cx.desired.spec::<Role>(at)).is_none_or(|r| r.inherit);
        let given = [false, member_inherits, true];
        self.options().into_iter().zip(given).filter(|((_, on), given)| on != given).map(|(choice, _)| choice).collect()
    }

    /// What a changed grant has to say: everything where several grantors each gave another part of it.
    fn changed_options(&self, old: &Self, cx: &Cx<'_>) -> Vec<Choice> {
        let several = old.live_automatic || old.live_grantors.len() > 1;
        let known = |name: &str| name == "admin" || cx.server.version.at_least(16);
        let pairs = self.options().into_iter().zip(old.options());
        pairs.filter(|(new, old)| known(new.0) && (several || new != old)).map(|(new, _)| new).collect()
    }
}

/// An option and its value.
type Choice = (&'static str, bool);

/// `grant … to …`, or `revoke admin option for …` where that is all.
fn grant(options: &[Choice], by: &str, cx: &Cx<'_>) -> Step {
    let (group, member) = names(cx);
    let by = granted_by(by, cx);
    Step::new(match options {
        [] => format!("grant {group} to {member}{by}"),
        [("admin", true)] => format!("grant {group} to {member} with admin option{by}"),
        [("admin", false)] => format!("revoke admin option for {group} from {member}{by}"),
        list => {
            let words: Vec<String> = list.iter().map(|(option, on)| format!("{option} {on}")).collect();
            format!("grant {group} to {member} with {}{by}", words.join(", "))
        }
    })
}

/// The group and the member, quoted where needed.
fn names(cx: &Cx<'_>) -> (String, String) {
    (cx.name(), cx.parent().name())
}

/// Names the grantor where PostgreSQL would take another.
fn granted_by(grantor: &str, cx: &Cx<'_>) -> String {
    let implied = grantor.is_empty() || (!cx.server.superuser && grantor == cx.server.user);
    if implied { String::new() } else { format!(" granted by {}", sql::ident(grantor)) }
}

impl Kind for Membership {
    const NAME: KindName = KindName("membership");
    const NOUN: &'static str = "membership";
    const HOMES: &'static [Home] =
        &[Home { under: Under::Kinds(&[Role::NAME]), key: "member_of", form: Form::List("role") }];
    const RULES: Rules = Rules { scope: Scope::Cluster, ..Rules::DEFAULT };

    fn catalog(server: PgVersion) -> Option<String> {
        if !server.at_least(16) {
            return Some(
                "select 1260 as parent_class, m.member as parent, g.rolname as key, m.admin_option as admin,
                        r.rolinherit as live_inherit
                 from pg_auth_members m join pg_roles g on g.oid = m.roleid join pg_roles r on r.oid = m.member
                 order by r.rolname, g.rolname"
                    .to_owned(),
            );
        }
        Some(
            "with one as (
                 select m.*, r.rolinherit, r.rolname as member_name, g.rolname as key,
                        case m.grantor when 10 then '' else b.rolname end as by,
                        case when m.grantor = m.member then 1
                             when m.grantor = 10 and r.rolcreaterole and not r.rolsuper
                                  and m.admin_option and not m.inherit_option and not m.set_option then 2
                             else 0 end as automatic
                 from pg_auth_members m join pg_roles g on g.oid = m.roleid join pg_roles r on r.oid = m.member
                      join pg_roles b on b.oid = m.grantor
             ), first as (
                 select one.*, min(automatic) over (partition by roleid, member) as least from one
             )
             select 1260 as parent_class, member as parent, key, bool_or(admin_option) as admin,
                    nullif(bool_or(inherit_option), rolinherit) as inherit, bool_or(set_option) as set,
                    bool_or(inherit_option) as live_inherit, least > 0 as live_automatic,
                    array_agg(by::text order by by) as live_grantors
             from first where automatic = least
             group by member, member_name, key, rolinherit, least
             order by member_name, key"
                .to_owned(),
        )
    }

    fn complete(desired: &mut State, _problems: &mut Diagnostics, _register: &'static [Entry]) {
        for at in desired.of_kind(Self::NAME) {
            let member_inherits = at.parent().and_then(|p| desired.spec::<Role>(p)).is_none_or(|r| r.inherit);
            let Some(membership) = desired.spec::<Self>(&at).cloned() else { continue };
            let live_inherit = Some(membership.inherit.unwrap_or(member_inherits));
            desired.set(&at, Self { live_inherit, ..membership });
        }
    }

    fn managed(&self, at: &Address, desired: &State) -> bool {
        !self.live_automatic || desired.contains(at)
    }

    fn references(&self, at: &Address, out: &mut References) {
        out.object(Address::root(Role::NAME, at.key()), "role");
    }

    fn key_after(&self, key: &str, renaming: Renaming<'_>) -> Option<String> {
        renaming.key(Role::NAME, key)
    }

    fn refuse(&self, cx: &Cx<'_>) -> Option<Misfit> {
        let member_inherits = cx.desired.spec::<Role>(cx.at.parent()?).is_none_or(|r| r.inherit);
        let field = match (self.set, self.inherits() == member_inherits) {
            (true, true) => return None,
            (false, _) => "set",
            (true, false) => "inherit",
        };
        let (problem, field) = since(16, &format!("`{field}` of a membership"), field, cx)?;
        Some((problem.help("leave it out, or say `inherit` of the member itself"), field))
    }

    fn demands(&self, _act: Act, cx: &Cx<'_>) -> Vec<Demand> {
        vec![Demand::Administers(cx.at.key().to_owned())]
    }

    fn access(&self, at: &Address) -> Option<Fact> {
        let group = at.key().to_owned();
        Some(Fact::Member { group, inherits: self.inherits(), sets: self.set, admin: self.admin })
    }

    fn create(&self, cx: &Cx<'_>) -> Vec<Step> {
        vec![grant(&self.new_options(cx), "", cx).admits(cx.at.key(), cx.parent().at.key())]
    }

    fn alter(&self, old: &Self, cx: &Cx<'_>) -> Alter {
        let Self { inherit: _, set: _, admin: _, live_inherit: _, live_grantors: _, live_automatic: _ } = self;
        let options = self.changed_options(old, cx);
        if options.is_empty() {
            return Alter::InPlace(Vec::new());
        }
        let lost = self.options().into_iter().zip(old.options()).filter(|(new, old)| old.1 && !new.1);
        let lost: Vec<String> = lost.map(|(new, _)| format!("`{}`", new.0)).collect();
        let what = format!("{} loses {} in role `{}`", cx.parent().at, lost.join(" and "), cx.at.key());
        let step = |by: &String| match grant(&options, by, cx) {
            step if lost.is_empty() => step,
            step => step.hazard(HazardClass::Access, what.clone()),
        };
        Alter::InPlace(old.grantors().iter().map(step).collect())
    }

    fn drop(&self, cx: &Cx<'_>) -> Vec<Step> {
        let (group, member) = names(cx);
        let what = format!("{} is no longer a member of role `{}`", cx.parent().at, cx.at.key());
        let step = |by: &String| {
            Step::new(format!("revoke {group} from {member}{}", granted_by(by, cx)))
                .hazard(HazardClass::Access, what.clone())
        };
        self.grantors().iter().map(step).collect()
    }
}
