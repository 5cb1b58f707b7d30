//! Parameters of the dialect (contract §3, X-1, X-21, R-12, R-16).

use crate::ApiError;
use jiff::{fmt::temporal::Pieces, tz::Offset};
use touchline_app::calls::TopicWindow;
use touchline_http::Query;
use touchline_model::Timestamp;

/// Rows of a page when the client does not say.
pub const DEFAULT_LIMIT: u64 = 100;
/// Largest `limit` of most operations.
pub const MAX_LIMIT: u64 = 1_000;

/// `since` and `limit`, which all lists that are paged have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageParams {
    /// From when on; its seconds do not count.
    pub since: Timestamp,
    /// Most rows.
    pub limit: usize,
}

impl PageParams {
    /// Reads both; `max` is the largest `limit`.
    pub fn read(query: &Query, max: u64) -> Result<Self, ApiError> {
        let since = query.one("since")?.ok_or_else(|| ApiError::bad_request("`since` is required"))?;
        let since = parse_since(since).ok_or_else(|| {
            ApiError::bad_request("`since` must be an ISO 8601 timestamp, such as 2021-12-31T09:15Z")
        })?;
        Ok(Self { since, limit: limit(query, max)? })
    }
}

/// The query string of a request.
pub fn parse(raw: Option<&str>) -> Result<Query, ApiError> {
    Ok(Query::parse(raw)?)
}

/// A flag: `true`, `false`, `1` or `0` in any case; absent is false.
pub fn flag(query: &Query, name: &str) -> Result<bool, ApiError> {
    match query.one(name)? {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("true") || text == "1" => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("false") || text == "0" => Ok(false),
        Some(_) => Err(ApiError::bad_request(format!("`{name}` must be true or false"))),
    }
}

fn limit(query: &Query, max: u64) -> Result<usize, ApiError> {
    let number = match query.one("limit")? {
        None => DEFAULT_LIMIT.min(max),
        Some(text) => whole(text)
            .ok_or_else(|| ApiError::bad_request("`limit` must be a whole number that is not negative"))?,
    };
    match usize::try_from(number) {
        Ok(limit) if number <= max => Ok(limit),
        _ => Err(ApiError::bad_request(format!("`limit` must be at most {max} here"))),
    }
}

/// A whole number that is not negative; `u64::MAX` stands for all that are larger.
fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// The sliding window of topic matches: both parameters or none.
pub fn window(query: &Query) -> Result<Option<TopicWindow>, ApiError> {
    let (length, matches) = match (query.one("window_length")?, query.one("minimum_matches")?) {
        (None, None) => return Ok(None),
        (Some(length), Some(matches)) => (length, matches),
        _ => {
            let reason = "`window_length` and `minimum_matches` go together";
            return Err(ApiError::bad_request(reason));
        }
    };
    let length = length.parse::<f64>().ok().filter(|length| length.is_finite() && *length > 0.0);
    let length =
        length.ok_or_else(|| ApiError::bad_request("`window_length` must be a number of seconds above 0"))?;
    let matches = whole(matches).ok_or_else(|| {
        ApiError::bad_request("`minimum_matches` must be a whole number that is not negative")
    })?;
    Ok(Some(TopicWindow { length, minimum_matches: u32::try_from(matches).unwrap_or(u32::MAX) }))
}

/// An ISO 8601 time: without offset it is UTC, a date alone is midnight, and a space before an offset was a `+`
/// that the query string has eaten (contract X-21). Times past the calendar's ends stand at its ends.
pub fn parse_since(text: &str) -> Option<Timestamp> {
    let mut text = text.trim().to_owned();
    if let (Some(time), Some(space)) = (text.find(['T', 't']), text.rfind(' '))
        && time < space
    {
        text.replace_range(space..=space, "+");
    }
    let pieces = Pieces::parse(&text).ok()?;
    let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
    let local = pieces.date().to_datetime(pieces.time().unwrap_or_default());
    let end = if local.year() > 0 { jiff::Timestamp::MAX } else { jiff::Timestamp::MIN };
    Some(offset.to_timestamp(local).unwrap_or(end).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(text: &str) -> Option<String> {
        parse_since(text).map(|instant| instant.to_string())
    }

    // covers(c360): X-21, S3
    #[test]
    fn since_takes_every_way_of_writing_an_instant() {
        for (text, instant) in [
            ("2021-12-31T09:15Z", "2021-12-31T09:15:00Z"),
            ("2023-08-15T10:00:59Z", "2023-08-15T10:00:59Z"),
            ("2018-04-22T16:23:58.097101Z", "2018-04-22T16:23:58.097101Z"),
            ("2020-08-12T08:46:52.408-04:00", "2020-08-12T12:46:52.408Z"),
            ("2020-08-12T08:46+02:00", "2020-08-12T06:46:00Z"),
            ("2020-08-12T08:46:00 02:00", "2020-08-12T06:46:00Z"),
            ("2020-08-12T08:46:00", "2020-08-12T08:46:00Z"),
            ("2020-08-12", "2020-08-12T00:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59Z", "9999-12-30T22:00:00.999999Z"),
        ] {
            assert_eq!(since(text).as_deref(), Some(instant), "{text}");
        }
    }

    // covers(c360): X-1
    #[test]
    fn since_refuses_what_is_no_instant() {
        for text in [
            "",
            "yesterday",
            "10:00",
            "1700000000",
            "2023-08-15T10:00:00Y",
            "2023-08-15T",
            "2023-08-15T10:00 Z",
            "2023-13-01T00:00Z",
            "2023-02-30",
            "2023-08-15T25:00Z",
        ] {
            assert_eq!(since(text), None, "{text}");
        }
    }

    // covers(c360)
    #[test]
    fn limits_are_whole_numbers_of_any_spelling_but_never_clamped() {
        let limit =
            |raw: &str| limit(&Query::parse(Some(raw)).unwrap(), 1_000).map_err(|e| e.status().as_u16());
        assert_eq!(limit(""), Ok(100));
        assert_eq!(limit("limit=0"), Ok(0));
        assert_eq!(limit("limit=0007"), Ok(7));
        assert_eq!(limit("limit=1000"), Ok(1_000));
        for bad in
            ["limit=", "limit=1001", "limit=-1", "limit=1.5", "limit=ten", "limit=%2B5", "limit=1&limit=1"]
        {
            assert_eq!(limit(bad), Err(400), "{bad}");
        }
        assert_eq!(limit("limit=99999999999999999999999"), Err(400));
        assert_eq!(limit("limit=00000000000000000000000000000009"), Ok(9));
    }

    // covers(c360): X-1
    #[test]
    fn flags_are_words_or_digits_in_any_case() {
        let flag = |raw: &str| flag(&Query::parse(Some(raw)).unwrap(), "f").map_err(|e| e.status().as_u16());
        for (raw, value) in [("", false), ("f=TRUE", true), ("f=1", true), ("f=False", false), ("f=0", false)]
        {
            assert_eq!(flag(raw), Ok(value), "{raw}");
        }
        for bad in ["f", "f=", "f=yes", "f=2", "f=true&f=true"] {
            assert_eq!(flag(bad), Err(400), "{bad}");
        }
    }

    // covers(c360)
    #[test]
    fn a_window_needs_a_length_and_a_number() {
        let window = |raw: &str| window(&Query::parse(Some(raw)).unwrap()).map_err(|e| e.status().as_u16());
        assert_eq!(window("x=1"), Ok(None));
        let both = window("window_length=2.5&minimum_matches=0").unwrap().unwrap();
        assert_eq!((both.length, both.minimum_matches), (2.5, 0));
        for bad in [
            "window_length=1",
            "minimum_matches=1",
            "window_length=0&minimum_matches=1",
            "window_length=-1&minimum_matches=1",
            "window_length=NaN&minimum_matches=1",
            "window_length=inf&minimum_matches=1",
            "window_length=1e999&minimum_matches=1",
            "window_length=ten&minimum_matches=1",
            "window_length=1&minimum_matches=-1",
            "window_length=1&minimum_matches=1.5",
            "window_length=1&minimum_matches=",
            "window_length=&minimum_matches=1",
        ] {
            assert_eq!(window(bad), Err(400), "{bad}");
        }
    }
}
