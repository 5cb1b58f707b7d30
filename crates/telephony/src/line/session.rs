//! Session timers (RFC 4028): whoever has gone without a word is noticed.

use super::{
    Line, Phase,
    transactions::{self, Purpose},
};
use crate::wire::message::{code, header, lists, value};
use rsipstack::sip::{Header, Headers, Method, Response};
use std::time::Duration;
use tokio::time::Instant;

/// What we ask for, in seconds (RFC 4028 §4.2 recommends it).
const WANTED: u64 = 1800;

/// A line's timer.
#[derive(Clone, Debug)]
pub(crate) struct SessionTimer {
    interval: u64,
    /// We are the one who refreshes.
    ours: bool,
    due: Instant,
}

impl SessionTimer {
    fn new(interval: u64, ours: bool) -> Self {
        Self { interval, ours, due: Instant::now() + wait(interval, ours) }
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Both sides were heard: it begins anew.
    pub(super) fn restart(&mut self) {
        self.due = Instant::now() + wait(self.interval, self.ours);
    }

    /// Both refreshed at once: once more, soon.
    pub(super) fn again_in(&mut self, wait: Duration) {
        self.due = Instant::now() + wait;
    }

    /// The lines of an answer (RFC 4028 §9).
    pub(super) fn answer_lines(&self) -> Vec<Header> {
        // In an answer we are the uas, whoever called first.
        let refresher = if self.ours { "uas" } else { "uac" };
        let mut lines = vec![header("Session-Expires", format!("{};refresher={refresher}", self.interval))];
        if refresher == "uac" {
            lines.push(header("Require", "timer"));
        }
        lines
    }
}

/// The refresher refreshes at half time; the other waits until shortly before the end (RFC 4028 §10).
fn wait(interval: u64, ours: bool) -> Duration {
    Duration::from_secs(if ours { interval / 2 } else { interval - (interval / 3).min(32) })
}

/// Reads `1800;refresher=uac`.
fn expires(headers: &Headers) -> Option<(u64, Option<bool>)> {
    let (seconds, params) =
        value(headers, "Session-Expires").map(|it| it.split_once(';').unwrap_or((it, "")))?;
    let refresher = params.split(';').find_map(|it| it.trim().strip_prefix("refresher="));
    let by_uas = match refresher {
        Some("uas") => Some(true),
        Some("uac") => Some(false),
        _ => None,
    };
    Some((crate::fields::digits(seconds.trim())?, by_uas))
}

/// The timer that an INVITE or an UPDATE asks us for; the shortest that we take if it is too short.
pub(super) fn asked(headers: &Headers, least: u64) -> Result<Option<SessionTimer>, u64> {
    let Some((seconds, by_uas)) = expires(headers) else { return Ok(None) };
    if seconds < least {
        return Err(least);
    }
    // Whoever knows timers may refresh, too, and then it costs us nothing.
    let ours = by_uas.unwrap_or(!lists(headers, "Supported", "timer"));
    Ok(Some(SessionTimer::new(seconds.min(86_400), ours)))
}

/// The timer that an answer to ours agrees to.
pub(super) fn agreed(headers: &Headers, least: u64) -> Option<SessionTimer> {
    let (seconds, by_uas) = expires(headers)?;
    Some(SessionTimer::new(seconds.clamp(least.min(86_400), 86_400), by_uas != Some(true)))
}

/// The lines with which we ask for a timer.
pub(super) fn wish(least: u64) -> Vec<Header> {
    vec![header("Session-Expires", WANTED.max(least).to_string()), header("Min-SE", least.to_string())]
}

impl Line {
    /// Refreshes, or gives the other side up.
    pub(super) fn session_time(&mut self, now: Instant) {
        let Some(timer) = self.timer.as_mut().filter(|timer| timer.due <= now) else { return };
        if !timer.ours {
            self.timer = None;
            return self.gone();
        }
        timer.restart();
        // In a request of ours we are the uac, whoever called first.
        let mut lines = vec![header("Session-Expires", format!("{};refresher=uac", timer.interval))];
        lines.extend(super::abilities());
        if self.asking_again {
            return;
        }
        let Phase::Up(dialog) = &mut self.phase else { return };
        let branch = self.shared.branch();
        let (purpose, request) = if dialog.knows_update {
            (Purpose::Refresh, dialog.next(Method::Update, &branch, lines, None))
        } else {
            let body = self.shared.offer(&mut self.sound);
            self.asking_again = true;
            (Purpose::Again, dialog.next(Method::Invite, &branch, lines, Some(("application/sdp", body))))
        };
        transactions::send(&self.shared.wire, purpose, request, &dialog.way(), &self.me);
    }

    /// Our UPDATE was answered.
    pub(super) fn refreshed(&mut self, response: &Response) {
        match code(response) {
            // The other side does not know this dialog any more (RFC 4028 §10).
            408 | 481 => self.gone(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> Headers {
        Headers(lines.iter().map(|(name, value)| header(name, *value)).collect())
    }

    #[tokio::test]
    async fn who_refreshes_is_who_was_asked_to_or_who_called() {
        let ask = |value: &str| {
            asked(&headers(&[("Session-Expires", value), ("Supported", "timer, replaces")]), 90)
        };
        assert!(ask("1800;refresher=uas").unwrap().unwrap().ours);
        assert!(!ask("1800;refresher=uac").unwrap().unwrap().ours);
        let timer = ask("600").unwrap().unwrap();
        assert!(!timer.ours);
        let lines: Vec<String> = timer.answer_lines().iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["Session-Expires: 600;refresher=uac", "Require: timer"]);
        assert_eq!(ask("89").unwrap_err(), 90);
        assert!(asked(&headers(&[]), 90).unwrap().is_none());
        assert!(agreed(&headers(&[("Session-Expires", "1800;refresher=uac")]), 90).unwrap().ours);
        assert!(!agreed(&headers(&[("Session-Expires", "1800;refresher=uas")]), 90).unwrap().ours);
    }

    #[test]
    fn the_refresher_is_early_and_the_other_side_patient() {
        assert_eq!(wait(1800, true), Duration::from_secs(900));
        assert_eq!(wait(1800, false), Duration::from_secs(1768));
        assert_eq!(wait(90, false), Duration::from_secs(60));
    }
}
