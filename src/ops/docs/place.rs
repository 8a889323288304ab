//! Names the file of each page. The file depends only on the object's name, not on what else exists.

use sha2::{Digest, Sha256};

use crate::declare::bodies::plain;
use crate::model::Address;

/// The number of characters of a name that its file name keeps.
const LONGEST: usize = 80;

/// Returns the file of an object's page: `shop/table-orders.html`, or `shop/index.html` for a schema.
pub fn file(at: &Address) -> String {
    match at.parent() {
        None => format!("{}/index.html", part(at.key())),
        Some(parent) => format!("{}/{}-{}.html", part(parent.key()), at.kind().0, part(at.key())),
    }
}

/// Returns the file of a role's page: `_roles/app.html`. A schema called `_roles` gets another directory.
pub fn role(name: &str) -> String {
    format!("_roles/{}.html", part(name))
}

/// Returns a name as part of a file name. A digest is appended if some file system might not tell it from another.
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
