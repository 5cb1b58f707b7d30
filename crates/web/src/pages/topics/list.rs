//! The list of topics, with how often each was found week by week.

use crate::{
    Web,
    error::{Answer, rendered},
    filters, format,
    shell::Shell,
    texts,
    visit::Visit,
};
use askama::Template;
use axum::extract::State;
use touchline_app::{pipeline::TopicProgress, topics::TopicTrends};
use touchline_model::Topic;

/// Height of the small drawing of a trend.
const HEIGHT: f64 = 22.0;

#[derive(Template)]
#[template(path = "topics.html")]
pub(super) struct Topics {
    pub(super) shell: Shell,
    pub(super) progress: Progress,
    pub(super) rows: Vec<Row>,
    /// How many topics, and out of how many calls.
    pub(super) counts: String,
    pub(super) may_write: bool,
}

/// A topic in the list.
pub(super) struct Row {
    id: i64,
    name: String,
    active: bool,
    canonical_questions: bool,
    phrases: i64,
    found: i64,
    share: String,
    bars: Vec<Bar>,
    /// The weeks in words.
    weeks: String,
}

struct Bar {
    x: usize,
    y: f64,
    height: f64,
}

/// How far matching has come.
#[derive(Template)]
#[template(path = "topics_progress.html")]
pub(super) struct Progress {
    building: bool,
    words: String,
    done: i64,
    total: i64,
}

impl From<TopicProgress> for Progress {
    fn from(it: TopicProgress) -> Self {
        let words = match (it.building, it.total) {
            (false, _) => String::new(),
            (true, 0) => texts::t("topics.matching_soon").to_owned(),
            (true, _) => texts::fill(
                "topics.matching",
                &[("done", &format::number(it.done.min(it.total))), ("total", &format::number(it.total))],
            ),
        };
        Self { building: it.building, words, done: it.done, total: it.total }
    }
}

impl Row {
    pub(super) fn new(topic: Topic, trends: &TopicTrends) -> Self {
        let none = Vec::new();
        let weekly = trends.topics.get(&topic.id).map_or(&none, |trend| &trend.calls);
        let top = weekly.iter().copied().max().unwrap_or_default().max(1) as f64;
        let bars = weekly.iter().enumerate().filter(|(_, count)| **count > 0).map(|(at, count)| {
            // What is there at all is seen: at least two pixels.
            let height = (*count as f64 / top * HEIGHT).max(2.0).round();
            Bar { x: at * 9, y: HEIGHT - height, height }
        });
        let said: Vec<String> = weekly.iter().map(|count| format::number(*count)).collect();
        let weeks = match said.is_empty() {
            true => texts::t("topics.never_found").to_owned(),
            false => texts::fill("topics.week_by_week", &[("counts", &said.join(", "))]),
        };
        Self {
            id: topic.id.0,
            active: topic.active,
            canonical_questions: topic.canonical_questions,
            phrases: topic.phrases.len() as i64,
            found: trends.calls_of(topic.id),
            share: trends.share_of(topic.id).map(share).unwrap_or_default(),
            bars: bars.collect(),
            weeks,
            name: topic.name,
        }
    }
}

/// A share, with a decimal where it would be nothing without.
pub(super) fn share(share: f64) -> String {
    match share {
        it if it > 0.0 && it < 0.001 => "< 0.1 %".to_owned(),
        it if it > 0.0 && it < 0.095 => format!("{:.1} %", it * 100.0),
        it => format::percent(it),
    }
}

pub(super) async fn show(State(web): State<Web>, visit: Visit) -> Answer {
    let trends = web.app.topics_by_week(&visit.caller).await?;
    let mut topics: Vec<Topic> = web.app.all(&visit.caller).await?;
    topics.sort_by_cached_key(|topic| (!topic.active, topic.name.to_lowercase(), topic.id));
    let shell = visit.shell(texts::t("common.nav_topics"), "topics");
    let counts = [
        texts::count("topics.count", topics.len() as i64),
        texts::count("topics.weeks_help", trends.all_calls()),
    ];
    let page = Topics {
        counts: counts.join(" · "),
        progress: web.app.topic_progress(&visit.caller).await?.into(),
        rows: topics.into_iter().map(|topic| Row::new(topic, &trends)).collect(),
        may_write: shell.may("write_quality"),
        shell,
    };
    Ok(visit.page(&page))
}

/// The line about matching, for the script that keeps it fresh.
pub(super) async fn progress(State(web): State<Web>, visit: Visit) -> Answer {
    let progress = web.app.topic_progress(&visit.caller).await?;
    Ok(rendered(&Progress::from(progress)))
}
