//! The waveform and what happened along it.

use crate::{format, texts};
use askama::Template;
use std::{collections::BTreeMap, fmt::Write};
use touchline_app::contacts::{Peaks, WholeCall, remark_text};
use touchline_model::{FeedbackKind, MediaTime, SpeakerType, TopicId};

/// Bars along the whole recording.
const BARS: usize = 400;
/// Half the height of a lane, in the drawing's own units.
const HALF: f64 = 20.0;
/// Marks of one kind that are drawn along the time.
const MARKS: usize = 300;
/// A side is told from a channel when it is so many times louder there than the other side.
const CLEARLY: f64 = 1.5;
/// Words that are listened to, to tell the sides.
const HEARD: usize = 400;

/// One channel.
struct Lane {
    /// `agent`, `customer` or `other`.
    class: &'static str,
    /// The bars.
    path: String,
}

/// The waveform, also as a piece of a page of its own.
#[derive(Template)]
#[template(path = "call_wave.html")]
pub(super) struct Wave {
    lanes: Vec<Lane>,
    height: f64,
    /// Length, in seconds.
    pub(super) secs: f64,
    /// Sides of the channels, for the choice of what is heard: `None` unless there are two.
    pub(super) sides: Option<[&'static str; 2]>,
}

/// Draws the waveform.
pub(super) fn wave(peaks: &Peaks, call: Option<&WholeCall>) -> Wave {
    let classes = call.map(|call| sides(peaks, call)).unwrap_or_default();
    let class = |channel: usize| classes.get(channel).copied().unwrap_or("other");
    let count = peaks.channels.len();
    let lane = |channel: usize| {
        let middle = HALF + channel as f64 * 2.0 * HALF;
        let mut path = String::with_capacity(BARS * 10);
        for (x, loudest) in peaks.columns(channel, BARS).into_iter().enumerate() {
            // Speech is quiet beside full scale: the root makes it readable. A line stays where there is silence.
            let half = ((f64::from(loudest) / 255.0).powf(0.6) * (HALF - 1.0)).max(0.4);
            let _ = write!(path, "M{x}.5 {:.1}v{:.1}", middle - half, 2.0 * half);
        }
        Lane { class: class(channel), path }
    };
    Wave {
        lanes: (0..count).map(lane).collect(),
        height: 2.0 * HALF * count as f64,
        secs: peaks.secs(),
        sides: (count == 2).then(|| [class(0), class(1)]),
    }
}

/// Whose voice is on which of two channels, by how loud each is while the sides speak; empty when that does not tell.
fn sides(peaks: &Peaks, call: &WholeCall) -> Vec<&'static str> {
    let (Some(said), 2) = (&call.transcript, peaks.channels.len()) else { return vec![] };
    let mut sums: BTreeMap<&'static str, [(f64, f64); 2]> = BTreeMap::new();
    let step = said.words.len().div_ceil(HEARD).max(1);
    for word in said.words.iter().step_by(step) {
        let side = match said.speaker_type(word.speaker) {
            SpeakerType::Internal => "agent",
            SpeakerType::External => "customer",
            SpeakerType::Unknown => continue,
        };
        let sums = sums.entry(side).or_default();
        for (channel, sum) in sums.iter_mut().enumerate() {
            if let Some(level) = peaks.level(channel, word.start.secs(), word.end.secs()) {
                *sum = (sum.0 + level, sum.1 + 1.0);
            }
        }
    }
    let level =
        |side: &str, channel: usize| sums.get(side).map_or(0.0, |it| it[channel].0 / it[channel].1.max(1.0));
    let louder = |side: &str| {
        let (left, right) = (level(side, 0), level(side, 1));
        if left > CLEARLY * right { Some(0) } else { (right > CLEARLY * left).then_some(1) }
    };
    match (louder("agent"), louder("customer")) {
        (Some(0), Some(1) | None) | (None, Some(1)) => vec!["agent", "customer"],
        (Some(1), Some(0) | None) | (None, Some(0)) => vec!["customer", "agent"],
        _ => vec![],
    }
}

/// Something that happened at a time.
pub(super) struct Mark {
    /// Place along the whole, in per cent.
    pub(super) x: String,
    /// Length, in per cent; nothing for a moment.
    pub(super) width: Option<String>,
    /// Where it leads.
    pub(super) start: MediaTime,
    /// What it is.
    pub(super) title: String,
}

/// Topics and remarks along the time.
pub(super) struct Timeline {
    pub(super) topics: Vec<Mark>,
    pub(super) remarks: Vec<Mark>,
}

/// Where topics were found and remarks were left, along `secs` seconds.
pub(super) fn timeline(call: &WholeCall, secs: f64) -> Timeline {
    let percent = |time: f64| format!("{:.2}%", (time / secs.max(0.001) * 100.0).clamp(0.0, 100.0));
    let words = call.transcript.as_ref().map(|it| it.words.as_slice()).unwrap_or_default();
    let mark = |start: MediaTime, end: Option<MediaTime>, title: String| Mark {
        x: percent(start.secs()),
        width: end.map(|end| percent((end.secs() - start.secs()).max(0.0))),
        start,
        title,
    };
    let topics = found(call)
        .into_iter()
        .flat_map(|topic| topic.places.into_iter().map(move |at| (topic.name.clone(), at)));
    let topics = topics.filter_map(|(name, at)| {
        let start = words.get(at)?.start;
        Some(mark(start, None, format!("{name}, {}", format::clock(start.secs()))))
    });
    let remarks = call.remarks.iter().map(|it| {
        let remark = &it.value;
        let kind = match remark.kind {
            FeedbackKind::Comment => texts::t("call.comment"),
            FeedbackKind::Highlight => texts::t("call.highlight"),
        };
        let said = format::middle(&remark_text(remark.text.as_deref().unwrap_or_default()), 80);
        let at = format::clock(remark.start.secs());
        mark(remark.start, remark.end, format!("{kind}, {at} {said}").trim_end().to_owned())
    });
    Timeline { topics: topics.take(MARKS).collect(), remarks: remarks.take(MARKS).collect() }
}

/// A topic with the words where it was found.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) places: Vec<usize>,
}

/// The topics of a contact, the one that was found most often first.
pub(super) fn found(call: &WholeCall) -> Vec<Found> {
    let mut places: BTreeMap<TopicId, Vec<usize>> = BTreeMap::new();
    for hit in &call.hits {
        places.entry(hit.topic).or_default().push(hit.first_word as usize);
    }
    let mut found: Vec<Found> = call
        .topics
        .iter()
        .filter_map(|topic| {
            let mut places = places.remove(&topic.id)?;
            places.sort_unstable();
            places.dedup();
            Some(Found { name: topic.name.clone(), places })
        })
        .collect();
    found.sort_by(|one, other| {
        other.places.len().cmp(&one.places.len()).then_with(|| one.name.cmp(&other.name))
    });
    found
}
