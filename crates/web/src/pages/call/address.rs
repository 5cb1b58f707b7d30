//! Addresses of the pages of one contact, whose id may hold anything; and times in forms.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use touchline_model::MediaTime;

/// Characters that stand for themselves in a part of a path.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An id as a part of a path.
pub(crate) fn part(id: &str) -> String {
    // A path of dots would be another path.
    match id {
        "." | ".." => id.replace('.', "%2E"),
        id => utf8_percent_encode(id, PLAIN).to_string(),
    }
}

/// The page of a contact.
pub(crate) fn call(id: &str) -> String {
    format!("/calls/{}", part(id))
}

/// A time as people write it: `151`, `2:31`, `1:02:03.5`. `None` for anything else.
pub(crate) fn time(text: &str) -> Option<MediaTime> {
    let mut secs = 0.0;
    let parts: Vec<&str> = text.trim().split(':').collect();
    if parts.len() > 3 {
        return None;
    }
    for (at, part) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        let fine = match part.split_once('.') {
            Some((whole, rest)) => last && digits(whole) && digits(rest),
            None => digits(part),
        };
        let value: f64 = part.parse().ok().filter(|_| fine)?;
        if at > 0 && value >= 60.0 {
            return None;
        }
        secs = secs * 60.0 + value;
    }
    (secs <= MediaTime::MAX.secs()).then(|| MediaTime::from_secs(secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let read = |text| time(text).map(|it| it.to_string());
        assert_eq!(read("151").as_deref(), Some("151"));
        assert_eq!(read(" 2:31 ").as_deref(), Some("151"));
        assert_eq!(read("1:02:03.5").as_deref(), Some("3723.5"));
        for wrong in ["", ":", "2:60", "1:2:3:4", "-1", "1e3", "2:", "x", "1.5:00", "nan", "999999999"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn any_id_has_an_address_of_its_own() {
        assert_eq!(call("c-1"), "/calls/c-1");
        assert_eq!(call("a/b?c#d é"), "/calls/a%2Fb%3Fc%23d%20%C3%A9");
        assert_eq!(call(".."), "/calls/%2E%2E");
    }
}
