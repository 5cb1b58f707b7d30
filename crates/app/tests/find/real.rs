//! Real conversations: what is found is what a plain look at every word finds.

use crate::world::{World, contact, query};
use std::{collections::BTreeMap, path::Path};
use touchline_app::contacts::ContactUpload;
use touchline_model::*;

/// Calls of the HarperValleyBank corpus that are read at most.
const CALLS: usize = 400;

fn read(path: &Path) -> Transcript {
    let segments: Vec<serde_json::Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut transcript = Transcript::default();
    for segment in segments {
        let speaker = u16::from(segment["speaker_role"] != "agent");
        let start = segment["start_ms"].as_i64().unwrap();
        for (at, text) in segment["human_transcript"].as_str().unwrap().split_whitespace().enumerate() {
            let start = MediaTime::from_micros((start + 200 * at as i64) * 1_000);
            transcript.words.push(Word {
                start,
                end: start,
                text: text.to_owned(),
                punctuation: None,
                speaker,
                confidence: None,
            });
        }
    }
    transcript.normalise();
    transcript
}

fn plain(text: &str) -> String {
    text.trim_matches(|c: char| c.is_ascii_punctuation()).to_lowercase()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_calls_are_found_as_by_a_plain_look() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/harper-valley/transcript");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: there is no {}", folder.display());
        return;
    };
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    let calls: BTreeMap<String, Transcript> = files
        .iter()
        .take(CALLS)
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), read(path)))
        .filter(|(_, transcript)| !transcript.words.is_empty())
        .collect();
    let world = World::sqlite().await;
    let upload = |(at, (id, transcript)): (usize, (&String, &Transcript))| {
        ContactUpload::new(contact(id, at as i64), Some(transcript.clone()))
    };
    world.put(calls.iter().enumerate().map(upload).collect()).await;
    let mut found = 0;
    for phrase in [
        "harper valley",
        "lost my card",
        "checking account",
        "thank you for calling",
        "routing number",
        "is there anything else",
        "i want to",
        "appointment",
        "zebra",
        "card card",
        "um",
        "<unk>",
    ] {
        let wanted: Vec<String> = phrase.split(' ').map(plain).collect();
        let says = |transcript: &Transcript| {
            let words: Vec<(String, u16)> = transcript
                .words
                .iter()
                .map(|word| (plain(&word.text), word.speaker))
                .filter(|it| !it.0.is_empty())
                .collect();
            // The plain look knows nothing of words of mere punctuation that stand between two turns.
            words.windows(wanted.len()).any(|run| {
                run.iter().zip(&wanted).all(|(word, wanted)| word.0 == *wanted)
                    && run.iter().all(|word| word.1 == run[0].1)
            })
        };
        let expected: Vec<&String> =
            calls.iter().rev().filter(|(_, it)| says(it)).map(|(id, _)| id).collect();
        let rows = world.all(&query(&format!("text=\"{phrase}\""))).await;
        let ids: Vec<&String> = rows.iter().map(|row| &row.contact.id.0).collect();
        assert_eq!(ids, expected, "{phrase}");
        for row in &rows {
            let snippet = &row.snippets[0];
            let word = &calls[&row.contact.id.0].words[snippet.word];
            assert_eq!((plain(&word.text), word.start), (wanted[0].clone(), snippet.start), "{phrase}");
        }
        found += ids.len();
    }
    assert!(found > 50, "phrases that are common in the corpus: {found}");
}
