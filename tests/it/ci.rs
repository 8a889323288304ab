//! What a team puts into its CI: the action, the workflows, the GitLab template, the hooks, and the story of a change.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::binary::command;
use crate::support::database::Database;
use crate::support::github::{GitHub, TOKEN};
use crate::support::project::Project;

const SCHEMA: &str = "schemas:\n  shop:\n    tables:\n      t: { columns: { a: int } }\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of YAML, as another parser than ours reads it.
#[track_caller]
fn yaml(name: &str) -> Value {
    let text = fs::read_to_string(root().join(name)).expect(name);
    serde_yaml_09::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[track_caller]
fn follows(schema: &str, name: &str) {
    let schema = fs::read_to_string(root().join("tests/schemas").join(schema)).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let value = yaml(name);
    let errors: Vec<String> = validator.iter_errors(&value).map(|e| format!("{e} at {}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{name}: {errors:#?}");
}

/// Sees that a shell can read a script.
#[track_caller]
fn is_shell(shell: &str, script: &str) {
    let mut child = Command::new(shell)
        .args(["-n", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    child.stdin.take().expect("a pipe").write_all(script.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_github_reads_follows_its_schemas() {
    follows("github-action.json", "action.yml");
    follows("github-workflow.json", "ci/workflows/pull-request.yml");
    follows("github-workflow.json", "ci/workflows/drift.yml");
    follows("github-workflow.json", "ci/workflows/tenants.yml");
    follows("gitlab-ci.json", "ci/gitlab.yml");
}

#[test]
fn every_step_is_shell() {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().expect("steps");
    let scripts: Vec<&str> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert_eq!(scripts.len(), 4);
    for script in scripts {
        is_shell("bash", script);
    }
    is_shell("sh", &fs::read_to_string(root().join("ci/github")).expect("the script"));
    is_shell("bash", &fs::read_to_string(root().join("scripts/story")).expect("the script"));
    let gitlab = yaml("ci/gitlab.yml");
    let jobs = gitlab.as_object().expect("a map").values().filter_map(|job| job["script"].as_array());
    let scripts: Vec<&str> = jobs.flatten().filter_map(Value::as_str).collect();
    assert_eq!(scripts.len(), 5);
    for script in scripts {
        is_shell("sh", script);
    }
    let pod = &yaml("ci/kubernetes.yaml")["spec"]["template"]["spec"];
    is_shell("sh", pod["containers"][0]["args"][0].as_str().expect("a script"));
}

/// Every input that the action hands to its script is declared, and used there.
#[test]
fn the_action_and_its_script_agree() {
    let action = yaml("action.yml");
    let text = fs::read_to_string(root().join("action.yml")).expect("the action");
    for input in action["inputs"].as_object().expect("inputs").keys() {
        assert!(text.contains(&format!("inputs.{input} ")), "{input} is not used");
    }
    for used in text.split("inputs.").skip(1).filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next()) {
        assert!(action["inputs"].get(used).is_some(), "{used} is not declared");
    }
    let script = fs::read_to_string(root().join("ci/github")).expect("the script");
    let words = |text: &str| {
        let names = text.split(|c: char| !c.is_ascii_uppercase() && c != '_').filter(|w| w.starts_with("DBSTATE_CI_"));
        names.filter(|name| *name != "DBSTATE_CI_").map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    let mut handed = words(&text);
    handed.remove("DBSTATE_CI_COMMAND"); // its argument
    assert_eq!(words(&script), handed);
}

#[test]
fn hooks_are_commands() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    let home = tempfile::tempdir().expect("a directory");
    command(home.path()).arg("fmt").current_dir(project.path()).output().expect("it starts");
    let hooks = yaml(".pre-commit-hooks.yaml");
    for hook in hooks.as_array().expect("a list") {
        for key in ["id", "name", "entry", "language", "files"] {
            assert!(hook[key].is_string(), "{hook}");
        }
        assert_eq!(hook["pass_filenames"], false);
        let entry = hook["entry"].as_str().and_then(|e| e.strip_prefix("dbstate ")).expect("a command of dbstate");
        let args: Vec<&str> = entry.split(' ').collect();
        let output = command(home.path()).args(args).current_dir(project.path()).output().expect("it starts");
        assert!(output.status.success(), "{entry}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A checkout with a project, on a runner of its own.
struct Runner<'a> {
    project: Project,
    github: &'a GitHub,
    temp: tempfile::TempDir,
    env: BTreeMap<&'static str, String>,
}

impl<'a> Runner<'a> {
    fn new(database: &Database<'_>, github: &'a GitHub) -> Self {
        let project = Project::new(database, &[("schema.yaml", SCHEMA)]);
        let temp = tempfile::tempdir().expect("a directory");
        let path = |name: &str| temp.path().join(name).display().to_string();
        let env = BTreeMap::from([
            ("DBSTATE", env!("CARGO_BIN_EXE_dbstate").to_owned()),
            ("DBSTATE_DATABASE", database.url()),
            ("DBSTATE_CI_PULL_REQUEST", "7".to_owned()),
            ("DBSTATE_CI_HEAD", "abc".to_owned()),
            ("GITHUB_API_URL", github.url().to_owned()),
            ("GITHUB_REPOSITORY", "ada/shop".to_owned()),
            ("GITHUB_SHA", "def".to_owned()),
            ("GITHUB_TOKEN", TOKEN.to_owned()),
            ("GITHUB_OUTPUT", path("output")),
            ("GITHUB_STEP_SUMMARY", path("summary.md")),
            ("RUNNER_TEMP", path("")),
        ]);
        Self { project, github, temp, env }
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.env.insert(name, value.to_owned());
    }

    /// Runs the script; returns what it printed.
    #[track_caller]
    fn run(&self, command_name: &str, code: i32) -> String {
        let mut script = Command::new(root().join("ci/github"));
        let home = self.temp.path();
        let inherited = command(home);
        script.env_clear().envs(inherited.get_envs().filter_map(|(k, v)| Some((k, v?))));
        script.envs(&self.env).arg(command_name).current_dir(self.project.path()).stdin(Stdio::null());
        let output = script.output().expect("the script starts");
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text")).concat();
        assert_eq!(output.status.code(), Some(code), "{command_name}: {said}");
        assert!(!said.contains(TOKEN), "{said}");
        said
    }

    /// An output of the step.
    fn output(&self, name: &str) -> String {
        let text = fs::read_to_string(self.temp.path().join("output")).expect("outputs");
        let value = text.lines().rev().find_map(|line| line.strip_prefix(&format!("{name}=")));
        value.unwrap_or_else(|| panic!("no {name} in {text}")).to_owned()
    }

    fn body(&self) -> String {
        let ours: Vec<Value> = self.github.comments().into_iter().filter(|c| c["id"].as_u64() < Some(1_000)).collect();
        assert_eq!(ours.len(), 1, "one comment is ours");
        ours[0]["body"].as_str().expect("text").to_owned()
    }
}

#[test]
fn the_job_takes_its_share_by_its_completion_index() {
    let job = yaml("ci/kubernetes.yaml");
    assert_eq!((job["kind"].as_str(), job["spec"]["completionMode"].as_str()), (Some("Job"), Some("Indexed")));
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["env"][0]["value"], job["spec"]["completions"].to_string());
    // The command of the Job with a program in the place of dbstate that says what it was asked.
    let bin = tempfile::tempdir().expect("a directory");
    fs::write(bin.path().join("dbstate"), "#!/bin/sh\necho \"$@\"\n").expect("written");
    let all = fs::Permissions::from_mode(0o755);
    fs::set_permissions(bin.path().join("dbstate"), all).expect("it may run");
    let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").expect("a path"));
    let mut command = Command::new("sh");
    command.arg("-c").arg(container["args"][0].as_str().expect("a script"));
    command.env("PATH", path).env("JOB_COMPLETION_INDEX", "9").env("SHARES", "10");
    let output = command.output().expect("it runs");
    let asked = String::from_utf8(output.stdout).expect("text");
    assert_eq!(asked, "apply --yes --env tenants --jobs 8 --shard 10/10\n");
}

#[test]
fn a_plan_of_several_databases_is_commented_and_not_saved() {
    let (one, other, github) = (Database::create(), Database::create(), GitHub::start());
    let mut runner = Runner::new(&one, &github);
    let list = format!("[\"{}\", \"{}\"]", one.url(), other.url());
    runner.project.write("dbstate.yaml", &format!("environments: {{ all: {{ database: {list} }} }}\n"));
    runner.set("DBSTATE_CI_ENVIRONMENT", "all");
    runner.set("DBSTATE_CI_SAVE", "false");
    runner.run("plan", 0);
    assert!(runner.body().contains("#### 2 of 2 databases: the same 2 steps"), "{}", runner.body());
    let outputs = fs::read_to_string(runner.temp.path().join("output")).expect("outputs");
    assert!(!outputs.contains("plan=") && outputs.contains("differences=true"), "{outputs}");
}

#[test]
fn a_pull_request_has_one_comment_that_is_kept_up_to_date() {
    let (database, github) = (Database::create(), GitHub::start());
    (0..130).for_each(|i| github.comment(&format!("comment {i}")));
    let runner = Runner::new(&database, &github);
    let said = runner.run("plan", 0);
    assert!(said.contains("::notice file=schema.yaml,line=2,"), "{said}");
    let first = runner.body();
    assert!(first.starts_with("<!-- dbstate:database -->\n### dbstate plan: 1 to add"), "{first}");
    assert_eq!(
        (runner.output("differences").as_str(), runner.output("artifact").as_str()),
        ("true", "dbstate-plan-database-abc")
    );
    assert!(PathBuf::from(runner.output("plan")).is_file());
    runner.run("plan", 0);
    assert_eq!(runner.body(), first);
    runner.project.write("schema.yaml", &SCHEMA.replace("a: int", "a: int, b: int"));
    runner.run("plan", 0);
    assert!(runner.body().contains("b integer"), "{}", runner.body());
    let summary = fs::read_to_string(runner.temp.path().join("summary.md")).expect("the summary");
    assert_eq!(summary.matches("### dbstate plan").count(), 3);

    runner.project.write("schema.yaml", &SCHEMA.replace("columns", "colums"));
    let said = runner.run("plan", 1);
    assert!(said.contains("::error file=schema.yaml,line=4,"), "{said}");
    assert!(runner.body().contains("### dbstate failed with exit code 1"), "{}", runner.body());
    assert_eq!(github.comments().len(), 131);
}

#[test]
fn what_was_reviewed_is_applied_after_the_merge() {
    let (database, github) = (Database::create(), GitHub::start());
    let mut runner = Runner::new(&database, &github);
    runner.run("plan", 0);
    github.artifact(&runner.output("artifact"), 42);
    runner.run("reviewed", 0);
    assert_eq!(runner.output("run"), "42");
    let reviewed = runner.temp.path().join("dbstate-reviewed");
    fs::create_dir(&reviewed).expect("a directory");
    fs::copy(runner.output("plan"), reviewed.join("dbstate-database.plan")).expect("fetched");
    // Somebody else's merge came in between: it is not what was reviewed.
    runner.project.write("schema.yaml", &SCHEMA.replace("a: int", "a: int, b: int"));
    runner.run("apply", 0);
    assert_eq!(database.psql("select count(*) from information_schema.columns where table_schema = 'shop'"), "1");
    fs::remove_dir_all(&reviewed).expect("gone");
    let said = runner.run("apply", 0);
    assert!(said.contains("::notice title=dbstate::there is no plan"), "{said}");
    database.psql("insert into shop.t values (1, 2)");
    runner.project.write("schema.yaml", SCHEMA);
    runner.run("apply", 3);
    runner.set("DBSTATE_CI_ALLOW", "data,breaking");
    runner.run("apply", 0);
}

#[test]
fn a_fork_sees_its_plan_without_a_database_and_without_a_comment() {
    let (database, github) = (Database::create(), GitHub::start());
    let mut runner = Runner::new(&database, &github);
    github.read_only();
    runner.set("DBSTATE_DATABASE", "");
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let path = runner.project.path();
        let output = Command::new("git").current_dir(path).args(identity).args(args).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-qm", "first"]);
    runner.project.write("schema.yaml", &SCHEMA.replace("a: int", "a: int, b: int"));
    git(&["commit", "-qam", "second"]);
    runner.set("DBSTATE_CI_BASE", "HEAD~1");
    let said = runner.run("plan", 0);
    assert!(said.contains("no comment can be made with this token"), "{said}");
    assert!(said.contains("::notice file=schema.yaml,line=4,"), "{said}");
    let page = fs::read_to_string(runner.output("page")).expect("the page");
    assert!(page.starts_with("### dbstate plan: 1 to add"), "{page}");
    assert!(github.comments().is_empty());
}

#[test]
fn drift_has_one_issue_that_is_closed_when_it_is_gone() {
    let (database, github) = (Database::create(), GitHub::start());
    let runner = Runner::new(&database, &github);
    runner.project.apply();
    runner.run("drift", 0);
    assert!(github.issues().is_empty());
    database.psql("alter table shop.t add by_hand int");
    runner.run("drift", 2);
    database.psql("alter table shop.t add more int");
    runner.run("drift", 2);
    let issues = github.issues();
    assert_eq!(issues.len(), 1);
    assert_eq!((&issues[0]["title"], &issues[0]["state"]), (&"Drift: database".into(), &"open".into()));
    assert!(issues[0]["body"].as_str().is_some_and(|b| b.contains("0 in the YAML, 2 in the database")), "{issues:?}");
    runner.project.apply();
    runner.run("drift", 0);
    assert_eq!(github.issues()[0]["state"], "closed");
    assert!(github.issues()[0]["body"].as_str().is_some_and(|b| b.contains("dbstate drift: none")));
}

/// `scripts/story`, which checks itself.
#[test]
fn the_story_of_a_pull_request() {
    let home = tempfile::tempdir().expect("a directory");
    let inherited = command(home.path());
    let mut story = Command::new(root().join("scripts/story"));
    story.env_clear().envs(inherited.get_envs().filter_map(|(k, v)| Some((k, v?))));
    story.env("DBSTATE", env!("CARGO_BIN_EXE_dbstate")).env("DATABASE_URL", "postgres://nowhere.invalid/x");
    let output = story.current_dir(home.path()).stdin(Stdio::null()).output().expect("the story starts");
    let [said, failed] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success() && said.ends_with("That was the story.\n"), "{said}\n{failed}");
}
