//! The language server: an editor that speaks the protocol over the program's input and output.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::binary::command;
use crate::support::database::Database;
use crate::support::project::Project;

const SCHEMA: &str = "schemas:
  shop:
    enums: { status: [new, paid] }
    tables:
      # Who buys.
      users:
        columns: { id: bigint identity, email: text not null }
        primary_key: [id]
        checks: { has_at: position('@' in email) > 0 }
      orders:
        columns:
          id: bigint identity # a number
          user_id: bigint not null
          status: shop.status not null default 'new'
        primary_key: [id]
        foreign_keys:
          orders_user_fk: { columns: [user_id], references: shop.users(id) }
    views:
      open_orders: |
        select o.id, u.email from shop.orders o join shop.users u on u.id = o.user_id
";

const ROLES: &str = "roles:\n  app: { login: true, grants: { tables: { shop.users: [select] } } }\n";

/// An editor with the server that it started.
struct Editor {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    directory: PathBuf,
    number: u64,
    _home: TempDir,
}

impl Editor {
    /// Starts the server for a directory, and opens a file there.
    fn start(directory: &Path, args: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a home");
        let mut program = command(home.path());
        program.arg("lsp").args(args).current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = program.spawn().expect("the server starts");
        let input = child.stdin.take().expect("a pipe");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let directory = directory.to_owned();
        let mut editor = Self { child, input, output, directory, number: 0, _home: home };
        let answer = editor.ask("initialize", &json!({ "processId": null, "rootUri": null, "capabilities": {} }));
        assert_eq!(answer["result"]["capabilities"]["positionEncoding"], "utf-16", "{answer}");
        editor.tell("initialized", &json!({}));
        editor
    }

    fn uri(&self, name: &str) -> String {
        format!("file://{}", self.directory.join(name).display())
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("sent");
        self.input.flush().expect("sent");
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).expect("a line");
            assert!(!line.is_empty(), "the server ended");
            match line.trim().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().expect("a number"),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut bytes = vec![0; length];
        self.output.read_exact(&mut bytes).expect("a message");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// Asks, and waits for the answer.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.number += 1;
        let number = self.number;
        self.send(&json!({ "jsonrpc": "2.0", "id": number, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["id"] == number {
                return message;
            }
        }
    }

    /// Opens a file with that text.
    fn open_quietly(&mut self, name: &str, text: &str) {
        let document = json!({ "uri": self.uri(name), "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    /// The same; returns what is wrong in it.
    fn open(&mut self, name: &str, text: &str) -> Value {
        self.open_quietly(name, text);
        self.told(name)
    }

    /// Types; returns what is wrong then.
    fn change(&mut self, name: &str, text: &str) -> Value {
        let document = json!({ "uri": self.uri(name), "version": 2 });
        let params = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        self.tell("textDocument/didChange", &params);
        self.told(name)
    }

    /// What the server tells of a file next.
    fn told(&mut self, name: &str) -> Value {
        loop {
            let message = self.receive();
            let params = &message["params"];
            if message["method"] == "textDocument/publishDiagnostics" && params["uri"] == self.uri(name).as_str() {
                return params["diagnostics"].clone();
            }
        }
    }

    /// Asks about the place where `word` begins in a text, in the line that holds `line`.
    fn about(&mut self, method: &str, (name, text): (&str, &str), line: &str, word: &str, more: Value) -> Value {
        let (number, found) = text.lines().enumerate().find(|(_, l)| l.contains(line)).expect("the line");
        let at = found.find(line).expect("it") + line.find(word).expect("the word is in it");
        let column = found[..at].encode_utf16().count();
        let mut params = json!({
            "textDocument": { "uri": self.uri(name) }, "position": { "line": number, "character": column },
        });
        let Value::Object(more) = more else { panic!("a map") };
        params.as_object_mut().expect("a map").extend(more);
        self.ask(method, &params)
    }

    fn hover(&mut self, file: (&str, &str), line: &str, word: &str) -> String {
        let answer = self.about("textDocument/hover", file, line, word, json!({}));
        answer["result"]["contents"]["value"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Renames, and carries out the edits; returns the text of each file that changed.
    fn rename(&mut self, file: (&str, &str), line: &str, word: &str, name: &str) -> Vec<(String, String)> {
        let answer = self.about("textDocument/rename", file, line, word, json!({ "newName": name }));
        let changes = answer["result"]["changes"].as_object().unwrap_or_else(|| panic!("{answer}"));
        let mut out = Vec::new();
        for (uri, edits) in changes {
            let path = PathBuf::from(uri.strip_prefix("file://").expect("a file"));
            let mut text = std::fs::read_to_string(&path).expect("a text");
            for edit in edits.as_array().expect("a list") {
                let [start, end] = ["start", "end"].map(|end| offset(&text, &edit["range"][end]));
                text.replace_range(start..end, edit["newText"].as_str().expect("a text"));
            }
            out.push((path.file_name().expect("a name").to_string_lossy().into_owned(), text));
        }
        out.sort();
        out
    }

    /// Says that it is done; the server must end as it should.
    fn end(mut self) {
        self.ask("shutdown", &Value::Null);
        self.tell("exit", &Value::Null);
        let status = self.child.wait().expect("it ends");
        assert_eq!(status.code(), Some(0));
    }
}

/// The byte of a position; the texts of these tests are plain ASCII.
fn offset(text: &str, at: &Value) -> usize {
    let number = |key: &str| usize::try_from(at[key].as_u64().expect("a number")).expect("small");
    text.split_inclusive('\n').take(number("line")).map(str::len).sum::<usize>() + number("character")
}

fn files(texts: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    for (name, text) in texts {
        std::fs::write(dir.path().join(name), text).expect("written");
    }
    dir
}

#[test]
fn mistakes_are_told_while_one_types() {
    let dir = files(&[("schema.yaml", SCHEMA), ("roles.yaml", ROLES)]);
    let mut editor = Editor::start(dir.path(), &[]);
    let wrong = SCHEMA.replace("email: text not null", "email: text not null, 'ä😀': txet; x");
    let told = editor.open("schema.yaml", &wrong.replace("users(id)", "user(id)"));
    let list = told.as_array().expect("a list");
    let dangling = list.iter().find(|one| one["code"] == "dangling-reference").unwrap_or_else(|| panic!("{told:#}"));
    assert_eq!(dangling["range"]["start"]["line"], 16, "{told:#}");
    assert!(dangling["message"].as_str().expect("text").contains("did you mean"), "{told:#}");
    assert_eq!(editor.change("schema.yaml", SCHEMA), json!([]));
    // What another file says is wrong once this one lacks what it names.
    let uri = editor.uri("schema.yaml");
    let document = json!({ "uri": uri, "version": 3 });
    let text = SCHEMA.replace("users:", "people:").replace("shop.users", "shop.people");
    let params = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
    editor.tell("textDocument/didChange", &params);
    let told = editor.told("roles.yaml");
    assert_eq!(told[0]["range"]["start"], json!({ "line": 1, "character": 42 }), "{told:#}");
    // Closed without being saved, the file counts again.
    editor.tell("textDocument/didClose", &json!({ "textDocument": { "uri": uri } }));
    assert_eq!(editor.told("roles.yaml"), json!([]));
    editor.end();
}

#[test]
fn a_reference_leads_to_its_declaration() {
    let dir = files(&[("schema.yaml", SCHEMA), ("roles.yaml", ROLES)]);
    let mut editor = Editor::start(dir.path(), &[]);
    editor.open_quietly("schema.yaml", SCHEMA);
    let schema = ("schema.yaml", SCHEMA);
    for (file, line, word, declared) in [
        (schema, "references: shop.users(id)", "users", 5),
        (schema, "references: shop.users(id)", "id)", 6),
        (schema, "columns: [user_id]", "user_id", 12),
        (schema, "shop.status not null", "status not", 2),
        (schema, "join shop.users u", "users", 5),
        (("roles.yaml", ROLES), "shop.users", "users", 5),
    ] {
        let answer = editor.about("textDocument/definition", file, line, word, json!({}));
        let found = &answer["result"];
        assert_eq!(found["uri"], editor.uri("schema.yaml").as_str(), "{word}: {answer}");
        assert_eq!(found["range"]["start"]["line"], declared, "{word}: {answer}");
    }
    editor.end();
}

#[test]
fn hover_shows_what_is_declared_or_what_is_there() {
    let database = Database::create();
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    let schema = ("schema.yaml", SCHEMA);
    let mut editor = Editor::start(project.path(), &[]);
    editor.open_quietly("schema.yaml", SCHEMA);
    let text = editor.hover(schema, "has_at:", "has_at");
    assert!(text.starts_with("**check `shop.users.has_at`**: as declared\n\n```sql\n"), "{text}");
    editor.end();

    let url = database.url();
    let mut editor = Editor::start(project.path(), &["-d", &url]);
    editor.open_quietly("schema.yaml", SCHEMA);
    let text = editor.hover(schema, "orders:", "orders");
    assert!(
        text.starts_with("**table `shop.orders`**: not in the database yet\n\n```sql\ncreate table shop.orders"),
        "{text}"
    );
    editor.end();

    project.apply();
    database.psql("alter table shop.orders alter user_id drop not null");
    let mut editor = Editor::start(project.path(), &["-d", &url]);
    editor.open_quietly("schema.yaml", SCHEMA);
    let text = editor.hover(schema, "email: text", "email");
    assert_eq!(text, "**column `shop.users.email`**: as declared in the database\n\n```yaml\ntext not null\n```\n");
    let text = editor.hover(schema, "user_id: bigint", "user_id");
    assert!(text.contains("it differs") && text.contains("\n- bigint\n+ bigint not null\n"), "{text}");
    editor.end();
}

#[test]
fn a_rename_is_one_that_a_plan_carries_out() {
    let database = Database::create();
    let files = [("schema.yaml", SCHEMA), ("roles.yaml", ROLES)];
    let project = Project::new(&database, &[("schema.yaml", SCHEMA)]);
    project.apply();
    project.write("roles.yaml", ROLES);
    let mut editor = Editor::start(project.path(), &[]);
    editor.open_quietly("schema.yaml", SCHEMA);
    let answer = editor.about("textDocument/prepareRename", files[0], "references: shop.users(id)", "users", json!({}));
    assert_eq!(answer["result"]["placeholder"], "users", "{answer}");
    let changed = editor.rename(files[0], "references: shop.users(id)", "users", "people");
    insta::assert_snapshot!(changed.iter().map(|(name, text)| format!("# {name}\n{text}")).collect::<String>(), @"
    # roles.yaml
    roles:
      app: { login: true, grants: { tables: { shop.people: [select] } } }
    # schema.yaml
    schemas:
      shop:
        enums: { status: [new, paid] }
        tables:
          # Who buys.
          people:
            was: users
            columns: { id: bigint identity, email: text not null }
            primary_key: [id]
            checks: { has_at: position('@' in email) > 0 }
          orders:
            columns:
              id: bigint identity # a number
              user_id: bigint not null
              status: shop.status not null default 'new'
            primary_key: [id]
            foreign_keys:
              orders_user_fk: { columns: [user_id], references: shop.people(id) }
        views:
          open_orders: |
            select o.id, u.email from shop.orders o join shop.people u on u.id = o.user_id
    ");
    let (_, schema) = &changed[1];
    project.write("schema.yaml", schema);
    std::fs::remove_file(project.path().join("roles.yaml")).expect("removed");
    let plan = project.run(&["plan", "--format", "sql"], 0).stdout;
    assert_eq!(
        plan.lines().filter(|line| line.starts_with("alter table")).collect::<Vec<_>>(),
        [
            "alter table shop.users rename to people;",
            "alter table shop.people rename constraint users_pkey to people_pkey;"
        ]
    );
    project.apply();
    editor.end();

    let mut editor = Editor::start(project.path(), &[]);
    editor.open_quietly("schema.yaml", schema);
    let before = ("schema.yaml", schema.as_str());
    let changed = editor.rename(before, "email: text", "email", "mail");
    let (_, renamed) = &changed[0];
    assert!(renamed.contains("was: email"), "{renamed}");
    assert!(renamed.contains("position('@' in mail)"), "{renamed}");
    let refused = editor.about("textDocument/rename", before, "orders:", "orders", json!({ "newName": "people" }));
    assert!(refused["error"]["message"].as_str().expect("text").contains("is declared already"), "{refused}");
    editor.end();
}

#[test]
fn what_is_no_protocol_is_refused() {
    let dir = tempfile::tempdir().expect("a directory");
    let output = command(dir.path()).arg("lsp").current_dir(dir.path()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("does not speak the language server protocol"), "{said}");
}
