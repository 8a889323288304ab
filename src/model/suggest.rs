//! "Did you mean".

pub use super::bridge::suggest;

/// How many of the known words are listed.
const SHOWN: usize = 20;

/// Returns the help for an unknown word: the nearest of `known`, or else the first of them.
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    match suggest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => {
            let shown: Vec<String> = known.iter().take(SHOWN).map(|k| format!("`{k}`")).collect();
            let more = known.len().checked_sub(SHOWN).filter(|n| *n > 0);
            let more = more.map(|n| format!(" and {n} more")).unwrap_or_default();
            format!("known here: {}{more}", shown.join(", "))
        }
    }
}
