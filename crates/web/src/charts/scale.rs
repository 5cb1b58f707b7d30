//! From values to places.

use super::Unit;

/// A range of values that is drawn, with round ends.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// From zero to a round number at or above `top`.
    pub(super) fn from_zero(top: f64, unit: Unit) -> Self {
        Self { low: 0.0, high: round_up(top, unit) }
    }

    /// Around the values, at least a fifth of the whole for shares: a line need not start at zero, but a small change
    /// must not look like a big one.
    pub(super) fn around(values: &[f64], unit: Unit) -> Self {
        let top = values.iter().copied().fold(0.0, f64::max);
        if unit != Unit::Share || values.is_empty() {
            return Self::from_zero(top, unit);
        }
        let least = values.iter().copied().fold(1.0, f64::min);
        let mut low = (least * 10.0).floor() / 10.0;
        let mut high = (top * 10.0).ceil() / 10.0;
        if high - low < 0.2 {
            low = (low - 0.1).max(0.0);
            high = (low + 0.3).min(1.0);
        }
        Self { low, high }
    }

    /// Whether it starts at zero, so that an area says how much.
    pub(super) fn is_from_zero(&self) -> bool {
        self.low <= 0.0
    }

    /// Where a value stands between two heights; the larger, the higher.
    pub(super) fn y(&self, value: f64, top: f64, bottom: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        ((bottom - share * (bottom - top)) * 10.0).round() / 10.0
    }

    /// Values at which a line is drawn.
    pub(super) fn marks(&self) -> Vec<f64> {
        vec![self.low, self.high]
    }
}

/// Seconds at which an axis of times may end, up to a day.
const TIMES: [f64; 24] = [
    10.0, 20.0, 30.0, 40.0, 60.0, 90.0, 120.0, 180.0, 240.0, 300.0, 420.0, 600.0, 900.0, 1_200.0, 1_800.0,
    2_400.0, 3_600.0, 5_400.0, 7_200.0, 14_400.0, 21_600.0, 28_800.0, 43_200.0, 86_400.0,
];

/// A round number at or above a value: 1, 2, 3, 4, 5, 6, 8 times a power of ten; for shares at most the whole, for times
/// whole minutes, hours or days.
fn round_up(value: f64, unit: Unit) -> f64 {
    const DAY: f64 = 86_400.0;
    let least = match unit {
        Unit::Count => 4.0,
        Unit::Share => 0.04,
        Unit::Time => {
            let fits = TIMES.into_iter().find(|it| *it >= value);
            return fits.unwrap_or((value / DAY).ceil() * DAY);
        }
    };
    let value = value.max(least);
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    // A hair of room for what computing with binary fractions adds.
    let fits = steps.iter().map(|step| step * power).find(|it| *it + 1e-12 >= value);
    let round = fits.unwrap_or(value);
    if unit == Unit::Share { round.min(1.0) } else { round }
}

/// A number as a percentage of the width.
pub(super) fn percent(value: f64) -> String {
    let text = format!("{value:.2}");
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A path through points, broken where there is none; with a floor, the area between them and it. `x` runs to 100.
pub(super) fn path(points: &[Option<(f64, f64)>], floor: Option<f64>) -> String {
    let mut out = String::new();
    for run in points.split(Option::is_none) {
        let run: Vec<(f64, f64)> = run.iter().flatten().copied().collect();
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        for (at, (x, y)) in run.iter().enumerate() {
            out.push_str(&format!("{}{x:.2} {y:.1}", if at == 0 { "M" } else { "L" }));
        }
        if run.len() == 1 {
            // A line of no length, whose round ends make it a dot.
            out.push_str("h0");
        }
        if let Some(floor) = floor {
            out.push_str(&format!("L{:.2} {floor:.1}L{:.2} {floor:.1}Z", last.0, first.0));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_number() {
        for (top, unit, round) in [
            (0.0, Unit::Count, 4.0),
            (7.0, Unit::Count, 8.0),
            (10.0, Unit::Count, 10.0),
            (61.0, Unit::Count, 80.0),
            (1_001.0, Unit::Count, 2_000.0),
            (0.0, Unit::Share, 0.04),
            (0.3, Unit::Share, 0.3),
            (0.31, Unit::Share, 0.4),
            (0.93, Unit::Share, 1.0),
            (0.0, Unit::Time, 10.0),
            (61.0, Unit::Time, 90.0),
            (3_700.0, Unit::Time, 5_400.0),
            (100_000.0, Unit::Time, 172_800.0),
        ] {
            let high = Scale::from_zero(top, unit).high;
            assert!((high - round).abs() < 1e-9, "{top} {unit:?}: {high}");
        }
    }

    #[test]
    fn a_line_of_shares_is_drawn_on_at_least_a_fifth_of_the_whole() {
        let ends = |values: &[f64]| {
            let scale = Scale::around(values, Unit::Share);
            (scale.low * 100.0).round() as i64 * 1_000 + (scale.high * 100.0).round() as i64
        };
        assert_eq!(ends(&[0.45, 0.47]), 30_060);
        assert_eq!(ends(&[0.2, 0.71]), 20_080);
        assert_eq!(ends(&[0.02]), 30, "from 0 to 30 %");
        assert_eq!(ends(&[0.99, 1.0]), 80_100);
    }

    #[test]
    fn a_path_is_broken_where_nothing_is_known() {
        let points = [Some((0.0, 5.0)), Some((50.0, 1.0)), None, Some((100.0, 2.0))];
        assert_eq!(path(&points, None), "M0.00 5.0L50.00 1.0M100.00 2.0h0");
        assert_eq!(path(&points[..2], Some(9.0)), "M0.00 5.0L50.00 1.0L50.00 9.0L0.00 9.0Z");
        assert_eq!(percent(12.5), "12.5%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(percent(100.0), "100%");
    }
}
