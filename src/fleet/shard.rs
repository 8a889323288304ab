//! Shares of the databases, so that several runs can divide the work.

use std::fmt;
use std::str::FromStr;

use crate::model::digest;

/// One share of several: `2/5` is the second of five.
///
/// A database is always in the same share, whatever else is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// The number of the share, from 1.
    pub number: u32,
    /// The number of shares.
    pub of: u32,
}

impl Shard {
    /// Returns whether the share contains what the given text identifies.
    pub fn holds(self, identity: &str) -> bool {
        let digit = |hash: u64, letter: char| (hash << 4) | u64::from(letter.to_digit(16).unwrap_or_default());
        let hash = digest::text(identity).chars().take(15).fold(0, digit);
        hash % u64::from(self.of) == u64::from(self.number - 1)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if number >= 1 && number <= of => Ok(Self { number, of }),
            _ => Err("a share is `I/N`, from `1/N` to `N/N`".to_owned()),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_database_is_in_one_share() {
        let shards: Vec<Shard> = (1..=3).map(|number| Shard { number, of: 3 }).collect();
        let mut held = [0; 3];
        for i in 0..300 {
            let identity = format!("postgresql://app@db/tenant_{i}");
            let of: Vec<usize> = (0..3).filter(|at| shards[*at].holds(&identity)).collect();
            assert_eq!(of.len(), 1, "{identity}");
            held[of[0]] += 1;
        }
        assert!(held.iter().all(|count| *count > 70), "{held:?}");
    }

    #[test]
    fn a_share_is_read_as_it_is_written() {
        assert_eq!("2/5".parse::<Shard>().map(|shard| shard.to_string()), Ok("2/5".to_owned()));
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }
}
