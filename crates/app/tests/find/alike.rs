//! The same random calls on both engines: the same queries find the same, and what a plain look at every call finds.

use crate::world::{World, call};
use std::collections::BTreeSet;
use touchline_app::contacts::{
    ContactUpload,
    find::{CallQuery, FoundCall},
};
use touchline_model::*;

/// A generator of random numbers that is the same everywhere (Knuth's constants), so that a failure can be repeated.
struct Dice(u64);
impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len() as u64) as usize]
    }
    fn often(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

const WORDS: [&str; 16] = [
    "the", "the", "the", "money", "back", "no", "Straße", "it's", "5.50", "e-mail", "zurück", "REFUND",
    "you", "you", "ok,", "why?",
];
const AGENTS: [&str; 4] = ["ana", "bo", "cy", "nobody"];

fn a_call(dice: &mut Dice, n: u64) -> ContactUpload {
    let turns: Vec<(u16, String)> = (0..1 + dice.below(6))
        .map(|_| {
            let words: Vec<&str> = (0..1 + dice.below(8)).map(|_| dice.one(&WORDS)).collect();
            (dice.below(3) as u16, words.join(" "))
        })
        .collect();
    let turns: Vec<(u16, &str)> = turns.iter().map(|(speaker, text)| (*speaker, text.as_str())).collect();
    // Several of a minute.
    let mut upload = call(&format!("{}{n}", dice.one(&["c", "é", "C"])), dice.below(60) as i64, &turns);
    upload.started_at = Timestamp::from_micros(upload.started_at.micros() + dice.below(3) as i64);
    upload.agent_id = dice.often(80).then(|| dice.one(&AGENTS).into());
    upload.channel = if dice.often(20) { Channel::Mail } else { Channel::Call };
    upload.direction = if dice.often(40) { Direction::Outbound } else { Direction::Inbound };
    if dice.often(50) {
        upload.metadata.insert("queue".to_owned(), dice.one(&["Sales", "care"]).into());
    }
    if dice.often(10) {
        upload.transcript = None;
    }
    upload
}

fn a_query(dice: &mut Dice) -> CallQuery {
    let mut query = CallQuery { limit: 1 + dice.below(40) as usize, ..CallQuery::default() };
    if dice.often(75) {
        for _ in 0..1 + dice.below(2) {
            let words: Vec<&str> = (0..1 + dice.below(3)).map(|_| dice.one(&WORDS)).collect();
            query.text +=
                &if dice.often(40) { format!(" \"{}\"", words.join(" ")) } else { format!(" {}", words[0]) };
        }
        query.speaker = match dice.below(5) {
            0 => TopicScope::Internal,
            1 => TopicScope::External,
            _ => TopicScope::Any,
        };
        query.within_from = dice.often(20).then(|| MediaTime::from_secs(dice.below(10) as f64));
        query.within_to = dice.often(20).then(|| MediaTime::from_secs(5.0 + dice.below(20) as f64));
    }
    query.agents = (0..dice.below(3)).map(|_| dice.one(&AGENTS).into()).collect();
    let minute = |n: u64| crate::world::contact("", n as i64).started_at;
    query.from = dice.often(20).then(|| minute(dice.below(40)));
    query.to = dice.often(20).then(|| minute(20 + dice.below(40)));
    query.channel = dice.often(10).then_some(Channel::Mail);
    query.direction = dice.often(20).then_some(Direction::Outbound);
    if dice.often(25) {
        query.metadata.push(("queue".to_owned(), dice.one(&["sales", "CARE", "none"]).to_owned()));
    }
    if dice.often(20) {
        query.topics = vec![TopicId(1), TopicId(2)];
    }
    query
}

fn bare(text: &str) -> String {
    text.trim_matches([',', '.', '?', '!', '$']).to_lowercase().replace('ß', "ss")
}

/// Whether a phrase is said by the right side at the right time.
fn says(transcript: &Transcript, phrase: &[String], query: &CallQuery) -> bool {
    let words = &transcript.words;
    (0..words.len()).any(|at| {
        let Some(run) = words.get(at..at + phrase.len()) else { return false };
        let side = transcript.speaker_type(run[0].speaker);
        run.iter().zip(phrase).all(|(word, wanted)| bare(&word.text) == *wanted)
            && run.iter().all(|word| word.speaker == run[0].speaker)
            && query.speaker.covers(side)
            && query.within_from.is_none_or(|from| run[0].start >= from)
            && query.within_to.is_none_or(|to| run[run.len() - 1].start < to)
    })
}

/// Whether a call fits, by looking at all of it.
fn fits(upload: &ContactUpload, query: &CallQuery) -> bool {
    let transcript = upload.transcript.clone().map(|it| it.into_transcript().unwrap()).unwrap_or_default();
    let phrases = query.text.split('"').enumerate().flat_map(|(at, part)| {
        let words: Vec<String> = part.split_whitespace().map(bare).collect();
        if at % 2 == 1 { vec![words] } else { words.into_iter().map(|word| vec![word]).collect() }
    });
    let topic = || {
        ["money", "why"].iter().any(|word| says(&transcript, &[(*word).to_owned()], &CallQuery::default()))
    };
    let field = |(name, value): &(String, String)| {
        upload
            .metadata
            .get(name)
            .is_some_and(|it| it.as_str().unwrap().to_lowercase() == value.to_lowercase())
    };
    phrases.filter(|it| !it.is_empty()).all(|phrase| says(&transcript, &phrase, query))
        && (query.agents.is_empty() || upload.agent_id.as_ref().is_some_and(|it| query.agents.contains(it)))
        && query.from.is_none_or(|from| upload.started_at >= from)
        && query.to.is_none_or(|to| upload.started_at < to)
        && query.channel.is_none_or(|it| upload.channel == it)
        && query.direction.is_none_or(|it| upload.direction == it)
        && query.metadata.iter().all(field)
        && (query.topics.is_empty() || topic())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_find_what_a_plain_look_finds() {
    let worlds = [World::sqlite().await, World::postgres().await];
    let mut dice = Dice(20_260_301);
    let mut calls: Vec<ContactUpload> = (0..400).map(|n| a_call(&mut dice, n)).collect();
    for world in &worlds {
        for (id, phrase) in [(1, "money"), (2, "why")] {
            let topic = serde_json::json!({ "id": id, "name": phrase, "phrases": [phrase] });
            world.app.put_one(&world.caller, serde_json::from_value::<Topic>(topic).unwrap()).await.unwrap();
        }
        world.put(calls.clone()).await;
    }
    // Some change, some go, so that the index is not as new.
    for n in (0..calls.len()).rev().filter(|n| n % 9 == 0) {
        let mut new = a_call(&mut dice, 0);
        new.id = calls[n].id.clone();
        if new.transcript.is_none() {
            new.transcript.clone_from(&calls[n].transcript);
        }
        for world in &worlds {
            world.put(vec![new.clone()]).await;
        }
        calls[n] = new;
        if n % 2 == 0 {
            let gone = calls.remove(n);
            for world in &worlds {
                world.app.erase_contact(&world.caller, gone.id.as_str(), None).await.unwrap();
            }
        }
    }
    calls.sort_by(|a, b| b.started_at.cmp(&a.started_at).then_with(|| a.id.cmp(&b.id)));
    let mut found_any = 0;
    for _ in 0..200 {
        let query = a_query(&mut dice);
        let [sqlite, postgres] = [worlds[0].all(&query).await, worlds[1].all(&query).await];
        let shown = |rows: &[FoundCall]| -> Vec<_> {
            let each = rows.iter().map(|row| (row.contact.clone(), row.snippets.clone(), row.talk_ratio));
            each.collect()
        };
        assert_eq!(shown(&sqlite), shown(&postgres), "{query:?}");
        let expected: Vec<&str> =
            calls.iter().filter(|it| fits(it, &query)).map(|it| it.id.as_str()).collect();
        let ids: Vec<&str> = sqlite.iter().map(|row| row.contact.id.as_str()).collect();
        assert_eq!(ids, expected, "{query:?}");
        found_any += usize::from(!ids.is_empty());
        let marked =
            sqlite.iter().flat_map(|row| &row.snippets).flat_map(|it| &it.pieces).filter(|it| it.hit);
        let wanted: BTreeSet<String> = query.text.replace('"', " ").split_whitespace().map(bare).collect();
        for piece in marked {
            assert!(
                piece.text.split(' ').all(|word| wanted.contains(&bare(word))),
                "{piece:?} for {query:?}"
            );
        }
    }
    assert!(found_any > 60, "most queries find nothing: {found_any}");
}
