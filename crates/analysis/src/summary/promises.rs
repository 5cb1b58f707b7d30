//! What was promised for later.

use super::{line_of, sentences::Sentence};
use touchline_model::{SummaryLine, Transcript};

/// Most promises that are listed.
const MOST: usize = 10;

/// Deeds that happen after the call, when somebody "will" do them.
const DEEDS: &[&str] = &[
    "send",
    "email",
    "mail",
    "text",
    "call",
    "ship",
    "schedule",
    "escalate",
    "open",
    "file",
    "contact",
    "reach",
    "notify",
    "forward",
    "refund",
    "credit",
    "submit",
    "investigate",
    "follow",
    "have",
    "arrange",
    "deliver",
    "dispatch",
    "replace",
    "get",
    "let",
    "process",
    "issue",
    "update",
    "share",
    "prepare",
    "review",
    "look",
    "provide",
    "post",
    "return",
    "ask",
    "talk",
    "discuss",
    "report",
    "inform",
    "confirm",
    "pass",
    "order",
];

/// What the listener can wait for.
const RECEIPTS: &[&str] =
    &["receive", "get", "hear", "see", "arrive", "be", "expect", "find", "come", "have"];

/// With these a sentence is a next step whatever else it says.
const PLAIN: &[&str] = &[
    "follow up with",
    "following up",
    "call you back",
    "get back to you",
    "next step",
    "next steps",
    "you can expect",
    "should receive",
    "should arrive",
    "should get",
    "will arrive",
    "business days",
    "will be mailed",
    "will be sent",
    "will be shipped",
    "will be delivered",
    "will be contacted",
    "i will call back",
    "reach out to you",
    "send you an email",
    "send you a link",
];

/// "I will be happy to", "I will get that for you": help during the call, not after it.
const AT_ONCE: &[&str] = &[
    "be happy",
    "be glad",
    "be able",
    "help you",
    "assist",
    "just",
    "need",
    "put you",
    "place you",
    "transfer you",
    "check",
    "go ahead",
    "have to",
    "let you go",
    "get that",
    "get you",
    "get started",
    "have a",
    "look at",
    "ask you",
    "look up",
    "pull up",
    "get your",
    "let you know that",
    "call it",
    "talk about",
    "open the call",
    "review the",
];

/// "You will be", "you will have" promise something only with one of these.
const LATER: &[&str] = &[
    "days",
    "day",
    "week",
    "weeks",
    "hours",
    "tomorrow",
    "tonight",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "month",
    "soon",
    "shortly",
    "email",
    "mail",
    "letter",
    "notification",
    "confirmation",
    "mailed",
    "sent",
    "shipped",
    "delivered",
    "contacted",
    "notified",
    "refunded",
    "credited",
];

/// What people wish each other.
const GOOD: &[&str] = &[
    "good",
    "nice",
    "great",
    "wonderful",
    "lovely",
    "fantastic",
    "beautiful",
    "blessed",
    "pleasant",
    "safe",
    "excellent",
    "awesome",
    "amazing",
    "happy",
];
/// For when they wish it.
const OCCASIONS: &[&str] = &[
    "day",
    "one",
    "evening",
    "night",
    "morning",
    "afternoon",
    "weekend",
    "week",
    "holiday",
    "holidays",
    "time",
    "trip",
    "flight",
    "drive",
    "journey",
];
/// What may stand before and between those.
const AROUND: &[&str] =
    &["have", "enjoy", "be", "a", "an", "the", "your", "rest", "of", "very", "really", "such", "just", "and"];
/// Farewells that sound like promises.
const FAREWELLS: &[&str] = &[
    "talk to you later",
    "talk to you soon",
    "talk to you then",
    "talk to you again",
    "look forward to",
    "be right back",
    "be right with you",
    "let you get",
];

/// The words without "have a nice day" and "talk to you later": who says so has promised nothing.
fn without_small_talk(tokens: &[String]) -> Vec<&str> {
    let mut tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    for farewell in FAREWELLS {
        let words: Vec<&str> = farewell.split(' ').collect();
        while let Some(at) = tokens.windows(words.len()).position(|window| window == words) {
            tokens.drain(at..at + words.len());
        }
    }
    let mut at = 0;
    while at < tokens.len() {
        match wish(&tokens[..=at]) {
            Some(start) => {
                tokens.drain(start..=at);
                at = start;
            }
            None => at += 1,
        }
    }
    tokens
}

/// Where the wish begins that ends with the last of these words: "have a great rest of your day".
fn wish(tokens: &[&str]) -> Option<usize> {
    let (last, before) = tokens.split_last()?;
    if !OCCASIONS.contains(last) {
        return None;
    }
    let inside = |word: &&&str| AROUND.contains(*word) || GOOD.contains(*word);
    let length = before.iter().rev().take_while(inside).count();
    let start = before.len() - length;
    let wish = &before[start..];
    let wishes = wish.iter().any(|word| matches!(*word, "have" | "enjoy" | "be"));
    let good = wish.iter().any(|word| GOOD.contains(word)) || wish.contains(&"enjoy");
    (wishes && good).then_some(start)
}

/// The sentences that promise something, in order.
pub(super) fn next_steps(transcript: &Transcript, sentences: &[Sentence]) -> Vec<SummaryLine> {
    let promises =
        sentences.iter().filter(|sentence| !sentence.asks && !asks_like(sentence) && promises(sentence));
    promises.take(MOST).map(|sentence| line_of(transcript, sentence)).collect()
}

fn asks_like(sentence: &Sentence) -> bool {
    ["will you", "would you", "can you", "could you", "when will", "what will", "how will", "if i", "will i"]
        .iter()
        .any(|start| sentence.starts(start))
}

fn promises(sentence: &Sentence) -> bool {
    let tokens = without_small_talk(&sentence.tokens);
    let says = |phrase: &&str| {
        let words: Vec<&str> = phrase.split(' ').collect();
        tokens.windows(words.len()).any(|window| window == words)
    };
    if PLAIN.iter().any(says) {
        return true;
    }
    let later = tokens.iter().any(|token| LATER.contains(token));
    (0..tokens.len()).any(|at| {
        let (subject, rest) = match tokens[at..] {
            [subject, "will", ref rest @ ..] => (subject, rest),
            [subject, "am" | "are" | "is", "going", "to", ref rest @ ..] => (subject, rest),
            _ => return false,
        };
        let skipped =
            rest.iter().take_while(|word| matches!(**word, "also" | "then" | "definitely" | "go")).count();
        let rest = &rest[skipped..];
        let Some(&verb) = rest.first() else { return false };
        match subject {
            "i" | "we" | "someone" | "somebody" | "they" | "he" | "she" | "team" | "department"
            | "technician" => DEEDS.contains(&verb) && !at_once(rest),
            "you" | "it" | "that" | "which" => RECEIPTS.contains(&verb) && later,
            _ => verb == "be" && later && tokens.len() > 4,
        }
    })
}

fn at_once(rest: &[&str]) -> bool {
    AT_ONCE.iter().any(|phrase| {
        let mut rest = rest.iter();
        phrase.split(' ').all(|word| rest.next() == Some(&word))
    })
}
