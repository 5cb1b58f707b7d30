//! What a report is made of on its page: totals, charts, the table of the first rows; and its words.

use super::asked::Chosen;
use crate::{charts::Chart, csv, format, texts};
use touchline_app::reports::Micros;
use touchline_model::{Direction, Timestamp, events::ContactChannel};

/// A total.
pub(super) struct Figure {
    pub(super) label: &'static str,
    pub(super) text: String,
    /// The same for machines, exact; empty when there is none.
    pub(super) exact: String,
    /// What it is of.
    pub(super) note: String,
}

impl Figure {
    /// How many.
    pub(super) fn count(label: &'static str, count: u64) -> Self {
        let text = format::number(i64::try_from(count).unwrap_or(i64::MAX));
        Self { label: texts::t(label), text, exact: count.to_string(), note: String::new() }
    }
    /// How long.
    pub(super) fn time(label: &'static str, time: Option<Micros>) -> Self {
        Self {
            label: texts::t(label),
            text: time.map_or_else(|| "–".to_owned(), clock),
            exact: time.map(|it| csv::seconds(it.0)).unwrap_or_default(),
            note: String::new(),
        }
    }
    /// Which share.
    pub(super) fn share(label: &'static str, share: Option<f64>, exact: String) -> Self {
        let text = share.map_or_else(|| "–".to_owned(), format::percent);
        Self { label: texts::t(label), text, exact, note: String::new() }
    }
    pub(super) fn with_note(self, note: String) -> Self {
        Self { note, ..self }
    }
}

/// A cell of the table of the first rows.
#[derive(Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// All of it, where the text is short.
    pub(super) title: String,
    pub(super) number: bool,
}

impl Cell {
    pub(super) fn text(text: &str) -> Self {
        Self { text: format::middle(text, 26), title: text.to_owned(), number: false }
    }
    /// An id, of which the ends tell enough.
    pub(super) fn id(id: &str) -> Self {
        Self { text: format::middle(id, 11), title: id.to_owned(), number: false }
    }
    pub(super) fn number(text: String) -> Self {
        Self { text, title: String::new(), number: true }
    }
    pub(super) fn time(time: Option<Micros>) -> Self {
        Self {
            text: time.map(clock).unwrap_or_default(),
            title: time
                .map(|it| texts::fill("reports.seconds", &[("n", &csv::seconds(it.0))]))
                .unwrap_or_default(),
            number: true,
        }
    }
    /// The end of what began then: only the time, if that was on the same day.
    pub(super) fn until(chosen: &Chosen, began: Timestamp, at: Option<Timestamp>) -> Self {
        let cell = Self::at(chosen, at);
        match at.filter(|at| chosen.is_same_day(began, *at)) {
            Some(at) => Self { text: chosen.time_of_day(at), ..cell },
            None => cell,
        }
    }
    pub(super) fn at(chosen: &Chosen, at: Option<Timestamp>) -> Self {
        Self {
            text: at.map(|at| chosen.minute(at)).unwrap_or_default(),
            title: at.map(|at| chosen.exact(at)).unwrap_or_default(),
            number: false,
        }
    }
}

/// A report that was made.
pub(super) struct Made {
    pub(super) figures: Vec<Figure>,
    pub(super) charts: Vec<Chart>,
    /// Names of the columns.
    pub(super) head: Vec<&'static str>,
    pub(super) cells: Vec<Vec<Cell>>,
    /// How many rows there are.
    pub(super) rows: u64,
}

/// A channel in words.
pub(super) fn channel(channel: ContactChannel) -> &'static str {
    texts::t(match channel {
        ContactChannel::PhoneCall => "reports.channel_phone",
        ContactChannel::Chat => "reports.channel_chat",
        ContactChannel::FbMessenger => "reports.channel_messenger",
        ContactChannel::InstagramDirect => "reports.channel_instagram",
        ContactChannel::Whatsapp => "reports.channel_whatsapp",
        ContactChannel::Sms => "reports.channel_sms",
        ContactChannel::Twitter => "reports.channel_twitter",
        ContactChannel::Email => "reports.channel_email",
        ContactChannel::Voicemail => "reports.channel_voicemail",
        ContactChannel::AbandonedCall => "reports.channel_abandoned",
    })
}

/// Channel and direction: `Phone, outbound`.
pub(super) fn kind(of: ContactChannel, direction: Direction) -> Cell {
    Cell::text(&match direction {
        Direction::Inbound => channel(of).to_owned(),
        Direction::Outbound | Direction::Screenshare => {
            texts::fill("reports.outbound", &[("channel", channel(of))])
        }
    })
}

/// A name of the model in words of a sentence: `CUSTOMER_NO_REPLY` is `Customer no reply`.
pub(super) fn spelled(name: &str) -> String {
    let lower = name.to_ascii_lowercase().replace('_', " ");
    let mut chars = lower.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Whether it was in time, in words.
pub(super) fn in_time(within: Option<bool>) -> Cell {
    let text = within.map_or("", |met| texts::t(if met { "reports.in_time" } else { "reports.late" }));
    Cell { text: text.to_owned(), ..Cell::default() }
}

/// A length as on a clock.
pub(super) fn clock(time: Micros) -> String {
    let sign = if time.0 < 0 { "−" } else { "" };
    format!("{sign}{}", format::clock(seconds(time).abs().round()))
}

/// A length in seconds, for drawings.
pub(super) fn seconds(time: Micros) -> f64 {
    // Drawings need no more digits than a double has.
    time.0 as f64 / 1_000_000.0
}
