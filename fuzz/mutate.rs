//! Inputs that are nearly right, for hours if asked to: what `tests/fuzz.rs` of several crates share by `#[path]`.
//!
//! Plain `cargo test` tries two thousand inputs. `TOUCHLINE_FUZZ_SECONDS` tries for so long (`cargo xtask test` does), and
//! `TOUCHLINE_SEED` draws others. The seed is a fixed one otherwise: what fails today must not have been luck yesterday.
//! Works on stable Rust, unlike coverage-guided fuzzers; those are in `crates/telephony/fuzz`.

use std::time::{Duration, Instant};

/// No input is longer.
const LONGEST: usize = 4_096;
/// Inputs that found their way through are kept as seeds, up to so many.
const KEPT: usize = 400;

/// Numbers that look random: xorshift64*.
pub struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Less than `below`, which is not 0.
    fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % below
    }
}

/// Shows the input that something failed with.
struct Tried<'a>(&'a str, u64, &'a [u8]);

impl Drop for Tried<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self(name, seed, input) = self;
            println!(
                "{name}, TOUCHLINE_SEED={seed}, fails with:\n{input:?}\n{}",
                String::from_utf8_lossy(input)
            );
        }
    }
}

/// Tries inputs made of `seeds` and `words`. `accepts` checks what must hold and says whether the input was taken for a
/// sound one; such inputs are changed further.
pub fn fuzz(name: &str, seeds: Vec<Vec<u8>>, words: &[&[u8]], mut accepts: impl FnMut(&[u8]) -> bool) {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seconds = number("TOUCHLINE_FUZZ_SECONDS");
    let seed = number("TOUCHLINE_SEED").unwrap_or(1);
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut corpus = seeds;
    let fixed = corpus.len();
    let (mut rounds, mut accepted) = (0_u64, 0_u64);
    for input in corpus.clone() {
        let tried = Tried(name, seed, &input);
        accepted += u64::from(accepts(&input));
        drop(tried);
    }
    while if seconds.is_some() { Instant::now() < until } else { rounds < 2_000 } {
        let mut input = corpus[dice.below(corpus.len())].clone();
        for _ in 0..=dice.below(5) {
            change(&mut input, &corpus, words, &mut dice);
        }
        input.truncate(LONGEST);
        let tried = Tried(name, seed, &input);
        let is_sound = accepts(&input);
        drop(tried);
        rounds += 1;
        accepted += u64::from(is_sound);
        if is_sound && !corpus.contains(&input) {
            if corpus.len() < fixed + KEPT {
                corpus.push(input);
            } else {
                let place = fixed + dice.below(KEPT);
                corpus[place] = input;
            }
        }
    }
    assert!(accepted > 0, "{name}: nothing was accepted, so nothing was tried");
    println!("{name}: {rounds} inputs, {accepted} of them accepted");
}

/// One change.
fn change(input: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&[u8]], dice: &mut Dice) {
    let at = dice.below(input.len() + 1);
    let end = (at + 1 + dice.below(24)).min(input.len());
    match dice.below(9) {
        0 => input.truncate(at),
        1 => drop(input.drain(at..end.max(at))),
        2 => {
            let part = input[at..end.max(at)].to_vec();
            input.splice(at..at, part);
        }
        3 => {
            let other = &corpus[dice.below(corpus.len())];
            let from = dice.below(other.len() + 1);
            let to = (from + dice.below(120)).min(other.len());
            let part = other[from..to].to_vec();
            input.splice(at..at, part);
        }
        4 if !words.is_empty() => {
            let word = words[dice.below(words.len())].to_vec();
            let over = if dice.below(2) == 0 { at } else { end.max(at) };
            input.splice(at..over, word);
        }
        5 => input.insert(at, dice.next() as u8),
        6 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        7 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = [0, 0x7F, 0x80, 0xFF, b'0', b'9', b'\r', b'\n', b'"'][dice.below(9)];
            }
        }
        _ => {
            // A number becomes another one.
            let digits = input[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            let numbers = ["0", "1", "65535", "65536", "4294967296", "18446744073709551616", "-1", "1e999"];
            input.splice(at..at + digits, numbers[dice.below(numbers.len())].bytes());
        }
    }
}
