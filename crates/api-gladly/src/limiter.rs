//! The vendor's rate limits (contract §2.2, X-27): 10 requests in a second of the wall clock for each method; 10
//! reports in a minute of the wall clock, and two of them at the same time. All tokens of an organisation share them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use touchline_model::{TenantId, Timestamp};

/// Requests in each window.
pub const LIMIT: u32 = 10;
/// Reports that are made at the same time.
pub const REPORTS_AT_ONCE: u32 = 2;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

/// What a request counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sort {
    /// `GET` and `HEAD`.
    Get,
    /// `POST`, but for reports.
    Post,
    /// `PUT`.
    Put,
    /// `PATCH`.
    Patch,
    /// `DELETE`.
    Delete,
    /// Any other method.
    Other,
    /// `POST` on one of the two operations for reports.
    Report,
}

impl Sort {
    /// How long its window is, in microseconds.
    const fn window(self) -> i64 {
        if matches!(self, Self::Report) { MINUTE } else { SECOND }
    }
}

/// A window that is being used up.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    number: i64,
    used: u32,
}

/// Counts of one organisation. Pure: told the time, and asked.
#[derive(Debug, Default)]
struct Counts {
    windows: HashMap<Sort, Window>,
    reports: u32,
}

impl Counts {
    /// Counts a request. `Ok`: it may go on. Both ways with what is left of its window.
    fn count(&mut self, sort: Sort, now: Timestamp) -> Result<u32, u32> {
        let number = now.micros().div_euclid(sort.window());
        let window = self.windows.entry(sort).or_default();
        // A clock that was set back begins a window too: nobody shall wait for the old time.
        if window.number != number {
            *window = Window { number, used: 0 };
        }
        let within = window.used < LIMIT;
        window.used = window.used.saturating_add(1);
        let left = LIMIT.saturating_sub(window.used);
        let free = sort != Sort::Report || self.reports < REPORTS_AT_ONCE;
        if !(within && free) {
            return Err(left);
        }
        if sort == Sort::Report {
            self.reports += 1;
        }
        Ok(left)
    }
}

/// The counts of all organisations.
#[derive(Debug, Default)]
pub struct Limiter(Mutex<HashMap<TenantId, Counts>>);

/// A report under way. Dropping it lets the next one in.
#[derive(Debug)]
pub struct Slot {
    limiter: Arc<Limiter>,
    tenant: TenantId,
}

/// What came of counting a request.
#[derive(Debug)]
pub struct Counted {
    /// Requests left in the window.
    pub left: u32,
    /// Whether it may go on; a report holds its slot until its answer is sent.
    pub admitted: Result<Option<Slot>, OverLimit>,
}

/// The request is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverLimit;

impl Limiter {
    /// Counts a request of an organisation.
    pub fn count(self: &Arc<Self>, tenant: &TenantId, sort: Sort, now: Timestamp) -> Counted {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.entry(tenant.clone()).or_default().count(sort, now) {
            Err(left) => Counted { left, admitted: Err(OverLimit) },
            Ok(left) => {
                let slot = || Slot { limiter: self.clone(), tenant: tenant.clone() };
                Counted { left, admitted: Ok((sort == Sort::Report).then(slot)) }
            }
        }
    }

    /// Reports of an organisation that are under way.
    pub fn reports(&self, tenant: &TenantId) -> u32 {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(tenant).map_or(0, |counts| counts.reports)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut all = self.limiter.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counts) = all.get_mut(&self.tenant) {
            counts.reports = counts.reports.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// What is left, or nothing when refused.
    fn ask(limiter: &Arc<Limiter>, tenant: &str, sort: Sort, time: &str) -> Option<u32> {
        let counted = limiter.count(&tenant.into(), sort, at(time));
        counted.admitted.is_ok().then_some(counted.left)
    }

    // covers(gladly): S2.2, X-27
    #[test]
    fn a_second_of_the_wall_clock_lets_ten_requests_of_each_method_go() {
        let limiter = Arc::new(Limiter::default());
        let left: Vec<_> =
            (0..11).map(|_| ask(&limiter, "acme", Sort::Get, "2026-03-02T10:00:00.9Z")).collect();
        assert_eq!(left[..3], [Some(9), Some(8), Some(7)]);
        assert_eq!(left[9..], [Some(0), None]);
        for sort in [Sort::Post, Sort::Put, Sort::Patch, Sort::Delete, Sort::Other, Sort::Report] {
            assert_eq!(ask(&limiter, "acme", sort, "2026-03-02T10:00:00.9Z"), Some(9), "{sort:?}");
        }
        assert_eq!(ask(&limiter, "other", Sort::Get, "2026-03-02T10:00:00.9Z"), Some(9));
        assert_eq!(ask(&limiter, "acme", Sort::Get, "2026-03-02T10:00:01Z"), Some(9), "the next second");
        assert_eq!(ask(&limiter, "acme", Sort::Get, "2026-03-02T09:00:00Z"), Some(9), "a clock set back");
    }

    // covers(gladly): S2.2, X-27
    #[test]
    fn a_minute_of_the_wall_clock_lets_ten_reports_go_and_refused_ones_count() {
        let limiter = Arc::new(Limiter::default());
        let tenant = TenantId::from("acme");
        let both: Vec<_> =
            (0..2).map(|_| limiter.count(&tenant, Sort::Report, at("2026-03-02T10:00:10Z"))).collect();
        assert_eq!((both[0].left, both[1].left, limiter.reports(&tenant)), (9, 8, 2));
        for left in (0..8).rev() {
            let third = limiter.count(&tenant, Sort::Report, at("2026-03-02T10:00:20Z"));
            assert_eq!((third.left, third.admitted.unwrap_err()), (left, OverLimit));
        }
        drop(both);
        assert_eq!(limiter.reports(&tenant), 0);
        assert_eq!(ask(&limiter, "acme", Sort::Report, "2026-03-02T10:00:59.9Z"), None, "ten were received");
        assert_eq!(ask(&limiter, "acme", Sort::Report, "2026-03-02T10:01:00Z"), Some(9));
    }
}
