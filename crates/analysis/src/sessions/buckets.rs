//! A window cut into half hours, days, weeks, months or quarters of a time zone.

use super::{Span, Window};
use jiff::{ToSpan, Zoned, civil::Date, tz::TimeZone};
use touchline_model::Timestamp;

/// How long a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// From :00 and :30 of the zone's clocks.
    HalfHourly,
    /// From midnight.
    Daily,
    /// From Monday.
    Weekly,
    /// From the first of the month.
    Monthly,
    /// From the first of January, April, July and October.
    Quarterly,
}

/// The buckets of a window in order, aligned to the clocks and calendars of a zone; the first and the last are cut at
/// the window (contract gladly X-18). Made as they are asked for, so that a long window takes no room.
#[derive(Clone, Debug)]
pub struct Buckets {
    zone: TimeZone,
    level: Level,
    next: Timestamp,
    end: Timestamp,
}

impl Level {
    /// The buckets of a window.
    pub fn buckets(self, zone: TimeZone, window: Window) -> Buckets {
        Buckets { zone, level: self, next: window.start, end: window.end }
    }
}

impl Iterator for Buckets {
    type Item = Span;
    fn next(&mut self) -> Option<Span> {
        if self.next >= self.end {
            return None;
        }
        // Where the calendar ends there is no further border.
        let border = self.border_after(self.next).unwrap_or(self.end);
        let bucket = Span::new(self.next, border.min(self.end));
        self.next = bucket.end;
        Some(bucket)
    }
}

impl Buckets {
    /// The first border after an instant.
    fn border_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let here = instant.to_jiff().to_zoned(self.zone.clone());
        if self.level == Level::HalfHourly {
            return self.half_hour_after(&here);
        }
        let mut date = here.date();
        loop {
            date = self.first_after(date)?;
            // Where a clock change swallows midnight, the day begins with the first instant after it; where midnight
            // strikes twice, with the first. A day that a zone left out begins where the next one does.
            let border: Timestamp = date.to_zoned(self.zone.clone()).ok()?.timestamp().into();
            if border > instant {
                return Some(border);
            }
        }
    }

    /// The first date after this one on which a bucket begins.
    fn first_after(&self, date: Date) -> Option<Date> {
        match self.level {
            Level::HalfHourly | Level::Daily => date.tomorrow().ok(),
            Level::Weekly => {
                let since_monday = i64::from(date.weekday().to_monday_zero_offset());
                date.checked_add((7 - since_monday).days()).ok()
            }
            Level::Monthly => date.first_of_month().checked_add(1.month()).ok(),
            Level::Quarterly => {
                let months_left = 3 - i64::from((date.month() - 1) % 3);
                date.first_of_month().checked_add(months_left.months()).ok()
            }
        }
    }

    fn half_hour_after(&self, here: &Zoned) -> Option<Timestamp> {
        let into = |time: &Zoned| {
            let time = time.time();
            let secs = i64::from(time.minute() % 30) * 60 + i64::from(time.second());
            secs * 1_000_000 + i64::from(time.subsec_nanosecond()) / 1_000
        };
        let left = 1_800_000_000 - into(here);
        let border = here.timestamp().checked_add(left.microseconds()).ok()?;
        if into(&border.to_zoned(self.zone.clone())) == 0 {
            return Some(border.into());
        }
        // The clocks were moved on the way by something else than half hours: the bucket ends with the change, unless
        // the change was before us.
        let change = self.zone.following(here.timestamp()).next().map(|change| change.timestamp());
        Some(change.filter(|change| *change < border).unwrap_or(border).into())
    }
}
