//! Which instants a report covers.

use super::ContactFacts;
use jiff::{civil::Date, tz::TimeZone};
use touchline_model::Timestamp;

/// The stretch of time that a report covers, with its start and without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Its first instant.
    pub start: Timestamp,
    /// The instant after its last.
    pub end: Timestamp,
}

impl Window {
    /// Given by minutes: seconds are cut off, and the whole last minute counts (contract gladly 3.3, X-6, X-7).
    pub const fn of_minutes(start: Timestamp, end: Timestamp) -> Self {
        Self { start: start.minute(), end: end.minute().plus_secs(60) }
    }
    /// Given by dates: from the start of the first day to the end of the last, both in `zone` (contract gladly 3.1).
    /// `None` beyond the years that can be counted.
    pub fn of_dates(zone: &TimeZone, first: Date, last: Date) -> Option<Self> {
        let midnight = |date: Date| date.to_zoned(zone.clone()).ok().map(|day| day.timestamp().into());
        Some(Self { start: midnight(first)?, end: midnight(last.tomorrow().ok()?)? })
    }
    /// Whether the instant lies inside.
    pub fn holds(self, instant: Timestamp) -> bool {
        self.start <= instant && instant < self.end
    }
    /// Whether the rows of this contact are in the Work Sessions report (contract gladly 9.4, 9.5).
    pub fn holds_work_sessions(self, contact: &ContactFacts) -> bool {
        self.holds(contact.anchor())
    }
    /// Whether this contact is in the Contact Export: by when it was queued, whenever it ended (contract gladly
    /// 9.6).
    pub fn holds_contact(self, contact: &ContactFacts) -> bool {
        self.holds(contact.created_at)
    }
    /// Whether it is longer than so many calendar days of the zone (contract gladly ).
    pub fn longer_than_days(self, zone: &TimeZone, days: i32) -> bool {
        let start = self.start.to_jiff().to_zoned(zone.clone());
        let limit = start.checked_add(jiff::Span::new().days(days));
        limit.is_ok_and(|limit| Timestamp::from(limit.timestamp()) < self.end)
    }
}

/// Up to when the world is known: `latency_secs` before `now` (contract gladly 9.2, X-5).
pub const fn horizon(now: Timestamp, latency_secs: u32) -> Timestamp {
    now.plus_secs(-(latency_secs as i64))
}

/// Whether a service level was met: fulfilled at or before its due date; unknown without either (contract gladly
/// 9.12, X-24).
pub fn within_sla(fulfilled_at: Option<Timestamp>, due_at: Option<Timestamp>) -> Option<bool> {
    Some(fulfilled_at? <= due_at?)
}
