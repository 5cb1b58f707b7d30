//! How a contact was talked: a few small charts, their numbers as a table, and a sentence.

use super::words::Voice;
use crate::{filters, format, texts};
use askama::Template;
use std::collections::BTreeMap;
use touchline_model::{CallStats, MediaTime, Transcript};

/// A bar that begins at a place and has a length, both in per cent.
struct Bar {
    class: &'static str,
    x: String,
    width: String,
    label: String,
    value: String,
}

/// A longer pause inside what somebody says, in microseconds, is silence, as in the analysis.
const PAUSE: i64 = 2_000_000;
/// Somebody who says less has no speed: a "yes" is said in no time.
const FEWEST_WORDS: usize = 5;
/// People whose numbers are shown, at most.
const PEOPLE: usize = 12;

/// The charts.
#[derive(Template)]
#[template(path = "call_stats.html")]
pub(super) struct Talk {
    sentence: String,
    shares: Vec<Bar>,
    longest: Vec<Bar>,
    speeds: Vec<Bar>,
    rows: Vec<(String, String)>,
}

fn percent(share: f64) -> String {
    format!("{:.2}%", (share * 100.0).clamp(0.0, 100.0))
}

/// The charts of a contact that lasted so long, and of what was said, for those who may read it.
pub(super) fn talk(
    stats: &CallStats,
    duration: MediaTime,
    said: Option<&Transcript>,
    voices: &BTreeMap<u16, Voice>,
) -> Talk {
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
    let speeds = said.map(speeds).unwrap_or_default();
    let fastest = speeds.iter().map(|it| it.1).fold(0.001, f64::max);
    let minute = |speed: f64| texts::fill("call.words_a_minute", &[("n", &format!("{speed:.0}"))]);
    let speeds: Vec<Bar> = speeds
        .iter()
        .map(|(number, speed)| Bar {
            class: voice(number).class,
            x: percent(0.0),
            width: percent(speed / fastest),
            label: voice(number).name.clone(),
            value: minute(*speed),
        })
        .collect();
    let changes = format!("{:.1}", stats.interchanges_per_minute);
    let ratio = format::percent(stats.talk_ratio);
    let sentence = texts::fill(
        "call.talk_sentence",
        &[("ratio", &ratio), ("changes", &changes), ("silence", &format::percent(stats.silence / whole))],
    );
    let rows = rows(stats, &longest, &speeds, (&ratio, &changes));
    Talk { sentence, shares: shares.into(), longest, speeds, rows }
}

fn rows(stats: &CallStats, longest: &[Bar], speeds: &[Bar], told: (&str, &str)) -> Vec<(String, String)> {
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
    rows.extend(speeds.iter().map(|it| (of("call.speed_of", &it.label), it.value.clone())));
    rows
}

/// Words a minute of the time in which each one spoke, by number.
fn speeds(said: &Transcript) -> Vec<(u16, f64)> {
    let mut people: BTreeMap<u16, (usize, i64)> = BTreeMap::new();
    for turn in said.segments() {
        let words = said.words.get(turn.first..turn.end).unwrap_or_default();
        let Some(first) = words.first() else { continue };
        let person = people.entry(turn.speaker).or_default();
        person.0 += words.len();
        let (mut from, mut until) = (first.start.micros(), first.end.micros());
        for word in words {
            let (start, end) = (word.start.micros(), word.end.micros());
            if start - until > PAUSE {
                person.1 += until - from;
                (from, until) = (start, end);
            }
            until = until.max(end);
        }
        person.1 += until - from;
    }
    let speed = |(number, (words, micros)): (u16, (usize, i64))| {
        let minutes = MediaTime::from_micros(micros).secs() / 60.0;
        (words >= FEWEST_WORDS && minutes > 0.0).then(|| (number, words as f64 / minutes))
    };
    people.into_iter().filter_map(speed).take(PEOPLE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use touchline_model::Word;

    #[test]
    fn speed_is_measured_while_somebody_speaks() {
        // Half a second a word, each word as long as that.
        let word = |at: f64, speaker| Word {
            start: MediaTime::from_secs(at),
            end: MediaTime::from_secs(at + 0.5),
            text: "word".to_owned(),
            punctuation: None,
            speaker,
            confidence: None,
        };
        let mut words: Vec<Word> = (0..9).map(|n| word(f64::from(n) * 0.5, 1)).collect();
        // Four words, a pause of ten seconds on hold, four words; and somebody who says one word.
        words.extend((0..4).map(|n| word(60.0 + f64::from(n) * 0.5, 0)));
        words.extend((0..4).map(|n| word(72.0 + f64::from(n) * 0.5, 0)));
        words.push(word(100.0, 2));
        let said = Transcript { speakers: vec![], words };
        assert_eq!(speeds(&said), [(0, 120.0), (1, 120.0)]);
    }
}
