//! Which rows are in which window: the table of contract gladly 9.1, and what stands around it.

use super::world::*;
use jiff::tz::TimeZone;
use touchline_analysis::sessions::{ContactFacts, HandleTime, HandleTimeSource, Window, horizon};
use touchline_model::Timestamp;
use touchline_model::events::ContactChannel::*;

const HOUR: u32 = 3_600;

/// A clock time in Los Angeles on that Monday, which was eight hours behind UTC.
fn pt(text: &str) -> Timestamp {
    t(&format!("2026-03-02T{text}:00-08:00"))
}

/// Contact A of the table: starts 11:02 and perhaps ends.
fn contact_a(ended: Option<&str>) -> Log {
    let mut log = Log::default();
    log.starts("2026-03-02T11:02:00-08:00", "A", PhoneCall);
    log.accepted("2026-03-02T11:03:00-08:00", "A", "ana");
    if let Some(ended) = ended {
        log.looks("ana", "2026-03-02T11:03:00-08:00", "2026-03-02T11:05:00-08:00");
        log.ends(&format!("2026-03-02T{ended}:00-08:00"), "A");
    }
    log
}

/// What a pull at that time finds of contact A in a window of minutes.
fn pull(log: &Log, at: Timestamp, from: Timestamp, to: Timestamp) -> Option<ContactFacts> {
    let known = horizon(at, HOUR).to_string();
    let window = Window::of_minutes(from, to);
    log.facts(&known).into_iter().find(|facts| window.holds_work_sessions(facts))
}

// covers(gladly): S9.2, S9.4, S9.5, S4.3, X-5
#[test]
fn an_open_contact_stands_in_the_window_of_its_start_as_one_row_with_little_in_it() {
    let found = pull(&contact_a(None), pt("13:05"), pt("11:00"), pt("12:00")).expect("A is there");
    assert_eq!(rows(&found), "- -");
    let session = &found.sessions[0];
    assert_eq!((&session.id, &session.agent_id, &session.accepted), (&None, &None, &None));
    assert_eq!((found.ended, found.handle_time(), found.after_contact_time()), (None, None, None));
}

// covers(gladly): S9.4, S9.5, S9.10
#[test]
fn a_contact_that_ended_has_left_the_window_of_its_start_for_that_of_its_end() {
    let log = contact_a(Some("13:05"));
    assert_eq!(pull(&log, pt("17:00"), pt("11:00"), pt("12:00")), None);
    let found = pull(&log, pt("17:00"), pt("13:00"), pt("14:00")).expect("A is there");
    assert_eq!(rows(&found), "ana 120/0/0");
    assert!(found.sessions[0].id.is_some());
}

// covers(gladly): S9.2, X-5
#[test]
fn an_end_after_the_horizon_is_not_seen_yet() {
    let log = contact_a(Some("13:05"));
    let found = pull(&log, pt("13:30"), pt("11:00"), pt("12:00")).expect("A is there");
    assert_eq!(rows(&found), "- -");
    assert_eq!(pull(&log, pt("13:30"), pt("13:00"), pt("14:00")), None);
}

// covers(gladly): S9.4
#[test]
fn a_contact_of_a_whole_day_is_found_by_its_end_only() {
    let mut log = Log::default();
    log.starts("2023-03-21T04:00:00Z", "A", Email).ends("2023-03-22T04:00:00Z", "A");
    let pulled = |to: &str| {
        pull(&log, t("2023-03-23T00:00:00Z"), t("2023-03-21T00:00:00Z"), t(to)).map(|found| rows(&found))
    };
    assert_eq!(pulled("2023-03-22T00:00:00Z"), None);
    assert_eq!(pulled("2023-03-23T00:00:00Z").as_deref(), Some("- 0/0/0"));
}

// covers(gladly): S3.3, S9.4, X-6
#[test]
fn the_whole_last_minute_of_a_window_counts_and_not_an_instant_more() {
    let ended = |at: &str| {
        let mut log = Log::default();
        log.starts("11:00", "A", Chat).ends(at, "A");
        pull(&log, t("17:00"), t("11:30"), t("12:00")).is_some()
    };
    assert!(ended("12:00:30"));
    assert!(ended("12:00:59.999999"));
    assert!(!ended("12:01:00"));
    assert!(ended("11:30:00"));
    assert!(!ended("11:29:59.999999"));
}

// covers(gladly): X-7
#[test]
fn seconds_of_a_window_are_cut_off() {
    let window = Window::of_minutes(t("11:00:59.9"), t("12:00:01"));
    assert_eq!(window, Window { start: t("11:00"), end: t("12:01") });
}

// covers(gladly): S9.6
#[test]
fn a_contact_is_exported_by_when_it_was_queued_whenever_it_ended() {
    let log = contact_a(Some("13:05"));
    let window = Window { start: pt("11:00"), end: pt("11:02") };
    let queued = |window: Window| log.facts("23:00").iter().any(|facts| window.holds_contact(facts));
    assert!(!queued(window), "the end of a window is outside");
    assert!(queued(Window { start: pt("11:02"), end: pt("11:03") }));
    assert!(!queued(Window { start: pt("13:00"), end: pt("14:00") }));
}

// covers(gladly): S3.1
#[test]
fn a_window_of_dates_runs_from_midnight_to_midnight_of_the_zone() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let day = jiff::civil::date(2026, 3, 8);
    let window = Window::of_dates(&zone, day, day).unwrap();
    assert_eq!(window, Window { start: t("2026-03-08T05:00:00Z"), end: t("2026-03-09T04:00:00Z") });
    assert_eq!(Window::of_dates(&zone, day, jiff::civil::Date::MAX), None);
}

// covers(gladly)
#[test]
fn thirty_one_days_are_counted_by_the_calendar_of_the_zone() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let window = |last: i8| {
        Window::of_dates(&zone, jiff::civil::date(2026, 3, 1), jiff::civil::date(2026, 3, last)).unwrap()
    };
    assert!(!window(31).longer_than_days(&zone, 31), "an hour less than 31 times 24, and 31 days");
    let autumn = |last: i8| {
        Window::of_dates(&zone, jiff::civil::date(2026, 10, 2), jiff::civil::date(2026, 11, last)).unwrap()
    };
    assert!(!autumn(1).longer_than_days(&zone, 31), "an hour more than 31 times 24, and 31 days");
    assert!(autumn(2).longer_than_days(&zone, 31));
}

// covers(gladly)
#[test]
fn handle_time_is_found_by_views_unless_there_never_was_one() {
    assert_eq!(HandleTimeSource::Auto.resolve(true), HandleTime::Views);
    assert_eq!(HandleTimeSource::Auto.resolve(false), HandleTime::Assignment);
    assert_eq!(HandleTimeSource::Views.resolve(false), HandleTime::Views);
    assert_eq!(HandleTimeSource::Assignment.resolve(true), HandleTime::Assignment);
}
