//! The pages about a database: every link leads somewhere, nothing comes from elsewhere, and hostile names stay names.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::database::Database;
use crate::support::project::Project;

/// Every file of a site, by its path from the site's directory.
fn files(root: &Path) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut queue = vec![root.to_owned()];
    while let Some(dir) = queue.pop() {
        for entry in std::fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                queue.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below it").to_str().expect("UTF-8").to_owned();
                out.insert(name, std::fs::read_to_string(path).expect("text"));
            }
        }
    }
    out
}

/// What stands between `before` and the next quote, each time.
fn quoted<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The file that a link on a page leads to.
fn target(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        if part == ".." {
            parts.pop().expect("no link leads out of the site");
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// Sees that every link leads to a page and a place on it, that nothing else is asked for, and that all names are found.
fn check(files: &BTreeMap<String, String>) {
    for (name, text) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        let ids: BTreeSet<&str> = quoted(text, " id=\"").into_iter().collect();
        assert_eq!(ids.len(), quoted(text, " id=\"").len(), "{name}: anchors differ");
        for link in quoted(text, " href=\"").into_iter().chain(quoted(text, " src=\"")) {
            match link.strip_prefix('#') {
                Some(id) => assert!(ids.contains(id), "{name}: {link}"),
                None => assert!(files.contains_key(&target(name, link)), "{name}: {link}"),
            }
        }
        assert!(
            !text.contains("http://") && !text.replace("http-equiv", "").contains("https:"),
            "{name} asks for nothing"
        );
        let found = files["names.js"].contains(&format!("[\"{name}\","));
        assert!(found || name == "index.html", "{name} can be found");
    }
}

#[test]
fn pages_of_a_database() {
    let database = Database::create();
    database.psql(
        "create schema shop; comment on schema shop is 'All that is sold';
         create table shop.users (id bigint primary key, email text unique);
         create table shop.orders (id bigint primary key, user_id bigint not null references shop.users);
         comment on table shop.orders is 'What was bought'; comment on column shop.orders.user_id is 'Who bought it';
         create view shop.open as select id from shop.orders;
         create function shop.total(bigint) returns bigint language sql as $$ select count(*) from shop.orders $$;",
    );
    let project = Project::new(&database, &[]);
    project.run(&["docs", "-o", "site"], 0);
    let files = files(&project.path().join("site"));
    check(&files);
    let orders = &files["shop/table-orders.html"];
    for part in [
        "<p class=\"comment\">What was bought</p>",
        "<tr id=\"columns-user_id\"><td><span class=\"name\">user_id</span> <b class=\"mark\">FK</b></td>",
        "<td>Who bought it</td>",
        "<td><code>user_id</code></td><td><a href=\"../shop/table-users.html\">shop.users</a></td>",
        "<a href=\"../shop/view-open.html\">view shop.open</a>",
        "<svg class=\"dbstate\"",
    ] {
        assert!(orders.contains(part), "{part} is not in\n{orders}");
    }
    assert!(files["shop/index.html"].contains("2 tables, 1 function, 1 view"), "{}", files["shop/index.html"]);
    assert!(
        files["names.js"].contains("\"table\",\"shop.orders\",\"id user_id\",\"What was bought\"]"),
        "{}",
        files["names.js"]
    );
    project.run(&["docs", "-o", "again"], 0);
    assert_eq!(files, self::files(&project.path().join("again")), "the same database has the same pages");
}

#[test]
fn hostile_names_stay_names() {
    let database = Database::create();
    let evil = "schemas:
  \"../up\": { comment: \"</p><script>alert(1)</script>\" }
  Shop: {}
  shop:
    tables:
      \"<script src=x>\": { columns: { \"\\\"><img onerror=x>\": int }, comment: \"{{root}} & <b>\" }
      \"a/b\": { columns: { \"e\\u0301 \\u2028\": int } }
      \"A/B\": { columns: { id: int } }
      A: { columns: { id: int } }
      a: { columns: { id: int } }
";
    let project = Project::new(&database, &[("schema.yaml", evil)]);
    project.run_alone(&["docs", "--declared", "-o", "site"], 0);
    let files = files(&project.path().join("site"));
    check(&files);
    let lower: BTreeSet<String> = files.keys().map(|name| name.to_lowercase()).collect();
    assert_eq!(lower.len(), files.len(), "files differ where capitals do not");
    for (name, text) in files.iter().filter(|(name, _)| name.ends_with(".html")) {
        assert_eq!(text.matches("<script").count(), 2, "{name}");
        assert!(!text.contains("<img") && !text.contains("<b>"), "{name}");
    }
}
