//! Folds similar neighbours, of which a terminal shows only the first ones.

use std::ops::Range;

/// The largest number of similar neighbours that are shown in full.
const WHOLE: usize = 4;

/// The number that is shown if there are more.
const SHOWN: usize = 2;

/// The largest number of lines of a text that are shown in full.
const LINES: usize = 16;

/// The number of lines that is shown of a longer text.
const SHOWN_LINES: usize = 8;

/// A run of similar neighbours.
pub(super) struct Run {
    /// The items that are shown.
    pub shown: Range<usize>,
    /// The number of items that are not shown.
    pub more: usize,
}

/// Divides the items into runs, in order. Without `fold` each item is a run of its own.
pub(super) fn runs<T>(items: &[T], fold: bool, alike: impl Fn(&T, &T) -> bool) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut start = 0;
    for chunk in items.chunk_by(|one, other| fold && alike(one, other)) {
        let shown = if chunk.len() > WHOLE { SHOWN } else { chunk.len() };
        runs.push(Run { shown: start..start + shown, more: chunk.len() - shown });
        start += chunk.len();
    }
    runs
}

/// Returns the lines of a text that are shown, and the number of those that are not.
pub(super) fn lines(text: &str, fold: bool) -> (Vec<&str>, usize) {
    let mut lines: Vec<&str> = text.lines().collect();
    let more = if fold && lines.len() > LINES { lines.len() - SHOWN_LINES } else { 0 };
    lines.truncate(lines.len() - more);
    (lines, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_four_alike_are_folded() {
        let show = |items: &[char], fold| -> String {
            let runs = runs(items, fold, |a, b| a == b);
            runs.iter().map(|run| format!("{:?}+{} ", run.shown, run.more)).collect()
        };
        let items: Vec<char> = "abbbbccccc".chars().collect();
        assert_eq!(show(&items, true), "0..1+0 1..5+0 5..7+3 ");
        assert!(show(&items, false).ends_with("9..10+0 "));
        assert_eq!(show(&[], true), "");
    }

    #[test]
    fn long_texts_are_folded() {
        let text = "line\n".repeat(17);
        assert_eq!((lines(&text, true).0.len(), lines(&text, true).1), (8, 9));
        assert_eq!(lines(&text, false).1, 0);
        assert_eq!(lines(&"line\n".repeat(16), true).1, 0);
    }
}
