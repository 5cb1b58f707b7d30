//! Numbers, times and long values as people read them.

use jiff::tz::TimeZone;
use touchline_model::Timestamp;

/// A whole number, thousands set apart by a comma.
pub(crate) fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        out.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Seconds as on a clock: `06:14`, `1:02:03`.
pub(crate) fn clock(seconds: f64) -> String {
    // A duration is bounded by the model; the cast saturates anyway.
    let all = seconds.max(0.0).floor() as u64;
    let (hours, minutes, seconds) = (all / 3_600, all / 60 % 60, all % 60);
    match hours {
        0 => format!("{minutes:02}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// A share as a percentage without decimals.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Bytes in the unit that suits them.
pub(crate) fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1_024.0 && unit + 1 < units.len() {
        value /= 1_024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{count} B"),
        _ => format!("{value:.1} {}", units[unit]),
    }
}

/// A message of ours for people: what stands between backticks stands between quotation marks.
pub(crate) fn in_quotes(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, (inside, after))) =
        rest.split_once('`').and_then(|(before, rest)| Some((before, rest.split_once('`')?)))
    {
        out.extend([before, "“", inside, "”"]);
        rest = after;
    }
    out + rest
}

/// A value shortened in its middle, to about `length` characters.
pub(crate) fn middle(value: &str, length: usize) -> String {
    let chars: Vec<char> = value.chars().collect();
    if chars.len() <= length {
        return value.to_owned();
    }
    let half = length.saturating_sub(1) / 2;
    let (start, end): (String, String) =
        (chars[..half].iter().collect(), chars[chars.len() - half..].iter().collect());
    format!("{start}…{end}")
}

/// An instant with the day of the week, to the minute, in somebody's zone: `Tue 3 Mar 2026, 10:02`.
pub(crate) fn exact(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%a %-d %b %Y, %H:%M").to_string()
}

/// A day: `3 Mar 2026`.
pub(crate) fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%-d %b %Y").to_string()
}

/// An instant as seen from now: `just now`, `5 min ago`, `today 10:02`, `Tue 10:02`, `3 Mar`, `3 Mar 2025`.
pub(crate) fn relative(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let ago = (now.micros() - at.micros()) / 1_000_000;
    let (then, today) = (at.to_jiff().to_zoned(zone.clone()), now.to_jiff().to_zoned(zone.clone()));
    if !(0..518_400).contains(&ago) {
        let pattern = if then.year() == today.year() { "%-d %b" } else { "%-d %b %Y" };
        return then.strftime(pattern).to_string();
    }
    match ago {
        0..60 => crate::texts::t("common.just_now").to_owned(),
        60..3_600 => crate::texts::count("common.minutes_ago", ago / 60),
        _ if then.date() == today.date() => then.strftime("%H:%M").to_string(),
        _ => then.strftime("%a %H:%M").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_values_are_shown_as_people_read_them() {
        assert_eq!(number(0), "0");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(-1_000), "−1,000");
        assert_eq!(clock(374.9), "06:14");
        assert_eq!(clock(3_723.0), "1:02:03");
        assert_eq!(percent(0.414), "41 %");
        assert_eq!(bytes(1_536), "1.5 KiB");
        assert_eq!(middle("a-very-long-file-name.wav", 11), "a-ver…e.wav");
        assert_eq!(middle("short", 11), "short");
        assert_eq!(in_quotes("there is no user `x` in `y`"), "there is no user “x” in “y”");
        assert_eq!(in_quotes("it`s one"), "it`s one");
    }

    #[test]
    fn an_instant_is_told_from_where_the_reader_stands() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-03-10T12:00:00Z");
        let told = |text| relative(at(text), now, &zone);
        assert_eq!(told("2026-03-10T11:59:30Z"), "just now");
        assert_eq!(told("2026-03-10T11:55:00Z"), "5 minutes ago");
        assert_eq!(told("2026-03-10T07:02:00Z"), "08:02");
        assert_eq!(told("2026-03-09T07:02:00Z"), "Mon 08:02");
        assert_eq!(told("2026-03-01T07:02:00Z"), "1 Mar");
        assert_eq!(told("2025-03-01T07:02:00Z"), "1 Mar 2025");
        assert_eq!(told("2026-03-11T07:02:00Z"), "11 Mar", "a clock that runs ahead");
        assert_eq!(exact(at("2026-07-01T22:30:00Z"), &zone), "Thu 2 Jul 2026, 00:30");
    }
}
