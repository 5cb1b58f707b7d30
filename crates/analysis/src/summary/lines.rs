//! The sentences that say most.

use super::{line_of, questions::is_question, sentences::Sentence};
use std::collections::{HashMap, HashSet};
use touchline_model::{SpeakerType, SummaryLine, Transcript};

/// Most lines of a summary.
const LINES: usize = 5;
/// A sentence with fewer telling words is no line.
const TELLING: usize = 2;

/// Why somebody calls.
const REASONS: &[&str] = &[
    "i am calling",
    "calling about",
    "calling because",
    "calling to",
    "calling for",
    "i need",
    "i want",
    "i wanted",
    "i would like",
    "i was wondering",
    "i have a problem",
    "i have an issue",
    "i have a question",
    "problem with",
    "issue with",
    "trouble with",
    "help me",
    "help with",
    "i lost",
    "i forgot",
    "i am trying to",
    "i am looking",
    "i am having",
    "does not work",
    "not working",
    "is broken",
    "cancel my",
    "i got a",
    "i received",
    "i ordered",
];

/// How it ended.
const OUTCOMES: &[&str] = &[
    "has been",
    "have been",
    "i have scheduled",
    "i have sent",
    "i have ordered",
    "i have transferred",
    "i have processed",
    "you are all set",
    "successfully",
    "is confirmed",
    "is scheduled",
    "your balance",
    "is open",
    "are open",
    "your new",
    "resolved",
    "refunded",
    "went through",
    "will be",
    "the reason",
];

/// What every call says.
const PLEASANTRIES: &[&str] = &[
    "thank you for calling",
    "thanks for calling",
    "my name is",
    "this is",
    "how can i help",
    "how may i help",
    "can i help you",
    "may i help you",
    "help you with today",
    "help you today",
    "anything else",
    "have a good",
    "have a great",
    "have a nice",
    "how are you",
    "you are welcome",
    "thank you so much",
    "thank you very much",
    "nice day",
    "good day",
    "great day",
    "bye",
    "goodbye",
    "good morning",
    "good afternoon",
    "one moment",
    "hold on",
    "let me",
    "your name",
    "date of birth",
    "last four",
    "spell",
    "speaking with",
    "speaking to",
    "can you hear",
    "are you there",
    "take care",
    "bear with me",
    "happy to help",
    "glad to help",
    "repeat",
    "be all",
    "just a moment",
    "just a second",
    "one second",
];

/// Words without a meaning of their own, besides those of one or two letters.
const STOPWORDS: &str = "
    the and that this these those you your yours our ours their his her its him she they them was were are
    been being have has had having does did doing done will would can could should shall may might must not
    but for with about into from over then than there here when where what which who whom why how all any
    both each few more most other some such only own same too very just now also one two okay yeah yes well
    right alright like know think mean going get got let want need see say said thing things really actually
    basically kind sort lot please thank thanks sorry hello hey sure great good fine perfect because out off
    back down gonna wanna noise laughter unk uhm hmm mhm maybe way again still much many even bit little
    guess make take come look time today name call calling help next first morning afternoon moment sir
    madam hundred thousand dollars three four five six seven eight nine ten zero eleven twelve thirteen
    fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty
    ninety every day
";

fn tells(token: &str, stopwords: &HashSet<&str>) -> bool {
    let letters = token.chars().count();
    (letters > 2 || token.bytes().any(|b| b.is_ascii_digit())) && !stopwords.contains(token)
}

/// At most five lines, in the order in which they were said.
pub(super) fn lines(transcript: &Transcript, sentences: &[Sentence]) -> Vec<SummaryLine> {
    let stopwords: HashSet<&str> = STOPWORDS.split_whitespace().collect();
    let mut numbers = HashMap::<&str, usize>::new();
    let mut counts = Vec::<u32>::new();
    // The telling words of each sentence, by number, each once.
    let terms: Vec<Vec<usize>> = sentences
        .iter()
        .map(|sentence| {
            let mut terms = Vec::new();
            for token in sentence.tokens.iter().filter(|token| tells(token, &stopwords)) {
                let number = *numbers.entry(token).or_insert(counts.len());
                if number == counts.len() {
                    counts.push(0);
                }
                counts[number] += 1;
                terms.push(number);
            }
            terms.sort_unstable();
            terms.dedup();
            terms
        })
        .collect();
    // Dampened frequency: what is said often matters, but not in proportion.
    let weights: Vec<f64> = counts.iter().map(|count| 1.0 + f64::from(*count).ln()).collect();
    let scores: Vec<f64> = sentences
        .iter()
        .zip(&terms)
        .enumerate()
        .map(|(at, (sentence, terms))| {
            if terms.len() < TELLING {
                return 0.0;
            }
            let weight: f64 = terms.iter().map(|term| weights[*term]).sum();
            // Divided by the root of the length: long sentences win, rambling ones do not.
            let density = weight / (sentence.tokens.len().max(6) as f64).sqrt();
            density * cues(transcript, sentence, at as f64 / sentences.len() as f64)
        })
        .collect();
    pick(&scores, &terms, &weights).into_iter().map(|at| line_of(transcript, &sentences[at])).collect()
}

/// How much a sentence is raised or lowered by what it sounds like and where it stands (0 to 1).
fn cues(transcript: &Transcript, sentence: &Sentence, position: f64) -> f64 {
    let any = |phrases: &[&str]| phrases.iter().any(|phrase| sentence.says(phrase));
    let side = transcript.speaker_type(sentence.speaker);
    let mut factor = 1.0;
    if any(REASONS) {
        factor *= match (side, position) {
            (SpeakerType::Internal, _) => 1.1,
            (_, ..0.4) => 2.5,
            _ => 1.4,
        };
    }
    if any(OUTCOMES) {
        factor *= if side == SpeakerType::External { 1.1 } else { 1.5 };
    }
    if any(PLEASANTRIES) {
        factor *= 0.25;
    }
    if sentence.asks || is_question(sentence) {
        factor *= 0.4;
    }
    factor
}

/// Greedy choice with a penalty for terms that a chosen sentence holds already; ascending positions.
fn pick(scores: &[f64], terms: &[Vec<usize>], weights: &[f64]) -> Vec<usize> {
    let mut covered = vec![false; weights.len()];
    let mut chosen = Vec::new();
    let mut best_score = 0.0;
    while chosen.len() < LINES {
        let gain = |at: usize| {
            let (mut fresh, mut all) = (0.0, 0.0);
            for &term in &terms[at] {
                all += weights[term];
                fresh += if covered[term] { 0.0 } else { weights[term] };
            }
            if all > 0.0 { scores[at] * (fresh / all).powi(2) } else { 0.0 }
        };
        let open = (0..scores.len()).filter(|at| scores[*at] > 0.0 && !chosen.contains(at));
        // The first of equals, so that the answer never depends on chance.
        let best = open.map(|at| (gain(at), at)).reduce(|a, b| if b.0 > a.0 { b } else { a });
        let Some((gain, at)) = best else { break };
        if chosen.is_empty() {
            best_score = gain;
        }
        // What says a fifth of the best line or less is not worth a line.
        if gain <= best_score * 0.2 {
            break;
        }
        terms[at].iter().for_each(|term| covered[*term] = true);
        chosen.push(at);
    }
    chosen.sort_unstable();
    chosen
}
