//! The pages of `dbstate explain`: one for every diagnostic code, every hazard class, and the other rules of findings.

use super::finding::{CHANGE, DRIFT};
use crate::diagnostic::Code;
use crate::model::HazardClass;

/// All pages, with their names and texts.
pub const PAGES: [(&str, &str); 28] = [
    ("file", include_str!("explain/file.md")),
    ("syntax", include_str!("explain/syntax.md")),
    ("unknown-key", include_str!("explain/unknown-key.md")),
    ("duplicate", include_str!("explain/duplicate.md")),
    ("wrong-type", include_str!("explain/wrong-type.md")),
    ("dangling-reference", include_str!("explain/dangling-reference.md")),
    ("secret", include_str!("explain/secret.md")),
    ("sql", include_str!("explain/sql.md")),
    ("version", include_str!("explain/version.md")),
    ("connection", include_str!("explain/connection.md")),
    ("server", include_str!("explain/server.md")),
    ("lock", include_str!("explain/lock.md")),
    ("hazard", include_str!("explain/hazard.md")),
    ("refused", include_str!("explain/refused.md")),
    ("privilege", include_str!("explain/privilege.md")),
    ("stale-plan", include_str!("explain/stale-plan.md")),
    ("plan-file", include_str!("explain/plan-file.md")),
    ("not-converged", include_str!("explain/not-converged.md")),
    ("usage", include_str!("explain/usage.md")),
    ("local", include_str!("explain/local.md")),
    ("internal", include_str!("explain/internal.md")),
    ("data", include_str!("explain/data.md")),
    ("access", include_str!("explain/access.md")),
    ("rewrite", include_str!("explain/rewrite.md")),
    ("block", include_str!("explain/block.md")),
    ("breaking", include_str!("explain/breaking.md")),
    (CHANGE, include_str!("explain/change.md")),
    (DRIFT, include_str!("explain/drift.md")),
];

/// Returns the page of a code, a hazard class or another rule. Upper case, and `_` in place of `-`, are accepted.
pub fn page(name: &str) -> Option<&'static str> {
    let wanted = name.to_lowercase().replace('_', "-");
    PAGES.iter().find(|(known, _)| *known == wanted).map(|(_, text)| *text)
}

/// Returns every name that must have a page.
pub fn names() -> Vec<&'static str> {
    Code::ALL
        .iter()
        .map(|c| c.as_str())
        .chain(HazardClass::ALL.iter().map(|c| c.as_str()))
        .chain([CHANGE, DRIFT])
        .collect()
}

/// Returns the list of pages, with a line for each.
pub fn index() -> String {
    let title = |text: &'static str| text.lines().next().unwrap_or_default().trim_start_matches("# ");
    PAGES.iter().fold(String::new(), |list, (_, text)| list + title(text) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_class_has_a_page() {
        for name in names() {
            let page = page(name).unwrap_or_else(|| panic!("no page for {name}"));
            assert!(page.starts_with(&format!("# {name}: ")), "{page}");
            assert!(page.lines().all(|line| line.starts_with("    ") || !line.contains('\t')), "{page}");
        }
        assert_eq!(names().len(), PAGES.len());
    }
}
