//! The half hours along which a chart runs.

use crate::reports::{Level, Span, Window};
use jiff::{civil::Time, tz::TimeZone};
use touchline_model::Timestamp;

/// Half hours of a window up to here are told one by one: a day and what a clock change may add, and no second day.
const ONE_BY_ONE: usize = 50;

/// The half hours of a chart, in order.
#[derive(Clone, Debug)]
pub struct HalfHours {
    zone: TimeZone,
    /// Of the window; empty when those of the clock are meant.
    spans: Vec<Span>,
}

impl HalfHours {
    /// Those of a window, or of the clock when it is longer than about a day.
    pub fn new(window: Window, zone: &TimeZone) -> Self {
        let buckets = Level::HalfHourly.buckets(zone.clone(), window);
        let mut spans: Vec<Span> = buckets.take(ONE_BY_ONE + 1).collect();
        if spans.len() > ONE_BY_ONE {
            spans.clear();
        }
        Self { zone: zone.clone(), spans }
    }
    /// Whether they are those of the clock, so that several days fall together.
    pub fn is_of_the_clock(&self) -> bool {
        self.spans.is_empty()
    }
    /// When each begins: its time on the clock of the zone, and the instant unless several days fall together.
    pub fn starts(&self) -> Vec<(Time, Option<Timestamp>)> {
        if self.is_of_the_clock() {
            let clock = |at: i8| Time::new(at / 2, at % 2 * 30, 0, 0).unwrap_or_default();
            return (0..48).map(|at| (clock(at), None)).collect();
        }
        let start = |span: &Span| {
            let start = span.start.to_jiff().to_zoned(self.zone.clone()).time();
            (start, Some(span.start))
        };
        self.spans.iter().map(start).collect()
    }
    /// The offset of the zone's clocks at an instant, when they showed the same time twice about then: `+02:00`.
    pub fn offset_if_twice(&self, instant: Timestamp) -> Option<String> {
        let local = instant.to_jiff().to_zoned(self.zone.clone());
        let twice = self.zone.to_ambiguous_zoned(local.datetime()).is_ambiguous();
        twice.then(|| local.strftime("%:z").to_string())
    }
    /// How many.
    pub(super) fn len(&self) -> usize {
        if self.is_of_the_clock() { 48 } else { self.spans.len() }
    }
    /// To which an instant belongs.
    pub(super) fn at(&self, instant: Timestamp) -> Option<usize> {
        if self.is_of_the_clock() {
            let time = instant.to_jiff().to_zoned(self.zone.clone()).time();
            return usize::try_from(time.hour() * 2 + time.minute() / 30).ok();
        }
        place(&self.spans, instant)
    }
}

/// The place of an instant in spans that follow each other.
pub(super) fn place(spans: &[Span], instant: Timestamp) -> Option<usize> {
    let at = spans.partition_point(|span| span.start <= instant).checked_sub(1)?;
    (instant < spans[at].end).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half_hours(zone: &str, first: &str, last: &str) -> HalfHours {
        let zone = TimeZone::get(zone).unwrap();
        let window = Window::of_dates(&zone, first.parse().unwrap(), last.parse().unwrap()).unwrap();
        HalfHours::new(window, &zone)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_has_the_half_hours_that_its_clocks_had() {
        let usual = half_hours("Europe/Berlin", "2026-03-28", "2026-03-28");
        assert_eq!((usual.len(), usual.at(at("2026-03-27T23:00:00Z"))), (48, Some(0)));
        assert_eq!(usual.at(at("2026-03-27T22:59:59.9Z")), None);
        assert_eq!(usual.at(at("2026-03-28T23:00:00Z")), None);
        // From two to three there was no clock.
        let spring = half_hours("Europe/Berlin", "2026-03-29", "2026-03-29");
        let clock: Vec<String> = spring.starts()[3..5].iter().map(|it| it.0.to_string()).collect();
        assert_eq!((spring.len(), clock), (46, vec!["01:30:00".to_owned(), "03:00:00".to_owned()]));
        // From two to three the clock went twice.
        let autumn = half_hours("Europe/Berlin", "2026-10-25", "2026-10-25");
        assert_eq!(autumn.len(), 50);
        assert_eq!(autumn.at(at("2026-10-25T00:30:00Z")), Some(5));
        assert_eq!(autumn.at(at("2026-10-25T01:30:00Z")), Some(7));
        assert_eq!(autumn.starts()[5].0, autumn.starts()[7].0);
        assert_ne!(autumn.starts()[5].1, autumn.starts()[7].1);
        let offset = |at: usize| autumn.starts()[at].1.and_then(|start| autumn.offset_if_twice(start));
        assert_eq!(
            [3, 5, 7, 8].map(offset),
            [None, Some("+02:00".to_owned()), Some("+01:00".to_owned()), None]
        );
        // Where clocks differ by three quarters, the half hours are those of the clocks there.
        assert_eq!(
            half_hours("Asia/Kathmandu", "2026-03-02", "2026-03-02").at(at("2026-03-01T18:44:59Z")),
            Some(0)
        );
    }

    #[test]
    fn over_several_days_the_same_time_of_day_falls_together() {
        let week = half_hours("Europe/Berlin", "2026-10-19", "2026-10-25");
        assert!(week.is_of_the_clock());
        assert_eq!((week.len(), week.starts().len()), (48, 48));
        assert_eq!(week.starts()[19], (Time::constant(9, 30, 0, 0), None));
        // Half past two of the summer's and of the winter's clock, and of the day before.
        for instant in ["2026-10-25T00:30:00Z", "2026-10-25T01:59:59Z", "2026-10-24T00:31:00Z"] {
            assert_eq!(week.at(at(instant)), Some(5), "{instant}");
        }
    }
}
