//! Extracts the few lines that a diagnostic points at from several texts, cropped to the available width.
//!
//! The lines are copied into one text, window after window. Miette gets that text, and asks [`SourceCode::read_span`]
//! for the name, line and column of each window. So a file with a line of a megabyte costs only one line of output.

use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::diagnostic::{Diagnostic, Sources, Statement};

/// The number of lines shown before and after a line that is pointed at.
pub(super) const CONTEXT_LINES: usize = 1;

/// The lines that a diagnostic points at.
#[derive(Debug, Default)]
pub(super) struct Excerpt {
    text: String,
    windows: Vec<Window>,
    marks: Vec<Mark>,
}

/// Adjacent lines of one source.
#[derive(Debug)]
struct Window {
    name: String,
    /// The window's bytes in the excerpt.
    range: Range<usize>,
    /// The number of the window's first line, from 0.
    line: usize,
    lines: usize,
}

/// A span that is pointed at.
#[derive(Debug)]
struct Mark {
    /// The span's bytes in the excerpt.
    range: Range<usize>,
    label: Option<String>,
    line: usize,
    column: usize,
}

/// A place to show, before it is copied.
struct Place<'s> {
    name: String,
    source: &'s str,
    /// The bytes in the source, which are all on one line.
    range: Range<usize>,
    label: &'s str,
}

impl Excerpt {
    pub(super) fn new(diagnostic: &Diagnostic, sources: &Sources, width: usize) -> Self {
        let labels = diagnostic.labels.iter().map(|label| {
            let source = sources.get(label.span.file);
            let range = label.span.start as usize..label.span.end as usize;
            Place::new(clean(&sources.name(label.span.file)), &source.text, range, &label.text)
        });
        let statement = diagnostic.statement.iter().map(|s| Place::of_statement(s));
        let places: Vec<_> = labels.chain(statement).collect();
        let mut excerpt = Self { marks: Vec::with_capacity(places.len()), ..Self::default() };
        for group in groups(&places) {
            excerpt.copy(&group, width.saturating_sub(12).max(20));
        }
        excerpt
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = LabeledSpan> {
        self.marks.iter().enumerate().map(|(i, mark)| {
            let span = SourceSpan::from((mark.range.start, mark.range.len()));
            let label = mark.label.clone();
            let is_first = !self.marks[..i].iter().any(|m| self.window(m.range.start) == self.window(mark.range.start));
            if is_first {
                LabeledSpan::new_primary_with_span(label, span)
            } else {
                LabeledSpan::new_with_span(label, span)
            }
        })
    }

    /// Copies the lines around `group`, whose places are in the same source, each line cropped to `width` characters.
    fn copy(&mut self, group: &[&Place<'_>], width: usize) {
        let Some(first) = group.first() else { return };
        let source = first.source;
        let bytes = group.iter().map(|p| p.window()).reduce(|a, b| a.start.min(b.start)..a.end.max(b.end));
        let bytes = bytes.unwrap_or_default();
        let start = self.text.len();
        let mut lines = 0;
        let mut at = bytes.start;
        let mut marks: Vec<Option<Mark>> = group.iter().map(|_| None).collect();
        loop {
            let end = line_end(source, at);
            let here = |p: &&Place<'_>| p.range.start >= at && p.range.start <= end;
            let focus = group.iter().copied().filter(here).map(|p| p.range.start).min().unwrap_or(at);
            let line = Line::new(source, at..end, focus, width);
            for (place, mark) in group.iter().zip(&mut marks).filter(|(place, _)| here(place)) {
                *mark = Some(line.mark(place, self.text.len()));
            }
            self.text.push_str(&line.text);
            self.text.push('\n');
            lines += 1;
            if at >= line_start(source, bytes.end) {
                break;
            }
            at = next_line(source, end);
        }
        let line = source[..bytes.start].matches('\n').count();
        self.windows.push(Window { name: first.name.clone(), range: start..self.text.len(), line, lines });
        self.marks.extend(marks.into_iter().flatten());
    }

    fn window(&self, at: usize) -> Option<usize> {
        self.windows.iter().position(|w| w.range.contains(&at))
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let window = self.window(span.offset()).map(|i| &self.windows[i]).ok_or(MietteError::OutOfBounds)?;
        if span.offset() + span.len() > window.range.end {
            return Err(MietteError::OutOfBounds);
        }
        let mark = self.marks.iter().find(|m| m.range.start == span.offset()).filter(|_| before == 0);
        let (range, line, column) = match mark {
            Some(mark) => (mark.range.clone(), mark.line, mark.column),
            None => (window.range.clone(), window.line, 0),
        };
        let data = &self.text.as_bytes()[range.clone()];
        let span = SourceSpan::from((range.start, range.len()));
        Ok(Box::new(MietteSpanContents::new_named(window.name.clone(), data, span, line, column, window.lines)))
    }
}

impl<'s> Place<'s> {
    /// Creates a place, cut to its first line.
    fn new(name: String, source: &'s str, range: Range<usize>, label: &'s str) -> Self {
        let start = source.floor_char_boundary(range.start.min(source.len()));
        let end_of_line = line_end(source, line_start(source, start));
        let start = start.min(end_of_line);
        let end = source.ceil_char_boundary(range.end.min(source.len())).clamp(start, end_of_line);
        Self { name, source, range: start..end, label }
    }

    /// Creates the place of the word that a statement's error points at, or of its first line.
    fn of_statement(statement: &'s Statement) -> Self {
        let sql = statement.sql.as_str();
        let range = match statement.position {
            Some(position) => {
                let start = sql.floor_char_boundary(position.min(sql.len()));
                let word = sql[start..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(sql.len() - start);
                start..start + word.max(sql[start..].chars().next().map_or(0, char::len_utf8))
            }
            None => 0..sql.len(),
        };
        Self::new("statement".into(), sql, range, &statement.text)
    }

    /// Returns the bytes of the place's line and of those around it.
    fn window(&self) -> Range<usize> {
        let mut start = line_start(self.source, self.range.start);
        let mut end = line_end(self.source, self.range.start);
        for _ in 0..CONTEXT_LINES {
            start = line_start(self.source, start.saturating_sub(1));
            let next = next_line(self.source, end);
            end = if next < self.source.len() { line_end(self.source, next) } else { end };
        }
        start..end
    }
}

/// Groups the places whose windows touch, in the order of the first place of each group.
fn groups<'p, 's>(places: &'p [Place<'s>]) -> Vec<Vec<&'p Place<'s>>> {
    let mut groups: Vec<(Range<usize>, Vec<&'p Place<'s>>)> = Vec::new();
    for place in places {
        let window = place.window();
        let meets = |(range, group): &&mut (Range<usize>, Vec<&Place<'_>>)| {
            std::ptr::eq(group[0].source, place.source)
                && window.start <= range.end + 1
                && range.start <= window.end + 1
        };
        match groups.iter_mut().find(meets) {
            Some((range, group)) => {
                *range = range.start.min(window.start)..range.end.max(window.end);
                group.push(place);
            }
            None => groups.push((window, vec![place])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// A line, cleaned and cropped around a place of interest.
struct Line<'s> {
    source: &'s str,
    /// The bytes of the source that are shown.
    shown: Range<usize>,
    start: usize,
    text: String,
    /// The length of the ellipsis at the front, in bytes.
    lead: usize,
}

impl<'s> Line<'s> {
    fn new(source: &'s str, range: Range<usize>, focus: usize, width: usize) -> Self {
        let start = range.start;
        let line = &source[range.clone()];
        if line.char_indices().nth(width).is_none() {
            return Self { source, shown: range, start, text: clean(line), lead: 0 };
        }
        let before = source[start..focus].char_indices().rev().nth(width / 3).map_or(start, |(i, _)| start + i);
        let after = source[before..range.end].char_indices().nth(width).map_or(range.end, |(i, _)| before + i);
        let lead = if before > start { "…" } else { "" };
        let trail = if after < range.end { "…" } else { "" };
        let text = format!("{lead}{}{trail}", clean(&source[before..after]));
        Self { source, shown: before..after, start, text, lead: lead.len() }
    }

    /// Returns the mark for a place on this line, which is copied to byte `base` of the excerpt.
    fn mark(&self, place: &Place<'_>, base: usize) -> Mark {
        let at = |byte: usize| {
            let byte = byte.clamp(self.shown.start, self.shown.end);
            base + self.lead + clean(&self.source[self.shown.start..byte]).len()
        };
        Mark {
            range: at(place.range.start)..at(place.range.end),
            label: Some(clean(place.label)).filter(|l| !l.is_empty()),
            line: self.source[..self.start].matches('\n').count(),
            column: self.source[self.start..place.range.start].chars().count(),
        }
    }
}

/// Returns text that cannot affect a terminal: control characters, and those that change the direction of writing, are
/// replaced.
pub(super) fn clean(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => '\t',
        c if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}') => '·',
        c => c,
    };
    text.chars().map(shown).collect()
}

fn line_start(source: &str, at: usize) -> usize {
    source[..at].rfind('\n').map_or(0, |i| i + 1)
}

/// Returns the end of the line that contains `at`, without its line break.
fn line_end(source: &str, at: usize) -> usize {
    let end = source[at..].find('\n').map_or(source.len(), |i| at + i);
    if source[at..end].ends_with('\r') { end - 1 } else { end }
}

/// Returns the start of the line after the one that ends at `end`.
fn next_line(source: &str, end: usize) -> usize {
    source[end..].find('\n').map_or(source.len(), |i| end + i + 1)
}
