//! What a token is, and when two are the same (contract R-10).

use std::borrow::Cow;
use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// Whether a character is punctuation or a symbol: general categories P* and S* (contract R-10).
pub fn is_mark(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_punctuation();
    }
    matches!(
        get_general_category(c),
        Category::ConnectorPunctuation
            | Category::DashPunctuation
            | Category::OpenPunctuation
            | Category::ClosePunctuation
            | Category::InitialPunctuation
            | Category::FinalPunctuation
            | Category::OtherPunctuation
            | Category::MathSymbol
            | Category::CurrencySymbol
            | Category::ModifierSymbol
            | Category::OtherSymbol
    )
}

/// The text without the punctuation and symbols at its edges; empty when it has nothing else.
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_mark)
}

/// A token as it is compared: edges stripped, full case folding (contract R-10). Empty for mere punctuation.
pub fn normal(token: &str) -> Cow<'_, str> {
    let core = strip(token);
    match core.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        true => Cow::Borrowed(core),
        false => Cow::Owned(caseless::default_case_fold_str(core)),
    }
}

/// Whether the character at `at` ends a sentence: `.`, `?` or `!`, but no `.` between digits (contract ).
pub fn ends_sentence(text: &str, at: usize) -> bool {
    match text.as_bytes().get(at) {
        Some(b'?' | b'!') => true,
        Some(b'.') => {
            let before = text[..at].chars().next_back().is_some_and(char::is_numeric);
            let after = text[at + 1..].chars().next().is_some_and(char::is_numeric);
            !(before && after)
        }
        _ => false,
    }
}

/// How many sentences end inside a piece of text.
pub fn sentence_ends(text: &str) -> usize {
    (0..text.len()).filter(|&at| ends_sentence(text, at)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(c360): R-10
    #[test]
    fn a_token_loses_its_edges_and_its_case_in_every_script() {
        for (token, expected) in [
            ("Pricing,", "pricing"),
            ("\u{201c}Hello\u{201d}", "hello"),
            ("\u{bf}Qu\u{c9}?", "qu\u{e9}"),
            ("Stra\u{df}e", "strasse"),
            ("\u{39f}\u{394}\u{39f}\u{3a3}", "\u{3bf}\u{3b4}\u{3bf}\u{3c3}"),
            ("don't", "don't"),
            ("$5.50", "5.50"),
            ("-", ""),
            ("\u{20ac}\u{2026}", ""),
            ("\u{ff01}\u{3042}\u{3002}", "\u{3042}"),
        ] {
            assert_eq!(normal(token), expected, "{token}");
        }
    }

    // covers(c360)
    #[test]
    fn a_point_between_digits_ends_no_sentence() {
        assert_eq!(sentence_ends("It is 3.50 now. Is it? Yes!"), 3);
        assert_eq!(sentence_ends("we have 3. 5 are gone"), 1);
        assert_eq!(sentence_ends("version 2.x"), 1);
    }
}
