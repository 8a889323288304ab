//! When a password ceases to be good.

use serde::{Deserialize, Deserializer, Serialize, de};

/// A moment in UTC as PostgreSQL prints it, or `infinity`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Until(String);

impl Default for Until {
    fn default() -> Self {
        Self("infinity".to_owned())
    }
}

impl Until {
    /// Reads what people and PostgreSQL write: a date, a date and time, each with or without an offset.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if matches!(text, "infinity" | "-infinity") {
            return Some(Self(text.to_owned()));
        }
        if text.find('-').is_some_and(|dash| dash > 4) {
            return Some(Self(text.to_owned())); // beyond the year 9999, where only PostgreSQL counts
        }
        let moment = text.parse::<jiff::Timestamp>().ok().or_else(|| {
            let civil = text.parse::<jiff::civil::DateTime>().ok()?;
            Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        })?;
        Some(Self(moment.strftime("%Y-%m-%d %H:%M:%S%.f+00").to_string()))
    }

    /// As PostgreSQL reads it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when it is over before the other is.
    pub fn is_before(&self, other: &Self) -> bool {
        let rank = |u: &Self| match u.0.as_str() {
            "-infinity" => (0, 0, String::new()),
            "infinity" => (2, 0, String::new()),
            text => (1, text.find('-').unwrap_or(0), text.to_owned()),
        };
        rank(self) < rank(other)
    }
}

impl<'de> Deserialize<'de> for Until {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(format!("`{text}` is no date\nhelp: write one like `2030-12-31 23:59:59+00`"))
        })
    }
}

crate::kinds::part::text_schema!(Until, "A date, as `2030-12-31 23:59:59+00`, or `infinity`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_common_spelling() {
        for (written, read) in [
            ("2030-06-01", "2030-06-01 00:00:00+00"),
            ("2030-06-01 12:00", "2030-06-01 12:00:00+00"),
            ("2030-06-01T12:00:00Z", "2030-06-01 12:00:00+00"),
            ("2030-06-01 12:00:00.250000+02", "2030-06-01 10:00:00.25+00"),
            ("2030-06-01 12:00:00+05:30", "2030-06-01 06:30:00+00"),
            ("infinity", "infinity"),
            ("12030-06-01 00:00:00.000000+00", "12030-06-01 00:00:00.000000+00"),
        ] {
            assert_eq!(Until::parse(written), Some(Until(read.to_owned())), "{written}");
        }
        assert_eq!(Until::parse("tomorrow"), None);
        assert_eq!(Until::parse(""), None);
    }

    #[test]
    fn an_earlier_end_is_told_from_a_later_one() {
        let until = |text: &str| Until::parse(text).expect("a moment");
        for (early, late) in [
            ("-infinity", "2030-01-01"),
            ("2030-01-01", "2030-01-02"),
            ("9999-01-01", "10000-01-01"),
            ("10000-01-01", "infinity"),
        ] {
            assert!(until(early).is_before(&until(late)) && !until(late).is_before(&until(early)), "{early} {late}");
        }
    }
}
