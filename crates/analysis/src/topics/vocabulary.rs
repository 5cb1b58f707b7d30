//! The tokens that phrases are made of, and a fast way from a word to its number.
//!
//! Nearly every word of a call is ASCII of at most 16 bytes. Such a word fits two machine words, so it is checked, folded
//! and compared without a loop over its bytes.

use std::collections::HashMap;

/// Number of a token; they count from 0.
pub(super) type Token = u32;

/// The longest token that fits a [`Key`].
const LONGEST: usize = 16;
/// The same byte eight times.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// A token of 1 to 16 bytes in two words that may overlap in the middle; with the length they say which token it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    front: u64,
    back: u64,
    length: u32,
}

impl Key {
    #[inline(always)]
    fn of(bytes: &[u8]) -> Option<Self> {
        let length = bytes.len();
        let (front, back) = match length {
            8..=LONGEST => {
                (u64::from_le_bytes(*bytes.first_chunk()?), u64::from_le_bytes(*bytes.last_chunk()?))
            }
            2..8 => {
                // Four pairs that overlap hold all bytes, without asking which of these lengths it is.
                let pair =
                    |at: usize| bytes.get(at..at + 2)?.first_chunk().map(|pair| u16::from_le_bytes(*pair));
                let (first, second) = (pair(0)?, pair(2.min(length - 2))?);
                let (third, last) = (pair(4.min(length - 2))?, pair(length - 2)?);
                let four = u64::from(first)
                    | u64::from(second) << 16
                    | u64::from(third) << 32
                    | u64::from(last) << 48;
                (four, four)
            }
            1 => (all(bytes[0]), all(bytes[0])),
            _ => return None,
        };
        Some(Self { front, back, length: length as u32 })
    }

    /// Whether all bytes are ASCII and neither space nor control.
    #[inline(always)]
    fn is_plain(self) -> bool {
        let (either, spaces) = (self.front | self.back, all(0x80 - 0x21));
        // Added to 0x5f, what lies below 0x21 does not reach the top bit.
        either & all(0x80) == 0
            && (self.front.wrapping_add(spaces) & self.back.wrapping_add(spaces)) & all(0x80) == all(0x80)
    }

    /// The same in lower case; right for plain keys only.
    #[inline(always)]
    fn folded(self) -> Self {
        let fold = |word: u64| {
            let (from_a, above_z) =
                (word.wrapping_add(all(0x80 - b'A')), word.wrapping_add(all(0x80 - b'Z' - 1)));
            word | (from_a & !above_z & all(0x80)) >> 2
        };
        Self { front: fold(self.front), back: fold(self.back), ..self }
    }

    #[inline(always)]
    fn hash(self) -> u64 {
        let mixed = (self.front ^ self.back.rotate_left(29) ^ u64::from(self.length))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ mixed >> 32
    }
}

/// What is known of a piece of text.
pub(super) enum Looked {
    /// It is this token.
    Token(Token),
    /// It is a token that no phrase holds.
    Unknown,
    /// It must be looked at the slow way.
    Odd,
}

/// A place of the table. Small, so that the table stays in the nearest caches; the key stands elsewhere, and is looked
/// at only when it is nearly sure to be the right one.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Some bits of the key's hash.
    tag: u32,
    /// [`FREE`] when nothing is here.
    token: Token,
}

/// No token.
const FREE: Token = Token::MAX;

/// All tokens that occur in phrases, in normal form.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// Every token; answers for the long and the odd ones, and while building.
    every: HashMap<Box<str>, Token>,
    /// Open addressing, a power of two long, at most a quarter full. Empty before [`Vocabulary::seal`].
    table: Vec<Place>,
    /// By token; of those that are no short ASCII text, a key that nothing has.
    keys: Vec<Key>,
}

impl Vocabulary {
    /// The number of a token in normal form, given now if it is new.
    pub(super) fn number(&mut self, normal: &str) -> Token {
        let next = self.every.len() as Token;
        *self.every.entry(normal.into()).or_insert(next)
    }

    /// How many tokens there are.
    pub(super) fn len(&self) -> usize {
        self.every.len()
    }

    /// Builds the fast table; call it once, after the last token.
    pub(super) fn seal(&mut self) {
        let nobody = Key { front: 0, back: 0, length: 0 };
        self.keys = vec![nobody; self.every.len()];
        self.table = vec![Place { tag: 0, token: FREE }; (self.every.len() * 4).next_power_of_two().max(2)];
        let mut tokens: Vec<_> = self.every.iter().filter(|(text, _)| text.is_ascii()).collect();
        tokens.sort_unstable_by_key(|(_, token)| **token);
        for (text, token) in tokens {
            let Some(key) = Key::of(text.as_bytes()) else { continue };
            let (tag, mut at) = self.start(key);
            while self.table[at].token != FREE {
                at = (at + 1) & (self.table.len() - 1);
            }
            self.table[at] = Place { tag, token: *token };
            self.keys[*token as usize] = key;
        }
    }

    /// The number of a token in normal form.
    pub(super) fn get(&self, normal: &str) -> Option<Token> {
        self.every.get(normal).copied()
    }

    /// The number of a piece of text without whitespace and marks at its edges, in whatever case.
    #[inline(always)]
    pub(super) fn look(&self, core: &[u8]) -> Looked {
        let Some(key) = Key::of(core).filter(|key| key.is_plain()) else { return Looked::Odd };
        let key = key.folded();
        let (tag, mut at) = self.start(key);
        // Most of the table is free, so this ends.
        loop {
            let place = self.table[at];
            if place.tag == tag && self.keys.get(place.token as usize) == Some(&key) {
                return Looked::Token(place.token);
            }
            if place.token == FREE {
                return Looked::Unknown;
            }
            at = (at + 1) & (self.table.len() - 1);
        }
    }

    /// The tag of a key, and where in the table the search for it begins.
    #[inline(always)]
    fn start(&self, key: Key) -> (u32, usize) {
        let hash = key.hash();
        ((hash >> 32) as u32, hash as usize & (self.table.len() - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_word_is_known_in_any_case_and_never_mistaken_for_another() {
        let mut words: Vec<String> = (1..=16).map(|n| "a".repeat(n)).collect();
        words.extend(
            "aba abb bab baab baaab abcdefgh abcdefghh don't @[`{ z{ 9 a[b".split(' ').map(str::to_owned),
        );
        let mut vocabulary = Vocabulary::default();
        words.iter().for_each(|word| _ = vocabulary.number(word));
        vocabulary.seal();
        for (number, word) in (0..).zip(&words) {
            for text in [word.clone(), word.to_uppercase()] {
                assert!(
                    matches!(vocabulary.look(text.as_bytes()), Looked::Token(n) if n == number),
                    "{text}"
                );
            }
        }
        for unknown in ["b", "abba", "aaab", "bbbbbbbb", "abcdefgi", "dont", "`[`{", "abcdefghi", "a{b"] {
            assert!(matches!(vocabulary.look(unknown.as_bytes()), Looked::Unknown), "{unknown}");
        }
        for odd in ["a b", "\u{e9}", "aaaaaaaaa\tb", "", "aaaaaaaaaaaaaaaaa", "\u{1}a", "na\u{ef}ve", "abc "]
        {
            assert!(matches!(vocabulary.look(odd.as_bytes()), Looked::Odd), "{odd:?}");
        }
    }
}
