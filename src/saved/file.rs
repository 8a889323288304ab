//! The text of a saved plan: JSON with a fingerprint of its whole content.

use std::path::Path;

use serde_json::Value;

use super::Saved;
use super::place::broken;
use crate::declare::digest;
use crate::diagnostic::{Code, Diagnostic, Result, io_text};

/// The version of the format. It is increased when readers would have to change.
pub const FORMAT: u32 = 1;

/// Returns the plan with its fingerprint set.
pub(super) fn stamped(mut saved: Saved) -> Saved {
    saved.fingerprint.clear();
    saved.fingerprint = digest::text(&text(&saved));
    saved
}

fn text(saved: &Saved) -> String {
    let mut text = serde_json::to_string_pretty(saved).expect("a plan is numbers, texts and lists of them");
    text.push('\n');
    text
}

/// Writes a plan to a file.
pub fn write(saved: &Saved, path: &Path) -> Result<()> {
    std::fs::write(path, text(saved)).map_err(|error| {
        let message = format!("can't write the plan to `{}`: {}", path.display(), io_text(&error));
        Box::new(Diagnostic::new(Code::File, message).help("name a file in a directory that may be written"))
    })
}

/// Returns whether a file looks like a plan, be it one of another version.
pub fn is_one(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap_or_default();
    serde_json::from_slice(&bytes)
        .is_ok_and(|value: Value| value.get("format").is_some() && value.get("steps").is_some())
}

/// Reads a plan from a file.
///
/// # Errors
/// If it cannot be read, is no plan, was written by another version of the format or of dbstate, or was changed since
/// it was written.
pub fn read(path: &Path) -> Result<Saved> {
    let name = path.display();
    let bytes = std::fs::read(path).map_err(|error| {
        let message = format!("can't read the plan `{name}`: {}", io_text(&error));
        Box::new(Diagnostic::new(Code::File, message).help("name a file that `dbstate plan --out FILE` wrote"))
    })?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|e| broken(format!("`{name}` is no saved plan: {e}")))?;
    let (Some(format), Some(version)) = (value.get("format").and_then(Value::as_u64), value["dbstate"].as_str()) else {
        return Err(broken(format!("`{name}` is no saved plan: it names no version of the format and of dbstate")));
    };
    let ours = env!("CARGO_PKG_VERSION");
    if format != u64::from(FORMAT) || version != ours {
        let message =
            format!("`{name}` was saved by dbstate {version} in format {format}; this is {ours}, format {FORMAT}");
        let help = format!("apply it with dbstate {version}, or make the plan again with this one");
        return Err(Box::new(Diagnostic::new(Code::PlanFile, message).help(help)));
    }
    let saved: Saved = serde_json::from_value(value).map_err(|e| broken(format!("`{name}` is no saved plan: {e}")))?;
    if stamped(saved.clone()).fingerprint != saved.fingerprint {
        return Err(broken(format!("`{name}` was changed since it was saved: its fingerprint does not fit")));
    }
    Ok(saved)
}
