//! Instants, media times, and the clock that is passed in.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr, sync::Mutex};

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// An instant in UTC, in whole microseconds since 1970-01-01T00:00:00Z.
///
/// Text form: RFC 3339 in UTC with `Z`, up to six fraction digits, none when zero (contract c360 X-29).
/// Reading requires a zone (`Z` or an offset); years 1900 to 9999.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }
    /// The start of the UTC minute that holds this instant.
    #[must_use]
    pub const fn minute(self) -> Self {
        Self(self.0 - self.0.rem_euclid(60 * MICROS))
    }
    /// This instant moved by whole seconds.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs.saturating_mul(MICROS)))
    }
    /// The same instant for calendar arithmetic.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(instant: jiff::Timestamp) -> Self {
        Self(instant.as_microsecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Written by hand because it runs several times for each of a million rows.
        let (days, of_day) = (self.0.div_euclid(86_400 * MICROS), self.0.rem_euclid(86_400 * MICROS));
        let (year, month, day) = civil_from_days(days);
        let (secs, mut micros) = (of_day / MICROS, of_day % MICROS);
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60)?;
        if micros != 0 {
            let mut width = 6;
            while micros % 10 == 0 {
                (micros, width) = (micros / 10, width - 1);
            }
            write!(f, ".{micros:0width$}")?;
        }
        f.write_str("Z")
    }
}

/// Howard Hinnant's `civil_from_days`: the proleptic Gregorian date of a day count from 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, doy - (153 * mp + 2) / 5 + 1)
}

/// Why a text is no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTimestamp {
    /// A date and time with no `Z` or offset.
    #[error("`{0}` has no time zone: write `Z` or an offset such as `+02:00`")]
    NoZone(String),
    /// Not RFC 3339 at all.
    #[error("`{0}` is not an RFC 3339 date and time, such as 2026-03-01T09:30:00Z")]
    Malformed(String),
    /// Before 1900 or after 9999.
    #[error("`{0}` lies outside the years 1900 to 9999")]
    Absurd(String),
}

impl FromStr for Timestamp {
    type Err = BadTimestamp;
    fn from_str(text: &str) -> Result<Self, BadTimestamp> {
        let shown = || text.chars().take(64).collect::<String>();
        match text.parse::<jiff::Timestamp>() {
            Ok(instant) => {
                let year = instant.to_zoned(jiff::tz::TimeZone::UTC).year();
                if (1900..=9999).contains(&year) {
                    Ok(instant.into())
                } else {
                    Err(BadTimestamp::Absurd(shown()))
                }
            }
            Err(_) if text.parse::<jiff::civil::DateTime>().is_ok() => Err(BadTimestamp::NoZone(shown())),
            Err(_) => Err(BadTimestamp::Malformed(shown())),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A time or length inside a recording, in whole microseconds. On the wire: a number of seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaTime(i64);

impl MediaTime {
    /// The longest recording that is believed: seven days.
    pub const MAX: Self = Self(7 * 86_400 * MICROS);

    /// From whole microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }
    /// From seconds, rounded to the microsecond.
    pub fn from_secs(secs: f64) -> Self {
        Self((secs * 1e6).round() as i64)
    }
    /// Whole microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }
    /// Seconds.
    pub fn secs(self) -> f64 {
        self.0 as f64 / 1e6
    }
    /// This time less `earlier`; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0 - earlier.0)
    }
}

/// Decimal seconds without an exponent, as short as exact: `26.594`, `3`, `0.5`.
impl fmt::Display for MediaTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, mut part) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        write!(f, "{sign}{whole}")?;
        if part != 0 {
            let mut width = 6;
            while part % 10 == 0 {
                (part, width) = (part / 10, width - 1);
            }
            write!(f, ".{part:0width$}")?;
        }
        Ok(())
    }
}

impl Serialize for MediaTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % MICROS == 0 {
            serializer.serialize_i64(self.0 / MICROS)
        } else {
            serializer.serialize_f64(self.secs())
        }
    }
}
impl<'de> Deserialize<'de> for MediaTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let secs = f64::deserialize(deserializer)?;
        let time = Self::from_secs(secs);
        if !secs.is_finite() || time < Self(0) || time > Self::MAX {
            return Err(de::Error::custom(format_args!(
                "{secs} is not a time in seconds between 0 and 604800"
            )));
        }
        Ok(time)
    }
}
impl JsonSchema for MediaTime {
    fn schema_name() -> Cow<'static, str> {
        "Seconds".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 604_800 })
    }
}

/// An instant in US Eastern time, by which Coach360 counts days and limits requests (contract c360 ).
pub fn eastern(instant: Timestamp) -> jiff::Zoned {
    static ZONE: std::sync::LazyLock<jiff::tz::TimeZone> = std::sync::LazyLock::new(|| {
        // Zone data is compiled in; should it ever be missing, the standard offset is the closest truth.
        jiff::tz::TimeZone::get("America/New_York")
            .unwrap_or_else(|_| jiff::tz::TimeZone::fixed(jiff::tz::Offset::constant(-5)))
    });
    instant.to_jiff().to_zoned(ZONE.clone())
}

/// Where the time comes from. Passed in, so that a test can set it.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that may ask the machine")]
    fn now(&self) -> Timestamp {
        jiff::Timestamp::now().into()
    }
}

/// A clock for tests: stands still until told.
#[derive(Debug)]
pub struct FakeClock(Mutex<Timestamp>);

impl FakeClock {
    /// A clock that stands at `instant`.
    pub fn at(instant: Timestamp) -> Self {
        Self(Mutex::new(instant))
    }
    /// Sets the time, backwards too.
    pub fn set(&self, instant: Timestamp) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = instant;
    }
    /// Moves the time on by `secs` seconds.
    pub fn advance_secs(&self, secs: i64) {
        let now = self.now();
        self.set(now.plus_secs(secs));
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_print_in_utc_with_as_many_digits_as_needed() {
        for (given, printed) in [
            ("2018-01-01T11:11:11Z", "2018-01-01T11:11:11Z"),
            ("2020-08-12T08:46:52.408-04:00", "2020-08-12T12:46:52.408Z"),
            ("2022-05-19T16:58:14.048648Z", "2022-05-19T16:58:14.048648Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z"),
            ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        ] {
            assert_eq!(given.parse::<Timestamp>().unwrap().to_string(), printed);
        }
        assert!(matches!("2018-01-01T11:11:11".parse::<Timestamp>(), Err(BadTimestamp::NoZone(_))));
        assert!(matches!("yesterday".parse::<Timestamp>(), Err(BadTimestamp::Malformed(_))));
        assert!(matches!("1601-01-01T00:00:00Z".parse::<Timestamp>(), Err(BadTimestamp::Absurd(_))));
    }

    #[test]
    fn the_minute_of_an_instant_drops_its_seconds_before_1970_too() {
        let minute = |t: &str| t.parse::<Timestamp>().unwrap().minute().to_string();
        assert_eq!(minute("2023-08-15T10:00:59.9Z"), "2023-08-15T10:00:00Z");
        assert_eq!(minute("1969-12-31T23:59:59Z"), "1969-12-31T23:59:00Z");
    }

    #[test]
    fn media_times_print_as_decimal_seconds() {
        assert_eq!(MediaTime::from_secs(26.594).to_string(), "26.594");
        assert_eq!(MediaTime::from_secs(3.0).to_string(), "3");
        assert!(serde_json::from_str::<MediaTime>("-0.5").is_err());
        assert!(serde_json::from_str::<MediaTime>("1e9").is_err());
    }
}
