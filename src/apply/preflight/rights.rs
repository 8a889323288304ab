//! Asks the server once about owners, memberships and privileges.

use std::collections::{HashMap, HashSet};

use tokio_postgres::{Client, Row};

use super::Id;
use crate::diagnostic::Result;
use crate::model::{Address, Server};
use crate::session::{cell, server_error};

/// The catalogs whose privileges can be asked for by oid: the catalog's oid, the function to ask, and all its
/// privileges.
const PRIVILEGES: [(u32, &str, &str); 6] = [
    (1259, "has_table_privilege", "select,insert,update,delete,truncate,references,trigger"),
    (2615, "has_schema_privilege", "create,usage"),
    (1255, "has_function_privilege", "execute"),
    (1247, "has_type_privilege", "usage"),
    (2328, "has_foreign_data_wrapper_privilege", "usage"),
    (1417, "has_server_privilege", "usage"),
];

/// Roles that managed services offer in place of a superuser.
const MANAGED: [&str; 6] =
    ["rds_superuser", "cloudsqlsuperuser", "azure_pg_admin", "alloydbsuperuser", "supabase_admin", "neon_superuser"];

/// Returns the owners of objects. One without an owner in `pg_shdepend` belongs to the bootstrap superuser (oid 10).
const OWNERS: &str = "
    select o.class, o.oid, r.rolname::text
    from unnest($1::oid[], $2::oid[]) o(class, oid)
         left join pg_catalog.pg_shdepend d on d.classid = o.class and d.objid = o.oid and d.objsubid = 0
              and d.deptype = 'o'
              and d.dbid in (0, (select b.oid from pg_catalog.pg_database b where b.datname = current_database()))
         join pg_catalog.pg_roles r on r.oid = coalesce(d.refobjid, 10)";

/// Who may do what.
#[derive(Debug, Default)]
pub struct Rights {
    owners: HashMap<Id, String>,
    roles: HashMap<String, Role>,
    inherits: HashSet<(String, String)>,
    sets: HashSet<(String, String)>,
    administers: HashSet<String>,
    held: HashSet<(String, String, Id)>,
    passes_on: HashSet<(String, Id)>,
    database: HashSet<(String, String)>,
    gives_itself: bool,
}

#[derive(Debug)]
struct Role {
    superuser: bool,
    createrole: bool,
}

/// Asks for everything that a plan's demands need to know.
pub async fn ask(client: &Client, spoken: &HashMap<Address, Id>, server: &Server) -> Result<Rights> {
    let mut ids: Vec<Id> = spoken.values().copied().collect();
    ids.sort_unstable();
    ids.dedup();
    let mut rights = Rights::default();
    rights.ask_roles(client, server).await?;
    rights.ask_owners(client, &ids).await?;
    let settable = rights.owners.values().filter(|o| rights.sets.contains(&(server.user.clone(), (*o).clone())));
    let mut actors: Vec<String> = settable.cloned().chain([server.user.clone()]).collect();
    actors.sort();
    actors.dedup();
    rights.ask_members(client, &actors, server).await?;
    rights.ask_privileges(client, &actors, &ids).await?;
    Ok(rights)
}

async fn query(client: &Client, sql: &str, values: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Result<Vec<Row>> {
    client.query(sql, values).await.map_err(|error| server_error(&error, sql))
}

/// Returns whether the privileges of an object can be asked for.
fn can_be_asked(id: Id) -> bool {
    PRIVILEGES.iter().any(|(class, ..)| *class == id.0)
}

impl Rights {
    async fn ask_roles(&mut self, client: &Client, server: &Server) -> Result<()> {
        let sql = "select rolname::text, rolsuper, rolcreaterole, pg_has_role(oid, 'member with admin option'),
                          coalesce(current_setting('createrole_self_grant', true), '') like '%set%'
                   from pg_catalog.pg_roles";
        for row in query(client, sql, &[]).await? {
            let name: String = cell(&row, 0)?;
            if cell(&row, 3)? {
                self.administers.insert(name.clone());
            }
            self.gives_itself = cell(&row, 4)?;
            self.roles.insert(name, Role { superuser: cell(&row, 1)?, createrole: cell(&row, 2)? });
        }
        self.ask_members(client, std::slice::from_ref(&server.user), server).await
    }

    /// Asks which roles' privileges the actors have, and which roles they may `set role` to.
    async fn ask_members(&mut self, client: &Client, actors: &[String], server: &Server) -> Result<()> {
        let set = if server.version.at_least(16) { "set" } else { "member" };
        let sql = format!(
            "select a.name, r.rolname::text, pg_has_role(a.name, r.oid, 'usage'), pg_has_role(a.name, r.oid, '{set}')
             from unnest($1::text[]) a(name), pg_catalog.pg_roles r"
        );
        for row in query(client, &sql, &[&actors]).await? {
            let pair: (String, String) = (cell(&row, 0)?, cell(&row, 1)?);
            if cell(&row, 2)? {
                self.inherits.insert(pair.clone());
            }
            if cell(&row, 3)? {
                self.sets.insert(pair);
            }
        }
        Ok(())
    }

    async fn ask_owners(&mut self, client: &Client, ids: &[Id]) -> Result<()> {
        let (classes, oids): (Vec<u32>, Vec<u32>) = ids.iter().copied().unzip();
        for row in query(client, OWNERS, &[&classes, &oids]).await? {
            self.owners.insert((cell(&row, 0)?, cell(&row, 1)?), cell(&row, 2)?);
        }
        Ok(())
    }

    async fn ask_privileges(&mut self, client: &Client, actors: &[String], ids: &[Id]) -> Result<()> {
        for (class, function, words) in PRIVILEGES {
            let oids: Vec<u32> = ids.iter().filter(|id| id.0 == class).map(|id| id.1).collect();
            if oids.is_empty() {
                continue;
            }
            let columns = if class == 1259 {
                " or w.word = 'references' and has_any_column_privilege(a.name, o.oid, 'references')"
            } else {
                ""
            };
            let pass = words.split(',').map(|word| format!("{word} with grant option")).collect::<Vec<_>>().join(",");
            let sql = format!(
                "select a.name, o.oid, w.word, {function}(a.name, o.oid, w.word){columns}, {function}(a.name, o.oid, '{pass}')
                 from unnest($1::text[]) a(name), unnest($2::oid[]) o(oid), unnest(string_to_array('{words}', ',')) w(word)"
            );
            for row in query(client, &sql, &[&actors, &oids]).await? {
                let (actor, oid, word): (String, u32, String) = (cell(&row, 0)?, cell(&row, 1)?, cell(&row, 2)?);
                if cell::<Option<bool>>(&row, 4)? != Some(false) {
                    self.passes_on.insert((actor.clone(), (class, oid)));
                }
                if cell::<Option<bool>>(&row, 3)? != Some(false) {
                    self.held.insert((actor, word, (class, oid)));
                }
            }
        }
        let sql = "select a.name, w.word, has_database_privilege(a.name, current_database(), w.word)
                   from unnest($1::text[]) a(name), unnest(array['create', 'connect', 'temporary']) w(word)";
        for row in query(client, sql, &[&actors]).await? {
            if cell(&row, 2)? {
                self.database.insert((cell(&row, 0)?, cell(&row, 1)?));
            }
        }
        Ok(())
    }

    /// Returns the owner of an existing object.
    pub fn owner(&self, id: Id) -> Option<&str> {
        self.owners.get(&id).map(String::as_str)
    }

    /// Returns whether `who` has the privileges of `role` without `set role`.
    pub fn inherits(&self, who: &str, role: &str) -> bool {
        self.inherits.contains(&(who.to_owned(), role.to_owned()))
    }

    /// Returns whether `who` may `set role` to `role`.
    pub fn sets(&self, who: &str, role: &str) -> bool {
        self.sets.contains(&(who.to_owned(), role.to_owned()))
    }

    /// Returns whether a role that is created may be `set role` to by its creator, as `createrole_self_grant` says.
    pub fn gives_itself(&self) -> bool {
        self.gives_itself
    }

    /// Returns whether the cluster has that role.
    pub fn knows(&self, role: &str) -> bool {
        self.roles.contains_key(role)
    }

    /// Returns whether a role is a superuser.
    pub fn is_superuser(&self, role: &str) -> bool {
        self.roles.get(role).is_some_and(|role| role.superuser)
    }

    /// Returns whether `who` has a privilege on an object; also true if such privileges cannot be asked for.
    pub fn has(&self, who: &str, word: &str, id: Id) -> bool {
        !can_be_asked(id) || self.held.contains(&(who.to_owned(), word.to_owned(), id))
    }

    /// Returns whether `who` may grant any privilege on an object to others; also true if that is not known.
    pub fn passes_on(&self, who: &str, id: Option<Id>) -> bool {
        let Some(id) = id else { return true };
        !can_be_asked(id) || self.passes_on.contains(&(who.to_owned(), id))
    }

    /// Returns whether `who` has a privilege on the database.
    pub fn on_database(&self, who: &str, word: &str) -> bool {
        self.database.contains(&(who.to_owned(), word.to_owned()))
    }

    /// Returns whether `who` may create roles.
    pub fn creates_roles(&self, who: &str) -> bool {
        self.roles.get(who).is_some_and(|role| role.createrole)
    }

    /// Returns whether `who` may change a role and its members. From PostgreSQL 16 on, `createrole` is not enough, but
    /// the creator of a role may administer it.
    pub fn administers(&self, who: &str, role: &str, server: &Server) -> bool {
        if who == role || !self.knows(role) || self.is_managed() {
            return true;
        }
        let has_admin = who == server.user && self.administers.contains(role);
        if server.version.at_least(16) { has_admin } else { has_admin || self.creates_roles(who) }
    }

    /// Returns whether this is a managed service, where no user is a superuser but some may do what elsewhere only a
    /// superuser may.
    pub fn is_managed(&self) -> bool {
        MANAGED.iter().any(|role| self.knows(role))
    }
}
