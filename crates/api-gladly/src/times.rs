//! Times on the way in and out (contract §2.4, §3.1, §3.3, X-6, X-7, X-13, R-24).

use jiff::{
    civil::Date,
    fmt::temporal::Pieces,
    tz::{Offset, TimeZone},
};
use std::ops::Range;
use touchline_model::Timestamp;

/// A time to the minute: `2020-04-13T19:27Z`, `2020-04-14T19:27-09:00`. Seconds are accepted and cut off; without `Z`
/// or offset it is none.
pub(crate) fn minute(text: &str) -> Option<Timestamp> {
    if !text.is_ascii() || text.as_bytes().get(10) != Some(&b'T') || text.contains('[') {
        return None;
    }
    let pieces = Pieces::parse(text).ok()?;
    let local = pieces.date().to_datetime(pieces.time()?);
    let instant: Timestamp = pieces.to_numeric_offset()?.to_timestamp(local).ok()?.into();
    (pieces.date().year() >= 0).then_some(instant.minute())
}

/// A date: `YYYY-mm-dd`.
pub(crate) fn date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let digits =
        |range: Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let dashes = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    (dashes && digits(0..4) && digits(5..7) && digits(8..10)).then(|| text.parse().ok()).flatten()
}

/// A zone by its IANA name, in any case.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    let zone = TimeZone::get(name).ok()?;
    (!zone.is_unknown()).then_some(zone)
}

/// Whether a zone is UTC, under whichever of its names.
fn is_utc(name: &str) -> bool {
    let name = name.strip_prefix("Etc/").unwrap_or(name);
    ["UTC", "UCT", "Universal", "Zulu"].contains(&name)
}

/// The name of a zone, as the column `Timezone Filter` shows it.
pub(crate) fn name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// The start of a UTC day for file names: `20200302`, and with the minute `20200302T1000Z`.
pub(crate) fn compact_minute(instant: Timestamp) -> String {
    instant.to_jiff().strftime("%Y%m%dT%H%MZ").to_string()
}

/// The same of a date alone.
pub(crate) fn compact_date(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// Writes instants in one zone. A report has millions of them, mostly close together: what the last one needed is kept.
#[derive(Clone, Debug)]
pub(crate) struct Stamps {
    zone: TimeZone,
    utc: bool,
    /// Seconds east of UTC, in whole minutes, and for which instants (microseconds) it holds.
    offset: i64,
    holds: Range<i64>,
    /// When the local day that was written last began, in microseconds of local time, and its date as text.
    midnight: i64,
    date: [u8; 10],
}

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The last digit of a number.
fn digit(number: u32) -> u8 {
    b'0' + (number % 10) as u8
}

impl Stamps {
    pub(crate) fn new(zone: TimeZone) -> Self {
        let utc = is_utc(name(&zone));
        let holds = if utc { i64::MIN..i64::MAX } else { 0..0 };
        Self { zone, utc, offset: 0, holds, midnight: i64::MIN, date: *b"0000-00-00" }
    }

    /// Writes `YYYY-MM-DDThh:mm:ss.sss` with `Z` in UTC and `+hh:mm` elsewhere (contract ).
    pub(crate) fn write(&mut self, instant: Timestamp, out: &mut Vec<u8>) {
        let micros = instant.micros();
        if !self.holds.contains(&micros) {
            self.look_up(instant);
        }
        let local = micros.saturating_add(self.offset * SECOND);
        let mut of_day = local.saturating_sub(self.midnight);
        if !(0..DAY).contains(&of_day) {
            of_day = local.rem_euclid(DAY);
            self.midnight = local.saturating_sub(of_day);
            let text = Timestamp::from_micros(self.midnight).to_string();
            if let Some(date) = text.as_bytes().get(..10).and_then(|date| date.try_into().ok()) {
                self.date = date;
            }
        }
        // Less than a day: 32 bits are enough, and divided sooner.
        let millis = u32::try_from(of_day / 1_000).unwrap_or_default();
        let (secs, millis) = (millis / 1_000, millis % 1_000);
        let (h, m, s) = (secs / 3_600, secs / 60 % 60, secs % 60);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        text[..10].copy_from_slice(&self.date);
        for (at, number) in [(11, h), (14, m), (17, s)] {
            text[at] = digit(number / 10);
            text[at + 1] = digit(number);
        }
        (text[20], text[21], text[22]) = (digit(millis / 100), digit(millis / 10), digit(millis));
        if self.utc {
            out.extend_from_slice(&text);
            return;
        }
        out.extend_from_slice(&text[..23]);
        let (sign, minutes) = (if self.offset < 0 { b'-' } else { b'+' }, self.offset.unsigned_abs() / 60);
        let minutes = u32::try_from(minutes).unwrap_or_default();
        let (h, m) = (minutes / 60, minutes % 60);
        out.extend_from_slice(&[sign, digit(h / 10), digit(h), b':', digit(m / 10), digit(m)]);
    }

    /// Offsets of old times have seconds, which the text has no room for: to whole minutes, and the local time with
    /// it, so that the text names the right instant.
    fn look_up(&mut self, instant: Timestamp) {
        let at = instant.to_jiff();
        let offset: Offset = self.zone.to_offset(at);
        self.offset = i64::from(offset.seconds()) / 60 * 60;
        let edge = |at: jiff::Timestamp| Timestamp::from(at).micros();
        let next = self.zone.following(at).next().map_or(i64::MAX, |it| edge(it.timestamp()));
        self.holds = instant.micros()..next.max(instant.micros() + 1);
        // "Preceding" leaves out a change that happens at this very instant.
        let just_after = at.checked_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(at);
        if let Some(last) = self.zone.preceding(just_after).next() {
            self.holds.start = self.holds.start.min(edge(last.timestamp()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(stamps: &mut Stamps, instant: &str) -> String {
        let mut out = Vec::new();
        stamps.write(instant.parse().unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    }

    // covers(gladly): S3.3, X-7
    #[test]
    fn minutes_have_an_offset_and_lose_their_seconds() {
        for (text, instant) in [
            ("2020-04-13T19:27Z", "2020-04-13T19:27:00Z"),
            ("2020-04-14T19:27-09:00", "2020-04-15T04:27:00Z"),
            ("2020-04-14T19:27+05:30", "2020-04-14T13:57:00Z"),
            ("2020-04-13T19:27:59Z", "2020-04-13T19:27:00Z"),
            ("2020-04-13T19:27:59.999+00:00", "2020-04-13T19:27:00Z"),
        ] {
            assert_eq!(minute(text).map(|it| it.to_string()).as_deref(), Some(instant), "{text}");
        }
        for text in [
            "",
            "2020-04-13",
            "2020-04-13T19:27",
            "2020-04-13 19:27Z",
            "19:27Z",
            "2020-04-13T25:27Z",
            "2020-02-30T10:00Z",
            "now",
            "1586806020",
            "2020-04-13T19:27Z[UTC]",
            "2020-04-13T19Zx",
            "２020-04-13T19:27Z",
        ] {
            assert_eq!(minute(text), None, "{text}");
        }
    }

    #[test]
    fn dates_have_ten_characters_and_exist() {
        assert_eq!(date("2020-02-29").map(compact_date).as_deref(), Some("20200229"));
        for text in [
            "2021-02-29",
            "20200302",
            "2020-3-02",
            "2020-03-02T00:00",
            "today",
            "",
            "+020-03-02",
            "2020-W10-1",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
        assert_eq!(compact_minute("2020-03-02T10:00:59Z".parse().unwrap()), "20200302T1000Z");
    }

    #[test]
    fn zones_have_iana_names() {
        assert_eq!(zone("america/los_angeles").as_ref().map(name), Some("America/Los_Angeles"));
        for text in ["", "PT", "UTC+2", "+02:00", "Mars/Olympus", "Etc/Unknown"] {
            assert!(zone(text).is_none(), "{text}");
        }
    }

    // covers(gladly)
    #[test]
    fn instants_are_written_in_the_zone_of_the_report() {
        let mut utc = Stamps::new(TimeZone::UTC);
        assert_eq!(shown(&mut utc, "2026-03-02T09:05:07.012999Z"), "2026-03-02T09:05:07.012Z");
        assert_eq!(shown(&mut utc, "1969-12-31T23:59:59.999Z"), "1969-12-31T23:59:59.999Z");
        let mut alias = Stamps::new(zone("Etc/UTC").unwrap());
        assert_eq!(shown(&mut alias, "2026-03-02T09:05:07Z"), "2026-03-02T09:05:07.000Z");

        let mut berlin = Stamps::new(zone("Europe/Berlin").unwrap());
        for (instant, text) in [
            ("2026-03-29T00:59:59.999Z", "2026-03-29T01:59:59.999+01:00"),
            ("2026-03-29T01:00:00Z", "2026-03-29T03:00:00.000+02:00"),
            ("2026-03-29T00:59:00Z", "2026-03-29T01:59:00.000+01:00"),
            ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00.000+02:00"),
            ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00.000+01:00"),
        ] {
            assert_eq!(shown(&mut berlin, instant), text);
        }
        let mut london = Stamps::new(zone("Europe/London").unwrap());
        assert_eq!(shown(&mut london, "2026-01-01T00:00:00Z"), "2026-01-01T00:00:00.000+00:00");
        let mut india = Stamps::new(zone("Asia/Kolkata").unwrap());
        assert_eq!(shown(&mut india, "2026-01-01T20:00:00Z"), "2026-01-02T01:30:00.000+05:30");
        let mut west = Stamps::new(zone("America/St_Johns").unwrap());
        assert_eq!(shown(&mut west, "2026-01-01T02:00:00Z"), "2025-12-31T22:30:00.000-03:30");
    }

    #[test]
    fn what_is_kept_of_the_last_instant_changes_nothing() {
        for name in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"] {
            let mut kept = Stamps::new(zone(name).unwrap());
            // Back and forth over ten years, with a step that meets every hour of the day.
            for n in 0..4_000_i64 {
                let micros = 1_600_000_000 * SECOND + (n * 7_919 % 4_000) * 80_123 * SECOND + n;
                let instant = Timestamp::from_micros(micros);
                let mut fresh = Stamps::new(zone(name).unwrap());
                let text = instant.to_string();
                assert_eq!(shown(&mut kept, &text), shown(&mut fresh, &text), "{name} {text}");
                let read: Timestamp = shown(&mut kept, &text).parse().unwrap();
                assert_eq!(read.micros(), micros.div_euclid(1_000) * 1_000, "{name} {text}");
            }
        }
    }
}
