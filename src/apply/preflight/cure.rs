//! Describes what a role lacks and how to get it.

use super::rights::Rights;
use crate::model::Demand;
use crate::sql::ident;

/// Describes what is missing, as a fragment of a sentence.
pub fn lack(demand: &Demand, owner: Option<&str>) -> String {
    let belongs = |owner: Option<&str>| owner.map(|o| format!(", which belongs to `{o}`")).unwrap_or_default();
    match demand {
        Demand::Owns(at) | Demand::Grants(at) => format!("it must own {at}{}", belongs(owner)),
        Demand::OwnsEither(at, space) => format!("it must own {at}{}, or {space}", belongs(owner)),
        Demand::Privilege(word, at) => format!("it needs `{word}` on {at}"),
        Demand::OnDatabase(word) => format!("it needs `{word}` on the database"),
        Demand::Becomes(role) => format!("it can't `set role` to `{role}`"),
        Demand::Administers(role) => format!("it may not administer role `{role}`"),
        Demand::CreateRole => "it may not make roles".to_owned(),
        Demand::Superuser => "only a superuser may".to_owned(),
        Demand::Unused(at) | Demand::UnusedElsewhere(at) => format!("something belongs to {at}"),
    }
}

/// What is known about an unmet demand.
#[derive(Clone, Copy)]
pub struct Lack<'a> {
    /// The owner of the object that the demand is about, if known.
    pub owner: Option<&'a str>,
    /// Whether that object exists before the plan runs.
    pub live: bool,
    /// The applying role.
    pub user: &'a str,
    /// The database.
    pub database: &'a str,
    /// What is known about roles and their privileges.
    pub rights: &'a Rights,
}

/// Returns the statement that would grant what is missing, and who may run it.
pub fn cure(demand: &Demand, lack: Lack<'_>) -> String {
    let Lack { owner, live, user, database, rights } = lack;
    let me = ident(user);
    let membership = |role: &str| {
        if !rights.knows(role) {
            format!(
                "declare `member_of: [{role}]` of role `{user}`, or from PostgreSQL 16 on set `createrole_self_grant` for it"
            )
        } else if rights.is_superuser(role) {
            format!("apply as `{role}`, or give the object to `{user}`")
        } else {
            let name = ident(role);
            format!("let a superuser, or who administers `{role}`, run `grant {name} to {me}`")
        }
    };
    match demand {
        Demand::Owns(_) | Demand::OwnsEither(..) | Demand::Grants(_) => {
            owner.map_or_else(|| "apply as the owner".to_owned(), membership)
        }
        Demand::Privilege(..) if !live => owner.map_or_else(|| "apply as its owner".to_owned(), membership),
        Demand::Privilege(word, at) => {
            let noun = at.kind().to_string();
            let name: Vec<String> = at.path().into_iter().map(ident).collect();
            format!("let its owner run `grant {word} on {noun} {} to {me}`", name.join("."))
        }
        Demand::OnDatabase(word) => {
            format!("let the database's owner run `grant {word} on database {} to {me}`", ident(database))
        }
        Demand::Becomes(role) => membership(role),
        Demand::Administers(role) => {
            format!(
                "let a superuser run `grant {} to {me} with admin option` and `alter role {me} createrole`",
                ident(role)
            )
        }
        Demand::CreateRole => format!("let a superuser run `alter role {me} createrole`"),
        Demand::Superuser | Demand::Unused(_) | Demand::UnusedElsewhere(_) => "apply this as a superuser".to_owned(),
    }
}
