//! Many applies at once: of the same plan and of different ones, on one database and on several of a cluster.

use crate::support::cluster::own_cluster;
use crate::support::database::Database;
use crate::support::project::Project;

const DATABASES: usize = 5;
const VARIANTS: usize = 5;
const APPLIES: usize = 50;

/// Roles that every project declares alike: each apply wants to change the same rows of shared catalogs.
fn roles(limit: usize) -> String {
    let role = |i: usize| {
        format!(
            "  r{i}: {{ connection_limit: {limit}, comment: at {limit}, member_of: [all], settings: {{ work_mem: {limit}MB }} }}\n"
        )
    };
    "roles:\n  all: {}\n".to_owned() + &(0..4).map(role).collect::<String>()
}

/// A schema of its own for each variant, with an index that is built concurrently once there are rows.
fn schema(variant: usize, indexed: bool) -> String {
    let index = if indexed { ", indexes: { no_idx: [no] }" } else { "" };
    format!("schemas: {{ s{variant}: {{ tables: {{ t: {{ columns: {{ id: int, no: int }}{index} }} }} }} }}\n")
}

/// Applies every project at the same time; how many changed something.
fn apply_all(projects: &[Project]) -> usize {
    std::thread::scope(|threads| {
        let apply =
            |project| threads.spawn(move || Project::run(project, &["apply", "--yes", "--allow", "access,block"], 0));
        let running: Vec<_> = projects.iter().map(apply).collect();
        let outputs = running.into_iter().map(|thread| thread.join().expect("it ended well"));
        outputs.filter(|output| output.stdout.contains("\nApplied: ")).count()
    })
}

#[test]
fn fifty_applies_at_once_are_all_correct() {
    let cluster = own_cluster();
    let databases: Vec<Database<'_>> =
        (0..DATABASES).map(|i| Database::named(cluster.server(), &format!("together_{i}"))).collect();
    let project = |i: usize, limit: usize, indexed: bool| {
        let schema = schema(i / DATABASES % VARIANTS, indexed);
        Project::new(&databases[i % DATABASES], &[("schema.yaml", &schema), ("roles.yaml", &roles(limit))])
    };
    let projects =
        |limit: usize, indexed| -> Vec<Project> { (0..APPLIES).map(|i| project(i, limit, indexed)).collect() };

    let first = projects(1, false);
    assert!(apply_all(&first) >= DATABASES * VARIANTS, "each schema was made by somebody");
    for database in &databases {
        for variant in 0..VARIANTS {
            database.psql(&format!("insert into s{variant}.t select i, i from generate_series(1, 10) i"));
        }
    }
    let second = projects(2, true);
    assert_eq!(apply_all(&second), DATABASES * VARIANTS, "each index was built by one");
    second.iter().take(DATABASES * VARIANTS).for_each(Project::settled);
    let roles = "select string_agg(rolname || ' ' || rolconnlimit, ', ' order by rolname) from pg_roles where rolname ~ '^r\\d'";
    assert_eq!(databases[0].psql(roles), "r0 2, r1 2, r2 2, r3 2");
}

#[test]
fn without_a_common_database_the_later_plans_again() {
    let cluster = own_cluster();
    let databases = ["one", "two", "three", "four"].map(|name| Database::named(cluster.server(), name));
    databases[0].psql(
        "create role maker login createrole; revoke connect on database postgres, template1 from public;
         create role r0; create role r1; create role r2; create role r3; create role \"all\";
         grant create on database one, two, three, four to maker",
    );
    if cluster.server().version().major >= 16 {
        databases[0].psql("grant r0, r1, r2, r3, \"all\" to maker with admin option, inherit false, set false");
    }
    for limit in 1..=3 {
        let projects: Vec<Project> =
            databases.iter().map(|d| Project::new(d, &[("schema.yaml", &roles(limit))]).user("maker")).collect();
        apply_all(&projects);
        projects[0].settled();
    }
}
