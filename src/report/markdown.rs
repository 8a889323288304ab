//! Writes a plan as Markdown, for a comment on a pull request. The same plan always gives the same text, and its length
//! is limited.
//!
//! See <https://github.github.com/gfm/>.

mod fleet;

use std::fmt::Write;

use super::access;
use super::fleet::count;
use super::since;
use super::text::{self, head, place};
use crate::diagnostic::Sources;
use crate::model::Lock;
use crate::plan::{Change, Planned, Verb};

pub use fleet::fleet;

/// GitHub's limit for a comment, in characters. Bytes are counted here, of which there are at least as many.
const LIMIT: usize = 65_536;

/// The number of bytes reserved for the ends of the sections.
const REST: usize = 4_096;

/// The largest number of hazards that are shown at first.
const SHOWN: usize = 12;

/// The largest number of bytes of a line; longer lines are cut.
const LINE: usize = 1_000;

/// The longest fence around a section. A text with as many backticks in a row, or more, is left out.
const FENCE: usize = 100;

/// Returns a plan: summary, hazards, changes, statements.
pub fn plan(planned: &Planned, sources: &Sources) -> String {
    if planned.plan.is_empty() {
        return "### dbstate plan: no changes\n\nThe database is as declared.\n".to_owned();
    }
    let [add, change, replace, drop] = planned.plan.counts().map(count);
    let title = format!("dbstate plan: {add} to add, {change} to change, {replace} to replace, {drop} to drop");
    let mut page = Page::new("dbstate plan", &title, planned);
    page.plan(planned, sources, false);
    page.text
}

/// Returns the differences from the YAML: which side moved since which apply, and the plan.
pub fn drift(planned: &Planned, sources: &Sources) -> String {
    if planned.plan.is_empty() {
        return "### dbstate drift: none\n\nThe database is as declared.\n".to_owned();
    }
    let number = planned.plan.changes.len();
    let title = format!("dbstate drift: {} difference{}", count(number), if number == 1 { "" } else { "s" });
    let mut page = Page::new("dbstate drift", &title, planned);
    let _ = writeln!(page.text, "\n{}.\n", since::summary(planned));
    page.text.push_str("| difference | moved | where |\n|---|---|---|\n");
    page.list(&sides(planned, sources), LIMIT * 3 / 4);
    let applies: Vec<String> = since::applies(planned).iter().map(|apply| format!("- {}", cut(apply))).collect();
    if !applies.is_empty() {
        page.text.push('\n');
        page.list(&applies, LIMIT * 5 / 8);
    }
    page.plan(planned, sources, true);
    page.text
}

/// Text that grows up to a limit.
struct Page {
    text: String,
    /// The command that prints everything.
    command: &'static str,
}

impl Page {
    /// Starts a page with a title and the warnings.
    fn new(command: &'static str, title: &str, planned: &Planned) -> Self {
        let mut page = Self { text: format!("### {title}\n"), command };
        let warnings = planned.warnings.iter().map(|warning| format!("\n> {}", cut(warning).replace('\n', "\n> ")));
        page.list(&warnings.collect::<Vec<_>>(), LIMIT * 7 / 8);
        page
    }

    /// Adds hazards, changes, access and statements.
    fn plan(&mut self, planned: &Planned, sources: &Sources, sides: bool) {
        if let Some([list, allow]) = text::hazards(planned) {
            let _ = writeln!(self.text, "\n**Hazards:** {list}. To apply without being asked: `--allow {allow}`\n");
            let rows = hazards(planned, sources);
            let folds = rows.len() > SHOWN;
            if folds {
                let _ = writeln!(self.text, "<details><summary>{} hazards</summary>\n", count(rows.len()));
            }
            self.text.push_str("| hazard | what | lock | where |\n|---|---|---|---|\n");
            self.list(&rows, LIMIT / 2);
            if folds {
                self.text.push_str("\n</details>\n");
            }
        }
        self.folded("Changes", "diff", &changes(planned, sources, sides), LIMIT / 4);
        if !planned.access.is_empty() {
            let lines = access::lines(&planned.access).into_iter().map(|(sign, line)| format!("{sign} {line}"));
            self.folded("Access, as it changes", "diff", &lines.collect::<Vec<_>>(), LIMIT / 8);
        }
        self.folded("Statements, in order", "sql", &statements(planned), 0);
    }

    /// Returns how many whole lines fit if `share` bytes must be left for what follows.
    fn fitting(&self, lines: &[String], share: usize) -> usize {
        let mut left = (LIMIT - REST).saturating_sub(share + self.text.len());
        let fits = |line: &&String| match left.checked_sub(line.len() + 1) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        };
        lines.iter().take_while(fits).count()
    }

    /// Adds as many whole lines as fit, and the number of those that do not.
    fn list(&mut self, lines: &[String], share: usize) {
        let fitting = self.fitting(lines, share);
        self.add(&lines[..fitting]);
        self.more(lines.len() - fitting);
    }

    fn add(&mut self, lines: &[String]) {
        self.text.extend(lines.iter().flat_map(|line| [line, "\n"]));
    }

    fn more(&mut self, lines: usize) {
        if lines > 0 {
            let lines = format!("{} more line{}", count(lines), if lines == 1 { "" } else { "s" });
            let _ = writeln!(self.text, "\n… and {lines}: `{}` prints them all.", self.command);
        }
    }

    /// Adds a section that is collapsed at first.
    fn folded(&mut self, title: &str, language: &str, lines: &[String], share: usize) {
        let _ = writeln!(self.text, "\n<details><summary>{title}</summary>\n");
        let backticks = |line: &String| line.split(|c| c != '`').map(str::len).max().unwrap_or_default();
        let fencible = lines.iter().take_while(|line| backticks(line) < FENCE).count();
        let fitting = self.fitting(&lines[..fencible], share);
        let longest = lines[..fitting].iter().map(backticks).max().unwrap_or_default();
        let fence = "`".repeat((longest + 1).max(3));
        let _ = writeln!(self.text, "{fence}{language}");
        self.add(&lines[..fitting]);
        let _ = writeln!(self.text, "{fence}");
        self.more(lines.len() - fitting);
        let _ = writeln!(self.text, "\n</details>");
    }
}

/// Cuts a text to at most [`LINE`] bytes.
fn cut(text: &str) -> String {
    if text.len() <= LINE {
        return text.to_owned();
    }
    format!("{} …", &text[..text.floor_char_boundary(LINE)])
}

/// Returns a row of the table for each difference.
fn sides(planned: &Planned, sources: &Sources) -> Vec<String> {
    let row = |change: &Change| {
        let moved = since::side(planned, &change.at).unwrap_or_else(|| "unknown".to_owned());
        let origin = change.origin.map(|o| format!("`{}`", place(o, sources))).unwrap_or_default();
        let cells = [since::difference(change), moved, origin].map(|text| cell(&text));
        format!("| {} |", cells.join(" | "))
    };
    planned.plan.changes.iter().map(row).collect()
}

/// Returns a row of the table for each hazard.
fn hazards(planned: &Planned, sources: &Sources) -> Vec<String> {
    let row = |(step, hazard): (&crate::plan::PlanStep, &crate::model::Hazard)| {
        let lock = if step.lock == Lock::None { "" } else { text::lock(step.lock) };
        let origin = step.origin.map(|o| format!("`{}`", place(o, sources))).unwrap_or_default();
        let cells = [hazard.class.as_str(), &text::risk(step, hazard), lock, &origin].map(cell);
        format!("| {} |", cells.join(" | "))
    };
    planned.plan.hazards().map(row).collect()
}

/// Escapes text for a cell of a table.
fn cell(text: &str) -> String {
    cut(text).replace('|', "\\|").replace(['\n', '\r'], " ")
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
        let origin = change.origin.map(|span| format!("  {}", place(span, sources))).unwrap_or_default();
        out.push(format!("{sign} {}{origin}", head(change)));
        let moved = since::side(planned, &change.at).filter(|_| sides);
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
        Page { text: String::new(), command: "dbstate plan" }
    }

    #[test]
    fn what_has_no_room_is_counted() {
        let mut page = page();
        page.folded("Changes", "diff", &vec!["+ table".to_owned(); 9_000], LIMIT / 2);
        let lines = page.text.matches("+ table\n").count();
        assert!(lines > 3_000, "{lines}");
        assert!(page.text.contains(&format!("… and {} more lines: `dbstate plan`", count(9_000 - lines))));
        assert!(page.text.len() < LIMIT / 2);
    }

    #[test]
    fn no_body_ends_its_fence() {
        let mut page = page();
        page.folded("Statements", "sql", &["select '````'".to_owned()], 0);
        assert!(page.text.contains("\n`````sql\nselect '````'\n`````\n"), "{}", page.text);
        page.folded("Statements", "sql", &["`".repeat(LIMIT / 4)], 0);
        assert!(page.text.contains("\n```sql\n```\n\n… and 1 more line:"), "{}", page.text);
    }

    #[test]
    fn a_cell_is_one_line_of_one_column() {
        assert_eq!(cell("a|b\nc"), "a\\|b c");
        assert_eq!(cell(&"ä".repeat(LINE)).len(), LINE + 4);
    }
}
