//! The sliding-window filter on topic matches (contract X-8).

/// Whether a topic of a contact survives: some `minimum_matches` of its matches start within `window_length`
/// seconds, ends included (contract X-8: `t[i+m-1] - t[i] <= window_length`). One match or none asked for keeps
/// everything.
///
/// `times` are the starts of all matches of the topic in the contact, in seconds; they get sorted. Differences
/// are taken in whole microseconds, the resolution of the transcript, so that 0.8 - 0.5 is 0.3.
pub fn survives_window(times: &mut [f64], window_length: f64, minimum_matches: u32) -> bool {
    if minimum_matches <= 1 {
        return true;
    }
    times.sort_unstable_by(f64::total_cmp);
    let micros = |seconds: f64| (seconds * 1e6).round();
    let wanted = usize::try_from(minimum_matches).unwrap_or(usize::MAX);
    times.windows(wanted).any(|span| (micros(span[wanted - 1]) - micros(span[0])) / 1e6 <= window_length)
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(c360): X-8
    #[test]
    fn forty_seconds_hold_the_matches_at_10_and_50_and_thirty_nine_do_not() {
        assert!(survives_window(&mut [100.0, 10.0, 50.0], 40.0, 2));
        assert!(!survives_window(&mut [100.0, 10.0, 50.0], 39.0, 2));
    }

    // covers(c360): X-8
    #[test]
    fn one_match_or_none_asked_for_keeps_everything() {
        assert!(survives_window(&mut [], 1.0, 0));
        assert!(survives_window(&mut [], 1.0, 1));
        assert!(!survives_window(&mut [], 1.0, 2));
        assert!(!survives_window(&mut [1.0, 1.0], 1.0, 3));
        assert!(!survives_window(&mut [1.0, 1.0], 1.0, u32::MAX));
    }

    // covers(c360)
    #[test]
    fn the_edge_of_a_fractional_window_is_inside() {
        assert!(survives_window(&mut [0.5, 0.8], 0.3, 2), "0.8 - 0.5 is more than 0.3 in binary");
        assert!(!survives_window(&mut [0.5, 0.800001], 0.3, 2));
        assert!(survives_window(&mut [0.0, 90.0, 90.1, 90.2], 0.2, 3));
    }
}
