//! What was said, as turns that can be read without a script, and the times that let a script follow the sound.

use crate::{filters, texts};
use askama::Template;
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
};
use touchline_app::contacts::WholeCall;
use touchline_model::{Channel, MediaTime, SpeakerType, Topic, TopicId, Transcript, User, Word};

/// Words after which a long turn is parted at the end of a sentence, and at the latest.
const LONG: usize = 80;
const TOO_LONG: usize = 200;
/// A pause between words of one person that makes two messages of them, in seconds.
const MESSAGE_PAUSE: f64 = 1.5;
/// Words that the recogniser was less sure of are shown so.
const SURE: f32 = 0.5;

/// Somebody who speaks.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    /// Name, or what stands for it.
    pub(super) name: String,
    /// `agent`, `customer` or `other`: gives the colour.
    pub(super) class: &'static str,
}

/// Words that are shown alike.
#[derive(Debug)]
pub(super) struct Piece {
    text: String,
    /// Whether a topic was found here.
    hit: bool,
    /// `low` where the recogniser was not sure, `noted` where somebody has remarked something, both, or nothing.
    class: &'static str,
    /// The topics, who remarked something, and that the recogniser was not sure.
    title: String,
}

/// What one person says without a break.
#[derive(Debug)]
pub(super) struct Turn {
    /// Position of its first word.
    first: usize,
    /// When it begins, in seconds.
    pub(super) start: MediaTime,
    /// Nothing when it goes on with the turn before.
    name: Option<String>,
    class: &'static str,
    pieces: Vec<Piece>,
    /// Of a chat or mail: when it was written, briefly and in full.
    written: Option<(String, String)>,
}

/// The turns.
#[derive(Template)]
#[template(path = "call_words.html")]
pub(super) struct Words {
    turns: Vec<Turn>,
    /// Whether the recogniser was not sure of some words.
    unsure: bool,
    /// For the script: see [`times`].
    pub(super) times: String,
}

/// The name of a person.
pub(super) fn name_of(user: &User) -> String {
    let name = format!("{} {}", user.first_name, user.last_name);
    match name.trim() {
        "" => user.email.clone(),
        name => name.to_owned(),
    }
}

/// Who speaks, by number.
pub(super) fn voices(call: &WholeCall) -> BTreeMap<u16, Voice> {
    let Some(said) = &call.transcript else { return BTreeMap::new() };
    // When one of us speaks, it is the one whose contact it is.
    let ours = said.speakers.iter().filter(|it| it.speaker_type == Some(SpeakerType::Internal)).count();
    let agent = call.row.contact.value.agent_id.as_ref().filter(|_| ours == 1);
    let agent = agent.and_then(|id| call.people.get(id)).map(name_of);
    let kind = |side: SpeakerType| match side {
        SpeakerType::Internal => ("agent", texts::t("call.agent").to_owned()),
        SpeakerType::External => ("customer", texts::t("call.customer").to_owned()),
        SpeakerType::Unknown => ("other", texts::t("call.speaker").to_owned()),
    };
    let voice = |speaker: &touchline_model::Speaker| {
        let (class, mut kind) = kind(speaker.speaker_type.unwrap_or_default());
        if class == "other" {
            let _ = write!(kind, " {}", speaker.number.saturating_add(1));
        }
        let user = speaker.user_id.as_ref().and_then(|id| call.people.get(id)).map(name_of);
        let given = [speaker.first_name.as_deref(), speaker.last_name.as_deref()];
        let given = given.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let given = Some(given.trim().to_owned()).filter(|name| !name.is_empty());
        let agent = agent.clone().filter(|_| class == "agent");
        let name = user.or(given).or(agent).or_else(|| speaker.email.clone()).unwrap_or(kind);
        (speaker.number, Voice { name, class })
    };
    said.speakers.iter().map(voice).collect()
}

/// The words of a contact as turns. `at` says when something was written, for chats and mails.
pub(super) fn words(
    call: &WholeCall,
    voices: &BTreeMap<u16, Voice>,
    at: impl Fn(MediaTime) -> (String, String),
) -> Option<Words> {
    let said = call.transcript.as_ref().filter(|it| !it.words.is_empty())?;
    let spoken = call.row.contact.value.channel == Channel::Call;
    let hits = hits(call);
    let topics: HashMap<TopicId, &Topic> = call.topics.iter().map(|it| (it.id, it)).collect();
    let marks = Marks { hits, topics, noted: noted(call, said) };
    let mut turns: Vec<Turn> = Vec::new();
    let mut speaker = None;
    for part in parts(said, spoken) {
        let words = &said.words[part.clone()];
        let number = words[0].speaker;
        let voice = voices.get(&number);
        turns.push(Turn {
            first: part.start,
            start: words[0].start,
            // Two messages are two; a long speech is one.
            name: (speaker != Some(number) || !spoken)
                .then(|| voice.map_or_else(String::new, |it| it.name.clone())),
            class: voice.map_or("other", |it| it.class),
            pieces: pieces(said, part, &marks),
            written: (!spoken).then(|| at(words[0].start)),
        });
        speaker = Some(number);
    }
    let unsure = said.words.iter().any(is_unsure);
    Some(Words { turns, unsure, times: times(said) })
}

/// What is marked in the words.
struct Marks<'c> {
    hits: HashMap<usize, Vec<TopicId>>,
    topics: HashMap<TopicId, &'c Topic>,
    /// Who has remarked something on which words.
    noted: HashMap<usize, Vec<String>>,
}

fn is_unsure(word: &Word) -> bool {
    word.confidence.is_some_and(|it| it < SURE)
}

/// The words of a stretch of time: those that begin in it.
pub(super) fn stretch(said: &Transcript, start: MediaTime, end: MediaTime) -> std::ops::Range<usize> {
    let first = said.words.partition_point(|word| word.start < start);
    let last = said.words.partition_point(|word| word.start < end);
    first..last.max(first)
}

/// Which words remarks on a stretch of time are about.
fn noted(call: &WholeCall, said: &Transcript) -> HashMap<usize, Vec<String>> {
    let mut noted: HashMap<usize, Vec<String>> = HashMap::new();
    for remark in call.remarks.iter().map(|it| &it.value) {
        let Some(end) = remark.end else { continue };
        let by = call.people.get(&remark.author_id).map_or_else(|| remark.author_id.0.clone(), name_of);
        for word in stretch(said, remark.start, end) {
            let people = noted.entry(word).or_default();
            if !people.contains(&by) {
                people.push(by.clone());
            }
        }
    }
    noted
}

/// Which topics were found at which words.
fn hits(call: &WholeCall) -> HashMap<usize, Vec<TopicId>> {
    let mut at: HashMap<usize, Vec<TopicId>> = HashMap::new();
    for hit in &call.hits {
        for word in hit.first_word..=hit.last_word {
            let topics = at.entry(word as usize).or_default();
            if !topics.contains(&hit.topic) {
                topics.push(hit.topic);
            }
        }
    }
    at
}

/// The turns, as ranges of words: where the speaker changes, where a speech grows long, where a message ends.
fn parts(said: &Transcript, spoken: bool) -> Vec<std::ops::Range<usize>> {
    let mut parts = Vec::new();
    let mut first = 0;
    for at in 1..=said.words.len() {
        let (before, next) = (&said.words[at - 1], said.words.get(at));
        let sentence = before.punctuation.as_deref().unwrap_or(&before.text).ends_with(['.', '?', '!', '…']);
        let ends = next.is_none_or(|next| {
            next.speaker != before.speaker
                || (spoken && at - first >= LONG && sentence)
                || at - first >= TOO_LONG
                || (!spoken && next.start.since(before.end).secs() > MESSAGE_PAUSE)
        });
        if ends {
            parts.push(first..at);
            first = at;
        }
    }
    parts
}

fn is_space(c: char) -> bool {
    // What scripts take for a space is one here too, so that both count the same words.
    c.is_whitespace() || c == '\u{feff}'
}

fn pieces(said: &Transcript, part: std::ops::Range<usize>, marks: &Marks<'_>) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut last = None;
    for at in part {
        let word = &said.words[at];
        let now = (marks.hits.get(&at), marks.noted.get(&at), is_unsure(word));
        if last != Some(now) || pieces.is_empty() {
            pieces.push(piece(now, &marks.topics));
            last = Some(now);
        }
        let Some(piece) = pieces.last_mut() else { continue };
        let whole = format!("{}{}", word.text, word.punctuation.as_deref().unwrap_or_default());
        for token in whole.split(is_space).filter(|it| !it.is_empty()) {
            if !piece.text.is_empty() {
                piece.text.push(' ');
            }
            piece.text.push_str(token);
        }
    }
    pieces
}

/// A piece that has no words yet: topics, people who have remarked something, whether the recogniser was not sure.
fn piece(
    (hit, noted, low): (Option<&Vec<TopicId>>, Option<&Vec<String>>, bool),
    topics: &HashMap<TopicId, &Topic>,
) -> Piece {
    let topics = hit.map(|ids| {
        let names = ids.iter().filter_map(|id| topics.get(id)).map(|it| it.name.as_str());
        texts::fill("call.about_topic", &[("topics", &names.collect::<Vec<_>>().join(", "))])
    });
    let by = noted.map(|people| texts::fill("call.remarked_by", &[("people", &people.join(", "))]));
    let unsure = low.then(|| texts::t("call.unsure").to_owned());
    Piece {
        text: String::new(),
        hit: hit.is_some(),
        class: match (noted.is_some(), low) {
            (true, true) => "noted low",
            (true, false) => "noted",
            (false, true) => "low",
            (false, false) => "",
        },
        title: topics.into_iter().chain(by).chain(unsure).collect::<Vec<_>>().join("; "),
    }
}

/// `{"starts":[…],"tokens":{…}}`: when each word begins, in hundredths of a second after the word before; and of how
/// many pieces between spaces a word consists, where it is not one.
fn times(said: &Transcript) -> String {
    let mut text = String::with_capacity(16 + said.words.len() * 3);
    text.push_str("{\"starts\":[");
    let mut before = 0;
    for (at, word) in said.words.iter().enumerate() {
        let now = word.start.micros() / 10_000;
        let _ = write!(text, "{}{}", if at == 0 { "" } else { "," }, now - before);
        before = now;
    }
    text.push_str("],\"tokens\":{");
    let mut first = true;
    for (at, word) in said.words.iter().enumerate() {
        let whole = format!("{}{}", word.text, word.punctuation.as_deref().unwrap_or_default());
        let tokens = whole.split(is_space).filter(|it| !it.is_empty()).count();
        if tokens != 1 {
            let _ = write!(text, "{}\"{at}\":{tokens}", if first { "" } else { "," });
            first = false;
        }
    }
    text.push_str("}}");
    text
}
