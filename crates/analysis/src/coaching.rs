//! Arithmetic on coaching plans.

use touchline_model::Timestamp;

/// About how many sessions of a plan should have been held by `at` but were not (contract §4.15, X-22).
///
/// `interval = (ends_at - starts_at) / planned`, `expected = min(planned, floor((at - starts_at) / interval))`,
/// the answer is `max(0, expected - completed)`; 0 when none is planned. `at` is the plan's completion, or now.
/// A plan that ends when it starts expects all its sessions at once.
pub fn estimated_missed(
    starts_at: Timestamp,
    ends_at: Timestamp,
    planned: u32,
    completed: u32,
    at: Timestamp,
) -> u32 {
    let micros = |later: Timestamp| i128::from(later.micros()) - i128::from(starts_at.micros());
    let (passed, whole) = (micros(at), micros(ends_at));
    if passed < 0 {
        return 0;
    }
    // Multiplied before it is divided, in whole numbers: no session is lost to rounding on its very day.
    let expected = match whole {
        1.. => u32::try_from(passed * i128::from(planned) / whole).unwrap_or(u32::MAX).min(planned),
        _ => planned,
    };
    expected.saturating_sub(completed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::default().plus_secs(day * 86_400)
    }

    // covers(c360): X-22
    #[test]
    fn every_interval_that_passed_expects_one_session() {
        for (now, completed, missed) in [
            (0, 0, 0),
            (6, 0, 0),
            (7, 0, 1),
            (13, 0, 1),
            (14, 1, 1),
            (21, 4, 0),
            (28, 1, 3),
            (400, 1, 3),
            (-3, 0, 0),
        ] {
            assert_eq!(estimated_missed(day(0), day(28), 4, completed, day(now)), missed, "day {now}");
        }
    }

    // covers(c360): X-22
    #[test]
    fn a_third_of_a_plan_is_due_on_its_day_and_not_a_microsecond_before() {
        let due = day(10);
        assert_eq!(estimated_missed(day(0), day(30), 3, 0, due), 1);
        assert_eq!(estimated_missed(day(0), day(30), 3, 0, Timestamp::from_micros(due.micros() - 1)), 0);
    }

    // covers(c360): X-22
    #[test]
    fn a_plan_without_sessions_or_without_length_still_answers() {
        assert_eq!(estimated_missed(day(0), day(28), 0, 0, day(20)), 0);
        assert_eq!(estimated_missed(day(5), day(5), 3, 1, day(5)), 2);
        assert_eq!(estimated_missed(day(5), day(5), 3, 1, day(4)), 0);
    }
}
