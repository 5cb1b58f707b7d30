//! Conversations that nobody here wrote, loaded through the native API, analysed, and read back by a Coach360 client:
//! compared by value with what the corpora themselves say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end here")]

mod common;

use common::{Engine, Server, Site, shared_data};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

/// Phrases that people say to a bank, and to investors.
const PHRASES: [&str; 8] =
    ["thank you", "debit card", "account", "how can i help you", "my name is", "credit", "you", "guidance"];

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A word of the corpus: start and end in milliseconds, speaker, text.
type CorpusWord = (i64, i64, u16, String);

/// The words of a Harper Valley call on one clock: `start_timestamp_ms` is the one that both channels share.
fn harper_words(segments: &Value) -> (i64, Vec<CorpusWord>) {
    let segments = segments.as_array().unwrap();
    let zero = segments.iter().map(|s| s["start_timestamp_ms"].as_i64().unwrap()).min().unwrap();
    let mut words = Vec::new();
    for segment in segments {
        let start = segment["start_timestamp_ms"].as_i64().unwrap() - zero;
        let speaker = u16::from(segment["speaker_role"] == "caller");
        let texts = segment["transcript"].as_str().unwrap().split_whitespace();
        let offsets = segment["word_offsets_ms"].as_array().unwrap();
        let lengths = segment["word_durations_ms"].as_array().unwrap();
        for ((text, offset), length) in texts.zip(offsets).zip(lengths) {
            let from = start + offset.as_i64().unwrap();
            words.push((from, from + length.as_i64().unwrap(), speaker, text.to_owned()));
        }
    }
    words.sort_by_key(|word| (word.0, word.1, word.2));
    (zero, words)
}

fn upload(id: &str, start_ms: i64, words: &[CorpusWord], metadata: &Value) -> Value {
    let started = jiff::Timestamp::from_millisecond(start_ms).unwrap();
    let words = words.iter().map(|(start, end, speaker, text)| {
        json!({ "start": *start as f64 / 1e3, "end": *end as f64 / 1e3, "speaker": speaker, "text": text })
    });
    json!({
        "id": id, "started_at": started.to_string(), "agent_id": "agent-1", "metadata": metadata,
        "transcript": {
            "speakers": [{ "number": 0, "type": "INTERNAL" }, { "number": 1, "type": "EXTERNAL" }],
            "words": words.collect::<Vec<_>>(),
        },
    })
}

/// Runs of words by one speaker, from the corpus' own words.
fn runs(words: &[CorpusWord]) -> Vec<&[CorpusWord]> {
    words.chunk_by(|a, b| a.2 == b.2).collect()
}

/// Talk time of a speaker in seconds: first start to last end of each of the speaker's runs.
fn talk_time(words: &[CorpusWord], speaker: u16) -> f64 {
    let mine = runs(words).into_iter().filter(|run| run[0].2 == speaker);
    mine.map(|run| run[run.len() - 1].1 - run[0].0).sum::<i64>() as f64 / 1e3
}

/// How often each phrase stands in the words: the plainest search there is.
fn plain_search(words: &[CorpusWord]) -> BTreeMap<String, usize> {
    let bare = |text: &str| text.to_lowercase().trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let mut found = BTreeMap::new();
    for run in runs(words) {
        let tokens: Vec<String> = run.iter().flat_map(|word| word.3.split_whitespace()).map(bare).collect();
        for phrase in PHRASES {
            let wanted: Vec<&str> = phrase.split(' ').collect();
            let count = tokens.windows(wanted.len()).filter(|window| *window == wanted.as_slice()).count();
            if count > 0 {
                *found.entry(phrase.to_owned()).or_default() += count;
            }
        }
    }
    found
}

fn served_hits(call: &Value) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for block in call["topicMatches"].as_array().unwrap() {
        let tokens: Vec<&str> = block["text"].as_str().unwrap().split_whitespace().collect();
        for topic in block["topicsWithMatches"].as_array().unwrap() {
            for hit in topic["matches"].as_array().unwrap() {
                let (from, to) =
                    (hit["matchStartIndex"].as_u64().unwrap(), hit["matchEndIndex"].as_u64().unwrap());
                let text = tokens[from as usize..=to as usize].join(" ");
                let bare = text.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
                assert_eq!(hit["matchingText"], bare, "the positions point at the text");
                assert!(hit["matchStartTime"].as_f64() <= hit["matchEndTime"].as_f64());
                assert!(block["startTime"].as_f64() <= hit["matchStartTime"].as_f64());
                *found.entry(topic["topicName"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
    }
    found
}

async fn make_topics(server: &Server) {
    for (n, phrase) in PHRASES.iter().enumerate() {
        server.put(&format!("/topics/{}", n + 1), &json!({ "name": phrase, "phrases": [phrase] })).await;
    }
    server.settled().await;
}

async fn load(server: &Server, calls: &BTreeMap<String, (i64, Vec<CorpusWord>, Value)>) {
    let lines = calls
        .iter()
        .map(|(id, (start, words, metadata))| format!("{}\n", upload(id, *start, words, metadata)));
    let report = server.bulk("/contacts", lines.collect()).await;
    let summary = &report[report.len() - 1]["summary"];
    assert_eq!(summary["created"], calls.len(), "{report:?}");
    server.settled().await;
}

async fn array(server: &Server, who: &(String, String), path: &str) -> Vec<Value> {
    let response = server.c360(who, path).await;
    assert!(response.status().is_success(), "{path}: {}", response.status());
    response.json().await.unwrap()
}

/// Loads calls and compares what a Coach360 client reads with the corpus.
async fn compare(server: &Server, calls: &BTreeMap<String, (i64, Vec<CorpusWord>, Value)>) {
    make_topics(server).await;
    load(server, calls).await;
    let who = server.c360_credential(false).await;
    let read =
        array(server, &who, "/calls?since=2000-01-01T00:00Z&limit=1000&include_transcripts=true").await;
    assert_eq!(read.len(), calls.len());
    for call in &read {
        let id = call["id"].as_str().unwrap();
        let (start, words, metadata) = &calls[id];
        assert_eq!(call["state"], "COMPLETE", "{id}");
        assert_eq!(
            call["callTime"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond(),
            *start
        );
        assert_eq!(&call["metadata"], metadata);
        let served = call["transcript"].as_array().unwrap();
        assert_eq!(served.len(), words.len(), "{id}: words");
        for (word, (from, to, speaker, text)) in served.iter().zip(words) {
            let time = |key: &str| (word[key].as_str().unwrap().parse::<f64>().unwrap() * 1e3).round() as i64;
            assert_eq!((time("start"), time("end")), (*from, *to), "{id}: {text}");
            assert_eq!((&word["word"], &word["v"]), (&json!(text), &json!(speaker)));
        }
        let stats = &call["stats"];
        let (internal, external) = (talk_time(words, 0), talk_time(words, 1));
        let close = |key: &str, wanted: f64| {
            let got = stats[key].as_f64().unwrap();
            assert!((got - wanted).abs() < 1e-6, "{id}: {key} is {got}, the corpus says {wanted}");
        };
        close("internalTalkTime", internal);
        close("externalTalkTime", external);
        close("talkRatio", if internal + external > 0.0 { internal / (internal + external) } else { 0.0 });
        assert!(call["callSummary"]["summary"].is_string(), "{id}: {}", call["callSummary"]);
    }
    let mut hits = 0;
    let topics = array(server, &who, "/call_topics?since=2000-01-01T00:00Z&limit=100").await;
    assert_eq!(topics.len(), calls.len());
    for call in &topics {
        let id = call["callId"].as_str().unwrap();
        let found = served_hits(call);
        assert_eq!(found, plain_search(&calls[id].1), "{id}");
        hits += found.values().sum::<usize>();
    }
    assert!(hits > 0);
    println!("{} calls, {hits} topic hits, all equal to a plain search", calls.len());
}

async fn harper_valley_story(engine: Engine) {
    let Some(folder) = shared_data("harper-valley") else { return };
    let mut calls = BTreeMap::new();
    for entry in std::fs::read_dir(folder.join("transcript")).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let (start, words) = harper_words(&read_json(&path));
        let about = read_json(&folder.join("metadata").join(format!("{id}.json")));
        let tasks = about["tasks"].as_array().unwrap().iter().map(|task| task["task_type"].clone());
        let metadata =
            json!({ "sid": about["sid"], "session": about["session"], "tasks": tasks.collect::<Vec<_>>() });
        calls.insert(id, (start, words, metadata));
    }
    assert_eq!(calls.len(), 28);
    let site = Site::fresh(engine).await;
    let server = site.serve();
    compare(&server, &calls).await;
    // Every task of the corpus finds its calls.
    let who = server.c360_credential(false).await;
    for task in ["replace card", "transfer money", "check balance", "reset password"] {
        let field = format!("/calls/search?metadata.tasks={}", task.replace(' ', "+"));
        let mut found: Vec<String> =
            array(&server, &who, &field).await.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        found.sort();
        let has = |it: &Value| it["tasks"].as_array().unwrap().contains(&json!(task));
        let wanted: Vec<String> =
            calls.iter().filter(|(_, call)| has(&call.2)).map(|(id, _)| id.clone()).collect();
        assert_eq!(found, wanted, "{task}");
    }
    drop(server);
    site.assert_healthy();
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_calls_are_read_back_as_the_corpus_has_them_on_sqlite() {
    harper_valley_story(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_calls_are_read_back_as_the_corpus_has_them_on_postgres() {
    harper_valley_story(Engine::Postgres).await;
}

/// Earnings calls have no word times of their own: words get 300 ms each, in order; what is compared is text and order.
#[tokio::test(flavor = "multi_thread")]
async fn hour_long_conference_calls_are_read_back_word_for_word() {
    let Some(folder) = shared_data("earnings21") else { return };
    let mut calls = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "nlp") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let words = text.lines().skip(1).enumerate().map(|(n, line)| {
            let fields: Vec<&str> = line.split('|').collect();
            // Two sides are enough here: the operator and speakers of the company, and everybody else.
            let speaker = u16::from(fields[1].parse::<u32>().unwrap() > 2);
            (n as i64 * 300, n as i64 * 300 + 250, speaker, fields[0].to_owned())
        });
        let words: Vec<_> = words.filter(|word| !word.3.trim().is_empty()).collect();
        let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
        calls.insert(id, (1_600_000_000_000, words, json!({ "corpus": "earnings21" })));
    }
    assert_eq!(calls.len(), 10);
    let site = Site::fresh(Engine::Sqlite).await;
    let server = site.serve();
    compare(&server, &calls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_recordings_are_measured_and_come_back_bit_by_bit() {
    let Some(folder) = shared_data("audio") else { return };
    let site = Site::fresh(Engine::Sqlite).await;
    let server = site.serve();
    let mut sent = BTreeMap::new();
    for part in ["ivr-prompts", "speech", "hold-music"] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|it| it != "wav") {
                continue;
            }
            let id = format!("{part}-{}", path.file_stem().unwrap().to_str().unwrap());
            let bytes = std::fs::read(&path).unwrap();
            server.put(&format!("/contacts/{id}"), &json!({ "started_at": "2026-03-01T09:00:00Z" })).await;
            let file = reqwest::multipart::Part::bytes(bytes.clone()).file_name(format!("{id}.wav"));
            let form = reqwest::multipart::Form::new().part("file", file);
            let done =
                server.native("POST", &format!("/contacts/{id}/audio")).multipart(form).send().await.unwrap();
            assert!(done.status().is_success(), "{id}: {}", done.text().await.unwrap());
            sent.insert(id, bytes);
        }
    }
    assert!(sent.len() > 30);
    server.settled().await;
    for (id, bytes) in &sent {
        let contact = server.get(&format!("/contacts/{id}")).await;
        assert_eq!(contact["state"], "COMPLETE", "{contact}");
        let number = |from: usize| u32::from_le_bytes(bytes[from..from + 4].try_into().unwrap());
        let data = bytes.windows(4).position(|window| window == b"data").unwrap();
        let seconds = f64::from(number(data + 4)) / f64::from(number(28));
        let measured = contact["duration"].as_f64().unwrap();
        assert!((measured - seconds).abs() < 0.001, "{id}: {measured} s, its header says {seconds} s");
        let audio = server.native("GET", &format!("/contacts/{id}/audio")).send().await.unwrap();
        assert_eq!(&audio.bytes().await.unwrap()[..], &bytes[..], "{id}");
        let part = server.native("GET", &format!("/contacts/{id}/audio")).header("range", "bytes=44-143");
        assert_eq!(&part.send().await.unwrap().bytes().await.unwrap()[..], &bytes[44..144], "{id}");
    }
}
