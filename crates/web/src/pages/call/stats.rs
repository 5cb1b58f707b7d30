//! How a contact was talked: a few small charts, their numbers as a table, and a sentence.

use super::words::Voice;
use crate::{filters, format, texts};
use askama::Template;
use std::collections::BTreeMap;
use touchline_model::{CallStats, MediaTime};

/// A bar that begins at a place and has a length, both in per cent.
struct Bar {
    class: &'static str,
    x: String,
    width: String,
    label: String,
    value: String,
}

/// How fast one person spoke, section by section.
struct Speed {
    name: String,
    class: &'static str,
    bars: Vec<SpeedBar>,
    /// The average in words.
    average: String,
}

/// How fast somebody spoke in a section.
struct SpeedBar {
    x: String,
    width: String,
    /// In pixels from above.
    y: String,
    height: String,
    title: String,
}

/// Height of the bars of talk speeds, in pixels.
const SPEED_HEIGHT: f64 = 36.0;
/// People whose numbers are shown, at most.
const PEOPLE: usize = 12;

/// The charts.
#[derive(Template)]
#[template(path = "call_stats.html")]
pub(super) struct Talk {
    sentence: String,
    shares: Vec<Bar>,
    longest: Vec<Bar>,
    speeds: Vec<Speed>,
    rows: Vec<(String, String)>,
}

fn percent(share: f64) -> String {
    format!("{:.2}%", (share * 100.0).clamp(0.0, 100.0))
}

/// The charts of a contact that lasted so long.
pub(super) fn talk(stats: &CallStats, duration: MediaTime, voices: &BTreeMap<u16, Voice>) -> Talk {
    let spoken = stats.internal_talk_time + stats.external_talk_time;
    let whole = duration.secs().max(spoken + stats.silence - stats.overlap).max(0.001);
    let parts = [
        ("agent", texts::t("call.agents"), stats.internal_talk_time),
        ("customer", texts::t("call.customers"), stats.external_talk_time),
        ("silence", texts::t("call.silence"), stats.silence),
    ];
    let total = parts.iter().map(|it| it.2).sum::<f64>().max(whole);
    let mut x = 0.0;
    let shares = parts.map(|(class, label, secs)| {
        let (from, share) = (x, secs / total);
        x += share;
        let value = format!("{} ({})", format::percent(secs / whole), format::clock(secs));
        Bar { class, x: percent(from), width: percent(share), label: label.to_owned(), value }
    });
    let most = stats.longest_segments.values().copied().fold(0.001, f64::max);
    let nobody = Voice { name: texts::t("call.speaker").to_owned(), class: "other" };
    let voice = |number: &u16| voices.get(number).unwrap_or(&nobody);
    let mut longest: Vec<(&u16, &f64)> = stats.longest_segments.iter().collect();
    longest.sort_by(|one, other| other.1.total_cmp(one.1));
    let longest = longest.into_iter().take(PEOPLE).map(|(number, secs)| Bar {
        class: voice(number).class,
        x: percent(0.0),
        width: percent(secs / most),
        label: voice(number).name.clone(),
        value: format::clock(*secs),
    });
    let longest: Vec<Bar> = longest.collect();
    let speeds = speeds(stats, whole, &voice);
    let changes = format!("{:.1}", stats.interchanges_per_minute);
    let ratio = format::percent(stats.talk_ratio);
    let sentence = texts::fill(
        "call.talk_sentence",
        &[
            ("ratio", &ratio),
            ("longest", &format::clock(stats.longest_monologue)),
            ("changes", &changes),
            ("silence", &format::percent(stats.silence / whole)),
        ],
    );
    let rows = rows(stats, &longest, &speeds, (&ratio, &changes));
    Talk { sentence, shares: shares.into(), longest, speeds, rows }
}

fn rows(stats: &CallStats, longest: &[Bar], speeds: &[Speed], told: (&str, &str)) -> Vec<(String, String)> {
    let clock = |key: &str, secs: f64| (texts::t(key).to_owned(), format::clock(secs));
    let mut rows = vec![
        (texts::t("call.ratio").to_owned(), told.0.to_owned()),
        clock("call.agents_talk", stats.internal_talk_time),
        clock("call.customers_talk", stats.external_talk_time),
        clock("call.silence", stats.silence),
        clock("call.overlap", stats.overlap),
        (texts::t("call.changes").to_owned(), told.1.to_owned()),
        clock("call.monologue", stats.longest_monologue),
    ];
    let of = |key: &str, name: &str| texts::fill(key, &[("name", name)]);
    rows.extend(longest.iter().map(|it| (of("call.longest_of", &it.label), it.value.clone())));
    for speed in speeds {
        rows.push((of("call.speed_of", &speed.name), speed.average.clone()));
    }
    rows
}

fn speeds<'v>(stats: &CallStats, whole: f64, voice: &impl Fn(&u16) -> &'v Voice) -> Vec<Speed> {
    let all = stats.talk_speeds.iter().flat_map(|it| it.words_per_minute.values());
    let most = all.copied().fold(1.0, f64::max);
    let mut people: BTreeMap<u16, Vec<(f64, f64, f64)>> = BTreeMap::new();
    for section in &stats.talk_speeds {
        for (number, speed) in &section.words_per_minute {
            people.entry(*number).or_default().push((section.start, section.end, *speed));
        }
    }
    let minute = |speed: f64| texts::fill("call.words_a_minute", &[("n", &format!("{speed:.0}"))]);
    let speed = |(number, sections): (u16, Vec<(f64, f64, f64)>)| {
        let length: f64 = sections.iter().map(|(start, end, _)| end - start).sum();
        let words: f64 = sections.iter().map(|(start, end, speed)| (end - start) * speed).sum();
        let bars = sections.iter().map(|(start, end, speed)| {
            let height = speed / most * SPEED_HEIGHT;
            SpeedBar {
                x: percent(start / whole),
                width: percent((end - start) / whole),
                y: format!("{:.1}", SPEED_HEIGHT - height),
                height: format!("{height:.1}"),
                title: format!("{}–{}: {}", format::clock(*start), format::clock(*end), minute(*speed)),
            }
        });
        let voice = voice(&number);
        Speed {
            name: voice.name.clone(),
            class: voice.class,
            bars: bars.collect(),
            average: minute(words / length.max(0.001)),
        }
    };
    people.into_iter().take(PEOPLE).map(speed).collect()
}
