//! Writes the plans of many databases as Markdown: each group with its plan, the largest group first, as long as there
//! is room.

use std::fmt::Write;

use super::{LIMIT, Page, cut};
use crate::diagnostic::Sources;
use crate::fleet::Fleet;
use crate::report::fleet::{names, part, summary, title};

/// The length of the comment from which on the plans of further groups are only counted.
const FULL: usize = LIMIT / 2;

/// Returns summary, failures and groups. `sides` says whether to tell which side moved.
pub fn fleet(fleet: &Fleet, sources: &Sources, command: &'static str, sides: bool) -> String {
    let mut page = Page { text: format!("### {command}: {}\n", summary(fleet).trim_end_matches('.')), command };
    let warnings = fleet
        .warnings
        .iter()
        .map(|(warning, databases)| format!("\n> {}: {}", names(fleet, databases), cut(warning).replace('\n', "\n> ")));
    page.list(&warnings.collect::<Vec<_>>(), LIMIT * 7 / 8);
    let failures: Vec<String> = fleet
        .failures
        .iter()
        .map(|failure| {
            let problems: Vec<&str> = failure.problems.iter().map(|d| d.problem.message.as_str()).collect();
            let of = format!("{} failed: {}", part(fleet, failure.databases.len()), names(fleet, &failure.databases));
            format!("- {}", cut(&format!("{of}: {}", problems.join("; "))).replace('\n', " "))
        })
        .collect();
    if !failures.is_empty() {
        page.text.push('\n');
        page.list(&failures, LIMIT * 3 / 4);
    }
    let mut rest = Vec::new();
    for group in &fleet.groups {
        if page.text.len() > FULL {
            rest.push(format!("- {}: {}", title(fleet, group), names(fleet, &group.databases)));
            continue;
        }
        let _ = writeln!(page.text, "\n#### {}\n\n{}", title(fleet, group), cut(&names(fleet, &group.databases)));
        page.plan(&group.planned, sources, sides);
    }
    if !rest.is_empty() {
        page.text.push_str("\n#### And\n\n");
        page.list(&rest, 0);
    }
    page.text
}
