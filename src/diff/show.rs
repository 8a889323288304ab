//! Renders a difference for people: the canonical YAML of both sides, line by line.

use similar::{ChangeTag, TextDiff};

/// Returns the lines that differ, marked `-` or `+`, with up to three equal lines around them, marked by a space.
pub fn lines(old: &str, new: &str) -> Vec<(char, String)> {
    let diff = TextDiff::from_lines(old, new);
    diff.grouped_ops(3)
        .iter()
        .flatten()
        .flat_map(|op| diff.iter_changes(op))
        .map(|change| {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            (sign, change.value().trim_end_matches('\n').to_owned())
        })
        .collect()
}
