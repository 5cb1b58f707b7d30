//! Stretches of time, and arithmetic on lists of them.

use super::Micros;
use touchline_model::Timestamp;

/// A stretch of time, with its start and without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Its first instant.
    pub start: Timestamp,
    /// The instant after its last.
    pub end: Timestamp,
}

impl Span {
    /// From `start` to `end`.
    pub const fn new(start: Timestamp, end: Timestamp) -> Self {
        Self { start, end }
    }
    /// How long it is; nothing when it ends before it starts.
    pub fn length(self) -> Micros {
        Micros::between(self.start, self.end).max(Micros(0))
    }
    /// The part that both have; `None` when that is nothing.
    pub fn common(self, other: Self) -> Option<Self> {
        let both = Self::new(self.start.max(other.start), self.end.min(other.end));
        (both.start < both.end).then_some(both)
    }
    /// Whether they run at the same time. An instant (a span without length) runs inside of what surrounds it.
    pub fn meets(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// Joins spans that overlap or touch; the result is sorted and disjoint.
pub(super) fn merge(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// Those of a sorted disjoint list that have a part in common with `with`.
pub(super) fn touching(spans: &[Span], with: Span) -> &[Span] {
    let first = spans.partition_point(|span| span.end <= with.start);
    let count = spans[first..].partition_point(|span| span.start < with.end);
    &spans[first..first + count]
}

/// What is left of `span` without the sorted disjoint `holes`.
pub(super) fn without(span: Span, holes: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    let mut from = span.start;
    for hole in touching(holes, span) {
        if from < hole.start {
            left.push(Span::new(from, hole.start));
        }
        from = from.max(hole.end);
    }
    if from < span.end {
        left.push(Span::new(from, span.end));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: i64, end: i64) -> Span {
        Span::new(Timestamp::from_micros(start), Timestamp::from_micros(end))
    }

    #[test]
    fn spans_that_overlap_or_touch_become_one() {
        let merged = merge(vec![span(8, 9), span(1, 3), span(2, 5), span(5, 6), span(1, 2)]);
        assert_eq!(merged, [span(1, 6), span(8, 9)]);
    }

    #[test]
    fn holes_are_cut_out_of_a_span() {
        let holes = [span(0, 2), span(4, 5), span(9, 12), span(20, 30)];
        assert_eq!(without(span(1, 10), &holes), [span(2, 4), span(5, 9)]);
        assert_eq!(without(span(13, 15), &holes), [span(13, 15)]);
        assert_eq!(without(span(21, 29), &holes), []);
    }

    #[test]
    fn an_instant_runs_inside_of_what_surrounds_it_but_not_at_its_edges() {
        assert!(span(1, 5).meets(span(3, 3)));
        assert!(!span(1, 5).meets(span(5, 5)));
        assert!(!span(1, 5).meets(span(5, 8)));
        assert!(span(1, 5).meets(span(4, 8)));
        assert_eq!(span(1, 5).common(span(3, 3)), None);
    }
}
