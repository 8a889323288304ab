//! "Did you mean".

use super::bridge::suggest;

/// Help for a word that nothing knows: the nearest of `known`, else all of them.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    match suggest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => format!("known here: {}", known.iter().map(|k| format!("`{k}`")).collect::<Vec<_>>().join(", ")),
    }
}
