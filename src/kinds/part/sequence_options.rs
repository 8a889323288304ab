//! What a sequence counts: shared by sequences and identity columns.
//!
//! See <https://www.postgresql.org/docs/current/sql-createsequence.html>. Values that PostgreSQL would choose itself for
//! the type and direction are absent.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_default;
use crate::model::{HazardClass, Step};

/// The numbers of a sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SequenceOptions {
    /// The first value.
    #[serde(skip_serializing_if = "is_default")]
    pub start: Option<i64>,
    /// The step; 1 when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub increment: Option<i64>,
    /// The least value.
    #[serde(skip_serializing_if = "is_default")]
    pub min: Option<i64>,
    /// The greatest value.
    #[serde(skip_serializing_if = "is_default")]
    pub max: Option<i64>,
    /// How many values a session caches; 1 when absent.
    #[serde(skip_serializing_if = "is_default")]
    pub cache: Option<i64>,
    /// Starts again after the last value.
    #[serde(skip_serializing_if = "is_default")]
    pub cycle: bool,
}

impl SequenceOptions {
    /// Returns a copy without the values that PostgreSQL would choose itself; `data_type` is the sequence's.
    #[must_use]
    pub fn normalised(&self, data_type: &str) -> Self {
        let up = self.is_ascending();
        let (low, high) = match data_type {
            "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
            "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        let (min, max) = if up { (1, high) } else { (low, -1) };
        let first = if up { self.min.unwrap_or(min) } else { self.max.unwrap_or(max) };
        Self {
            start: self.start.filter(|s| *s != first),
            increment: self.increment.filter(|i| *i != 1),
            min: self.min.filter(|m| *m != min),
            max: self.max.filter(|m| *m != max),
            cache: self.cache.filter(|c| *c != 1),
            cycle: self.cycle,
        }
    }

    /// Returns the words for `create sequence` and for `generated … as identity (…)`.
    pub fn words(&self) -> Vec<String> {
        let number = |word: &str, value: Option<i64>| value.map(|v| format!("{word} {v}"));
        [
            number("increment by", self.increment),
            number("minvalue", self.min),
            number("maxvalue", self.max),
            number("start with", self.start),
            number("cache", self.cache),
            self.cycle.then(|| "cycle".to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Returns the words for `alter sequence` that turn `old` into this.
    pub fn changes(&self, old: &Self) -> Vec<String> {
        let changed = |word: &str, absent: &str, new: Option<i64>, is: bool| {
            is.then(|| new.map_or_else(|| absent.to_owned(), |v| format!("{word} {v}")))
        };
        let number =
            |word: &str, absent: &str, new: Option<i64>, old: Option<i64>| changed(word, absent, new, new != old);
        // When the direction changes, the old bounds stay unless they are mentioned.
        let turns = self.is_ascending() != old.is_ascending();
        let bound = |word: &str, new: Option<i64>, old: Option<i64>| {
            changed(word, &format!("no {word}"), new, turns || new != old)
        };
        let first = self.first();
        // A sequence that was never used is at its first value, which may be outside the new bounds.
        let outside = !self.bounds().contains(&old.first());
        [
            number("increment by", "increment by 1", self.increment, old.increment),
            bound("minvalue", self.min, old.min),
            bound("maxvalue", self.max, old.max),
            (first != old.first()).then(|| format!("start with {first}")),
            number("cache", "cache 1", self.cache, old.cache),
            (self.cycle != old.cycle).then(|| if self.cycle { "cycle" } else { "no cycle" }.to_owned()),
            outside.then(|| RESTART.to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Returns whether each value is greater than the one before.
    pub fn is_ascending(&self) -> bool {
        self.increment.is_none_or(|i| i > 0)
    }

    /// Returns the bounds, as far as they do not follow from the type.
    fn bounds(&self) -> RangeInclusive<i64> {
        let up = self.is_ascending();
        let (low, high) = if up { (1, i64::MAX) } else { (i64::MIN, -1) };
        self.min.unwrap_or(low)..=self.max.unwrap_or(high)
    }

    /// Returns the first value.
    fn first(&self) -> i64 {
        let up = self.is_ascending();
        self.start.unwrap_or_else(|| if up { self.min.unwrap_or(1) } else { self.max.unwrap_or(-1) })
    }
}

/// Returns the step with a hazard if `words` restart the sequence.
pub fn with_hazard(step: Step, words: &[String]) -> Step {
    if !words.iter().any(|w| w == RESTART) {
        return step;
    }
    step.hazard(HazardClass::Data, "the sequence begins anew: its position is out of the new bounds")
}

/// The word that restarts a sequence, which [`SequenceOptions::changes`] returns if the old first value is out of
/// bounds.
pub const RESTART: &str = "restart";

/// Returns the fields as a `jsonb` object in SQL; `s` is `pg_sequence`, and `type_oid` the type whose bounds are its own by
/// default. Values that PostgreSQL chooses by default are left out; null if all are.
pub fn catalog(type_oid: &str) -> String {
    let least = format!("case {type_oid} when 21 then -32768 when 23 then -2147483648 else -9223372036854775808 end");
    let most = format!("case {type_oid} when 21 then 32767 when 23 then 2147483647 else 9223372036854775807 end");
    format!(
        "case when s.seqstart <> 1 or s.seqincrement <> 1 or s.seqmin <> 1 or s.seqcache <> 1 or s.seqcycle
                or s.seqmax <> {most}
           then jsonb_strip_nulls(jsonb_build_object(
             'start', case when s.seqstart <> case when s.seqincrement > 0 then s.seqmin else s.seqmax end
                           then s.seqstart end,
             'increment', nullif(s.seqincrement, 1),
             'min', case when s.seqincrement > 0 then nullif(s.seqmin, 1) else nullif(s.seqmin, {least}) end,
             'max', case when s.seqincrement < 0 then nullif(s.seqmax, -1) else nullif(s.seqmax, {most}) end,
             'cache', nullif(s.seqcache, 1),
             'cycle', nullif(s.seqcycle, false))) end"
    )
}
