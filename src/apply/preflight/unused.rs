//! Finds, before a role is dropped, what belongs to it or names it in any database of the cluster.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashSet};

use tokio_postgres::Client;

use super::{Id, Ids};
use crate::diagnostic::{Code, Diagnostic, Result};
use crate::model::{Address, Demand};
use crate::plan::{Plan, PlanStep};
use crate::session::{cell, server_error};
use crate::sql::ident;

/// Returns what depends on a shared object in the whole cluster: the database, the dependent object, and the type of
/// dependency. Objects in other databases are known only by their class and oid.
const USES: &str = "
    select b.datname::text, d.classid, d.objid, d.deptype::text, d.dbid = 0 or b.datname = current_database() as here,
           case when d.dbid = 0 or b.datname = current_database()
                then pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) end
    from pg_catalog.pg_shdepend d left join pg_catalog.pg_database b on b.oid = d.dbid
    where d.refclassid = $1 and d.refobjid = $2
    order by 1 nulls first, 2, 3";

/// The largest number of objects that are named per place.
const NAMED: usize = 20;

/// Returns a problem for each object that the plan drops while something still uses it.
pub async fn check(client: &Client, plan: &Plan, ids: &Ids<'_>) -> Result<Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    let changed = OnceCell::new();
    for step in &plan.steps {
        for demand in &step.demands {
            let (at, here) = match demand {
                Demand::Unused(at) => (at, true),
                Demand::UnusedElsewhere(at) => (at, false),
                Demand::Owns(_)
                | Demand::OwnsEither(..)
                | Demand::Grants(_)
                | Demand::Privilege(..)
                | Demand::OnDatabase(_)
                | Demand::Becomes(_)
                | Demand::Administers(_)
                | Demand::CreateRole
                | Demand::Superuser => continue,
            };
            // Several statements may demand the same.
            let Some(id) = ids.get(at).filter(|id| seen.insert(*id)) else { continue };
            let places = places(client, id, here, changed.get_or_init(|| Changed::of(plan, ids))).await?;
            if !places.is_empty() {
                problems.push(problem(step, at, &places));
            }
        }
    }
    Ok(problems)
}

/// What the plan changes, by catalog ids.
struct Changed {
    ids: HashSet<Id>,
    /// Whether the plan changes an object without a catalog id of its own here, such as default privileges.
    nameless: bool,
    /// The classes of objects that have a catalog id.
    classes: HashSet<u32>,
}

impl Changed {
    fn of(plan: &Plan, ids: &Ids<'_>) -> Self {
        let whole = ids.whole;
        let touched: Vec<Option<Id>> = plan.touched.iter().map(|at| ids.get(at)).collect();
        Self {
            nameless: plan.touched.iter().zip(&touched).any(|(at, id)| id.is_none() && whole.contains(at)),
            ids: touched.into_iter().flatten().collect(),
            classes: whole.iter().filter_map(|(_, object)| Some(object.origin.id()?.0)).collect(),
        }
    }

    fn covers(&self, id: Id) -> bool {
        self.ids.contains(&id) || self.nameless && !self.classes.contains(&id.0)
    }
}

/// Returns what still uses a shared object, by database.
async fn places(client: &Client, of: Id, here: bool, changed: &Changed) -> Result<BTreeMap<String, Vec<String>>> {
    let rows = client.query(USES, &[&of.0, &of.1]).await.map_err(|error| server_error(&error, USES))?;
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let (is_here, how): (bool, String) = (cell(row, 4)?, cell(row, 3)?);
        if is_here && (!here || changed.covers((cell(row, 1)?, cell(row, 2)?))) {
            continue;
        }
        let database: Option<String> = cell(row, 0)?;
        let what: Option<String> = cell(row, 5)?;
        let what = what.unwrap_or_else(|| "an object".to_owned());
        let what = match how.as_str() {
            "o" => format!("owns {what}"),
            "a" | "i" => format!("has privileges on {what}"),
            _ => format!("is named by {what}"),
        };
        let place = database.map_or_else(|| "the cluster".to_owned(), |name| format!("database `{name}`"));
        places.entry(place).or_default().push(what);
    }
    Ok(places)
}

fn problem(step: &PlanStep, at: &Address, places: &BTreeMap<String, Vec<String>>) -> Diagnostic {
    let list = |(place, what): (&String, &Vec<String>)| {
        let mut counted: Vec<(String, usize)> = Vec::new();
        for one in what {
            match counted.last_mut() {
                Some((last, count)) if last == one => *count += 1,
                _ => counted.push((one.clone(), 1)),
            }
        }
        let more = counted.len().saturating_sub(NAMED);
        let words =
            counted.iter().take(NAMED).map(|(one, n)| if *n == 1 { one.clone() } else { format!("{one} ({n} times)") });
        let rest = (more > 0).then(|| format!("{more} more"));
        format!("in {place} it {}", words.chain(rest).collect::<Vec<_>>().join(", "))
    };
    let message = format!("{at} can't be dropped: {}", places.iter().map(list).collect::<Vec<_>>().join("; "));
    let role = ident(at.key());
    let help = format!(
        "say `reassign_to: ROLE` to give away what it owns in this database; in others run `reassign owned by {role} to \
         ROLE` and `drop owned by {role}`; nothing was changed"
    );
    let problem = Diagnostic::new(Code::Refused, message).help(help);
    match step.origin {
        Some(span) => problem.label(span, "dropped here"),
        None => problem,
    }
}
