//! A plan as Markdown, for a comment under a pull request: the same bytes for the same plan, and never too many.
//!
//! See <https://github.github.com/gfm/>.

use std::fmt::Write;

use super::access;
use super::text::{self, head, place, side};
use crate::diagnostic::Sources;
use crate::model::Lock;
use crate::plan::{Planned, Verb};

/// What GitHub takes as one comment, in characters; here bytes are counted, of which there are no fewer.
const LIMIT: usize = 65_536;

/// What the parts with a bound of their own leave for titles, notes and the last line.
const REST: usize = 4_096;

/// A plan: summary, hazards, changes, statements.
pub fn plan(planned: &Planned, sources: &Sources) -> String {
    if planned.plan.is_empty() {
        return "### dbstate plan: no changes\n\nThe database is as declared.\n".to_owned();
    }
    let [add, change, replace, drop] = planned.plan.counts();
    let title = format!("dbstate plan: {add} to add, {change} to change, {replace} to replace, {drop} to drop");
    page(&title, planned, sources, false)
}

/// What differs from the YAML.
pub fn drift(planned: &Planned, sources: &Sources) -> String {
    if planned.plan.is_empty() {
        return "### dbstate drift: none\n\nThe database is as declared.\n".to_owned();
    }
    let count = planned.plan.changes.len();
    let title = format!("dbstate drift: {count} {}", if count == 1 { "difference" } else { "differences" });
    page(&title, planned, sources, true)
}

fn page(title: &str, planned: &Planned, sources: &Sources, sides: bool) -> String {
    let mut page = Page { text: format!("### {title}\n"), left: LIMIT - REST };
    for warning in &planned.warnings {
        let _ = writeln!(page.text, "\n> {}", warning.replace('\n', "\n> "));
    }
    let hazards = hazards(planned, sources);
    if !hazards.is_empty() {
        let _ = writeln!(page.text, "\n**Hazards.** To apply without being asked: `--allow {}`\n", allowed(planned));
        page.text.push_str("| hazard | what | lock | where |\n|---|---|---|---|\n");
        let more = page.lines(&hazards, LIMIT / 4);
        page.more(more);
    }
    page.folded("Changes", "diff", &changes(planned, sources, sides), LIMIT / 3);
    if !planned.access.is_empty() {
        let lines = access::lines(&planned.access).into_iter().map(|(sign, line)| format!("{sign} {line}"));
        page.folded("Access, as it changes", "diff", &lines.collect::<Vec<_>>(), LIMIT / 4);
    }
    page.folded("Statements, in order", "sql", &statements(planned), LIMIT);
    page.text
}

/// Text that grows up to a limit.
struct Page {
    text: String,
    left: usize,
}

impl Page {
    /// Adds whole lines as long as there is room, and says how many there was none for.
    fn lines(&mut self, lines: &[String], share: usize) -> usize {
        let end = self.left.saturating_sub(share);
        for (i, line) in lines.iter().enumerate() {
            match self.left.checked_sub(line.len() + 1).filter(|left| *left >= end) {
                Some(left) => self.left = left,
                None => return lines.len() - i,
            }
            let _ = writeln!(self.text, "{line}");
        }
        0
    }

    fn more(&mut self, lines: usize) {
        if lines > 0 {
            let lines = if lines == 1 { "1 more line".to_owned() } else { format!("{lines} more lines") };
            let _ = writeln!(self.text, "\n… and {lines}: `dbstate plan` prints them all.");
        }
    }

    /// Adds a part that opens at a click.
    fn folded(&mut self, title: &str, language: &str, lines: &[String], share: usize) {
        let longest = lines.iter().flat_map(|l| l.split(|c| c != '`')).map(str::len).max().unwrap_or_default();
        let fence = "`".repeat((longest + 1).max(3));
        let _ = writeln!(self.text, "\n<details><summary>{title}</summary>\n\n{fence}{language}");
        let more = self.lines(lines, share);
        let _ = writeln!(self.text, "{fence}");
        self.more(more);
        let _ = writeln!(self.text, "\n</details>");
    }
}

/// The classes that a plan needs an allowance for: `data,block`.
fn allowed(planned: &Planned) -> String {
    let mut classes: Vec<&str> = Vec::new();
    for (_, hazard) in planned.plan.hazards() {
        if !classes.contains(&hazard.class.as_str()) {
            classes.push(hazard.class.as_str());
        }
    }
    classes.join(",")
}

/// A row of the table for each hazard.
fn hazards(planned: &Planned, sources: &Sources) -> Vec<String> {
    let row = |(step, hazard): (&crate::plan::PlanStep, &crate::model::Hazard)| {
        let lock = if step.lock == Lock::None { "" } else { text::lock(step.lock) };
        let origin = step.origin.map(|o| format!("`{}`", place(o, sources))).unwrap_or_default();
        let cells = [hazard.class.as_str(), &step.risk(hazard), lock, &origin].map(cell);
        format!("| {} |", cells.join(" | "))
    };
    planned.plan.hazards().map(row).collect()
}

/// Text as a cell of a table holds it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn changes(planned: &Planned, sources: &Sources, sides: bool) -> Vec<String> {
    let mut out = Vec::new();
    for change in &planned.plan.changes {
        let sign = match change.verb {
            Verb::Create => "+",
            Verb::Drop => "-",
            Verb::Alter => "! ~",
            Verb::Rename => "! →",
            Verb::Replace => "! -/+",
        };
        let origin = planned.declared.get(&change.at).and_then(|o| o.origin.span());
        let origin = origin.map(|span| format!("  {}", place(span, sources))).unwrap_or_default();
        out.push(format!("{sign} {}{origin}", head(change)));
        let moved = planned.moved.get(&change.at).filter(|_| sides).and_then(|moved| side(*moved));
        out.extend(moved.map(|moved| format!("#     {moved}")));
        out.extend(change.why.iter().map(|why| format!("#     because {why}")));
        if matches!(change.verb, Verb::Alter | Verb::Replace) {
            let lines = planned.lines(change).iter();
            out.extend(lines.map(|(sign, line)| format!("{sign}     {line}").trim_end().to_owned()));
        }
    }
    out
}

fn statements(planned: &Planned) -> Vec<String> {
    let steps = &planned.plan.steps;
    let mut out = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        if i > 0 && steps[i - 1].segment != step.segment {
            out.push("-- commit".to_owned());
        }
        out.extend(format!("{};", step.text().trim_end()).lines().map(|line| line.trim_end().to_owned()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        Page { text: String::new(), left: 1_000 }
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let mut page = page();
        page.folded("Changes", "diff", &vec!["+ table".to_owned(); 500], 100);
        assert_eq!(page.text.matches("+ table\n").count(), 12);
        assert!(page.text.contains("… and 488 more lines:"), "{}", page.text);
        assert_eq!(page.left, 1_000 - 12 * 8);
    }

    #[test]
    fn no_body_ends_its_fence() {
        let mut page = page();
        page.folded("Statements", "sql", &["select '````'".to_owned()], 100);
        assert!(page.text.contains("\n`````sql\nselect '````'\n`````\n"), "{}", page.text);
    }

    #[test]
    fn a_cell_is_one_line_of_one_column() {
        assert_eq!(cell("a|b\nc"), "a\\|b c");
    }
}
