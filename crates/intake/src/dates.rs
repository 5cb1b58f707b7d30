//! Dates and times as people's systems write them. A zone is never guessed.

use jiff::{civil, tz::TimeZone};
use touchline_model::{Timestamp, time::BadTimestamp};

/// An instant: RFC 3339 with a zone, or without one when `zone` says which is meant. A local time that occurs twice
/// (clocks going back) is the first of the two; one that does not occur is moved on by the gap.
pub(crate) fn instant(text: &str, zone: Option<&TimeZone>) -> Result<Timestamp, String> {
    let text = text.trim();
    match (text.parse::<Timestamp>(), zone) {
        (Ok(instant), _) => Ok(instant),
        (Err(BadTimestamp::NoZone(_)), _) if !text.contains(':') => {
            Err(format!("`{text}` has no time of day"))
        }
        (Err(BadTimestamp::NoZone(_)), Some(zone)) => {
            let local = text.parse::<civil::DateTime>().map_err(|e| e.to_string())?;
            local_instant(local, zone)
        }
        (Err(error @ BadTimestamp::NoZone(_)), None) => Err(format!("{error}, or give --zone")),
        (Err(error), _) => Err(error.to_string()),
    }
}

fn local_instant(local: civil::DateTime, zone: &TimeZone) -> Result<Timestamp, String> {
    let zoned = zone.to_ambiguous_zoned(local).compatible().map_err(|e| e.to_string())?;
    // Read again, so that the years that are believed are decided in one place.
    zoned.timestamp().to_string().parse::<Timestamp>().map_err(|e| e.to_string())
}

/// The date and time in a file's name, such as `20260301-093000`, `2026-03-01_09.30.00` or `20260301T093000Z`; none
/// when there is none.
pub(crate) fn in_name(name: &str, zone: Option<&TimeZone>) -> Option<Result<Timestamp, String>> {
    let bytes = name.as_bytes();
    let starts = (0..bytes.len()).filter(|at| *at == 0 || !bytes[*at - 1].is_ascii_digit());
    let (local, end) = starts.into_iter().find_map(|at| date_time(bytes, at))?;
    if bytes.get(end) == Some(&b'Z') {
        return Some(local_instant(local, &TimeZone::UTC));
    }
    Some(match zone {
        Some(zone) => local_instant(local, zone),
        None => Err("the date in its name has no time zone: give --zone".to_owned()),
    })
}

fn date_time(bytes: &[u8], start: usize) -> Option<(civil::DateTime, usize)> {
    let mut at = start;
    let mut number = |width: usize, separators: &[u8]| -> Option<i16> {
        if bytes.get(at).is_some_and(|byte| separators.contains(byte)) {
            at += 1;
        }
        let digits = bytes.get(at..at + width)?;
        at += width;
        std::str::from_utf8(digits).ok().filter(|it| it.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
    };
    let year = number(4, b"")?;
    let [month, day] = [number(2, b"-_.")?, number(2, b"-_.")?];
    let [hour, minute, second] = [number(2, b"T-_ ")?, number(2, b"-_.:")?, number(2, b"-_.:")?];
    let small = |it: i16| i8::try_from(it).ok();
    let plausible = (1970..2200).contains(&year) && !bytes.get(at).is_some_and(u8::is_ascii_digit);
    let found = civil::DateTime::new(
        year,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        0,
    );
    found.ok().filter(|_| plausible).map(|it| (it, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_a_zone_of_its_own_or_a_given_one() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let read = |text: &str, zone| instant(text, zone).map(|it| it.to_string());
        assert_eq!(read("2026-03-01T09:30:00+01:00", None).unwrap(), "2026-03-01T08:30:00Z");
        assert_eq!(read("2026-03-01 09:30", Some(&berlin)).unwrap(), "2026-03-01T08:30:00Z");
        assert_eq!(read("2026-03-01T09:30:00Z", Some(&berlin)).unwrap(), "2026-03-01T09:30:00Z");
        assert_eq!(read("2026-07-01 09:30:00.5", Some(&berlin)).unwrap(), "2026-07-01T07:30:00.5Z");
        assert_eq!(
            read("2025-10-26 02:30", Some(&berlin)).unwrap(),
            "2025-10-26T00:30:00Z",
            "twice: the first"
        );
        assert_eq!(
            read("2026-03-29 02:30", Some(&berlin)).unwrap(),
            "2026-03-29T01:30:00Z",
            "never: after the gap"
        );
        assert!(read("2026-03-01 09:30", None).unwrap_err().contains("--zone"));
        assert!(read("2026-03-01", Some(&berlin)).unwrap_err().contains("no time of day"));
        assert!(read("01.03.2026 09:30", Some(&berlin)).unwrap_err().contains("RFC 3339"));
        assert!(read("1601-01-01 09:30", Some(&berlin)).unwrap_err().contains("1900"));
    }

    #[test]
    fn a_name_may_carry_a_date() {
        let read = |name: &str| in_name(name, Some(&TimeZone::UTC)).map(|it| it.unwrap().to_string());
        let nine = Some("2026-03-01T09:30:05Z".to_owned());
        for name in
            ["20260301-093005-4711", "call_2026-03-01_09.30.05", "x-20260301T093005Z", "20260301093005"]
        {
            assert_eq!(read(name), nine, "{name}");
        }
        for name in ["call-4711", "20261301-093005", "12026030109300512", "2026-03-01"] {
            assert_eq!(read(name), None, "{name}");
        }
        assert!(in_name("20260301-093005", None).unwrap().unwrap_err().contains("--zone"));
        assert!(in_name("20260301-093005Z", None).unwrap().is_ok());
    }
}
