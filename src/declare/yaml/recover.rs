//! Finds where reading may start again after a syntax error, to report more than one error per run.

/// Returns the start of the first line after byte `at` that is indented no deeper than the line containing `at`.
pub(super) fn line_after(text: &str, at: usize) -> Option<usize> {
    let at = text.floor_char_boundary(at.min(text.len()));
    let failed = Line::at(text, text[..at].rfind('\n').map_or(0, |i| i + 1));
    lines(text, failed.end).find(|l| !l.is_blank && l.indent <= failed.indent).map(|l| l.start)
}

/// Returns the end of the lines from `start` on that can be read as a document of their own. It ends before a line that
/// is indented less, or at which list items give way to keys or the reverse.
pub(super) fn segment_end(text: &str, start: usize) -> usize {
    let first = Line::at(text, start);
    lines(text, first.end)
        .filter(|l| !l.is_blank)
        .find(|l| l.indent < first.indent || (l.indent == first.indent && l.is_item != first.is_item))
        .map_or(text.len(), |l| l.start)
}

/// One line of a file.
struct Line {
    start: usize,
    end: usize,
    indent: usize,
    is_blank: bool,
    is_item: bool,
}

impl Line {
    fn at(text: &str, start: usize) -> Self {
        let end = text[start..].find('\n').map_or(text.len(), |i| start + i + 1);
        let line = &text[start..end];
        let content = line.trim_start_matches(' ');
        Self {
            start,
            end,
            indent: line.len() - content.len(),
            is_blank: content.trim_start().is_empty() || content.starts_with('#'),
            is_item: content.starts_with("- ") || content.trim_end() == "-",
        }
    }
}

fn lines(text: &str, start: usize) -> impl Iterator<Item = Line> {
    let mut at = start;
    std::iter::from_fn(move || {
        (at < text.len()).then(|| {
            let line = Line::at(text, at);
            at = line.end;
            line
        })
    })
}
