//! Buckets in any time zone, on any day.

use super::world::t;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use touchline_analysis::sessions::{Level, Window};
use touchline_model::Timestamp;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// The starts of the buckets, and the end of the last, in local time.
fn borders(level: Level, name: &str, from: &str, to: &str) -> Vec<String> {
    let window = Window { start: t(from), end: t(to) };
    let local = |at: Timestamp| at.to_jiff().to_zoned(zone(name)).strftime("%Y-%m-%d %H:%M%:z").to_string();
    let buckets: Vec<_> = level.buckets(zone(name), window).collect();
    buckets.iter().map(|b| local(b.start)).chain(buckets.last().map(|b| local(b.end))).collect()
}

/// How long each bucket is, in minutes.
fn minutes(level: Level, name: &str, from: &str, to: &str) -> Vec<i64> {
    let window = Window { start: t(from), end: t(to) };
    level.buckets(zone(name), window).map(|b| b.length().0 / 60_000_000).collect()
}

// covers(gladly): X-18
#[test]
fn half_hours_follow_the_clocks_of_the_zone_and_are_cut_at_the_window() {
    let wanted = [
        "2026-03-02 11:50+00:00",
        "2026-03-02 12:00+00:00",
        "2026-03-02 12:30+00:00",
        "2026-03-02 12:31+00:00",
    ];
    assert_eq!(borders(Level::HalfHourly, "UTC", "11:50", "12:31"), wanted);
    let wanted = [
        "2026-03-02 17:45+05:45",
        "2026-03-02 18:00+05:45",
        "2026-03-02 18:30+05:45",
        "2026-03-02 18:45+05:45",
    ];
    assert_eq!(borders(Level::HalfHourly, "Asia/Kathmandu", "12:00", "13:00"), wanted);
}

// covers(gladly): X-18
#[test]
fn days_weeks_months_and_quarters_begin_at_midnight_of_the_zone() {
    let days = [
        "2026-03-02 05:45+05:45",
        "2026-03-03 00:00+05:45",
        "2026-03-04 00:00+05:45",
        "2026-03-04 05:45+05:45",
    ];
    let (from, to) = ("2026-03-02T00:00:00Z", "2026-03-04T00:00:00Z");
    assert_eq!(borders(Level::Daily, "Asia/Kathmandu", from, to), days);
    let weeks = [
        "2026-02-28 19:00-05:00",
        "2026-03-02 00:00-05:00",
        "2026-03-09 00:00-04:00",
        "2026-03-14 20:00-04:00",
    ];
    let (from, to) = ("2026-03-01T00:00:00Z", "2026-03-15T00:00:00Z");
    assert_eq!(borders(Level::Weekly, "America/New_York", from, to), weeks);
    let months = [
        "2026-01-15 00:00+00:00",
        "2026-02-01 00:00+00:00",
        "2026-03-01 00:00+00:00",
        "2026-03-10 00:00+00:00",
    ];
    let (from, to) = ("2026-01-15T00:00:00Z", "2026-03-10T00:00:00Z");
    assert_eq!(borders(Level::Monthly, "UTC", from, to), months);
    let quarters = [
        "2025-12-31 00:00+00:00",
        "2026-01-01 00:00+00:00",
        "2026-04-01 00:00+00:00",
        "2026-04-02 00:00+00:00",
    ];
    let (from, to) = ("2025-12-31T00:00:00Z", "2026-04-02T00:00:00Z");
    assert_eq!(borders(Level::Quarterly, "UTC", from, to), quarters);
}

// covers(gladly): X-18
#[test]
fn days_of_a_clock_change_have_23_and_25_hours() {
    let days = |name, from, to| minutes(Level::Daily, name, from, to);
    assert_eq!(days("America/New_York", "2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z"), [1440, 1380, 1440]);
    assert_eq!(days("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-26T23:00:00Z"), [1500, 1440]);
    let halves =
        minutes(Level::HalfHourly, "America/New_York", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z");
    assert_eq!((halves.len(), halves.iter().sum()), (46, 1380));
    let halves = minutes(Level::HalfHourly, "Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    assert_eq!((halves.len(), halves.iter().sum()), (50, 1500));
    let (from, to) = ("2026-10-01T05:00:00Z", "2026-12-31T05:00:00Z");
    assert_eq!(minutes(Level::Quarterly, "America/New_York", from, to), [91 * 1440]);
}

// covers(gladly): X-18
#[test]
fn a_day_whose_midnight_is_swallowed_begins_with_its_first_instant() {
    // Brazil moved its clocks at midnight until 2019: to 01:00 in November, back to 23:00 in February.
    let wanted = ["2018-11-03 00:00-03:00", "2018-11-04 01:00-02:00", "2018-11-05 00:00-02:00"];
    assert_eq!(
        borders(Level::Daily, "America/Sao_Paulo", "2018-11-03T03:00:00Z", "2018-11-05T02:00:00Z"),
        wanted
    );
    let wanted = ["2019-02-16 00:00-02:00", "2019-02-17 00:00-03:00"];
    assert_eq!(
        borders(Level::Daily, "America/Sao_Paulo", "2019-02-16T02:00:00Z", "2019-02-17T03:00:00Z"),
        wanted
    );
    // Cairo, still today.
    assert_eq!(minutes(Level::Daily, "Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"), [1380]);
}

// covers(gladly): X-18
#[test]
fn midnight_may_strike_twice_and_a_day_may_be_left_out() {
    // Havana goes from 01:00 back to 00:00: the day begins with the first midnight.
    assert_eq!(
        minutes(Level::Daily, "America/Havana", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
        [1500]
    );
    // St John's went from 00:01 back to 23:01 the day before.
    let (from, to) = ("2010-11-06T02:30:00Z", "2010-11-08T03:30:00Z");
    assert_eq!(minutes(Level::Daily, "America/St_Johns", from, to), [1440, 1500]);
    let (from, to) = ("2010-11-07T02:45:00Z", "2010-11-08T03:30:00Z");
    assert_eq!(
        minutes(Level::Daily, "America/St_Johns", from, to),
        [1485],
        "from inside of the repeated hour"
    );
    // Samoa left out 30 December 2011.
    let wanted = ["2011-12-29 00:00-10:00", "2011-12-31 00:00+14:00", "2012-01-01 00:00+14:00"];
    assert_eq!(borders(Level::Daily, "Pacific/Apia", "2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z"), wanted);
}

// covers(gladly): X-18
#[test]
fn clocks_that_move_by_half_an_hour_or_less_make_no_crooked_half_hours_but_one() {
    let halves =
        minutes(Level::HalfHourly, "Australia/Lord_Howe", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z");
    assert_eq!((halves.len(), halves.iter().all(|long| *long == 30)), (49, true));
    // Liberia moved by 44:30 minutes at midnight of 7 January 1972.
    let window = Window { start: t("1972-01-07T00:00:00Z"), end: t("1972-01-07T02:00:00Z") };
    let seconds: Vec<i64> = Level::HalfHourly
        .buckets(zone("Africa/Monrovia"), window)
        .map(|b| b.length().0 / 1_000_000)
        .collect();
    assert_eq!(seconds, [870, 1800, 930, 1800, 1800]);
}

#[test]
fn an_empty_window_has_no_buckets_and_a_long_one_is_made_as_it_is_read() {
    assert_eq!(borders(Level::Daily, "UTC", "12:00", "12:00"), [""; 0]);
    let window = Window { start: t("1900-01-01T00:00:00Z"), end: t("9999-01-01T00:00:00Z") };
    assert_eq!(Level::HalfHourly.buckets(zone("UTC"), window).take(3).count(), 3);
    let end = Level::Quarterly.buckets(zone("Asia/Tokyo"), window).last().unwrap().end;
    assert_eq!(end, window.end);
}

proptest! {
    // covers(gladly): X-18
    #[test]
    fn buckets_cover_the_window_without_gaps_and_begin_where_the_calendar_says(
        start in 0..2_000_000_000_i64, long in 1..4_000_000_i64, which in 0..9_usize, level in 0..5_usize
    ) {
        let names = ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "America/Sao_Paulo",
            "Australia/Lord_Howe", "America/Havana", "Africa/Cairo", "Pacific/Apia"];
        let levels = [Level::HalfHourly, Level::Daily, Level::Weekly, Level::Monthly, Level::Quarterly];
        let start = Timestamp::from_micros(start * 1_000_000);
        let window = Window { start, end: start.plus_secs(long) };
        let mut next = window.start;
        for bucket in levels[level].buckets(zone(names[which]), window) {
            prop_assert_eq!(bucket.start, next);
            prop_assert!(bucket.start < bucket.end);
            next = bucket.end;
            let local = bucket.start.to_jiff().to_zoned(zone(names[which]));
            // The instant before belongs to another bucket: to another half hour, day, week, month or quarter.
            let before = Timestamp::from_micros(bucket.start.micros() - 1).to_jiff().to_zoned(zone(names[which]));
            let cell = |time: &jiff::Zoned| match levels[level] {
                Level::HalfHourly => (time.date(), time.hour(), time.minute() / 30),
                Level::Daily => (time.date(), 0, 0),
                Level::Weekly => {
                    let monday = i64::from(time.weekday().to_monday_zero_offset());
                    (time.date().checked_sub(jiff::Span::new().days(monday)).unwrap(), 0, 0)
                }
                Level::Monthly => (time.date().first_of_month(), 0, 0),
                Level::Quarterly => (jiff::civil::date(time.year(), (time.month() + 2) / 3, 1), 0, 0),
            };
            // A half hour that strikes twice is two half hours.
            let twice = levels[level] == Level::HalfHourly && before.offset() != local.offset();
            prop_assert!(bucket.start == window.start || cell(&local) != cell(&before) || twice, "{}", local);
        }
        prop_assert_eq!(next, window.end);
    }
}
