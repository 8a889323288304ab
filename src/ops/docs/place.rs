//! Where the page of an object is: the same file for the same name, whatever else there is.

use sha2::{Digest, Sha256};

use crate::declare::bodies::plain;
use crate::model::Address;

/// How many characters of a name a file keeps.
const LONGEST: usize = 80;

/// `shop/table-orders.html`; a schema's own is `shop/index.html`.
pub fn file(at: &Address) -> String {
    match at.parent() {
        None => format!("{}/index.html", part(at.key())),
        Some(parent) => format!("{}/{}-{}.html", part(parent.key()), at.kind().0, part(at.key())),
    }
}

/// `roles/app.html`. A schema of that name has another directory.
pub fn role(name: &str) -> String {
    format!("_roles/{}.html", part(name))
}

/// A name as it is where every file system tells it from all others, else with a digest behind it.
fn part(name: &str) -> String {
    let plainest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let reserved = matches!(name, "con" | "prn" | "aux" | "nul") || name.starts_with('_');
    if !name.is_empty() && !reserved && name.len() <= LONGEST && name.chars().all(plainest) {
        return name.to_owned();
    }
    let digest: String = Sha256::digest(name.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let short: String = plain(name).trim_start_matches(['_', '.']).chars().take(LONGEST).collect();
    format!("{}-{digest}", if short.is_empty() { "x" } else { &short })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_have_files_that_differ_everywhere() {
        let names =
            ["orders", "Orders", "ORDERS", "a/b", "a.b", "..", "été", "e", "con", "_roles", "", "f(a, b)", "f(a,b)"];
        let mut files: Vec<String> = names.iter().map(|name| part(name).to_lowercase()).collect();
        assert_eq!(files[0], "orders");
        assert!(
            files.iter().all(
                |f| f.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) && !f.starts_with(['.', '_'])
            )
        );
        files.sort();
        files.dedup();
        assert_eq!(files.len(), names.len(), "{files:?}");
    }
}
