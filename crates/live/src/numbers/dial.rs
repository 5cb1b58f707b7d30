//! What was dialled, as a number: cleaned of what people and phones put between digits, and in international form.

use super::Dialling;
use super::escapes::decode;
use std::fmt;

/// Longest number: 15 digits by ITU-T E.164, and some for prefixes.
const LONGEST: usize = 24;

/// The text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number: digits, `*` and `#`, perhaps with `+` in front")]
pub struct NotANumber;

/// Digits, `*` and `#`, perhaps with a `+` in front, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(String);

impl Number {
    /// Reads what was dialled: escapes are decoded, parameters behind `;` and visual separators left out.
    ///
    /// # Errors
    /// There is something else in it, or nothing at all.
    pub fn read(dialled: &str) -> Result<Self, NotANumber> {
        let decoded = decode(dialled.split(';').next().unwrap_or_default()).ok_or(NotANumber)?;
        let digits: String =
            decoded.chars().filter(|letter| !matches!(letter, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
        let rest = digits.strip_prefix('+').unwrap_or(&digits);
        let fine = !rest.is_empty()
            && digits.len() <= LONGEST
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_digit() || !digits.starts_with('+') && matches!(byte, b'*' | b'#'));
        if fine { Ok(Self(digits)) } else { Err(NotANumber) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The international form with `+`, as the dialling rules make it; `None` if they do not say how.
    pub fn international(&self, rules: &Dialling) -> Option<Self> {
        if self.0.starts_with('+') {
            return Some(self.clone());
        }
        let after = |prefix: &str| self.0.strip_prefix(prefix).filter(|_| !prefix.is_empty());
        let digits = if let Some(rest) = after(&rules.international_prefix) {
            rest.to_owned()
        } else if rules.country_code.is_empty() {
            return None;
        } else if let Some(rest) = after(&rules.national_prefix) {
            format!("{}{rest}", rules.country_code)
        } else if rules.bare_is_national {
            format!("{}{}", rules.country_code, self.0)
        } else {
            return None;
        };
        // The shortest numbers of the world have seven digits with their country code; E.164 ends at fifteen.
        let fine = (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        fine.then(|| Self(format!("+{digits}")))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
