//! Charts, drawn on the server: each has one sentence of what is seen, and its numbers in a table.
//!
//! A template shows one with `{{ chart|safe }}`, below a heading of the second level. Positions along the page are
//! percentages and heights are pixels, so that a chart fits a phone and a desk without its words growing or shrinking.
//! Bars start at zero, series are labelled where they end, and a colour means the same on every page.

mod ranks;
mod scale;

pub(crate) use ranks::{Part, Rank};

use crate::{filters, format};
use askama::Template;
use scale::{Scale, path, percent};

/// Where the plot begins and ends, in pixels; the whole drawing is 168 high.
const TOP: f64 = 16.0;
const BOTTOM: f64 = 144.0;
/// Height of one of the small multiples.
const SMALL: f64 = 44.0;
/// Labels of two series must be so far apart to be read.
const APART: f64 = 15.0;
/// So many words under an axis fit on a phone.
const FEW: usize = 4;

/// What the values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// How many.
    Count,
    /// A share, 0 to 1, shown as a percentage.
    Share,
    /// Seconds, shown as on a clock.
    Time,
}

impl Unit {
    /// A value in words.
    pub(crate) fn text(self, value: f64) -> String {
        match self {
            // Counts are far below 2^53; the cast saturates anyway.
            Self::Count => format::number(value.round() as i64),
            Self::Share => format::percent(value),
            Self::Time => format::clock(value),
        }
    }
}

/// Whose a series is: gives its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// What the chart is about.
    Subject,
    /// A part of it that is less so.
    Soft,
    /// What it is compared with.
    Context,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Soft => "soft",
            Self::Context => "context",
        }
    }
}

/// A step along the horizontal axis: a day, a week.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Its name in the table and on hover.
    pub(crate) label: String,
    /// What stands under the axis; empty for most.
    pub(crate) tick: String,
    /// Whether it is not over yet.
    pub(crate) open: bool,
}

/// Values along the steps; `None` where nothing is known.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Its name.
    pub(crate) label: String,
    /// Its colour.
    pub(crate) tone: Tone,
    /// A value a step.
    pub(crate) values: Vec<Option<f64>>,
}

/// One of several small drawings side by side.
#[derive(Clone, Debug)]
pub(crate) struct Small {
    /// What it shows.
    pub(crate) label: String,
    /// Where more is to be read.
    pub(crate) href: Option<String>,
    /// What is seen in it, in a few words.
    pub(crate) note: String,
    /// `good`, `warn`, `bad`, or nothing.
    pub(crate) class: &'static str,
    /// A value a step.
    pub(crate) values: Vec<Option<f64>>,
}

/// A share as a bar of two parts, for rows of lists: `{{ share|safe }}`.
#[derive(Clone, Debug, Template)]
#[template(path = "chart_share.html")]
pub(crate) struct Share {
    width: String,
    rest: String,
    text: String,
}

impl Share {
    /// A share, 0 to 1.
    pub(crate) fn new(share: f64) -> Self {
        let part = share.clamp(0.0, 1.0) * 100.0;
        Self { width: percent(part), rest: percent(100.0 - part), text: format::percent(share) }
    }
}

/// A chart.
#[derive(Clone, Debug, Template)]
#[template(path = "chart.html")]
pub(crate) struct Chart {
    title: String,
    sentence: String,
    drawing: Drawing,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Clone, Debug)]
enum Drawing {
    Plot(Plot),
    Smalls(Vec<SmallPlot>),
    Ranks(ranks::Ranks),
    Nothing,
}

#[derive(Clone, Debug, Default)]
struct Plot {
    grid: Vec<(f64, String)>,
    ticks: Vec<Tick>,
    bars: Vec<Bar>,
    lines: Vec<Line>,
    /// What the reader hovers over: place, width, words.
    spots: Vec<(String, String, String)>,
}

/// Words under the axis.
#[derive(Clone, Debug)]
struct Tick {
    x: String,
    text: String,
    /// Whether it goes first where there is no room for all.
    spare: bool,
}

#[derive(Clone, Debug)]
struct Bar {
    x: String,
    width: String,
    y: f64,
    height: f64,
    open: bool,
}

#[derive(Clone, Debug)]
struct Line {
    class: &'static str,
    path: String,
    area: String,
    end: Option<(String, f64)>,
    label: String,
    /// At which step it ends, where there is room to say so.
    at: String,
    label_y: f64,
}

#[derive(Clone, Debug)]
struct SmallPlot {
    small: Small,
    path: String,
    area: String,
    end: Option<(String, f64)>,
}

impl Chart {
    fn new(
        title: &str,
        sentence: String,
        drawing: Drawing,
        head: Vec<String>,
        rows: Vec<Vec<String>>,
    ) -> Self {
        let drawing = if rows.is_empty() { Drawing::Nothing } else { drawing };
        Self { title: title.to_owned(), sentence, drawing, head, rows }
    }

    /// Standing bars, one a step.
    pub(crate) fn bars(title: &str, sentence: String, unit: Unit, steps: &[Step], values: &Series) -> Self {
        let known = values.values.iter().flatten().copied();
        let scale = Scale::from_zero(known.fold(0.0, f64::max), unit);
        let slot = 100.0 / steps.len().max(1) as f64;
        let bars = steps.iter().zip(&values.values).enumerate().filter_map(|(at, (step, value))| {
            let y = scale.y((*value)?, TOP, BOTTOM);
            Some(Bar {
                x: percent((at as f64 + 0.12) * slot),
                width: percent(0.76 * slot),
                y,
                height: BOTTOM - y,
                open: step.open,
            })
        });
        let series = std::slice::from_ref(values);
        let plot =
            Plot { bars: bars.collect(), ..Plot::framed(&scale, unit, steps, series, slot, 0.5 * slot) };
        let (head, rows) = table(unit, steps, series);
        Self::new(title, sentence, Drawing::Plot(plot), head, rows)
    }

    /// Lines along the steps, labelled at their ends. A single one says at which step that is: a reader may take it for
    /// the value of the whole otherwise.
    pub(crate) fn lines(
        title: &str,
        sentence: String,
        unit: Unit,
        steps: &[Step],
        series: &[Series],
    ) -> Self {
        let known: Vec<f64> = series.iter().flat_map(|it| it.values.iter().flatten().copied()).collect();
        let scale = Scale::around(&known, unit);
        let slot = 100.0 / steps.len().saturating_sub(1).max(1) as f64;
        let mut lines: Vec<Line> = series.iter().map(|it| line(it, unit, &scale, slot)).collect();
        if let ([line], [only]) = (&mut *lines, series) {
            let last = only.values.iter().zip(steps).rfind(|(value, _)| value.is_some());
            line.at = last.map(|(_, step)| step.label.clone()).unwrap_or_default();
        }
        part_labels(&mut lines);
        let plot = Plot { lines, ..Plot::framed(&scale, unit, steps, series, slot, 0.0) };
        let (head, rows) = table(unit, steps, series);
        Self::new(title, sentence, Drawing::Plot(plot), head, rows)
    }

    /// Small drawings side by side, each with a scale of its own from zero.
    pub(crate) fn smalls(
        title: &str,
        sentence: String,
        unit: Unit,
        steps: &[Step],
        smalls: Vec<Small>,
    ) -> Self {
        let slot = 100.0 / steps.len().saturating_sub(1).max(1) as f64;
        let series: Vec<Series> = smalls
            .iter()
            .map(|it| Series { label: it.label.clone(), tone: Tone::Subject, values: it.values.clone() })
            .collect();
        let (head, mut rows) = table(unit, steps, &series);
        if smalls.is_empty() {
            rows.clear();
        }
        let plots = smalls.into_iter().map(|small| {
            let top = small.values.iter().flatten().copied().fold(0.0, f64::max);
            let scale = Scale::from_zero(top, unit);
            let points = points(&small.values, &scale, slot, 4.0, SMALL - 4.0);
            SmallPlot {
                path: path(&points, None),
                area: path(&points, Some(SMALL - 4.0)),
                end: last(&points),
                small,
            }
        });
        Self::new(title, sentence, Drawing::Smalls(plots.collect()), head, rows)
    }

    /// Adds columns to the table: what a reader wants to know beside what is drawn, such as n.
    #[must_use]
    pub(crate) fn with_columns(mut self, heads: &[&str], column: impl Fn(usize) -> Vec<String>) -> Self {
        self.head.extend(heads.iter().map(|&head| head.to_owned()));
        for (at, row) in self.rows.iter_mut().enumerate() {
            row.extend(column(at));
        }
        self
    }
}

impl Plot {
    /// Grid, ticks and hover texts. Steps stand `slot` per cent apart, the first at `first`.
    fn framed(scale: &Scale, unit: Unit, steps: &[Step], series: &[Series], slot: f64, first: f64) -> Self {
        let grid = scale.marks().into_iter().map(|at| (scale.y(at, TOP, BOTTOM), unit.text(at)));
        let place = |at: usize| first + at as f64 * slot;
        let named: Vec<(usize, &Step)> =
            steps.iter().enumerate().filter(|(_, step)| !step.tick.is_empty()).collect();
        let ticks = named.iter().enumerate().map(|(nth, (at, step))| Tick {
            x: percent(place(*at)),
            text: step.tick.clone(),
            spare: named.len() > FEW && nth % 2 == 1,
        });
        let spots = steps.iter().enumerate().map(|(at, step)| {
            let said = |it: &Series| {
                let value = it.values.get(at).copied().flatten();
                value.map(|value| format!("{}: {}", it.label, unit.text(value)))
            };
            let said: Vec<String> = series.iter().filter_map(said).collect();
            (percent(place(at) - slot / 2.0), percent(slot), format!("{}: {}", step.label, said.join(", ")))
        });
        Self { grid: grid.collect(), ticks: ticks.collect(), spots: spots.collect(), ..Self::default() }
    }
}

fn points(
    values: &[Option<f64>],
    scale: &Scale,
    slot: f64,
    top: f64,
    bottom: f64,
) -> Vec<Option<(f64, f64)>> {
    let point = |(at, value): (usize, &Option<f64>)| {
        value.map(|value| (at as f64 * slot, scale.y(value, top, bottom)))
    };
    values.iter().enumerate().map(point).collect()
}

fn last(points: &[Option<(f64, f64)>]) -> Option<(String, f64)> {
    points.iter().flatten().next_back().map(|(x, y)| (percent(*x), *y))
}

fn line(series: &Series, unit: Unit, scale: &Scale, slot: f64) -> Line {
    let points = points(&series.values, scale, slot, TOP, BOTTOM);
    let end = last(&points);
    let value = series.values.iter().flatten().next_back();
    let value = value.map(|value| unit.text(*value)).unwrap_or_default();
    Line {
        class: series.tone.class(),
        path: path(&points, None),
        area: match series.tone {
            Tone::Subject if scale.is_from_zero() => path(&points, Some(BOTTOM)),
            _ => String::new(),
        },
        label_y: end.as_ref().map_or(BOTTOM, |(_, y)| *y),
        end,
        label: format!("{value} {}", series.label),
        at: String::new(),
    }
}

/// Moves labels apart that would stand on each other.
fn part_labels(lines: &mut [Line]) {
    lines.sort_by(|a, b| a.label_y.total_cmp(&b.label_y));
    for at in 1..lines.len() {
        lines[at].label_y = lines[at].label_y.max(lines[at - 1].label_y + APART);
    }
}

fn table(unit: Unit, steps: &[Step], series: &[Series]) -> (Vec<String>, Vec<Vec<String>>) {
    let head = std::iter::once(String::new()).chain(series.iter().map(|it| it.label.clone())).collect();
    let row = |(at, step): (usize, &Step)| {
        let value = |it: &Series| it.values.get(at).copied().flatten();
        let cells =
            series.iter().map(|it| value(it).map_or_else(|| "–".to_owned(), |value| unit.text(value)));
        std::iter::once(step.label.clone()).chain(cells).collect()
    };
    (head, steps.iter().enumerate().map(row).collect())
}

#[cfg(test)]
mod tests;
