//! Neighbours that are alike, of which a terminal shows the first ones.

use std::ops::Range;

/// How many alike neighbours are shown whole.
const WHOLE: usize = 4;

/// How many of more are shown.
const SHOWN: usize = 2;

/// How many lines of a text are shown whole.
const LINES: usize = 16;

/// How many lines of a longer one are shown.
const SHOWN_LINES: usize = 8;

/// Alike neighbours.
pub(super) struct Run {
    /// Those that are shown.
    pub shown: Range<usize>,
    /// How many more there are.
    pub more: usize,
}

/// All items as runs, in order; without `fold` a run of one each.
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

/// The lines of a text that are shown, and how many more there are.
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
