//! The kinds of jobs and what they carry.

use serde_json::json;
use touchline_model::{Timestamp, time::eastern};
use touchline_store::NewJob;

pub(crate) const ANALYSE: &str = "analyse";
pub(crate) const CONVERT: &str = "convert";
pub(crate) const REMATCH: &str = "rematch";
pub(crate) const REMATCH_WALK: &str = "rematch-walk";
pub(crate) const REMATCH_TELL: &str = "rematch-tell";
pub(crate) const LISTENS: &str = "listens";
pub(crate) const REANALYSE: &str = "reanalyse";
pub(crate) const FORGET_RECORDING: &str = "forget-recording";

fn job(
    id: String,
    kind: &'static str,
    payload: serde_json::Value,
    due_at: Timestamp,
    now: Timestamp,
) -> NewJob {
    NewJob { id, kind, payload, due_at, created_at: now }
}

/// Analyse the transcripts of contacts.
pub(crate) fn analyse(id: String, contacts: &[String], now: Timestamp) -> NewJob {
    job(id, ANALYSE, json!({ "contacts": contacts }), now, now)
}

/// Read the recording of a contact.
pub(crate) fn convert(id: String, contact: &str, now: Timestamp) -> NewJob {
    job(id, CONVERT, json!({ "contact": contact }), now, now)
}

/// Remove the bytes of a recording if no contact names them any more.
pub(crate) fn forget_recording(id: String, sha256: &str, now: Timestamp) -> NewJob {
    job(id, FORGET_RECORDING, json!({ "sha256": sha256 }), now, now)
}

/// Match the whole store against the topics as they are a moment from now: changes come in swarms.
pub(crate) fn rematch_soon(now: Timestamp) -> NewJob {
    job("rematch-next".to_owned(), REMATCH, json!({}), now, now)
}

/// Walk through the store with a set of topics.
pub(crate) fn rematch_walk(generation: i64, now: Timestamp) -> NewJob {
    job(format!("rematch-walk-{generation}"), REMATCH_WALK, json!({ "generation": generation }), now, now)
}

/// Tell readers which contacts have other results than with the set before, then drop the old ones.
pub(crate) fn rematch_tell(generation: i64, before: Option<i64>, now: Timestamp) -> NewJob {
    let payload = json!({ "generation": generation, "before": before, "after": "" });
    job(format!("rematch-tell-{generation}"), REMATCH_TELL, payload, now, now)
}

/// Add up listening at the next 02:00 US Eastern, or the first instant after it (contract c360 ).
pub(crate) fn listens_tonight(now: Timestamp) -> NewJob {
    let here = eastern(now);
    let night = |date: jiff::civil::Date| {
        // The compatible reading of a time that does not exist is the first instant after the gap.
        date.at(2, 0, 0, 0).to_zoned(here.time_zone().clone()).map(|it| Timestamp::from(it.timestamp()))
    };
    let tomorrow = here.date().tomorrow().and_then(night);
    let due = match night(here.date()) {
        Ok(today) if today > now => today,
        _ => tomorrow.unwrap_or_else(|_| now.plus_secs(86_400)),
    };
    job(format!("listens-{}", eastern(due).date()), LISTENS, json!({}), due, now)
}

/// Add up listening of past days at once.
pub(crate) fn listens_now(now: Timestamp) -> NewJob {
    job("listens-now".to_owned(), LISTENS, json!({}), now, now)
}

/// Analyse again what older algorithms have analysed.
pub(crate) fn reanalyse(version: u32, now: Timestamp) -> NewJob {
    job(format!("reanalyse-{version}"), REANALYSE, json!({}), now, now)
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(c360)
    #[test]
    fn listening_is_counted_at_two_in_the_morning_eastern_time() {
        let due = |now: &str| listens_tonight(now.parse().unwrap()).due_at.to_string();
        assert_eq!(due("2026-01-15T06:59:59Z"), "2026-01-15T07:00:00Z", "winter: 02:00 is 07:00 UTC");
        assert_eq!(due("2026-01-15T07:00:00Z"), "2026-01-16T07:00:00Z");
        assert_eq!(due("2026-07-15T12:00:00Z"), "2026-07-16T06:00:00Z", "summer: 02:00 is 06:00 UTC");
        assert_eq!(due("2026-03-08T05:00:00Z"), "2026-03-08T07:00:00Z", "no 02:00 that night: 03:00 EDT");
    }
}
