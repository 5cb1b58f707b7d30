//! Real calls, where they are at hand: bank calls (HarperValleyBank) and earnings calls (Earnings-21). They are not part
//! of the repository; without them these tests say so and pass.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its data fails")]

use serde_json::Value;
use std::{fs, path::PathBuf};
use touchline_analysis::{TopicMatcher, summarise, talk_stats, text};
use touchline_model::{MediaTime, Speaker, SpeakerType, Topic, TopicId, TopicScope, Transcript, Word};

fn data(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    println!("{folder} is not at hand: nothing was checked");
    None
}

fn files(folder: PathBuf, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_string_lossy().ends_with(ending));
    files.sort();
    files
}

/// A bank call on one clock: the segments' own `start_ms` is not on the same clock for both channels.
fn bank_call(json: &Value) -> Transcript {
    let lines = json.as_array().unwrap();
    let epoch = lines.iter().map(|line| line["start_timestamp_ms"].as_i64().unwrap()).min().unwrap();
    let mut words = Vec::new();
    for line in lines {
        let start = line["start_timestamp_ms"].as_i64().unwrap() - epoch;
        let speaker = u16::from(line["speaker_role"] == "caller");
        let texts = line["transcript"].as_str().unwrap().split_whitespace();
        let numbers =
            |key: &str| line[key].as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).collect::<Vec<_>>();
        let times = numbers("word_offsets_ms").into_iter().zip(numbers("word_durations_ms"));
        for (text, (offset, length)) in texts.zip(times) {
            words.push(Word {
                start: MediaTime::from_micros((start + offset) * 1000),
                end: MediaTime::from_micros((start + offset + length) * 1000),
                text: text.to_owned(),
                punctuation: None,
                speaker,
                confidence: None,
            });
        }
    }
    let side = |number, side| Speaker { number, speaker_type: Some(side), ..Speaker::default() };
    let speakers = vec![side(0, SpeakerType::Internal), side(1, SpeakerType::External)];
    let mut transcript = Transcript { speakers, words };
    transcript.normalise();
    transcript
}

fn bank_calls() -> Vec<(String, Transcript, Value)> {
    let Some(folder) = data("harper-valley") else { return Vec::new() };
    let read = |path: &PathBuf| serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap();
    let calls = files(folder.join("transcript"), ".json").into_iter().map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let metadata = read(&folder.join("metadata").join(&name));
        (name, bank_call(&read(&path)), metadata)
    });
    calls.collect()
}

/// An earnings call; the file has no word times, so a word is given a third of a second.
fn earnings_calls() -> Vec<Transcript> {
    let Some(folder) = data("earnings21") else { return Vec::new() };
    let read = |path: PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        let words = (0..).zip(text.lines().skip(1)).map(|(at, line)| {
            let fields: Vec<&str> = line.split('|').collect();
            Word {
                start: MediaTime::from_micros(at * 333_000),
                end: MediaTime::from_micros(at * 333_000 + 300_000),
                text: fields[0].to_owned(),
                punctuation: (!fields[4].is_empty()).then(|| fields[4].to_owned()),
                speaker: fields[1].parse().unwrap(),
                confidence: None,
            }
        });
        Transcript { speakers: Vec::new(), words: words.collect() }
    };
    files(folder, ".nlp").into_iter().map(read).collect()
}

fn topic(id: i64, phrases: &[&str]) -> Topic {
    let phrases = phrases.iter().map(|phrase| (*phrase).to_owned()).collect();
    let (scope, name) = (TopicScope::Any, String::new());
    Topic { id: TopicId(id), name, phrases, scope, canonical_questions: false, active: true }
}

/// How often a phrase occurs by a plain text search in each segment's normalised text.
fn plain_count(transcript: &Transcript, phrase: &str) -> usize {
    let segments = transcript.segments();
    let count = segments.iter().map(|segment| {
        let text = transcript.text(segment.first, segment.end);
        let tokens: Vec<_> = text.split_whitespace().map(text::normal).filter(|t| !t.is_empty()).collect();
        let text = format!(" {} ", tokens.join("  "));
        text.matches(&format!(" {} ", phrase.replace(' ', "  "))).count()
    });
    count.sum()
}

// covers(c360): S4.6, X-27, R-10
#[test]
fn topics_of_real_calls_are_found_as_often_as_a_plain_search_finds_them() {
    let phrases = [
        "thank you",
        "thank you for calling",
        "account",
        "checking account",
        "savings account",
        "one moment",
        "is there",
        "anything else",
        "harper valley",
        "debit card",
        "routing number",
        "good morning",
        "revenue",
        "first quarter",
        "gross margin",
        "year over year",
        "free cash flow",
        "covid-19",
        "question",
        "next question",
        "operator",
        "balance sheet",
        "we're",
        "the",
        "and the",
    ];
    let topics: Vec<_> = (1..).zip(phrases).map(|(id, phrase)| topic(id, &[phrase])).collect();
    let matcher = TopicMatcher::new(&topics);
    let mut calls: Vec<_> = bank_calls().into_iter().map(|(_, transcript, _)| transcript).collect();
    calls.extend(earnings_calls());
    let mut all = 0;
    for call in &calls {
        let hits = matcher.find(call).hits;
        for (id, phrase) in (1..).zip(phrases) {
            let found = hits.iter().filter(|hit| hit.topic == TopicId(id)).count();
            assert_eq!(found, plain_count(call, phrase), "{phrase}");
        }
        all += hits.len();
    }
    println!("{all} hits in {} calls", calls.len());
    assert!(calls.is_empty() || all > 1_000, "only {all} hits in {} calls", calls.len());
}

// covers(c360): S4.4, X-23, X-24, X-25
#[test]
fn statistics_of_real_bank_calls_are_plausible() {
    for (name, transcript, metadata) in bank_calls() {
        let time = |key: &str| metadata[key].as_i64().unwrap();
        let length = MediaTime::from_micros((time("end_time_ms") - time("start_time_ms")) * 1000);
        let end = transcript.words.iter().map(|word| word.end).max().unwrap();
        let length = length.max(end);
        let stats = talk_stats(&transcript, length);
        assert!((0.2..0.9).contains(&stats.talk_ratio), "{name}: {}", stats.talk_ratio);
        assert!(
            stats.overlap < end.secs() * 0.2,
            "{name}: {} s of overlap, so the clocks disagree",
            stats.overlap
        );
        assert!(stats.silence < length.secs() * 0.8, "{name}: {} of {length} silent", stats.silence);
        assert!(
            (2.0..40.0).contains(&stats.interchanges_per_minute),
            "{name}: {}",
            stats.interchanges_per_minute
        );
        assert!(stats.longest_monologue < 90.0, "{name}: {}", stats.longest_monologue);
    }
}

#[test]
fn the_summary_of_a_real_bank_call_names_its_task() {
    let said = |task: &str| -> &[&str] {
        match task {
            "replace card" => &["card"],
            "transfer money" => &["transfer", "money"],
            "check balance" => &["balance", "account"],
            "order checks" => &["check", "checks", "checkbook"],
            "pay bill" => &["bill", "pay"],
            "reset password" => &["password"],
            "schedule appointment" => &["appointment", "schedule"],
            "get branch hours" => &["hours", "branch", "open", "close"],
            other => panic!("unknown task {other}"),
        }
    };
    let calls = bank_calls();
    let (mut right, mut of) = (0, 0);
    for (name, transcript, metadata) in &calls {
        let summary = summarise(transcript);
        let lines: Vec<_> = summary.lines.iter().map(|line| line.text.as_str()).collect();
        println!("{name}: {}\n  {}", metadata["tasks"], lines.join("\n  "));
        summary.next_steps.iter().for_each(|step| println!("  -> {}", step.text));
        summary.questions.iter().for_each(|q| println!("  ? {}\n    = {}", q.question.text, q.answer.text));
        let tasks = metadata["tasks"].as_array().unwrap();
        for task in tasks.iter().filter_map(|task| task["task_type"].as_str()) {
            of += 1;
            let text = lines.join(" ");
            right += usize::from(text.split_whitespace().any(|word| said(task).contains(&word)));
        }
    }
    println!("{right} of {of} tasks are named");
    assert!(right * 10 >= of * 8, "only {right} of {of} tasks are named in the summaries");
}
