//! The charts of the first page, and what is seen in them.

use crate::{
    charts::{Chart, Series, Small, Step, Tone, Unit},
    format,
    pages::calls::chips::address,
    texts,
};
use jiff::{civil::Weekday, tz::TimeZone};
use touchline_app::{
    contacts::find::CallQuery,
    overview::{TopicMove, Trends, WeekTalk, Whose},
};
use touchline_model::{MediaTime, Timestamp};

/// Topics that are drawn.
const DRAWN: usize = 12;
/// Shares that differ by less are told as the same.
const SAME: f64 = 0.005;

/// The ending of a text's key by whose calls it is about.
const fn of(whose: &Whose) -> &'static str {
    match whose {
        Whose::Own => "own",
        Whose::Team(_) => "team",
        Whose::Everybody => "all",
    }
}

fn tick(at: Timestamp) -> String {
    at.to_jiff().to_zoned(TimeZone::UTC).strftime("%-d %b").to_string()
}

/// What the charts are about: the last weeks, or those that end with the newest call when that is longer ago.
pub(super) fn heading(trends: &Trends, now: Timestamp) -> String {
    const WEEK: i64 = 7 * 24 * 3_600;
    match trends.weeks.last().map(|week| week.monday.plus_secs(WEEK)) {
        Some(end) if end <= now => {
            let day = format::day(end.plus_secs(-1), &TimeZone::UTC);
            texts::fill("home.trends_until", &[("day", &day), ("weeks", &trends.weeks.len().to_string())])
        }
        _ => texts::t("home.trends").to_owned(),
    }
}

/// Calls a day.
pub(super) fn volume(trends: &Trends, now: Timestamp) -> Chart {
    let calls: i64 = trends.days.iter().map(|(_, day)| day.contacts).sum();
    let busiest = trends.days.iter().max_by_key(|(at, day)| (day.contacts, std::cmp::Reverse(*at)));
    let sentence = match busiest.filter(|(_, day)| day.contacts > 0) {
        None => texts::t("home.volume_none").to_owned(),
        Some((at, day)) => {
            let key = format!("home.volume_{}", of(&trends.whose));
            let weeks = trends.weeks.len().to_string();
            let (calls, most) = (texts::count("home.number", calls), format::number(day.contacts));
            let date = at.to_jiff().to_zoned(TimeZone::UTC).strftime("%a %-d %b").to_string();
            texts::fill(&key, &[("n", &calls), ("weeks", &weeks), ("day", &date), ("most", &most)])
        }
    };
    // Nothing is drawn of nothing.
    let days = trends.days.iter().enumerate().filter(|_| calls > 0);
    let last = trends.days.len().saturating_sub(1);
    let steps: Vec<Step> = days.map(|(at, (day, _))| step_of_day((at, last), *day, now)).collect();
    let series = Series {
        label: texts::t("home.calls").to_owned(),
        tone: Tone::Subject,
        values: trends.days.iter().map(|(_, day)| Some(day.contacts as f64)).collect(),
    };
    let analysed = |at: usize| {
        vec![trends.days.get(at).map(|(_, day)| format::number(day.analysed)).unwrap_or_default()]
    };
    let chart = Chart::bars(texts::t("home.volume"), sentence, Unit::Count, &steps, &series);
    chart.with_columns(&[texts::t("home.analysed")], analysed)
}

fn step_of_day((at, last): (usize, usize), day: Timestamp, now: Timestamp) -> Step {
    let date = day.to_jiff().to_zoned(TimeZone::UTC);
    // Every other Monday is named, the last one too.
    let named = date.weekday() == Weekday::Monday && (last / 7 - at / 7).is_multiple_of(2);
    Step {
        label: date.strftime("%a %-d %b %Y").to_string(),
        tick: if named { tick(day) } else { String::new() },
        open: now < day.plus_secs(24 * 3_600),
    }
}

fn steps_of_weeks(weeks: &[WeekTalk], now: Timestamp) -> Vec<Step> {
    let step = |(at, week): (usize, &WeekTalk)| Step {
        label: texts::fill("home.week_of", &[("day", &format::day(week.monday, &TimeZone::UTC))]),
        tick: if (weeks.len() - at) % 2 == 1 { tick(week.monday) } else { String::new() },
        open: now < week.monday.plus_secs(7 * 24 * 3_600),
    };
    weeks.iter().enumerate().map(step).collect()
}

/// Talk ratio a week.
pub(super) fn talk(trends: &Trends, now: Timestamp) -> Chart {
    let known: Vec<f64> = trends.weeks.iter().filter_map(|week| week.ratio).collect();
    let n: i64 = trends.weeks.iter().map(|week| week.calls).sum();
    let sentence = match (known.first(), known.last()) {
        (Some(first), Some(last)) => {
            let key = match last - first {
                change if change > SAME => "home.talk_rose",
                change if change < -SAME => "home.talk_fell",
                _ => "home.talk_same",
            };
            let who = texts::t(&format!("home.who_{}", of(&trends.whose))).to_owned();
            let (from, to) = (format::percent(*first), format::percent(*last));
            let n = texts::count("home.number", n);
            texts::fill(key, &[("who", &who), ("from", &from), ("to", &to), ("n", &n)])
        }
        _ => texts::t("home.talk_none").to_owned(),
    };
    let subject = Series {
        label: texts::t(&format!("home.line_{}", of(&trends.whose))).to_owned(),
        tone: Tone::Subject,
        values: trends.weeks.iter().map(|week| week.ratio).collect(),
    };
    let mut series = vec![subject];
    if matches!(trends.whose, Whose::Team(_)) {
        series.push(Series {
            label: texts::t("home.line_all").to_owned(),
            tone: Tone::Context,
            values: trends.weeks.iter().map(|week| week.all_ratio).collect(),
        });
    }
    let steps = if known.is_empty() { Vec::new() } else { steps_of_weeks(&trends.weeks, now) };
    let chart = Chart::lines(texts::t("home.talk"), sentence, Unit::Share, &steps, &series);
    let n = |at: usize| vec![trends.weeks.get(at).map(|week| format::number(week.calls)).unwrap_or_default()];
    chart.with_columns(&[texts::t("home.n")], n)
}

/// Topics a week, what moved most first.
pub(super) fn topics(trends: &Trends, now: Timestamp) -> Chart {
    let drawn = &trends.topics[..trends.topics.len().min(DRAWN)];
    let moved = |it: &TopicMove, key: &str| {
        let (from, to) = (share(it.before), share(it.after));
        texts::fill(key, &[("name", &it.name), ("from", &from), ("to", &to)])
    };
    let rises = drawn.iter().find(|it| it.rises()).map(|it| moved(it, "home.topic_rose"));
    let falls = drawn.iter().find(|it| it.falls()).map(|it| moved(it, "home.topic_fell"));
    let mut said: Vec<String> = rises.into_iter().chain(falls).collect();
    match (drawn.is_empty(), said.is_empty()) {
        (true, _) => said.push(texts::t("home.topics_none").to_owned()),
        (false, true) => said.push(texts::t("home.topics_steady").to_owned()),
        _ => {}
    }
    if !drawn.is_empty() {
        let n: i64 = trends.weeks.iter().map(|week| week.all_calls).sum();
        said.push(texts::fill("home.topics_scale", &[("n", &texts::count("home.number", n))]));
    }
    let from = trends.weeks.first().map(|week| week.monday);
    let smalls = drawn.iter().map(|it| {
        let (class, key) = match (it.rises(), it.falls()) {
            (true, _) => ("moved", "home.rises"),
            (_, true) => ("moved", "home.falls"),
            _ => ("", "home.steady"),
        };
        let query = CallQuery { topics: vec![it.topic], from, ..CallQuery::default() };
        let values = it.calls.iter().zip(&trends.weeks);
        let values =
            values.map(|(calls, week)| (week.all_calls > 0).then(|| *calls as f64 / week.all_calls as f64));
        Small {
            label: it.name.clone(),
            href: Some(address(&query)),
            note: texts::fill(key, &[("from", &share(it.before)), ("to", &share(it.after))]),
            class,
            values: values.collect(),
        }
    });
    let steps = steps_of_weeks(&trends.weeks, now);
    let chart = Chart::smalls(texts::t("home.topics"), said.join(" "), Unit::Share, &steps, smalls.collect());
    let n =
        |at: usize| vec![trends.weeks.get(at).map(|week| format::number(week.all_calls)).unwrap_or_default()];
    chart.with_columns(&[texts::t("home.n")], n)
}

/// A small share with a decimal, so that 2.4 % and 1.6 % do not look the same.
fn share(value: f64) -> String {
    if value < 0.1 { format!("{:.1} %", value * 100.0) } else { format::percent(value) }
}

/// A time of a call in its address, unless it is the beginning.
pub(super) fn at(start: MediaTime) -> String {
    if start == MediaTime::default() { String::new() } else { format!("#t={start}") }
}
