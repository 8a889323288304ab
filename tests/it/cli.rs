//! The command line as a user meets it: flags, exit codes, what goes where, colours, the prompt, interrupts.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::binary::{command, dbstate, dbstate_with};
use crate::support::database::Database;
use crate::support::terminal::Terminal;

const COMMANDS: [&str; 18] = [
    "init",
    "validate",
    "fmt",
    "plan",
    "apply",
    "drift",
    "diff",
    "pull",
    "access",
    "graph",
    "docs",
    "history",
    "local",
    "lsp",
    "man",
    "schema",
    "explain",
    "completions",
];

const SHOP: &str = "schemas:
  shop:
    tables:
      orders:
        columns:
          id: bigint not null
          total: numeric(12,2)
        primary_key: [id]
    views:
      open: select id from shop.orders
";

fn project(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("schema.yaml"), text).expect("a file");
    dir
}

fn rewrite(dir: &tempfile::TempDir, from: &str, to: &str) {
    let path = dir.path().join("schema.yaml");
    let text = fs::read_to_string(&path).expect("a file");
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).expect("a file");
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn help_of_every_command_has_examples_and_goes_to_stdout() {
    for name in COMMANDS {
        let output = dbstate([name, "--help"], here());
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{name}");
        assert!(output.stdout.contains("Examples:\n") && output.stdout.contains("Usage: dbstate"), "{}", output.stdout);
    }
    for action in ["start", "stop", "status", "url", "psql"] {
        let output = dbstate(["local", action, "--help"], here());
        assert!(output.stdout.contains("\nExample"), "{}", output.stdout);
    }
    let output = dbstate(["--help"], here());
    assert_eq!(output.code, Some(0));
    assert!(COMMANDS.iter().all(|name| output.stdout.contains(&format!("\n  {name} "))), "{}", output.stdout);
    let listed =
        output.stdout.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let listed = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    assert_eq!(listed.count(), COMMANDS.len(), "a command is not in the list of this test: {}", output.stdout);
    assert!(output.stdout.contains("Exit codes: 0"), "{}", output.stdout);
    let output = dbstate(["--version"], here());
    assert_eq!(output.stdout, concat!("dbstate ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn a_usage_error_is_1_and_goes_to_stderr() {
    for (args, said) in [
        (&["plan", "--databse", "x"][..], "a similar argument exists: '--database'"),
        (&["validaet"], "a similar subcommand exists: 'validate'"),
        (&["plan", "--format", "xml"], "[possible values: text, sql, json"),
        (&["plan", "-p", "many"], "invalid value 'many' for '--port <PORT>'"),
        (&["validate", "-h"], "help is `--help`"),
        (&["-h"], "help is `--help`"),
        (&[], "Usage: dbstate"),
        (&["explain", "hazrad"], "did you mean `hazard`?"),
        (&["completions", "tcsh"], "possible values: bash"),
    ] {
        let output = dbstate(args, here());
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains(said), "{args:?}: {}", output.stderr);
    }
    let dir = project(SHOP);
    let output = dbstate(["apply", "--yes", "--allow", "dat", "-d", "postgres://nowhere.invalid/x"], dir.path());
    assert_eq!(output.code, Some(1));
    assert!(
        output.stderr.contains("`dat` is no hazard class") && output.stderr.contains("`data`"),
        "{}",
        output.stderr
    );
}

#[test]
fn dash_h_is_the_host() {
    let dir = project(SHOP);
    let output = dbstate(["plan", "-h", "127.0.0.1", "-p", "1", "-U", "nobody"], dir.path());
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("127.0.0.1"), "{}", output.stderr);
}

#[test]
fn explain_has_a_page_for_what_errors_name() {
    let output = dbstate(["explain", "dangling-reference"], here());
    assert_eq!(output.code, Some(0));
    assert!(output.stdout.starts_with("# dangling-reference: "), "{}", output.stdout);
    let list = dbstate(["explain"], here()).stdout;
    assert_eq!(list.lines().count(), 28, "{list}");
    assert_eq!(dbstate(["explain", "Not_Converged"], here()).code, Some(0));
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = dbstate(["completions", shell], here());
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "{shell}");
        assert!(output.stdout.contains("validate"), "{shell}");
    }
}

#[test]
fn every_command_has_a_man_page() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("man1");
    let output = dbstate(["man", "-o", &out.display().to_string()], here());
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    for name in COMMANDS {
        let page = fs::read_to_string(out.join(format!("dbstate-{name}.1"))).expect(name);
        assert!(page.contains(".TH dbstate-") && page.contains("Examples:"), "{name}: {page}");
    }
    let pages = fs::read_dir(&out).expect("the directory").count();
    assert!(output.stderr.starts_with(&format!("wrote {pages} pages into ")), "{pages}: {}", output.stderr);
    let first = fs::read_to_string(out.join("dbstate.1")).expect("the first page");
    assert_eq!(dbstate(["man"], here()).stdout, first);
    let blocked = dbstate(["man", "-o", &out.join("dbstate.1").display().to_string()], here());
    assert!(blocked.stderr.contains("can't write"), "{}", blocked.stderr);
}

#[test]
fn completions_are_installed_where_shells_look() {
    let share = tempfile::tempdir().expect("a directory");
    let script = here().join("scripts/completions");
    let status = Command::new(script).arg(env!("CARGO_BIN_EXE_dbstate")).arg(share.path()).status().expect("it runs");
    assert!(status.success());
    for (name, flag) in
        [("zsh/site-functions/_dbstate", "'--keep-going["), ("fish/vendor_completions.d/dbstate.fish", "-l keep-going")]
    {
        assert!(fs::read_to_string(share.path().join(name)).expect(name).contains(flag), "{name}");
    }
    let bash = share.path().join("bash-completion/completions/dbstate");
    let offered = |words: &[&str]| {
        let (command, last) = ("source \"$0\"; COMP_WORDS=(dbstate \"$@\"); COMP_CWORD=$#", words.len() - 1);
        let call =
            format!("{command}; _dbstate dbstate '{}' '{}'; echo \"${{COMPREPLY[*]}}\"", words[last], words[last - 1]);
        let output = Command::new("bash").arg("-c").arg(call).arg(&bash).args(words).current_dir(here()).output();
        String::from_utf8(output.expect("bash runs").stdout).expect("UTF-8")
    };
    assert_eq!(offered(&["apply", "--keep-g"]), "--keep-going\n");
    assert_eq!(offered(&["plan", "--format", "ju"]), "junit\n");
    assert_eq!(offered(&["explain", "dangl"]), "dangling-reference\n");
    assert_eq!(offered(&["access", "READ"]), "\n", "a role is no file");
    assert_eq!(offered(&["validate", "--file", "READ"]), "README.md\n");
}

#[test]
fn results_go_to_stdout_and_talk_to_stderr() {
    let dir = project(SHOP);
    let output = dbstate(["validate"], dir.path());
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", "valid: 6 objects\n"));
    assert_eq!(dbstate(["validate", "-q"], dir.path()).stderr, "");
    let database = Database::create();
    let url = database.url();
    let applied = dbstate(["apply", "--yes", "-d", &url], dir.path());
    assert_eq!(applied.code, Some(0), "{}", applied.stderr);
    assert!(applied.stdout.ends_with("Applied: 1 added, 0 changed, 0 replaced, 0 dropped.\n"), "{}", applied.stdout);
    let empty = dbstate(["plan", "--format", "sql", "-d", &url], dir.path());
    assert_eq!((empty.code, empty.stdout.as_str(), empty.stderr.as_str()), (Some(0), "", ""));
    assert_eq!(dbstate(["plan", "-d", &url], dir.path()).stdout, "No changes: the database is as declared.\n");
    let drift = dbstate(["drift", "-d", &url], dir.path());
    assert_eq!((drift.code, drift.stdout.as_str()), (Some(0), "No drift: the database is as declared.\n"));
}

#[test]
fn a_plan_as_text() {
    let dir = project(SHOP);
    let database = Database::create();
    let url = database.url();
    assert_eq!(dbstate(["apply", "--yes", "-q", "-d", &url], dir.path()).code, Some(0));
    rewrite(&dir, "numeric(12,2)", "numeric(14,3)");
    rewrite(&dir, "    views:\n      open: select id from shop.orders\n", "      users: { columns: { id: bigint } }\n");
    let plan = dbstate(["plan", "-d", &url], dir.path());
    insta::assert_snapshot!(plan.stdout, @r#"
  + table `shop.users`          schema.yaml:9:7
  ~ column `shop.orders.total`  schema.yaml:7:11
        - numeric(12,2)
        + numeric(14,3)
  - view `shop.open`            schema.yaml:2:3

Statements, in order:

    drop view shop.open;
      -- lock: access exclusive
      -- hazard breaking: clients lose view `shop.open`
    create table shop.users (
        id bigint
    );
    alter table shop.orders alter column total type numeric(14,3) using total::numeric(14,3);
      -- lock: access exclusive
      -- hazard rewrite: rewrites the table to turn numeric(12,2) into numeric(14,3)

Hazards: rewrite 1, breaking 1. To apply without being asked: --allow rewrite,breaking

Plan: 1 to add, 1 to change, 0 to replace, 1 to drop.
"#);
    assert_eq!(dbstate(["plan", "-d", &url, "--exit-code"], dir.path()).code, Some(2));
    assert_eq!(dbstate(["plan", "-d", &url, "--detailed-exitcode"], dir.path()).code, Some(2));
    let refused = dbstate(["apply", "--yes", "-d", &url], dir.path());
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("hazard `breaking` is not allowed"), "{}", refused.stderr);
    assert_eq!(database.psql("select to_regclass('shop.open') is not null"), "t");
}

#[test]
fn json_follows_its_schema() {
    let schema = fs::read_to_string(here().join("docs/plan.schema.json")).expect("the schema");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let dir = project(SHOP);
    let database = Database::create();
    let url = database.url();
    let check = |what: &str| {
        let output = dbstate(["plan", "--format", "json", "-d", &url], dir.path());
        let plan: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&plan).map(|e| format!("{e} at {}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{what}: {errors:?}\n{}", output.stdout);
        plan
    };
    assert_eq!(check("all new")["changes"][0]["origin"], "schema.yaml:2:3");
    assert_eq!(dbstate(["apply", "--yes", "-q", "-d", &url], dir.path()).code, Some(0));
    assert_eq!(check("nothing")["steps"], serde_json::json!([]));
    rewrite(&dir, "numeric(12,2)", "bigint");
    rewrite(&dir, "select id from", "select id::text as no from");
    rewrite(&dir, "      orders:\n", "      purchases:\n        was: orders\n");
    rewrite(&dir, "shop.orders", "shop.purchases");
    let plan = check("changed");
    assert!(plan["steps"].as_array().is_some_and(|steps| steps.len() > 1), "{plan}");
}

#[test]
fn colours_by_flag_variable_and_terminal() {
    let dir = project("schemas: { shop: { oner: app } }\n");
    let run = |args: &[&str], env: &[(&str, &str)]| {
        let env: BTreeMap<String, String> = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        dbstate_with(args, dir.path(), &env).stderr.contains('\x1b')
    };
    assert!(!run(&["validate"], &[]), "no terminal, no colour");
    assert!(run(&["validate"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!run(&["validate"], &[("CLICOLOR_FORCE", "0")]));
    assert!(!run(&["validate"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(run(&["validate"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "")]), "an empty NO_COLOR says nothing");
    assert!(!run(&["validate", "--no-color"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn an_env_file_serves_the_connection_and_role_passwords() {
    let cluster = crate::support::cluster::own_cluster();
    let database = Database::create_in(cluster.server());
    let dir = project("roles: { envy: { login: true, password: { env: ENVY_PASSWORD } } }\n");
    let env = dir.path().join("app.env");
    let text = format!("# where\nexport DATABASE_URL='{}'\nENVY_PASSWORD=\"it's $ecret # 1\"\n", database.url());
    fs::write(&env, text.replace("$ecret", "\\$ecret")).expect("a file");
    let output = dbstate(["apply", "--yes", "--env-file", "app.env"], dir.path());
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(!output.stdout.contains("ecret") && !output.stderr.contains("ecret"), "{}{}", output.stdout, output.stderr);
    assert_eq!(database.psql("select rolpassword like 'SCRAM%' from pg_authid where rolname = 'envy'"), "t");
    assert_eq!(dbstate(["plan", "--exit-code", "--env-file", "app.env"], dir.path()).code, Some(0));
    fs::write(&env, "PASSWORD hunter2\n").expect("a file");
    let output = dbstate(["plan", "--env-file", "app.env"], dir.path());
    assert_eq!(output.code, Some(1));
    assert!(
        output.stderr.contains("`app.env`: line 1 is not `NAME=value`") && !output.stderr.contains("hunter2"),
        "{}",
        output.stderr
    );
    let output = dbstate(["plan", "--env-file", "gone.env"], dir.path());
    assert!(output.stderr.contains("can't read `gone.env`: no such file or directory"), "{}", output.stderr);
}

#[test]
fn without_a_terminal_apply_wants_yes() {
    let dir = project(SHOP);
    let database = Database::create();
    let output = dbstate(["apply", "-d", &database.url()], dir.path());
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.contains("give `--yes`"), "{}", output.stderr);
    assert_eq!(database.psql("select to_regclass('shop.orders') is null"), "t");
}

#[test]
fn at_a_terminal_only_yes_goes_on() {
    let dir = project(SHOP);
    let database = Database::create();
    let exists = || database.psql("select to_regclass('shop.orders') is not null") == "t";
    for (answer, code, applied) in
        [("no\n", 1, false), ("y\n", 1, false), ("\x04", 1, false), ("\x03", 130, false), ("yes\n", 0, true)]
    {
        let (status, shown) =
            Terminal::run(dir.path(), &["apply", "-d", &database.url()], "Only `yes` goes on", answer);
        assert_eq!(status.code(), Some(code), "{answer:?}: {shown}");
        assert_eq!(exists(), applied, "{answer:?}: {shown}");
        assert!(shown.contains("Plan: ") && shown.contains('\x1b'), "{shown}");
    }
}

#[test]
fn an_interrupt_cancels_the_statement_and_rolls_back() {
    let dir = project(SHOP);
    let database = Database::create();
    database
        .psql("create function public.slow() returns bigint language sql immutable as 'select 1 from pg_sleep(600)'");
    rewrite(&dir, "    views:\n      open:", "    views:\n      slow: select public.slow() as s limit 1\n      open:");
    rewrite(&dir, "      orders:\n", "      orders:\n        comment: x\n");
    // A materialized view runs its query when it is made.
    rewrite(
        &dir,
        "    views:\n",
        "    materialized_views:\n      now: { query: select public.slow() as s }\n    views:\n",
    );
    let home = tempfile::tempdir().expect("a directory");
    let mut child = command(home.path())
        .args(["apply", "--yes", "-d", &database.url()])
        .current_dir(dir.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let running =
        "select count(*) from pg_stat_activity where query like 'create materialized view%' and state = 'active'
        and datname = current_database()";
    wait_for(|| database.psql(running) == "1");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("a signal");
    let status = child.wait().expect("it ends");
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("UTF-8");
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted"), "{said}");
    assert_eq!(database.psql(running), "0", "the statement is cancelled");
    assert_eq!(database.psql("select to_regnamespace('shop') is null"), "t", "it is rolled back");
}

#[test]
fn an_environment_allows_hazards_of_its_own() {
    let dir = project(SHOP);
    let database = Database::create();
    assert_eq!(dbstate(["apply", "--yes", "-d", &database.url()], dir.path()).code, Some(0));
    let environment = |name: &str, more: &str| format!("  {name}: {{ database: \"{}\"{more} }}\n", database.url());
    let settings = environment("prod", "") + &environment("test", ", allow: [breaking]");
    fs::write(dir.path().join("dbstate.yaml"), format!("environments:\n{settings}")).expect("written");
    rewrite(&dir, "select id from", "select id::text as no from");
    assert_eq!(dbstate(["apply", "--yes", "--env", "prod"], dir.path()).code, Some(3));
    let output = dbstate(["apply", "--yes", "--env", "test"], dir.path());
    assert_eq!(output.code, Some(0), "{}", output.stderr);
}

#[test]
fn a_closed_pipe_is_silent() {
    let home = tempfile::tempdir().expect("a directory");
    let mut child = command(home.path())
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn places_are_relative_to_where_one_stands() {
    let dir = project("schemas: { shop: { oner: app } }\n");
    fs::write(dir.path().join("dbstate.yaml"), "").expect("a file");
    fs::create_dir(dir.path().join("deep")).expect("a directory");
    let output = dbstate(["validate"], &dir.path().join("deep"));
    assert!(output.stderr.contains("[../schema.yaml:1:20]"), "{}", output.stderr);
    let output = dbstate(["validate", "-f", "../schema.yaml"], &dir.path().join("deep"));
    assert!(output.stderr.contains("[../schema.yaml:1:20]"), "{}", output.stderr);
}

#[track_caller]
fn wait_for(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it never happens");
        std::thread::sleep(Duration::from_millis(20));
    }
}
