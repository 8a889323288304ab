//! Variables: `${name}` in keys, values and bodies is what `dbstate.yaml`, an environment or `--var` says.

use crate::support::database::Database;
use crate::support::project::Project;

const SETTINGS: &str = "
files: [schema.yaml]
variables: { tenant: acme, limit: 3 }
environments:
  big: { variables: { limit: '9', region: eu } }
";

const SCHEMA: &str = r#"# The schema of a tenant.
schemas:
  "${tenant}_app":
    comment: Of ${tenant}, $${tenant} and $ {tenant}
    tables:
      notes: # what is kept
        columns:
          id: bigint not null
          kind: varchar(${limit}) default '${tenant}'
        checks: { notes_id: "id < ${limit}" }
    functions:
      limit(): { returns: int, language: sql, file: limit.sql }
    sequences: { numbers: { cache: "${limit}" } }
"#;

const BODY: &str = "select ${limit} -- of '${tenant}'\n";

fn project<'a>(database: &'a Database<'a>) -> Project {
    Project::new(database, &[("dbstate.yaml", SETTINGS), ("schema.yaml", SCHEMA), ("limit.sql", BODY)])
}

/// What the variables led to in a database.
fn made(database: &Database<'_>, schema: &str) -> String {
    database.psql(&format!(
        "select obj_description('{schema}'::regnamespace);
         select format_type(atttypid, atttypmod), pg_get_expr(adbin, adrelid)
             from pg_attribute join pg_attrdef on attrelid = adrelid and attnum = adnum
             where attrelid = '{schema}.notes'::regclass;
         select pg_get_constraintdef(oid) from pg_constraint where conname = 'notes_id';
         select prosrc from pg_proc where proname = 'limit';
         select seqcache from pg_sequence where seqrelid = '{schema}.numbers'::regclass"
    ))
}

#[test]
fn settings_environments_and_flags_give_values() {
    let database = Database::create();
    let project = project(&database);
    let mut args = vec!["apply", "--yes", "--allow", "data,access,rewrite,block"];
    project.run(&args, 0);
    project.settled();
    let wanted = "Of acme, ${tenant} and $ {tenant}
character varying(3)|'acme'::character varying
CHECK ((id < 3))
select 3 -- of 'acme'

3";
    assert_eq!(made(&database, "acme_app").trim(), wanted);

    args.extend(["--env", "big"]);
    project.run(&args, 0);
    project.run(&["plan", "--exit-code", "--env", "big"], 0);
    project.run(&["plan", "--exit-code"], 2);
    assert!(made(&database, "acme_app").contains("CHECK ((id < 9))"));

    args.extend(["--var", "tenant=globex", "--var", "limit=5"]);
    project.run(&args, 0);
    assert!(made(&database, "globex_app").starts_with("Of globex, ${tenant} and"));
}

#[test]
fn a_value_that_changes_is_seen_although_no_file_does() {
    let database = Database::create();
    let project = project(&database);
    project.apply();
    // The second apply notes that nothing is left to do, and a plan may then skip the catalogs.
    project.apply();
    project.run(&["drift"], 0);
    project.run(&["drift", "--env", "big"], 2);
    project.run(&["drift", "--var", "limit=1"], 2);
}

#[test]
fn without_any_variable_the_text_stays() {
    let database = Database::create();
    let schema = "schemas: { app: { comment: \"${tenant} $${tenant}\" } }\n";
    let project = Project::new(&database, &[("schema.yaml", schema)]);
    project.apply();
    assert_eq!(database.psql("select obj_description('app'::regnamespace)").trim(), "${tenant} $${tenant}");
    project.settled();
}

#[test]
fn a_saved_plan_keeps_its_values() {
    let database = Database::create();
    let project = project(&database);
    project.run(&["plan", "--var", "tenant=globex", "--out", "a.plan"], 0);
    project.write("dbstate.yaml", &SETTINGS.replace("limit: 3", "limit: 4"));
    project.run(&["apply", "a.plan", "--yes"], 0);
    assert!(made(&database, "globex_app").contains("CHECK ((id < 3))"));
}

#[test]
fn commands_without_a_database_know_them() {
    let database = Database::create();
    let project = project(&database);
    project.run_alone(&["validate"], 0);
    project.run_alone(&["validate", "--env", "big", "--var", "tenant=x"], 0);
    let wrong = project.run_alone(&["validate", "--var", "limit=many"], 1).stderr;
    assert!(wrong.contains("schema.yaml:13:") && wrong.contains("schema.yaml:10:"), "{wrong}");
    let unknown = project.run_alone(&["validate", "--var", "tennant=x"], 1).stderr;
    assert!(unknown.contains("does not declare") && unknown.contains("did you mean `tenant`?"), "{unknown}");
    let environment = project.run_alone(&["validate", "--env", "huge"], 1).stderr;
    assert!(environment.contains("no environment `huge`"), "{environment}");
    let access = project.run_alone(&["access", "--declared", "acme_app"], 0).stdout;
    assert!(access.contains("acme_app"), "{access}");
    let values = |text: &str| text.matches("${").count();
    project.run_alone(&["fmt"], 0);
    let formatted = std::fs::read_to_string(project.path().join("schema.yaml")).expect("a file");
    assert_eq!(values(&formatted), values(SCHEMA), "{formatted}");
    project.run_alone(&["validate"], 0);
}

#[test]
fn a_pull_leaves_them_where_nothing_changed() {
    let database = Database::create();
    let project = project(&database);
    project.apply();
    let pull = || {
        project.run(&["pull", "-o", "."], 0);
        std::fs::read_to_string(project.path().join("schema.yaml")).expect("a file")
    };
    assert_eq!(pull(), SCHEMA);
    database.psql(
        "alter table acme_app.notes add column price text default '${tenant}', alter id drop not null;
         create or replace function acme_app.limit() returns int language sql as 'select 1 -- ${limit}';
         comment on schema acme_app is 'Of ${limit}'",
    );
    let pulled = pull();
    let wanted = SCHEMA
        .replace("Of ${tenant}, $${tenant} and $ {tenant}", "Of $${limit}")
        .replace("bigint not null", "bigint")
        .replace("'${tenant}'\n", "'${tenant}'\n          price: text default '$${tenant}'::text\n");
    assert_eq!(pulled, wanted);
    let body = std::fs::read_to_string(project.path().join("limit.sql")).expect("a file");
    assert_eq!(body, "select 1 -- $${limit}");
    project.settled();
}
