//! What stands in for GitHub: its REST API as documented, as far as `ci/github` uses it, on a port of this machine.
//!
//! See <https://docs.github.com/rest>. It says yes to whoever brings the token, and keeps what it was sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// The token that it knows.
pub const TOKEN: &str = "ghs_secret";

/// A repository on it.
pub struct GitHub {
    url: String,
    kept: Arc<Mutex<Kept>>,
}

/// What it keeps.
#[derive(Default)]
struct Kept {
    comments: Vec<Value>,
    issues: Vec<Value>,
    artifacts: Vec<Value>,
    /// True where the token may read only, as that of a fork.
    read_only: bool,
}

impl GitHub {
    /// Starts one; it ends with the program.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let kept = Arc::new(Mutex::new(Kept::default()));
        let shared = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &mut shared.lock().expect("nobody panicked"));
            }
        });
        Self { url, kept }
    }

    /// Where its API is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on the token may read only.
    pub fn read_only(&self) {
        self.kept.lock().expect("nobody panicked").read_only = true;
    }

    /// Every comment under pull requests, the oldest first.
    pub fn comments(&self) -> Vec<Value> {
        self.kept.lock().expect("nobody panicked").comments.clone()
    }

    /// Somebody comments.
    pub fn comment(&self, text: &str) {
        let mut kept = self.kept.lock().expect("nobody panicked");
        let id = 1_000 + kept.comments.len();
        kept.comments.push(json!({ "id": id, "body": text }));
    }

    /// Every issue, the oldest first.
    pub fn issues(&self) -> Vec<Value> {
        self.kept.lock().expect("nobody panicked").issues.clone()
    }

    /// A run leaves an artifact.
    pub fn artifact(&self, name: &str, run: u64) {
        let artifact = json!({ "name": name, "expired": false, "workflow_run": { "id": run } });
        self.kept.lock().expect("nobody panicked").artifacts.push(artifact);
    }
}

/// Reads one request, and answers it.
fn answer(mut stream: TcpStream, kept: &mut Kept) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let read = reader.read_line(&mut line).unwrap_or_default();
        if read == 0 || line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let found = lines.iter().filter_map(|line| line.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    let sent = reader.read_exact(&mut body).ok().and_then(|()| serde_json::from_slice(&body).ok());
    let request = lines.first().cloned().unwrap_or_default();
    let mut words = request.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let known = header("authorization").is_some_and(|value| value == format!("Bearer {TOKEN}"));
    let (status, value) = match known {
        true if method != "GET" && kept.read_only => (403, json!({ "message": "Resource not accessible" })),
        true => respond(method, path, &sent.unwrap_or_default(), kept),
        false => (401, json!({ "message": "Bad credentials" })),
    };
    let text = value.to_string();
    let length = text.len();
    _ = write!(stream, "HTTP/1.1 {status} -\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}");
}

fn respond(method: &str, path: &str, sent: &Value, kept: &mut Kept) -> (u16, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let Some(path) = path.strip_prefix("/repos/ada/shop/") else { return (404, json!({ "message": "Not Found" })) };
    let parameter = |name: &str| query.split('&').filter_map(|p| p.split_once('=')).find(|(n, _)| *n == name);
    let page = |list: &[Value]| {
        let [size, page] = ["per_page", "page"].map(|name| parameter(name).and_then(|(_, v)| v.parse().ok()));
        let size = size.unwrap_or(30);
        Value::Array(list.iter().skip((page.unwrap_or(1) - 1) * size).take(size).cloned().collect())
    };
    match (method, path.split('/').collect::<Vec<_>>().as_slice()) {
        ("GET", ["issues", "7", "comments"]) => (200, page(&kept.comments)),
        ("POST", ["issues", "7", "comments"]) => (201, add(&mut kept.comments, "id", sent)),
        ("PATCH", ["issues", "comments", id]) => change(&mut kept.comments, "id", id, sent),
        ("GET", ["issues"]) => {
            let open = kept.issues.iter().filter(|issue| issue["state"] == "open").cloned().collect::<Vec<_>>();
            (200, page(&open))
        }
        ("POST", ["issues"]) => (201, add(&mut kept.issues, "number", sent)),
        ("PATCH", ["issues", number]) => change(&mut kept.issues, "number", number, sent),
        ("GET", ["commits", _, "pulls"]) => (200, json!([{ "number": 7, "head": { "sha": "abc" } }])),
        ("GET", ["actions", "artifacts"]) => {
            let named = |artifact: &&Value| parameter("name").is_some_and(|(_, name)| artifact["name"] == name);
            (200, json!({ "artifacts": kept.artifacts.iter().filter(named).collect::<Vec<_>>() }))
        }
        _ => (404, json!({ "message": "Not Found" })),
    }
}

fn add(list: &mut Vec<Value>, key: &str, sent: &Value) -> Value {
    let mut entry = sent.clone();
    entry[key] = json!(list.len() + 1);
    entry["state"] = json!("open");
    list.push(entry.clone());
    entry
}

fn change(list: &mut [Value], key: &str, number: &str, sent: &Value) -> (u16, Value) {
    let entry = list.iter_mut().find(|entry| entry[key].as_u64() == number.parse().ok());
    let (Some(entry), Some(sent)) = (entry, sent.as_object()) else { return (404, json!({})) };
    sent.iter().for_each(|(key, value)| entry[key] = value.clone());
    (200, entry.clone())
}
