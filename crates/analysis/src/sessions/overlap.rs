//! Contacts of one customer that run at the same time: which one counts (contract gladly ).

use super::Span;
use std::collections::{BTreeMap, BTreeSet};
use touchline_model::Timestamp;

/// Something that runs for a while, with its rank: the smaller, the higher.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runner<R> {
    /// Its place in the caller's list.
    pub(super) at: usize,
    pub(super) span: Span,
    pub(super) rank: R,
}

/// For each instant the highest-ranking runner; sorted and disjoint, nothing where nobody runs.
pub(super) fn highest<R: Ord + Copy>(runners: &[Runner<R>]) -> Vec<(Span, usize)> {
    let mut borders: Vec<(Timestamp, bool, R, usize)> = Vec::with_capacity(runners.len() * 2);
    for runner in runners.iter().filter(|runner| runner.span.start < runner.span.end) {
        borders.push((runner.span.start, true, runner.rank, runner.at));
        borders.push((runner.span.end, false, runner.rank, runner.at));
    }
    borders.sort_unstable();
    let mut running = BTreeSet::new();
    let mut found: Vec<(Span, usize)> = Vec::new();
    let mut since = Timestamp::default();
    for (at, begins, rank, which) in borders {
        if let Some((_, top)) = running.first().copied()
            && since < at
        {
            match found.last_mut() {
                Some((span, last)) if *last == top && span.end == since => span.end = at,
                _ => found.push((Span::new(since, at), top)),
            }
        }
        since = at;
        match begins {
            true => running.insert((rank, which)),
            false => running.remove(&(rank, which)),
        };
    }
    found
}

/// Those that at some instant run together with a higher-ranking one.
pub(super) fn outranked<R: Ord + Copy>(mut runners: Vec<Runner<R>>) -> Vec<usize> {
    runners.sort_unstable_by_key(|runner| runner.rank);
    // What higher-ranking ones cover: start to end, disjoint.
    let mut covered: BTreeMap<Timestamp, Timestamp> = BTreeMap::new();
    let mut found = Vec::new();
    for Runner { at, mut span, .. } in runners {
        if last_meeting(&covered, span).is_some() {
            found.push(at);
        }
        while let Some(other) = last_meeting(&covered, span) {
            covered.remove(&other.start);
            span = Span::new(span.start.min(other.start), span.end.max(other.end));
        }
        let end = covered.entry(span.start).or_insert(span.end);
        *end = (*end).max(span.end);
    }
    found
}

/// The last of the disjoint spans that runs at the same time as `span`.
fn last_meeting(covered: &BTreeMap<Timestamp, Timestamp>, span: Span) -> Option<Span> {
    let before = covered.range(..span.end).next_back();
    before.map(|(start, end)| Span::new(*start, *end)).filter(|other| other.meets(span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(start: i64, end: i64) -> Span {
        Span::new(Timestamp::from_micros(start), Timestamp::from_micros(end))
    }

    fn runners(spans: &[(i64, i64)]) -> Vec<Runner<usize>> {
        let runner =
            |(at, (start, end)): (usize, &(i64, i64))| Runner { at, span: span(*start, *end), rank: at };
        spans.iter().enumerate().map(runner).collect()
    }

    #[test]
    fn at_each_instant_the_highest_ranking_one_counts() {
        let found = highest(&runners(&[(10, 20), (0, 30), (25, 40), (50, 60)]));
        let wanted =
            [(span(0, 10), 1), (span(10, 20), 0), (span(20, 30), 1), (span(30, 40), 2), (span(50, 60), 3)];
        assert_eq!(found, wanted);
    }

    proptest! {
        #[test]
        fn the_sweeps_agree_with_looking_at_every_pair_and_instant(
            spans in prop::collection::vec((0..30_i64, 0..10_i64), 0..12)
        ) {
            let spans: Vec<(i64, i64)> = spans.into_iter().map(|(start, long)| (start, start + long)).collect();
            let all = runners(&spans);
            let found = highest(&all);
            for instant in 0..45 {
                let inside = |span: Span| span.start.micros() <= instant && instant < span.end.micros();
                let wanted = all.iter().filter(|r| inside(r.span)).map(|r| r.rank).min();
                let top = found.iter().find(|(span, _)| inside(*span)).map(|(_, top)| *top);
                prop_assert_eq!(top, wanted, "at {}", instant);
            }
            let mut lost = outranked(all.clone());
            lost.sort_unstable();
            let pairs = |r: &&Runner<usize>| all.iter().any(|o| o.rank < r.rank && o.span.meets(r.span));
            let wanted: Vec<usize> = all.iter().filter(pairs).map(|r| r.at).collect();
            prop_assert_eq!(lost, wanted);
        }
    }
}
