//! Gives spoken and written words their times, the way people really talk.

use crate::dice::Dice;
use crate::people::Traits;
use crate::script::{PauseKind, Side, Tag};
use crate::talk::Turn;
use touchline_model::{MediaTime, Transcript, Word};

/// Something worth talking about afterwards, and when it happened (seconds).
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) tag: Tag,
    pub(crate) start: f64,
    pub(crate) end: f64,
}

/// What happened in a contact, as an attentive listener would count it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) noted: Vec<Noted>,
    /// Silences of more than four seconds without a reason given, summed.
    pub(crate) dead_air: f64,
    pub(crate) fillers: usize,
    pub(crate) agent_words: usize,
    pub(crate) duration: f64,
}

impl Facts {
    pub(crate) fn count(&self, tag: Tag) -> usize {
        self.noted.iter().filter(|noted| noted.tag == tag).count()
    }
    pub(crate) fn has(&self, tag: Tag) -> bool {
        self.count(tag) > 0
    }
}

const AGENT: u16 = 0;
const CUSTOMER: u16 = 1;

struct Stage<'a> {
    words: Vec<Word>,
    facts: Facts,
    /// End of the last word, by speaker.
    free: [f64; 2],
    now: f64,
    dice: &'a mut Dice,
}

fn number(side: Side) -> u16 {
    match side {
        Side::Agent => AGENT,
        Side::Customer => CUSTOMER,
    }
}

/// Splits "fine," into "fine" and ",".
fn split(token: &str) -> (&str, &str) {
    token.split_at(token.trim_end_matches([',', '.', '?', '!', ';', ':']).len())
}

impl Stage<'_> {
    fn word(&mut self, side: u16, token: &str, start: f64, secs: f64) -> f64 {
        let at = usize::from(side);
        let start = start.max(self.free[at] + 0.01);
        let end = start + secs;
        let (text, punctuation) = split(token);
        if text.is_empty() {
            return start;
        }
        let odd = text.chars().any(|c| c.is_ascii_digit()) || text.len() > 10;
        let confidence =
            if self.dice.chance(0.06) { self.dice.range(0.42, 0.75) } else { self.dice.range(0.84, 0.995) };
        let confidence = (confidence - if odd { 0.06 } else { 0.0 }) * 1_000.0;
        self.words.push(Word {
            start: MediaTime::from_micros((start * 1_000.0).round() as i64 * 1_000),
            end: MediaTime::from_micros((end * 1_000.0).round() as i64 * 1_000),
            text: text.to_owned(),
            punctuation: (!punctuation.is_empty()).then(|| punctuation.to_owned()),
            speaker: side,
            confidence: Some(confidence.round() as f32 / 1_000.0),
        });
        self.free[at] = end;
        end
    }

    /// A short "mm-hm" of the one who listens.
    fn acknowledge(&mut self, side: u16, at: f64) {
        let text = self.dice.pick(&["Mm-hm.", "Right.", "Yeah.", "Okay.", "Uh-huh.", "Yep.", "Mm."]);
        let secs = self.dice.range(0.22, 0.38);
        let end = self.word(side, text, at, secs);
        self.free[usize::from(side)] = end;
    }
}

/// How long a word takes, in seconds, at ordinary speed.
fn length(token: &str) -> f64 {
    let letters: f64 = token
        .chars()
        .map(|c| match c {
            '0'..='9' => 3.4,
            '£' => 3.0,
            c if c.is_alphanumeric() => 1.0,
            _ => 0.0,
        })
        .sum();
    0.075 + 0.046 * letters
}

/// Words that may follow a filler in lower case.
const LOWERED: [&str; 22] = [
    "So", "The", "That", "We", "You", "It", "It's", "Let", "That's", "There's", "And", "What", "There",
    "Okay", "Right", "They", "You've", "Your", "Is", "Could", "Can", "Have",
];

/// Words before which nobody hesitates: thanks, names of habits, endings.
const KEPT: [&str; 9] = ["thank", "please", "bye", "cheers", "you", "to", "Mr", "is", "but"];

/// "Um, so the letter's about..." for people who talk like that.
fn with_fillers(text: &str, odds: f64, dice: &mut Dice, count: &mut usize) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut fresh = true;
    for token in text.split(' ') {
        let mut token = token.to_owned();
        if fresh && dice.chance(odds) && (LOWERED.contains(&token.as_str()) || token.starts_with("I'")) {
            out.push_str(dice.pick(&["Um, ", "Uh, ", "Erm, ", "So, um, ", "Well, "]));
            if LOWERED.contains(&token.as_str()) {
                token = token.to_lowercase();
            }
            *count += 1;
        } else if !fresh
            && out.ends_with(", ")
            && token.starts_with(char::is_lowercase)
            && !KEPT.iter().any(|k| token.starts_with(k))
            && dice.chance(odds * 0.6)
        {
            out.push_str(dice.pick(&["you know, ", "like, ", "sort of, ", "um, "]));
            *count += 1;
        }
        fresh = token.ends_with(['.', '?', '!']);
        out.push_str(&token);
        out.push(' ');
    }
    out.truncate(out.trim_end().len());
    out
}

/// A call: two people who take turns, overlap, hesitate and wait.
pub(crate) fn spoken(
    turns: &[Turn],
    traits: &Traits,
    customer_pace: f64,
    dice: &mut Dice,
) -> (Transcript, Facts) {
    let now = dice.range(0.5, 1.4);
    let mut stage = Stage { words: Vec::new(), facts: Facts::default(), free: [0.0; 2], now, dice };
    let mut before: Option<(Side, usize)> = None;
    for turn in turns {
        match turn {
            Turn::Pause { kind, secs } => stage.pause(*kind, *secs, traits),
            Turn::Say { side, tag, text } => {
                let gap = stage.gap(*side, before, traits);
                let text = match side {
                    Side::Agent => {
                        let odds = 0.3 * (1.0 - traits.clarity).powi(2);
                        let mut fillers = 0;
                        let text = with_fillers(text, odds, stage.dice, &mut fillers);
                        stage.facts.fillers += fillers;
                        text
                    }
                    Side::Customer => with_fillers(text, 0.05, stage.dice, &mut 0),
                };
                let pace = if *side == Side::Agent { traits.pace } else { customer_pace };
                stage.turn(*side, *tag, &text, gap, pace);
                before = Some((*side, text.split(' ').count()));
            }
        }
    }
    stage.finish()
}

impl Stage<'_> {
    fn pause(&mut self, kind: PauseKind, secs: f64, traits: &Traits) {
        let secs = match kind {
            PauseKind::Hold => secs,
            PauseKind::Look => secs * (1.6 - traits.flow),
        };
        if kind == PauseKind::Look && secs > 4.0 {
            self.facts.dead_air += secs;
            self.facts.noted.push(Noted { tag: Tag::DeadAir, start: self.now, end: self.now + secs });
        }
        self.now += secs;
    }

    /// Time between two turns; negative when the next speaker does not wait.
    fn gap(&mut self, side: Side, before: Option<(Side, usize)>, traits: &Traits) -> f64 {
        let Some((last, words)) = before else { return 0.0 };
        if last == side {
            return self.dice.range(0.3, 0.8);
        }
        if side == Side::Agent && words >= 8 && self.dice.chance(0.6 * (1.0 - traits.listening).powi(2)) {
            // Mostly into the last word, now and then two words early.
            let early = if self.dice.chance(0.3) { 2 } else { 1 };
            let own: Vec<&Word> =
                self.words.iter().rev().filter(|word| word.speaker == CUSTOMER).take(early).collect();
            let start = own.last().map_or(self.now, |word| word.start.secs() + 0.03);
            let overlap = (self.now - start).max(0.1);
            self.facts.noted.push(Noted {
                tag: Tag::Interruption,
                start: self.now - overlap,
                end: self.now + 1.5,
            });
            return -overlap;
        }
        match side {
            Side::Agent => self.dice.range(0.15, 0.5 + 0.7 * (1.0 - traits.knowledge)),
            Side::Customer if self.dice.chance(0.12) => -self.dice.range(0.03, 0.14),
            Side::Customer => self.dice.range(0.15, 0.85),
        }
    }

    fn turn(&mut self, side: Side, tag: Option<Tag>, text: &str, gap: f64, pace: f64) {
        let (me, other) = (number(side), 1 - number(side));
        let mut at = (self.now + gap).max(self.free[usize::from(me)] + 0.05);
        let first = at;
        let tokens: Vec<&str> = text.split(' ').filter(|token| !token.is_empty()).collect();
        if side == Side::Agent {
            self.facts.agent_words += tokens.len();
        }
        for (position, token) in tokens.iter().enumerate() {
            let secs = length(token) * self.dice.range(0.82, 1.22) / pace;
            let end = self.word(me, token, at, secs);
            let rest = match token.chars().last() {
                Some(',' | ';' | ':') => self.dice.range(0.1, 0.28),
                Some('.') if token.ends_with("..") => self.dice.range(0.7, 1.8),
                Some('.' | '?' | '!') => self.dice.range(0.25, 0.6),
                _ => self.dice.range(0.01, 0.06),
            };
            let sentence_end =
                token.ends_with(['.', '?', '!']) && position > 8 && position + 6 < tokens.len();
            if sentence_end && self.dice.chance(0.22) {
                self.acknowledge(other, end + 0.08);
            }
            at = end + rest / pace;
        }
        let end = self.free[usize::from(me)];
        if let Some(tag) = tag {
            self.facts.noted.push(Noted { tag, start: first, end });
        }
        self.now = end;
    }

    fn finish(mut self) -> (Transcript, Facts) {
        let mut transcript = Transcript { speakers: Vec::new(), words: self.words };
        transcript.normalise();
        let last = self.free[0].max(self.free[1]);
        self.facts.duration =
            if last > 0.0 { ((last + self.dice.range(0.4, 1.6)) * 1_000.0).ceil() / 1_000.0 } else { 0.0 };
        for noted in &mut self.facts.noted {
            noted.start = noted.start.max(0.0);
            noted.end = noted.end.min(self.facts.duration);
        }
        (transcript, self.facts)
    }
}

/// A chat or a mail: each message appears at once, its words counted as they are read.
pub(crate) fn written(turns: &[Turn], traits: &Traits, mail: bool, dice: &mut Dice) -> (Transcript, Facts) {
    let mut stage = Stage { words: Vec::new(), facts: Facts::default(), free: [0.0; 2], now: 0.5, dice };
    let mut first = true;
    for turn in turns {
        let (side, tag, text) = match turn {
            Turn::Pause { secs, .. } => {
                stage.now += secs;
                continue;
            }
            Turn::Say { side, tag, text } => (*side, *tag, text),
        };
        let words = text.split(' ').count() as f64;
        let think = match (mail, side) {
            (true, _) => 2.0,
            (false, Side::Agent) => stage.dice.range(6.0, 18.0) + 0.5 * words + 25.0 * (1.0 - traits.flow),
            (false, Side::Customer) => stage.dice.range(5.0, 30.0) + 0.7 * words,
        };
        let text = if text.ends_with(['.', '?', '!']) { text.clone() } else { format!("{text}.") };
        stage.now += if first { 0.0 } else { think };
        first = false;
        let start = stage.now;
        if side == Side::Agent {
            stage.facts.agent_words += words as usize;
        }
        let mut at = start;
        for token in text.split(' ') {
            at = stage.word(number(side), token, at, 0.24) + 0.01;
        }
        let end = stage.free[usize::from(number(side))];
        if let Some(tag) = tag {
            stage.facts.noted.push(Noted { tag, start, end });
        }
        stage.now = end;
    }
    stage.finish()
}
