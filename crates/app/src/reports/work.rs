//! What agents did for one contact, as the store keeps it and the summary of agents reads it: stretches of work, and
//! what counts. Contact by contact, so that families which become one change nothing of it; cut at midnights UTC, so
//! that a report which begins at some instant finds all that goes on then by looking a day back.

use super::{ContactFacts, known::worked_out};
use crate::AppError;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use touchline_analysis::sessions::{HandleTime, IntervalKind, Mark};
use touchline_model::{Event, EventContent, Timestamp, events::ContactChannel};
use touchline_store::WorkRow;

/// In microseconds.
pub(super) const DAY: i64 = 86_400_000_000;
/// A stretch that is longer than so much is not kept: it would be a row a day.
const LONGEST: i64 = 60 * DAY;
/// Version of the form below, its first byte; the second says how it was worked out.
const VERSION: u8 = 1;

/// What an agent did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Worked for a while.
    Work(IntervalKind),
    /// Something that counts, at an instant.
    Mark(Mark),
}

/// The numbers that stand for them where they are kept; never to be changed.
const KINDS: [IntervalKind; 3] = [IntervalKind::Handle, IntervalKind::AfterContact, IntervalKind::Hold];
const FIRST_MARK: u8 = 16;

impl What {
    fn number(self) -> u8 {
        let (first, place) = match self {
            Self::Work(kind) => (0, KINDS.iter().position(|it| *it == kind)),
            Self::Mark(mark) => (FIRST_MARK, Mark::ALL.iter().position(|it| *it == mark)),
        };
        first + u8::try_from(place.unwrap_or_default()).unwrap_or_default()
    }

    fn of(number: u8) -> Option<Self> {
        match number.checked_sub(FIRST_MARK) {
            Some(mark) => Mark::ALL.get(usize::from(mark)).copied().map(Self::Mark),
            None => KINDS.get(usize::from(number)).copied().map(Self::Work),
        }
    }
}

/// One thing that an agent did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deed<'a> {
    pub(super) start: Timestamp,
    /// The start of what has no length.
    pub(super) end: Timestamp,
    pub(super) agent: &'a str,
    pub(super) channel: Option<ContactChannel>,
    pub(super) what: What,
}

/// What was done for one contact, or for a conversation without one.
pub(super) struct Done<'a> {
    pub(super) of: Of<'a>,
    /// Day by day, each in order.
    pub(super) days: Vec<Vec<Deed<'a>>>,
}

/// For what it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Of<'a> {
    Contact(&'a str),
    Conversation(&'a str),
}

/// Whether nothing is kept of what was done for a contact, since it goes on or went on for too long: every report works
/// out its family.
pub(super) fn never_kept(contact: &ContactFacts) -> bool {
    let long = |from: Timestamp, to: Timestamp| to.micros().saturating_sub(from.micros()) > LONGEST;
    contact.ended.is_none() || contact.intervals.iter().any(|it| long(it.start, it.end))
}

/// What was done for the contacts of a family, as far as these events tell, from which the facts were worked out. With
/// `on_days` for all contacts, but stretches of work only on the days from that of the first instant to that of the
/// second one; otherwise all that is kept.
pub(super) fn done<'a>(
    events: &'a [Event],
    contacts: &'a [ContactFacts],
    on_days: Option<(Timestamp, Timestamp)>,
) -> Vec<Done<'a>> {
    let midnight = |at: i64| at.div_euclid(DAY).saturating_mul(DAY);
    let (first, last) =
        on_days.map_or((i64::MIN, i64::MAX), |(first, last)| (midnight(first.micros()), last.micros()));
    let mut all: BTreeMap<Of<'a>, Vec<Deed<'a>>> = BTreeMap::new();
    let mut threads: HashMap<&str, Vec<(Timestamp, &str)>> = HashMap::new();
    for contact in contacts {
        let id = contact.contact_id.as_str();
        threads.entry(contact.conversation_id.as_str()).or_default().push((contact.created_at, id));
        if on_days.is_none() && never_kept(contact) {
            continue;
        }
        let deeds = all.entry(Of::Contact(id)).or_default();
        for interval in &contact.intervals {
            let (mut start, end) = (interval.start.micros().max(first), interval.end.micros());
            while start < end && midnight(start) <= last {
                let stop = end.min(midnight(start.saturating_add(DAY)));
                deeds.push(Deed {
                    start: Timestamp::from_micros(start),
                    end: Timestamp::from_micros(stop),
                    agent: interval.agent_id.as_str(),
                    channel: Some(interval.channel),
                    what: What::Work(interval.kind),
                });
                start = stop;
            }
        }
    }
    threads.values_mut().for_each(|contacts| contacts.sort_unstable());
    for event in events {
        let (Some(mark), Some(agent)) = (Mark::of(event), event.agent_id()) else { continue };
        let start = event.happened_at();
        let (of, channel) = match &event.content {
            EventContent::Contact(contact) => {
                (Of::Contact(contact.contact_id.as_str()), Some(contact.channel))
            }
            EventContent::Conversation(conversation) => {
                let id = conversation.conversation_id.as_str();
                let contacts = threads.get(id).map_or(&[][..], Vec::as_slice);
                let begun = contacts.partition_point(|it| it.0 <= start);
                let last = begun.checked_sub(1).and_then(|last| contacts.get(last));
                (last.map_or(Of::Conversation(id), |it| Of::Contact(it.1)), None)
            }
            _ => continue,
        };
        // A contact that has not started yet is parked, and counts nowhere (contract gladly R-15).
        if matches!(of, Of::Contact(_)) && !all.contains_key(&of) {
            continue;
        }
        let deed = Deed { start, end: start, agent: agent.as_str(), channel, what: What::Mark(mark) };
        all.entry(of).or_default().push(deed);
    }
    let day = |deed: &Deed<'_>| deed.start.micros().div_euclid(DAY);
    let by_day = |(of, mut deeds): (Of<'a>, Vec<Deed<'a>>)| {
        deeds.sort_by_key(|deed| deed.start);
        Done { of, days: deeds.chunk_by(|one, other| day(one) == day(other)).map(<[_]>::to_vec).collect() }
    };
    all.into_iter().map(by_day).collect()
}

/// Times are microseconds after the first one.
#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    #[serde(borrow)]
    agents: Vec<&'a str>,
    deeds: Vec<PackedDeed>,
}

#[derive(Serialize, Deserialize)]
struct PackedDeed {
    after: u64,
    long: u64,
    agent: u32,
    what: u8,
    channel: Option<ContactChannel>,
}

fn distance(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.micros().saturating_sub(from.micros())).unwrap_or_default()
}

/// The rows to be kept of a family.
pub(super) fn rows(
    events: &[Event],
    contacts: &[ContactFacts],
    family: i64,
    mode: HandleTime,
) -> Result<Vec<WorkRow>, AppError> {
    let mut rows = Vec::new();
    for unit in done(events, contacts, None) {
        for day in unit.days {
            let Some(start_at) = day.first().map(|first| first.start) else { continue };
            let n = i64::try_from(rows.len()).unwrap_or(i64::MAX);
            rows.push(WorkRow { start_at, family, n, body: pack(start_at, &day, mode)? });
        }
    }
    Ok(rows)
}

fn pack(start: Timestamp, day: &[Deed<'_>], mode: HandleTime) -> Result<Vec<u8>, AppError> {
    let mut agents: Vec<&str> = Vec::new();
    let mut deeds = Vec::with_capacity(day.len());
    for deed in day {
        let known = agents.iter().position(|agent| *agent == deed.agent);
        let agent = known.unwrap_or_else(|| {
            agents.push(deed.agent);
            agents.len() - 1
        });
        deeds.push(PackedDeed {
            after: distance(start, deed.start),
            long: distance(deed.start, deed.end),
            agent: u32::try_from(agent).unwrap_or(u32::MAX),
            what: deed.what.number(),
            channel: deed.channel,
        });
    }
    postcard::to_extend(&Packed { agents, deeds }, vec![VERSION, worked_out(mode) as u8])
        .map_err(|e| AppError::Internal(Box::new(e)))
}

/// Whether this is kept in the present form and was worked out in this way.
pub(super) fn readable(bytes: &[u8], mode: HandleTime) -> bool {
    bytes.starts_with(&[VERSION, worked_out(mode) as u8])
}

/// Hands over what is kept in these bytes, which begins at `start`, and of which [`readable`] has said that they can be
/// read.
pub(super) fn unpack(start: Timestamp, bytes: &[u8], mut take: impl FnMut(Deed<'_>)) -> Result<(), AppError> {
    let damaged = || AppError::Internal("kept work of a contact is damaged".into());
    let form = bytes.get(2..).ok_or_else(damaged)?;
    let packed: Packed<'_> = postcard::from_bytes(form).map_err(|_| damaged())?;
    for deed in packed.deeds {
        let agent = usize::try_from(deed.agent).ok().and_then(|at| packed.agents.get(at));
        let after = |from: Timestamp, long: u64| {
            let long = i64::try_from(long).unwrap_or(i64::MAX);
            Timestamp::from_micros(from.micros().saturating_add(long))
        };
        let begin = after(start, deed.after);
        take(Deed {
            start: begin,
            end: after(begin, deed.long),
            agent: agent.ok_or_else(damaged)?,
            channel: deed.channel,
            what: What::of(deed.what).ok_or_else(damaged)?,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let at = |micros: i64| Timestamp::from_micros(1_767_225_600_000_000 + micros);
        let mut deeds = Vec::new();
        let whats = KINDS.into_iter().map(What::Work).chain(Mark::ALL.into_iter().map(What::Mark));
        for (n, what) in (0..).zip(whats) {
            assert_eq!(What::of(what.number()), Some(what));
            let agent = if n % 2 == 0 { "ana" } else { "bob" };
            let channel = (n % 3 > 0).then_some(ContactChannel::Email);
            let long = if matches!(what, What::Work(_)) { 1_500 } else { 0 };
            deeds.push(Deed { start: at(n * 1_000), end: at(n * 1_000 + long), agent, channel, what });
        }
        let bytes = pack(at(0), &deeds, HandleTime::Views).unwrap();
        let mut read = 0;
        let take = |deed: Deed<'_>| {
            assert_eq!(deed, deeds[read]);
            read += 1;
        };
        unpack(at(0), &bytes, take).unwrap();
        assert_eq!(read, deeds.len());
        assert!(readable(&bytes, HandleTime::Views) && !readable(&bytes, HandleTime::Assignment));
        assert!(unpack(at(0), &bytes[..9], |_| {}).is_err(), "damaged");
    }
}
