//! Formats at lines of YAML: SARIF, `JUnit`, GitHub and GitLab, each held against what reads it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::binary::{Output, dbstate};
use crate::support::database::Database;
use crate::support::project::Project;

const BROKEN: &str =
    "schemas:\n  shop:\n    oner: app\n    tables:\n      t: { columns: { \"ä%, b\": intt, id: bigint } }\n";
const TWICE: &str = "schemas: { shop: { tables: { t: { columns: { id: int } } } } }\n";
const SHOP: &str =
    "schemas:\n  shop:\n    tables:\n      t:\n        columns: { id: bigint, note: text }\n      u: {}\n";

/// A repository with a project that is wrong in `db files/`.
fn broken() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(dir.path().join(".git")).expect("a directory");
    fs::create_dir_all(dir.path().join("db files")).expect("a directory");
    for (name, text) in [("db files/a.yaml", BROKEN), ("b.yaml", TWICE)] {
        fs::write(dir.path().join(name), text).expect("a file");
    }
    dir
}

#[track_caller]
fn validate(format: &str) -> Output {
    let dir = broken();
    let here = dir.path().join("db files");
    let output = dbstate(["validate", "-f", "a.yaml", "-f", "../b.yaml", "--format", format], &here);
    assert_eq!(output.code, Some(1), "{}{}", output.stdout, output.stderr);
    assert!(output.stderr.contains("unknown key"), "people read it too: {}", output.stderr);
    output
}

#[track_caller]
fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[track_caller]
fn follows(schema: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(schema);
    let mut schema = parse(&fs::read_to_string(path).expect("the schema"));
    // A pattern of SARIF's is no regular expression; nothing here has a language.
    for part in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{part}/properties/language"));
        language.and_then(Value::as_object_mut).and_then(|language| language.remove("pattern"));
    }
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(value).map(|e| format!("{e} at {}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}

/// The results of a SARIF log that follows the published schema, and what GitHub wants besides.
#[track_caller]
fn sarif(text: &str) -> Vec<Value> {
    let log = parse(text);
    follows("tests/schemas/sarif-2.1.0.json", &log);
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("a list").clone();
    for result in &results {
        let rule = run.pointer(&format!("/tool/driver/rules/{}", result["ruleIndex"])).expect("the rule");
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(rule["help"]["text"].as_str().is_some_and(|t| t.len() > 20), "{rule}");
        assert!(result["locations"][0]["physicalLocation"]["region"]["startLine"].is_u64(), "{result}");
    }
    results
}

/// The entries of a code quality report, with the keys that GitLab reads.
#[track_caller]
fn gitlab(text: &str) -> Vec<Value> {
    let list = parse(text).as_array().expect("a list").clone();
    let mut fingerprints: Vec<&str> = list.iter().filter_map(|e| e["fingerprint"].as_str()).collect();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), list.len(), "each has a fingerprint of its own");
    for entry in &list {
        assert!(
            ["info", "minor", "major", "critical", "blocker"].contains(&entry["severity"].as_str().expect("a text"))
        );
        assert!(entry["description"].is_string() && entry["check_name"].is_string(), "{entry}");
        assert!(entry["location"]["path"].is_string() && entry["location"]["lines"]["begin"].is_u64(), "{entry}");
    }
    list
}

/// A workflow command as GitHub's runner reads it: the command, its properties, the message.
#[track_caller]
fn command(line: &str) -> (String, Vec<(String, String)>, String) {
    let rest = line.strip_prefix("::").unwrap_or_else(|| panic!("no command: {line}"));
    let (head, message) = rest.split_once("::").expect("a message");
    let (command, properties) = head.split_once(' ').expect("properties");
    let plain = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%");
    let property = |pair: &str| {
        let (key, value) = pair.split_once('=').expect("a value");
        (key.to_owned(), plain(&value.replace("%3A", ":").replace("%2C", ",")))
    };
    (command.to_owned(), properties.split(',').map(property).collect(), plain(message))
}

#[test]
fn problems_as_json_follow_the_published_schema() {
    let value = parse(&validate("json").stdout);
    follows("docs/findings.schema.json", &value);
    let first = &value["findings"][0];
    assert_eq!(first["rule"], "unknown-key");
    assert_eq!(
        first["place"],
        json!({ "file": "db files/a.yaml", "line": 3, "column": 5, "end_line": 3, "end_column": 9 })
    );
    assert!(first["help"].as_str().is_some_and(|h| h.contains("owner")), "{first}");
    let twice = value["findings"].as_array().expect("a list").iter().find(|f| f["rule"] == "duplicate");
    let twice = twice.unwrap_or_else(|| panic!("{value:#}"));
    let places = [&twice["place"]["file"], &twice["related"][0]["place"]["file"]];
    assert!(places.contains(&&json!("b.yaml")) && places.contains(&&json!("db files/a.yaml")), "{twice}");
}

#[test]
fn problems_as_sarif() {
    let results = sarif(&validate("sarif").stdout);
    let uri = |result: &Value| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone();
    assert_eq!(uri(&results[0]), "db%20files/a.yaml", "from the root of the repository on");
    assert_eq!(results[0]["level"], "error");
    assert!(results.iter().any(|r| r["relatedLocations"][0]["message"]["text"].is_string()), "{results:#?}");
}

#[test]
fn problems_as_annotations() {
    let text = validate("github").stdout;
    let (name, properties, message) = command(text.lines().next().expect("a line"));
    assert_eq!(name, "error");
    let property = |name: &str| properties.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str());
    assert_eq!(property("file"), Some("db files/a.yaml"));
    assert_eq!((property("line"), property("col"), property("endColumn")), (Some("3"), Some("5"), Some("9")));
    assert_eq!(property("title"), Some("dbstate: unknown-key"));
    assert!(message.contains("`oner`") && message.contains("\nhelp: "), "{message}");
}

#[test]
fn what_github_would_read_as_its_own_is_escaped() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("100%,a:b.yaml"), "\"50%::x\": 1\n").expect("a file");
    let output = dbstate(["validate", "-f", "100%,a:b.yaml", "--format", "github"], dir.path());
    let line = output.stdout.lines().next().expect("a line");
    assert!(line.contains("file=100%25%2Ca%3Ab.yaml,"), "{line}");
    assert!(line.contains("50%25::x"), "{line}");
    assert_eq!(command(line).1[0], ("file".to_owned(), "100%,a:b.yaml".to_owned()));
}

#[test]
fn problems_for_gitlab_keep_their_fingerprints_when_lines_move() {
    let list = gitlab(&validate("gitlab").stdout);
    assert_eq!(list[0]["location"], json!({ "path": "db files/a.yaml", "lines": { "begin": 3, "end": 3 } }));
    let dir = tempfile::tempdir().expect("a directory");
    let fingerprints = |text: &str| {
        fs::write(dir.path().join("schema.yaml"), text).expect("a file");
        let output = dbstate(["validate", "--format", "gitlab"], dir.path());
        let list = gitlab(&output.stdout);
        list.iter().map(|entry| entry["fingerprint"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(fingerprints(BROKEN), fingerprints(&format!("# one\n# more\n{BROKEN}")));
    assert_ne!(fingerprints(BROKEN), fingerprints(&BROKEN.replace("oner", "onwer")));
}

#[test]
fn a_valid_project_has_no_findings() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("schema.yaml"), TWICE).expect("a file");
    let run = |format: &str| {
        let output = dbstate(["validate", "--format", format], dir.path());
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        output.stdout
    };
    assert_eq!(parse(&run("json"))["findings"], json!([]));
    assert_eq!(sarif(&run("sarif")), Vec::<Value>::new());
    assert_eq!(run("gitlab"), "[]\n");
    assert_eq!(run("github"), "");
}

#[test]
fn a_plan_tells_hazards_and_changes_at_their_lines() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SHOP)]);
    project.apply();
    project.write("schema.yaml", &SHOP.replace("id: bigint, note: text", "id: int").replace("      u: {}\n", ""));
    let run = |format: &str| project.run(&["plan", "--format", format], 0).stdout;
    let results = sarif(&run("sarif"));
    let told: Vec<(&str, &str)> = results
        .iter()
        .map(|r| (r["ruleId"].as_str().expect("a rule"), r["level"].as_str().expect("a level")))
        .collect();
    assert!(told.contains(&("rewrite", "warning")) && told.contains(&("change", "note")), "{told:?}");
    let line = |result: &Value| result["locations"][0]["physicalLocation"]["region"]["startLine"].clone();
    let narrower = results.iter().find(|r| r["ruleId"] == "rewrite").expect("the column is rewritten");
    assert_eq!(line(narrower), 5);
    assert!(narrower["message"]["text"].as_str().is_some_and(|t| t.contains("access exclusive")), "{narrower}");
    let gone = results.iter().find(|r| r["message"]["text"] == "drops table `shop.u`").expect("the table goes");
    assert_eq!(line(gone), 2, "it points at the schema that it stands under");
    assert_eq!(gitlab(&run("gitlab")).len(), results.len());
    let github = run("github");
    assert_eq!(github.lines().count(), results.len());
    assert!(github.lines().any(|l| command(l).0 == "notice") && github.lines().any(|l| command(l).0 == "warning"));
    assert_eq!(run("sarif"), run("sarif"), "the same bytes for the same plan");
}

#[test]
fn a_plan_that_fails_tells_why_at_the_line() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", BROKEN)]);
    for command in ["plan", "drift"] {
        let output = project.run(&[command, "--format", "github"], 1);
        assert!(output.stdout.starts_with("::error file=schema.yaml,line=3,"), "{}", output.stdout);
        let results = sarif(&project.run(&[command, "--format", "sarif"], 1).stdout);
        assert_eq!(results[0]["ruleId"], "unknown-key");
    }
}

/// Sees that a report follows the XML schema of Jenkins, by libxml2's `xmllint`, which `make test` installs.
#[track_caller]
fn follows_junit(report: &str) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("report.xml");
    std::fs::write(&path, report).expect("written");
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/schemas/jenkins-junit.xsd");
    let mut command = std::process::Command::new("xmllint");
    let output =
        command.args(["--noout", "--nonet", "--schema", schema]).arg(&path).output().expect("xmllint is there");
    assert!(output.status.success(), "{}\n{report}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn drift_in_every_format() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SHOP)]);
    project.apply();
    let clean = project.run(&["drift", "--format", "junit"], 0).stdout;
    assert!(clean.contains("failures=\"0\"") && clean.contains("the database is as declared"), "{clean}");
    database.psql("alter table shop.t alter note type varchar(9); create table shop.\"a<b>&\" ()");
    project.write("schema.yaml", &SHOP.replace("u: {}", "u: { columns: { a: int } }"));
    let run = |format: &str| project.run(&["drift", "--format", format], 2).stdout;
    let results = sarif(&run("sarif"));
    let levels: Vec<&str> = results.iter().filter_map(|r| r["level"].as_str()).collect();
    assert_eq!(levels.iter().filter(|l| **l == "error").count(), 2, "by hand: {results:#?}");
    assert_eq!(levels.iter().filter(|l| **l == "warning").count(), 1, "the YAML is ahead: {results:#?}");
    assert_eq!(gitlab(&run("gitlab")).len(), 3);
    assert_eq!(run("github").lines().count(), 3);

    let text = run("junit");
    for report in [&clean, &text] {
        follows_junit(report);
    }
    let report = roxmltree::Document::parse(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    let suite = report.descendants().find(|n| n.has_tag_name("testsuite")).expect("a suite");
    assert_eq!((suite.attribute("name"), suite.attribute("failures")), (Some("dbstate drift"), Some("3")));
    let root = report.root_element();
    assert!(
        root.attributes()
            .chain(suite.attributes())
            .all(|a| ["name", "tests", "failures", "errors"].contains(&a.name()))
    );
    let cases: Vec<_> = suite.children().filter(|n| n.has_tag_name("testcase")).collect();
    let case = |name: &str| {
        let case = cases.iter().find(|n| n.attribute("name") == Some(name)).unwrap_or_else(|| panic!("{name}: {text}"));
        let failure = case.children().find(|n| n.has_tag_name("failure")).expect("it fails");
        (failure.attribute("message").expect("a message").to_owned(), failure.text().expect("a text").to_owned())
    };
    let (message, text) = case("column `shop.t.note`");
    assert_eq!(message, "column `shop.t.note` differs: the database moved since apply 1");
    for part in ["- character varying(9)\n+ text", "apply 1: 20", "by postgres", "schema.yaml:5:32"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(case("table `shop.a<b>&`").0.contains("is in the database alone"));
}
