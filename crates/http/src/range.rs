//! Byte ranges (RFC 9110 §14): which part of a file is asked for.

use http::{HeaderMap, header};
use std::ops::Range;

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Everything, 200.
    Whole,
    /// A part, 206.
    Part(Range<u64>),
    /// The client has it already, 304.
    NotModified,
    /// Nothing of it exists, 416.
    Outside,
}

/// What the headers ask of a file with this entity tag (with quotes) and size.
pub fn wanted(headers: &HeaderMap, tag: &str, size: u64) -> Wanted {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(known) = text(header::IF_NONE_MATCH)
        && (known.trim() == "*" || known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag))
    {
        return Wanted::NotModified;
    }
    let Some(range) = text(header::RANGE) else { return Wanted::Whole };
    // A range of another version would mix two recordings; dates are not kept, so only the tag counts.
    if text(header::IF_RANGE).is_some_and(|known| known.trim() != tag) {
        return Wanted::Whole;
    }
    match bytes(range, size) {
        // Malformed, another unit, or several ranges: a server may ignore it.
        None => Wanted::Whole,
        Some(part) if part.is_empty() => Wanted::Outside,
        Some(part) => Wanted::Part(part),
    }
}

/// The one range asked for; empty when it lies outside.
fn bytes(range: &str, size: u64) -> Option<Range<u64>> {
    let (unit, spec) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = spec.trim().split_once('-')?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number too large for us lies behind every file.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Some(first.min(size)..last.saturating_add(1).min(size)),
        (Some(first), None) if last.is_empty() => Some(first.min(size)..size),
        (None, Some(count)) if first.is_empty() => Some(size.saturating_sub(count)..size),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let of = |range: &str| {
            let headers = HeaderMap::from_iter([(header::RANGE, range.parse().unwrap())]);
            wanted(&headers, "\"t\"", 100)
        };
        assert_eq!(of("bytes=0-0"), Wanted::Part(0..1));
        assert_eq!(of("BYTES = 10-19"), Wanted::Part(10..20));
        assert_eq!(of("bytes=90-"), Wanted::Part(90..100));
        assert_eq!(of("bytes=90-1000"), Wanted::Part(90..100));
        assert_eq!(of("bytes=-10"), Wanted::Part(90..100));
        assert_eq!(of("bytes=-1000"), Wanted::Part(0..100));
        assert_eq!(of("bytes=0-99999999999999999999999"), Wanted::Part(0..100));
        for outside in ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(of(outside), Wanted::Outside, "{outside}");
        }
        for ignored in
            ["bytes=5-4", "bytes=a-b", "bytes=1-2,4-5", "seconds=1-2", "bytes", "bytes=-", "bytes=+1-2"]
        {
            assert_eq!(of(ignored), Wanted::Whole, "{ignored}");
        }
    }

    #[test]
    fn conditions() {
        let of = |headers: &[(header::HeaderName, &str)]| {
            let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap()));
            wanted(&headers.collect(), "\"t\"", 100)
        };
        let range = (header::RANGE, "bytes=1-2");
        assert_eq!(of(&[range.clone(), (header::IF_RANGE, "\"t\"")]), Wanted::Part(1..3));
        assert_eq!(of(&[range.clone(), (header::IF_RANGE, "\"other\"")]), Wanted::Whole);
        assert_eq!(of(&[range.clone(), (header::IF_RANGE, "W/\"t\"")]), Wanted::Whole, "weak tags never fit");
        assert_eq!(of(&[range, (header::IF_RANGE, "Sat, 21 Nov 2026 11:00:00 GMT")]), Wanted::Whole);
        assert_eq!(of(&[(header::IF_NONE_MATCH, "\"a\", W/\"t\"")]), Wanted::NotModified);
        assert_eq!(of(&[(header::IF_NONE_MATCH, "\"a\"")]), Wanted::Whole);
    }
}
