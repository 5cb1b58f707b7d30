//! Lying bars, one below the other: who has most of something, and which parts it has.

use super::{Chart, Drawing, Tone, Unit, scale::percent};
use crate::texts;

/// Bars that are drawn; the table may have more.
const DRAWN: usize = 15;

/// A part of every bar.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// What it is.
    pub(crate) label: String,
    /// Its colour.
    pub(crate) tone: Tone,
}

/// A bar.
#[derive(Clone, Debug)]
pub(crate) struct Rank {
    /// Whose it is.
    pub(crate) label: String,
    /// A value a part.
    pub(crate) parts: Vec<f64>,
}

/// What is drawn.
#[derive(Clone, Debug)]
pub(super) struct Ranks {
    /// Colour and words of the parts, when there are several.
    pub(super) key: Vec<(&'static str, String)>,
    pub(super) bars: Vec<RankBar>,
    /// How many are not drawn, in words.
    pub(super) more: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct RankBar {
    pub(super) label: String,
    /// Colour, place and width, and what is said on hover.
    pub(super) parts: Vec<(&'static str, String, String, String)>,
    pub(super) value: String,
}

impl Chart {
    /// Lying bars of one or more parts, the longest as wide as there is room. `table` has its head first; it may tell
    /// more than is drawn.
    pub(crate) fn ranks(
        title: &str,
        sentence: String,
        unit: Unit,
        key: &[Part],
        ranks: &[Rank],
        table: (Vec<String>, Vec<Vec<String>>),
    ) -> Self {
        let longest = ranks.iter().map(|it| it.parts.iter().sum()).fold(0.0, f64::max);
        let bar = |rank: &Rank| {
            let mut x = 0.0;
            let mut parts = Vec::with_capacity(key.len());
            for (part, value) in
                key.iter().zip(&rank.parts).filter(|(_, value)| **value > 0.0 && longest > 0.0)
            {
                let width = 100.0 * value / longest;
                let said = format!("{}: {}: {}", rank.label, part.label, unit.text(*value));
                parts.push((part.tone.class(), percent(x), percent(width), said));
                x += width;
            }
            RankBar { label: rank.label.clone(), parts, value: unit.text(rank.parts.iter().sum()) }
        };
        let key = match key.len() {
            0 | 1 => Vec::new(),
            _ => key.iter().map(|it| (it.tone.class(), it.label.clone())).collect(),
        };
        let more = i64::try_from(ranks.len().saturating_sub(DRAWN)).unwrap_or(i64::MAX);
        let more = (more > 0).then(|| texts::count("charts.more", more));
        let drawn = Ranks { key, bars: ranks.iter().take(DRAWN).map(bar).collect(), more };
        Self::new(title, sentence, Drawing::Ranks(drawn), table.0, table.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use askama::Template;

    #[test]
    fn bars_lie_on_one_scale_and_their_parts_follow_each_other() {
        let part = |label: &str, tone| Part { label: label.to_owned(), tone };
        let key = [part("available", Tone::Subject), part("away", Tone::Context)];
        let rank = |label: &str, parts: [f64; 2]| Rank { label: label.to_owned(), parts: parts.to_vec() };
        let mut ranks = vec![rank("Ana", [3_000.0, 1_000.0]), rank("<b>", [0.0, 2_000.0])];
        ranks.extend((0..15).map(|_| rank("x", [0.0, 0.0])));
        let table = (vec![String::new()], vec![vec!["Ana".to_owned()]]);
        let chart = Chart::ranks("Time", "Ana had most.".to_owned(), Unit::Time, &key, &ranks, table);
        let page = chart.render().unwrap();
        for part in [
            r#"<rect class="subject" x="0%" width="75%""#,
            r#"<rect class="context" x="75%" width="25%""#,
            r#"<rect class="context" x="0%" width="50%""#,
            "<title>Ana: available: 50:00</title>",
            "1:06:40",
            "&#60;b&#62;",
            "2 more are in the table",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert_eq!(page.matches("<li class=\"rank\">").count(), DRAWN);
    }
}
