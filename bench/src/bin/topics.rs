//! How fast 2,000 phrases are found in transcripts, beside a bare `aho-corasick` that scans the same bytes.
//!
//! ```text
//! cargo run --release --bin topics -- [FOLDER OF .nlp TRANSCRIPTS] [--bytes N] [--write FOLDER]
//! ```
//!
//! Measured in one process, in turns, the best of several rounds each:
//!
//! - *bare, as it comes*: `AhoCorasick::new` over the normalised bytes, one scan per transcript, hits counted;
//! - *bare, table*: the same with the large transition table (`AhoCorasickKind::DFA`), its fastest form;
//! - *visit*: `TopicMatcher::visit` over the transcripts as they lie in memory, normalising included;
//! - *find*: `TopicMatcher::find`, which also keeps every hit, one transcript after the other on one core;
//! - *find many*: `TopicMatcher::find_many`, which does that on all cores, 100 transcripts a call as the server does.
//!
//! All count the same hits, and the program stops if they do not. MB/s are megabytes of normalised text (what the
//! bare automaton reads) per second, for all five; all but the last use one core. `--write` leaves the text and the
//! phrases for `topics.py`.

use aho_corasick::{AhoCorasick, AhoCorasickKind, StartKind};
use std::{collections::BTreeSet, error::Error, fs, hint::black_box, path::Path, time::Instant};
use touchline_analysis::{TopicMatcher, text};
use touchline_model::{MediaTime, Topic, TopicId, TopicScope, Transcript, Word};

const PHRASES: usize = 2_000;
const TOPICS: usize = 50;
const ROUNDS: usize = 50;
/// Text that a round reads, unless told otherwise. With this much the transcripts lie in the processor's caches, as one
/// does that was just decoded; `--bytes 8000000` shows the memory's share.
const BYTES: usize = 500_000;

/// Transcripts that the server matches in one go.
const STEP: usize = 100;

/// A small generator (SplitMix64), so that every run measures the same text.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }
}

fn word(at: usize, text: &str, punctuation: &str, speaker: u16) -> Word {
    let micros = at as i64 * 330_000;
    Word {
        start: MediaTime::from_micros(micros),
        end: MediaTime::from_micros(micros + 300_000),
        text: text.to_owned(),
        punctuation: (!punctuation.is_empty()).then(|| punctuation.to_owned()),
        speaker,
        confidence: None,
    }
}

/// Frequent words of English conversation; the rest of the vocabulary is made of syllables.
const FREQUENT: &str = "the I you to a and that it is of in for have on we your my me was with this be are so do can \
    not just but what if at like know about they okay yeah right one would get there account from or will all up card \
    how out then when now no need go want see think number think it's I'm don't that's call today help please thank \
    name address bill phone order time day week check payment email Monday dollars charge service customer";

/// Dialogue of made-up words with the frequencies of speech (the n-th word is n times rarer than the first).
fn generated(dice: &mut Dice, size: usize) -> Vec<Transcript> {
    let mut vocabulary: Vec<String> = FREQUENT.split_whitespace().map(str::to_owned).collect();
    let parts = [
        "an", "ter", "con", "i", "ment", "re", "ly", "pro", "es", "tion", "car", "o", "per", "le", "in", "st",
    ];
    while vocabulary.len() < 6_000 {
        let length = 2 + dice.below(3);
        vocabulary.push((0..length).map(|_| parts[dice.below(parts.len())]).collect());
    }
    let harmonic: Vec<f64> = (1..=vocabulary.len())
        .scan(0.0, |sum, n| {
            *sum += 1.0 / n as f64;
            Some(*sum)
        })
        .collect();
    let all = harmonic[harmonic.len() - 1];
    let transcript = |_| {
        let mut words = Vec::new();
        let mut speaker = 0;
        while words.len() < 1_500 {
            speaker = 1 - speaker;
            for left in (0..3 + dice.below(40)).rev() {
                let rank = dice.below(1 << 40) as f64 / (1u64 << 40) as f64 * all;
                let text = &vocabulary[harmonic.partition_point(|sum| *sum < rank).min(vocabulary.len() - 1)];
                let mark = if left == 0 {
                    [".", "?", "."][dice.below(3)]
                } else {
                    ["", "", "", "", "", "", ","][dice.below(7)]
                };
                words.push(word(words.len(), text, mark, speaker));
            }
        }
        Transcript { speakers: Vec::new(), words }
    };
    (0..size.div_ceil(9_000)).map(transcript).collect()
}

/// Transcripts in Earnings-21's format (token|speaker|ts|endTs|punctuation|...), repeated to the size wanted.
fn read(folder: &Path, wanted: usize) -> Result<Vec<Transcript>, Box<dyn Error>> {
    let mut files: Vec<_> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "nlp"));
    files.sort();
    let mut calls = Vec::new();
    for file in files {
        let text = fs::read_to_string(file)?;
        let words = text.lines().skip(1).enumerate().filter_map(|(at, line)| {
            let fields: Vec<&str> = line.split('|').collect();
            Some(word(at, fields.first()?, fields.get(4)?, fields.get(1)?.parse().ok()?))
        });
        calls.push(Transcript { speakers: Vec::new(), words: words.collect() });
    }
    if calls.is_empty() {
        return Err("the folder holds no .nlp files".into());
    }
    let size: usize = calls.iter().flat_map(|call| &call.words).map(|word| word.text.len() + 1).sum();
    // Copies made one call after the other, so that they lie in memory as fresh ones would.
    Ok((0..wanted.div_ceil(size)).flat_map(|_| calls.clone()).collect())
}

/// Half of the phrases are said somewhere in the text (1 to 4 words, each phrase once), half are not: their words are,
/// but not in this order.
fn phrases(dice: &mut Dice, calls: &[Transcript]) -> Vec<String> {
    let mut made = BTreeSet::new();
    while made.len() < PHRASES {
        let words = &calls[dice.below(calls.len())].words;
        let length = [1, 2, 2, 2, 3, 3, 4][dice.below(7)];
        let real = made.len() % 2 == 0;
        let start = dice.below(words.len() - length);
        let parts = (0..length.max(2 - usize::from(real))).map(|nth| {
            let at = if real { start + nth } else { dice.below(words.len()) };
            text::normal(&words[at].text).into_owned()
        });
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        // A topic made of "the" would be no topic.
        if parts.is_empty() || (parts.len() == 1 && parts[0].len() < 6) {
            continue;
        }
        made.insert(parts.join(" "));
    }
    made.into_iter().collect()
}

/// The bytes that the bare automaton scans: normal tokens between single separators, segments apart.
fn normalised(call: &Transcript) -> Vec<u8> {
    let mut bytes = Vec::new();
    for segment in call.segments() {
        bytes.push(0xff);
        let text = call.text(segment.first, segment.end);
        for token in text.split_whitespace().map(text::normal).filter(|token| !token.is_empty()) {
            bytes.extend_from_slice(token.as_bytes());
            bytes.push(0xff);
        }
    }
    bytes
}

fn pattern(phrase: &str) -> Vec<u8> {
    let mut bytes = vec![0xff];
    for token in phrase.split(' ') {
        bytes.extend_from_slice(token.as_bytes());
        bytes.push(0xff);
    }
    bytes
}

fn bare(
    kind: Option<AhoCorasickKind>,
    patterns: &[Vec<u8>],
) -> Result<AhoCorasick, aho_corasick::BuildError> {
    AhoCorasick::builder().kind(kind).start_kind(StartKind::Unanchored).build(patterns)
}

/// The text as people would read it, one segment a line, for the Python comparison.
fn write(folder: &Path, name: &str, calls: &[Transcript], phrases: &[String]) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let (mut lines, mut spoken) = (String::new(), String::new());
    for call in calls {
        for segment in call.segments() {
            let text = call.text(segment.first, segment.end);
            let tokens: Vec<_> =
                text.split_whitespace().map(text::normal).filter(|t| !t.is_empty()).collect();
            lines.push_str(&tokens.join(" "));
            lines.push('\n');
            spoken.push_str(&text);
            spoken.push('\n');
        }
    }
    fs::write(folder.join(format!("{name}.text")), lines)?;
    fs::write(folder.join(format!("{name}.spoken")), spoken)?;
    fs::write(folder.join(format!("{name}.phrases")), phrases.join("\n"))?;
    Ok(())
}

fn measure(name: &str, calls: &[Transcript], out: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let phrases = phrases(&mut Dice(7), calls);
    let topics: Vec<Topic> = (0..TOPICS)
        .map(|topic| Topic {
            id: TopicId(topic as i64 + 1),
            name: format!("topic {topic}"),
            phrases: phrases.iter().skip(topic).step_by(TOPICS).cloned().collect(),
            scope: TopicScope::Any,
            canonical_questions: false,
            active: true,
        })
        .collect();
    if let Some(folder) = out {
        write(folder, name, calls, &phrases)?;
    }
    let haystacks: Vec<Vec<u8>> = calls.iter().map(normalised).collect();
    let bytes: usize = haystacks.iter().map(Vec::len).sum();
    let words: usize = calls.iter().map(|call| call.words.len()).sum();
    let patterns: Vec<Vec<u8>> = phrases.iter().map(|phrase| pattern(phrase)).collect();
    let as_it_comes = bare(None, &patterns)?;
    let table = bare(Some(AhoCorasickKind::DFA), &patterns)?;
    let matcher = TopicMatcher::new(&topics);

    let scan =
        |automaton: &AhoCorasick| haystacks.iter().map(|h| automaton.find_overlapping_iter(h).count()).sum();
    let visit = || {
        let mut hits = 0;
        for call in calls {
            matcher.visit(call, |found| {
                black_box(&found);
                hits += 1;
            });
        }
        hits
    };
    let find = || calls.iter().map(|call| black_box(matcher.find(call)).hits.len()).sum();
    let find_many = || {
        let steps = calls.chunks(STEP).map(|step| black_box(matcher.find_many(step)));
        steps.flatten().map(|found| found.hits.len()).sum()
    };
    let contestants: [(&str, &dyn Fn() -> usize); 5] = [
        ("bare, as it comes", &|| scan(&as_it_comes)),
        ("bare, table", &|| scan(&table)),
        ("visit", &visit),
        ("find", &find),
        ("find many", &find_many),
    ];
    let hits: Vec<usize> = contestants.iter().map(|(_, run)| run()).collect();
    assert!(hits.iter().all(|count| *count == hits[0] && *count > 0), "hits differ: {hits:?}");
    let mut best = [f64::INFINITY; 5];
    for _ in 0..ROUNDS {
        for (best, (_, run)) in best.iter_mut().zip(&contestants) {
            let start = Instant::now();
            black_box(run());
            *best = best.min(start.elapsed().as_secs_f64());
        }
    }
    println!(
        "\n{name}: {} transcripts, {words} words, {bytes} bytes, {PHRASES} phrases, {} hits",
        calls.len(),
        hits[0]
    );
    println!("  {:<18} {:>8}  {:>16}  {:>12}", "", "MB/s", "of as it comes", "of table");
    for ((name, _), time) in contestants.iter().zip(best) {
        let speed = bytes as f64 / time / 1e6;
        println!("  {name:<18} {speed:>8.1}  {:>16.2}  {:>12.2}", best[0] / time, best[1] / time);
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut folder, mut out, mut bytes) = (None, None, BYTES);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bytes" => bytes = arguments.next().ok_or("--bytes needs a number")?.parse()?,
            "--write" => out = Some(arguments.next().ok_or("--write needs a folder")?),
            _ => folder = Some(argument),
        }
    }
    let out = out.as_deref().map(Path::new);
    measure("generated", &generated(&mut Dice(1), bytes), out)?;
    match folder {
        Some(folder) => measure("earnings", &read(Path::new(&folder), bytes)?, out),
        None => Ok(()),
    }
}
