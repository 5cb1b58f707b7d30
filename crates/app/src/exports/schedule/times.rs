//! When an export runs next.

use jiff::{
    ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use touchline_model::Timestamp;

/// How often an export runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Every hour, at the minute of `at`.
    Hour,
    /// Every day, at `at`.
    Day,
    /// Every week, on `weekday` at `at`.
    Week,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "days have names")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// All of them, from Monday.
    pub const ALL: [Self; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];
    /// 1 for Monday to 7.
    pub(super) const fn number(self) -> i64 {
        self as i64 + 1
    }
    /// The day of a number.
    pub(super) fn of(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }
}

impl Every {
    /// The name in the store.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }
    /// The one of a name.
    pub(super) fn of(name: &str) -> Option<Self> {
        [Self::Hour, Self::Day, Self::Week].into_iter().find(|it| it.name() == name)
    }
}

/// The first instant after `now` at which the clocks of the zone show the time. A time that a clock jumps over is the
/// first instant after the jump; of one that comes twice the first counts. `None` at the end of the calendar.
pub(super) fn next(
    every: Every,
    minute: i64,
    weekday: Option<Weekday>,
    zone: &TimeZone,
    now: Timestamp,
) -> Option<Timestamp> {
    let here = now.to_jiff().to_zoned(zone.clone());
    let part = |number: i64| i8::try_from(number).ok();
    if every == Every::Hour {
        let next = here.with().minute(part(minute % 60)?).second(0).subsec_nanosecond(0).build().ok()?;
        let next = match Timestamp::from(next.timestamp()) > now {
            true => next,
            false => next.checked_add(1.hour()).ok()?,
        };
        return Some(next.timestamp().into());
    }
    let time = Time::new(part(minute / 60)?, part(minute % 60)?, 0, 0).ok()?;
    let at = |date: Date| date.to_datetime(time).to_zoned(zone.clone()).ok();
    let mut date = here.date();
    // A week and a day: today may be the right day and too late.
    for _ in 0..8 {
        let right = every == Every::Day
            || weekday.is_none_or(|it| it.number() == i64::from(date.weekday().to_monday_one_offset()));
        if right
            && let Some(instant) = at(date).map(|it| Timestamp::from(it.timestamp())).filter(|it| *it > now)
        {
            return Some(instant);
        }
        date = date.tomorrow().ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next_of(every: Every, at: &str, weekday: Option<Weekday>, zone: &str, now: &str) -> String {
        let (hours, minutes) = at.split_once(':').unwrap();
        let minute = hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
        let zone = TimeZone::get(zone).unwrap();
        next(every, minute, weekday, &zone, now.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_day_has_one_run_whatever_its_clocks_do() {
        let day = |now: &str| next_of(Every::Day, "02:30", None, "Europe/Berlin", now);
        assert_eq!(day("2026-03-01T00:00:00Z"), "2026-03-01T01:30:00Z");
        assert_eq!(day("2026-03-01T01:30:00Z"), "2026-03-02T01:30:00Z", "now is not after now");
        // 02:30 does not exist on 29 March, and comes twice on 25 October.
        assert_eq!(day("2026-03-28T12:00:00Z"), "2026-03-29T01:30:00Z");
        assert_eq!(day("2026-03-29T01:30:00Z"), "2026-03-30T00:30:00Z");
        assert_eq!(day("2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(day("2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn hours_and_weeks_go_by_the_zone_too() {
        let hour = |zone: &str, now: &str| next_of(Every::Hour, "07:15", None, zone, now);
        assert_eq!(hour("UTC", "2026-03-01T09:14:59Z"), "2026-03-01T09:15:00Z");
        assert_eq!(hour("UTC", "2026-03-01T09:15:00Z"), "2026-03-01T10:15:00Z");
        assert_eq!(hour("Asia/Kolkata", "2026-03-01T09:15:00Z"), "2026-03-01T09:45:00Z");
        let week = |now: &str| next_of(Every::Week, "06:00", Some(Weekday::Monday), "America/New_York", now);
        assert_eq!(week("2026-03-01T00:00:00Z"), "2026-03-02T11:00:00Z");
        assert_eq!(week("2026-03-02T11:00:00Z"), "2026-03-09T10:00:00Z", "summer time has come");
    }
}
