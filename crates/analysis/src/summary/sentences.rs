//! Sentences of a transcript: by punctuation where there is some, otherwise by pauses.

use crate::text;
use touchline_model::{MediaTime, Segment, Transcript, Word};

/// From this many words on without punctuation a pause may end a sentence.
const ENOUGH: usize = 3;
/// A pause that ends an unpunctuated sentence: 0.6 s.
const PAUSE: i64 = 600_000;
/// A pause that ends any stretch, however short: 2 s.
const LONG_PAUSE: i64 = 2_000_000;
/// An unpunctuated sentence is cut at its longest pause when it has more words than this.
const TOO_MANY: usize = 40;

/// Words whose point ends no sentence.
const ABBREVIATIONS: &[&str] = &["mr", "mrs", "ms", "dr", "st", "no", "vs", "e.g", "i.e", "inc", "jr", "sr"];

/// Words that say nothing at the start of a sentence.
const FILLERS: &[&str] = &[
    "um", "uh", "er", "erm", "hmm", "mm", "mhm", "hm", "ah", "oh", "okay", "ok", "so", "well", "yeah", "yes",
    "yep", "right", "alright", "and", "but", "like", "sure", "great", "perfect", "noise", "laughter", "unk",
];

/// What is no word at all, with the tags of transcribers.
const NOISES: &[&str] = &[
    "um", "uh", "er", "erm", "hmm", "hm", "mm", "ah", "oh", "noise", "laughter", "unk", "music", "cough",
    "kids", "baby",
];

/// A sentence, with what the rest of the summary asks about it.
pub(super) struct Sentence {
    /// Who says it.
    pub(super) speaker: u16,
    /// Its first word.
    pub(super) first: usize,
    /// Its first word that is no filler; `first` when there is nothing else.
    pub(super) core: usize,
    /// Its last word, inclusive.
    pub(super) last: usize,
    /// Its words from `core` on in normal form, with contractions written out ("i'll" is "i", "will").
    pub(super) tokens: Vec<String>,
    /// Whether it ends with a question mark.
    pub(super) asks: bool,
    /// Whether it ends with punctuation at all.
    pub(super) punctuated: bool,
    /// Start of its first word.
    pub(super) start: MediaTime,
    /// End of its last word.
    pub(super) end: MediaTime,
}

impl Sentence {
    /// Whether it says nothing but "okay", "yeah", "um".
    pub(super) fn is_filler(&self) -> bool {
        self.tokens.iter().all(|token| FILLERS.contains(&token.as_str()))
    }
    /// Whether it is more than noises: "okay" is an answer, "um" is none.
    pub(super) fn says_anything(&self) -> bool {
        self.tokens.iter().any(|token| !NOISES.contains(&token.as_str()))
    }
    /// Whether these words occur in it one after the other.
    pub(super) fn says(&self, phrase: &str) -> bool {
        self.find(phrase).is_some()
    }
    /// Where these words occur in it one after the other.
    pub(super) fn find(&self, phrase: &str) -> Option<usize> {
        let length = phrase.split(' ').count();
        self.tokens.windows(length).position(|window| phrase.split(' ').eq(window.iter().map(String::as_str)))
    }
    /// Whether it starts with these words.
    pub(super) fn starts(&self, phrase: &str) -> bool {
        let mut tokens = self.tokens.iter();
        phrase.split(' ').all(|word| tokens.next().is_some_and(|token| token == word))
    }
}

/// All sentences, in order.
pub(super) fn sentences(transcript: &Transcript) -> Vec<Sentence> {
    let mut found = Vec::new();
    for segment in transcript.segments() {
        split(transcript, &segment, &mut found);
    }
    found
}

fn split(transcript: &Transcript, segment: &Segment, found: &mut Vec<Sentence>) {
    let words = &transcript.words;
    let mut first = segment.first;
    for at in segment.first..segment.end {
        let pause = words.get(at + 1).map_or(0, |next| next.start.since(words[at].end).micros());
        let enough = at + 1 - first >= ENOUGH;
        let done = at + 1 == segment.end
            || final_mark(&words[at]).is_some()
            || pause > LONG_PAUSE
            || (pause > PAUSE && enough);
        if done {
            cut_long(transcript, first, at, found);
            first = at + 1;
        }
    }
}

/// Cuts a stretch of too many words at its longest pause, again and again; the pieces of a stretch without pauses
/// are halves.
fn cut_long(transcript: &Transcript, first: usize, last: usize, found: &mut Vec<Sentence>) {
    let mut waiting = vec![(first, last)];
    while let Some((first, last)) = waiting.pop() {
        if last - first < TOO_MANY || final_mark(&transcript.words[last]).is_some() {
            found.push(sentence(transcript, first, last));
            continue;
        }
        let middle = first.midpoint(last);
        let pause = |at: usize| transcript.words[at + 1].start.since(transcript.words[at].end).micros();
        let best =
            (first + ENOUGH..last - ENOUGH).max_by_key(|&at| (pause(at), usize::MAX - at.abs_diff(middle)));
        let cut = best.unwrap_or(middle);
        waiting.push((cut + 1, last));
        waiting.push((first, cut));
    }
}

/// The mark that ends a sentence with this word, if it does.
fn final_mark(word: &Word) -> Option<char> {
    let whole = word.punctuation.as_deref().unwrap_or(&word.text);
    let mark =
        whole.chars().rev().find(|c| !matches!(c, '"' | '\'' | ')' | ']' | '\u{201d}' | '\u{2019}'))?;
    match mark {
        '?' | '!' | '\u{3002}' | '\u{ff1f}' | '\u{ff01}' | '\u{61f}' => Some(mark),
        '.' => (!ABBREVIATIONS.contains(&text::normal(&word.text).as_ref())).then_some(mark),
        _ => None,
    }
}

fn sentence(transcript: &Transcript, first: usize, last: usize) -> Sentence {
    let words = &transcript.words[first..=last];
    let says_something = |word: &Word| {
        let normal = text::normal(&word.text);
        !normal.is_empty() && !FILLERS.contains(&normal.as_ref())
    };
    let mut core = first + words.iter().position(says_something).unwrap_or(0);
    // "Thank you, when did you ..." starts at "when".
    while let [one, two, _, ..] = &transcript.words[core..=last]
        && text::normal(&one.text) == "thank"
        && text::normal(&two.text) == "you"
        && !["for", "so", "very"].contains(&text::normal(&transcript.words[core + 2].text).as_ref())
    {
        let rest = &transcript.words[core + 2..=last];
        core += 2 + rest.iter().position(says_something).unwrap_or(0);
    }
    let mut tokens = Vec::with_capacity(words.len());
    for token in transcript.words[core..=last].iter().flat_map(|word| word.text.split_whitespace()) {
        expand(&text::normal(token), &mut tokens);
    }
    let mark = final_mark(&words[words.len() - 1]);
    Sentence {
        speaker: words[0].speaker,
        first,
        core,
        last,
        tokens,
        asks: matches!(mark, Some('?' | '\u{ff1f}' | '\u{61f}')),
        punctuated: mark.is_some(),
        start: words[0].start,
        end: words[words.len() - 1].end,
    }
}

/// Writes contractions out, so that one form of a promise or question is enough.
fn expand(token: &str, tokens: &mut Vec<String>) {
    let token = token.replace('\u{2019}', "'");
    match token.as_str() {
        "" => return,
        "can't" | "cannot" => return tokens.extend(["can".to_owned(), "not".to_owned()]),
        "won't" => return tokens.extend(["will".to_owned(), "not".to_owned()]),
        "gonna" => return tokens.extend(["going".to_owned(), "to".to_owned()]),
        _ => {}
    }
    for (ending, word) in
        [("n't", "not"), ("'ll", "will"), ("'m", "am"), ("'re", "are"), ("'ve", "have"), ("'d", "would")]
    {
        if let Some(stem) = token.strip_suffix(ending).filter(|stem| !stem.is_empty()) {
            return tokens.extend([stem.to_owned(), word.to_owned()]);
        }
    }
    match token.strip_suffix("'s") {
        Some(stem @ ("what" | "where" | "how" | "who" | "when" | "it" | "that" | "there")) => {
            tokens.extend([stem.to_owned(), "is".to_owned()]);
        }
        _ => tokens.push(token),
    }
}
