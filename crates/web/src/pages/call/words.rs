//! What was said, as turns that can be read without a script, and the times that let a script follow the sound.

use crate::{filters, texts};
use askama::Template;
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
};
use touchline_app::contacts::WholeCall;
use touchline_model::{Channel, MediaTime, SpeakerType, Topic, TopicId, Transcript, User};

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
    /// Names of the topics that were found here.
    hit: Option<String>,
    /// Whether the recogniser was not sure.
    low: bool,
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
            pieces: pieces(said, part, &hits, &topics),
            written: (!spoken).then(|| at(words[0].start)),
        });
        speaker = Some(number);
    }
    Some(Words { turns, times: times(said) })
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

fn pieces(
    said: &Transcript,
    part: std::ops::Range<usize>,
    hits: &HashMap<usize, Vec<TopicId>>,
    topics: &HashMap<TopicId, &Topic>,
) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut last = None;
    for at in part {
        let word = &said.words[at];
        let (hit, low) = (hits.get(&at), word.confidence.is_some_and(|it| it < SURE));
        if last != Some((hit, low)) || pieces.is_empty() {
            let names = hit.map(|ids| {
                let names = ids.iter().filter_map(|id| topics.get(id)).map(|it| it.name.as_str());
                names.collect::<Vec<_>>().join(", ")
            });
            pieces.push(Piece { text: String::new(), hit: names, low });
            last = Some((hit, low));
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
