//! What somebody asks of a report: a window, a zone, filters; as it stands in the address, and what it comes to.

use crate::{error::PageError, format, pages::address, texts};
use jiff::{
    ToSpan,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use touchline_app::reports::{Level, Window, summary::LONGEST_DAYS};
use touchline_http::Query;
use touchline_model::{GroupId, InboxId, Timestamp, UserId, events::ContactChannel};

/// Windows that are asked for with one click; the one that is shown when nothing is asked for.
pub(super) const QUICK: [&str; 4] = ["today", "yesterday", "week", "month"];
const USUAL: &str = "week";
/// Lengths of the buckets of agents, by their names in the address.
pub(super) const LEVELS: [(&str, Level); 4] = [
    ("day", Level::Daily),
    ("half_hour", Level::HalfHourly),
    ("week", Level::Weekly),
    ("month", Level::Monthly),
];

/// What stands in the address. Empty is what is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// One of [`QUICK`]; days count more.
    pub(super) window: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) zone: String,
    pub(super) channel: String,
    pub(super) inbox: String,
    pub(super) team: String,
    pub(super) agent: String,
    pub(super) level: String,
}

/// What is wrong with a field.
pub(super) type Wrong = (&'static str, String);

/// What it comes to.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    /// First and last day in the zone.
    pub(super) days: (Date, Date),
    pub(super) window: Window,
    pub(super) zone: TimeZone,
    pub(super) zone_name: String,
    pub(super) channels: Vec<ContactChannel>,
    pub(super) inboxes: Vec<InboxId>,
    pub(super) teams: Vec<GroupId>,
    pub(super) agent: Option<UserId>,
    pub(super) level: Level,
}

impl Asked {
    pub(super) fn read(query: &Query) -> Result<Self, PageError> {
        let of = |name: &str| query.one(name).map(|it| it.unwrap_or_default().trim().to_owned());
        Ok(Self {
            window: of("window")?,
            from: of("from")?,
            to: of("to")?,
            zone: of("zone")?,
            channel: of("channel")?,
            inbox: of("inbox")?,
            team: of("team")?,
            agent: of("agent")?,
            level: of("level")?,
        })
    }

    /// An address that asks for it.
    pub(super) fn address(&self, path: &str) -> String {
        let Self { window, from, to, zone, channel, inbox, team, agent, level } = self;
        let pairs = [
            ("window", window.as_str()),
            ("from", from),
            ("to", to),
            ("zone", zone),
            ("channel", channel),
            ("inbox", inbox),
            ("team", team),
            ("agent", agent),
            ("level", level),
        ];
        address(path, &pairs)
    }

    /// The same, for another window.
    pub(super) fn within(&self, window: &str) -> Self {
        Self { window: window.to_owned(), from: String::new(), to: String::new(), ..self.clone() }
    }

    /// The same window of everything.
    pub(super) fn unfiltered(&self) -> Self {
        let Self { window, from, to, zone, level, .. } = self.clone();
        Self { window, from, to, zone, level, ..Self::default() }
    }

    /// Whether anything is left out.
    pub(super) fn is_filtered(&self) -> bool {
        [&self.channel, &self.inbox, &self.team, &self.agent].into_iter().any(|it| !it.is_empty())
    }

    /// The window that was clicked, if it was one.
    pub(super) fn quick(&self) -> Option<&str> {
        match (self.from.is_empty() && self.to.is_empty(), self.window.as_str()) {
            (true, "") => Some(USUAL),
            (true, window) => QUICK.into_iter().find(|it| *it == window),
            (false, _) => None,
        }
    }

    /// What it comes to in the zone that it names, or in the organisation's.
    ///
    /// # Errors
    /// Everything that is wrong, with the field that it is wrong with.
    pub(super) fn choose(&self, home: &str, now: Timestamp) -> Result<Chosen, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let named = if self.zone.is_empty() { home } else { &self.zone };
        let zone = zone(named).unwrap_or_else(|| {
            wrong.push(("zone", texts::t("reports.no_zone").to_owned()));
            TimeZone::UTC
        });
        let days = self.days(now.to_jiff().to_zoned(zone.clone()).date(), &mut wrong);
        let channel = match self.channel.as_str() {
            "" => None,
            name => {
                let known = name.to_ascii_uppercase().parse::<ContactChannel>();
                known.map_err(|()| wrong.push(("channel", texts::t("reports.no_channel").to_owned()))).ok()
            }
        };
        let window = days.and_then(|(first, last)| {
            let window = Window::of_dates(&zone, first, last);
            match window {
                None => wrong.push(("to", texts::t("reports.no_day").to_owned())),
                Some(it) if it.longer_than_days(&zone, LONGEST_DAYS) => {
                    let days = first.until(last).map_or(0, |it| i64::from(it.get_days())) + 1;
                    let values = [("n", format::number(days)), ("most", LONGEST_DAYS.to_string())];
                    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
                    wrong.push(("to", texts::fill("reports.too_long", &values)));
                }
                Some(_) => {}
            }
            Some(((first, last), window?))
        });
        let level = LEVELS.iter().find(|it| it.0 == self.level).map_or(Level::Daily, |it| it.1);
        match window {
            Some((days, window)) if wrong.is_empty() => Ok(Chosen {
                days,
                window,
                zone_name: zone.iana_name().unwrap_or(named).to_owned(),
                zone,
                channels: channel.into_iter().collect(),
                inboxes: one(&self.inbox),
                teams: one(&self.team),
                agent: one(&self.agent).pop(),
                level,
            }),
            _ => Err(wrong),
        }
    }

    /// First and last day.
    fn days(&self, today: Date, wrong: &mut Vec<Wrong>) -> Option<(Date, Date)> {
        if self.from.is_empty() && self.to.is_empty() {
            let before = |days: i64| today.checked_sub(days.days()).unwrap_or(today);
            return Some(match self.quick() {
                Some("today") => (today, today),
                Some("yesterday") => (before(1), before(1)),
                Some("month") => (today.first_of_month(), today),
                _ => (before(6), today),
            });
        }
        let mut day = |field: &'static str, text: &str, other: &str| {
            // A day alone is a window of one day.
            let text = if text.is_empty() { other } else { text };
            let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
            if day.is_none() {
                wrong.push((field, texts::t("reports.no_day").to_owned()));
            }
            day
        };
        let (first, last) = (day("from", &self.from, &self.to), day("to", &self.to, &self.from));
        let (first, last) = (first?, last?);
        if last < first {
            wrong.push(("to", texts::t("reports.backwards").to_owned()));
            return None;
        }
        Some((first, last))
    }
}

fn one<T: for<'a> From<&'a str>>(text: &str) -> Vec<T> {
    if text.is_empty() { Vec::new() } else { vec![text.into()] }
}

/// A zone by its IANA name.
fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok().filter(|zone| !zone.is_unknown() && zone.iana_name().is_some())
}

impl Chosen {
    /// The days in words.
    pub(super) fn in_words(&self) -> String {
        let (first, last) = self.days;
        let day = |date: Date| date.strftime("%a %-d %b %Y").to_string();
        match first == last {
            true => day(first),
            false => texts::fill("reports.from_to", &[("from", &day(first)), ("to", &day(last))]),
        }
    }

    /// Whether it is no more than one day.
    pub(super) fn is_a_day(&self) -> bool {
        self.days.0 == self.days.1
    }

    /// A name for a file of it.
    pub(super) fn file_name(&self, report: &str) -> String {
        let (first, last) = self.days;
        match first == last {
            true => format!("{report}-{first}.csv"),
            false => format!("{report}-{first}-to-{last}.csv"),
        }
    }

    /// An instant to the minute.
    pub(super) fn minute(&self, at: Timestamp) -> String {
        let local = at.to_jiff().to_zoned(self.zone.clone());
        local.strftime(if self.is_a_day() { "%H:%M" } else { "%-d %b %H:%M" }).to_string()
    }

    /// The time of the day of an instant, to the minute.
    pub(super) fn time_of_day(&self, at: Timestamp) -> String {
        at.to_jiff().to_zoned(self.zone.clone()).strftime("%H:%M").to_string()
    }

    /// Whether two instants are on one day here.
    pub(super) fn is_same_day(&self, one: Timestamp, other: Timestamp) -> bool {
        let date = |at: Timestamp| at.to_jiff().to_zoned(self.zone.clone()).date();
        date(one) == date(other)
    }

    /// An instant to the second, with its offset.
    pub(super) fn exact(&self, at: Timestamp) -> String {
        at.to_jiff().to_zoned(self.zone.clone()).strftime("%a %-d %b %Y, %H:%M:%S %:z").to_string()
    }

    /// Up to when the report knows the world: a time of today, or of another day.
    pub(super) fn as_of(&self, horizon: Timestamp, now: Timestamp) -> String {
        let local = |at: Timestamp| at.to_jiff().to_zoned(self.zone.clone());
        let same = local(horizon).date() == local(now).date();
        local(horizon).strftime(if same { "%H:%M" } else { "%a %-d %b %H:%M" }).to_string()
    }
}

/// Whether a tick under a day helps: Mondays of a long window, every day of a short one.
pub(super) fn is_ticked(date: Date, days: usize) -> bool {
    days <= 7 || date.weekday() == Weekday::Monday
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-03-29T22:30:00Z";

    fn asked(pairs: &str) -> Asked {
        Asked::read(&Query::parse(Some(pairs)).unwrap()).unwrap()
    }

    fn days(pairs: &str, home: &str) -> String {
        match asked(pairs).choose(home, NOW.parse().unwrap()) {
            Ok(it) => format!("{}..{}", it.days.0, it.days.1),
            Err(wrong) => wrong
                .into_iter()
                .map(|(field, text)| format!("{field}: {text}"))
                .collect::<Vec<_>>()
                .join(" | "),
        }
    }

    #[test]
    fn today_is_that_of_the_zone() {
        assert_eq!(days("window=today", "UTC"), "2026-03-29..2026-03-29");
        assert_eq!(days("window=today", "Europe/Berlin"), "2026-03-30..2026-03-30");
        assert_eq!(days("window=yesterday&zone=America/New_York", "Europe/Berlin"), "2026-03-28..2026-03-28");
        assert_eq!(days("", "UTC"), "2026-03-23..2026-03-29");
        assert_eq!(days("window=month", "Europe/Berlin"), "2026-03-01..2026-03-30");
        assert_eq!(days("window=today&from=2026-02-01", "UTC"), "2026-02-01..2026-02-01", "days count more");
        assert_eq!(days("from=2026-02-01&to=2026-03-03", "UTC"), "2026-02-01..2026-03-03", "31 days");
    }

    #[test]
    fn a_day_on_which_the_clocks_are_moved_is_as_long_as_it_was() {
        let chosen = asked("from=2026-03-29&zone=europe/berlin").choose("UTC", NOW.parse().unwrap()).unwrap();
        assert_eq!(chosen.zone_name, "Europe/Berlin");
        assert_eq!(chosen.window.start.to_string(), "2026-03-28T23:00:00Z");
        assert_eq!(chosen.window.end.to_string(), "2026-03-29T22:00:00Z");
        assert_eq!((chosen.in_words().as_str(), chosen.is_a_day()), ("Sun 29 Mar 2026", true));
        assert_eq!(chosen.file_name("contacts"), "contacts-2026-03-29.csv");
        assert_eq!(chosen.minute("2026-03-29T01:00:00Z".parse().unwrap()), "03:00");
        assert_eq!(chosen.exact("2026-03-29T00:59:59Z".parse().unwrap()), "Sun 29 Mar 2026, 01:59:59 +01:00");
        // A month with the clock change in it is not too long for its missing hour.
        assert_eq!(days("from=2026-10-01&to=2026-10-31", "Europe/Berlin"), "2026-10-01..2026-10-31");
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_field() {
        for (pairs, told) in [
            ("from=2026-03-02&to=2026-03-01", "to: must not be before the first day"),
            (
                "from=soon&to=2026-13-01&zone=Mars",
                "zone: is no time zone, such as Europe/Berlin | from: must be a day such as 2026-03-31 | to: must be a day such as 2026-03-31",
            ),
            (
                "from=2026-01-01&to=2026-02-01&channel=pigeon",
                "channel: is no channel that reports know | to: 32 days are more than a page shows, which is 31. Choose fewer, or load longer windows as the feed page tells",
            ),
            (
                "from=20260301",
                "from: must be a day such as 2026-03-31 | to: must be a day such as 2026-03-31",
            ),
        ] {
            assert_eq!(days(pairs, "UTC"), told, "{pairs}");
        }
    }

    #[test]
    fn an_address_asks_for_the_same_again() {
        let all = "window=today&zone=Europe/Berlin&channel=sms&inbox=a%26b&team=t&agent=u&level=week";
        let first = asked(all);
        let address = first.address("/reports/agents");
        assert_eq!(asked(address.split_once('?').unwrap().1), first);
        assert_eq!(first.unfiltered().address("/x"), "/x?window=today&zone=Europe%2FBerlin&level=week");
        assert!(first.is_filtered() && !first.unfiltered().is_filtered());
        assert_eq!(asked("from=2026-01-01").within("today"), asked("window=today"));
        assert_eq!(
            (asked("").quick(), asked("to=2026-01-01").quick(), asked("window=x").quick()),
            (Some("week"), None, None)
        );
    }
}
