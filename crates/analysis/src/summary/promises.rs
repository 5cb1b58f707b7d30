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
    if PLAIN.iter().any(|phrase| sentence.says(phrase)) {
        return true;
    }
    let tokens: Vec<&str> = sentence.tokens.iter().map(String::as_str).collect();
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
