//! How much a relation holds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a relation holds, its partitions with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// The planner's estimate of its rows; none before the first `analyze`.
    pub rows: Option<u64>,
    /// Bytes on disk, with indexes and large values; 0 only where there is no row.
    pub bytes: u64,
}

/// `1.2 million rows, 340 MB`.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rows {
            Some(1) => f.write_str("1 row, ")?,
            Some(rows) => write!(f, "{} rows, ", scaled(rows, 1000, &["", " thousand", " million", " billion"]))?,
            None => {}
        }
        f.write_str(&scaled(self.bytes, 1024, &[" bytes", " kB", " MB", " GB", " TB", " PB"]))
    }
}

/// Writes a number in the largest unit in which it is at least 1, with one decimal (cut, not rounded) if it is below
/// 10.
fn scaled(number: u64, step: u64, units: &[&str]) -> String {
    let (mut whole, mut rest) = (number, 0);
    let mut unit = 0;
    while whole >= step && unit + 1 < units.len() {
        (whole, rest) = (whole / step, whole % step);
        unit += 1;
    }
    let tenth = rest * 10 / step;
    let digits = if whole < 10 && tenth > 0 { format!("{whole}.{tenth}") } else { whole.to_string() };
    format!("{digits}{}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let text = |rows, bytes| Size { rows, bytes }.to_string();
        assert_eq!(text(Some(1_234_567), 340 << 20), "1.2 million rows, 340 MB");
        assert_eq!(text(Some(1), 8192), "1 row, 8 kB");
        assert_eq!(text(Some(999), 1023), "999 rows, 1023 bytes");
        assert_eq!(text(None, 10 << 40), "10 TB");
    }
}
