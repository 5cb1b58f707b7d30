//! How the facts of a contact lie in the store: what has a fixed length first, then all texts as one. A report reads
//! millions of them, so whatever can be is read where it lies, and text is checked once a contact.

use super::{
    ContactFacts, HandleTime,
    kept::{Kept, KeptSession},
    known::worked_out,
};
use crate::AppError;
use touchline_model::{
    Direction,
    events::{ContactChannel, ContactStatus, EndReason, FulfilledType, InitiatorKind},
};
use zerocopy::{
    FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned,
    little_endian::{I64, U16, U32, U64},
};

/// Version of the form below, its first byte; the second says how it was worked out. To be raised when the lists of names
/// change their order.
const VERSION: u8 = 2;
const DIRECTIONS: &[Direction] = &[Direction::Inbound, Direction::Outbound, Direction::Screenshare];
/// A time, or a length of time, that is not there.
const NEVER: i64 = i64::MIN;
/// The length of a text that is not there.
const NO_TEXT: u16 = u16::MAX;
const NO_LONG_TEXT: u32 = u32::MAX;
/// A name that is not there.
const NO_NAME: u8 = u8::MAX;

/// Times and lengths of time are microseconds. What is said of texts is their length in bytes; they lie behind the
/// sessions in this order.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Head {
    version: u8,
    worked_out: u8,
    channel: u8,
    direction: u8,
    initiator: u8,
    fulfilled: u8,
    status: u8,
    reason: u8,
    created_at: I64,
    due_at: I64,
    routed_at: I64,
    first_accepted_at: I64,
    fulfilled_at: I64,
    ended_at: I64,
    hold: I64,
    transfers: U64,
    sessions: U32,
    contact: U16,
    conversation: U16,
    customer: U16,
    inbox_created: U16,
    entry_point: U32,
    final_ivr_selection: U32,
    first_accepted_agent: U16,
    first_accepted_inbox: U16,
    inbox_current: U16,
    agent_current: U16,
}

/// Their texts lie behind those of the contact, session by session.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Session {
    accepted_at: I64,
    handle: I64,
    after_contact: I64,
    unknown: I64,
    id: U16,
    agent: U16,
    accepted_inbox: U16,
}

/// Whether this is kept in the present form and was worked out in this way.
pub(super) fn readable(bytes: &[u8], mode: HandleTime) -> bool {
    bytes.starts_with(&[VERSION, worked_out(mode) as u8])
}

/// What is kept in these bytes, of which [`readable`] has said that they can be read.
pub(super) fn read(bytes: &[u8]) -> Result<Kept<'_>, AppError> {
    look(bytes).ok_or_else(|| AppError::Internal("kept facts of a contact are damaged".into()))
}

fn look(bytes: &[u8]) -> Option<Kept<'_>> {
    let (head, rest) = Head::ref_from_prefix(bytes).ok()?;
    let count = usize::try_from(head.sessions.get()).ok()?;
    let (sessions, texts) = <[Session]>::ref_from_prefix_with_elems(rest, count).ok()?;
    let mut texts = Texts(std::str::from_utf8(texts).ok()?);
    // Texts are taken in the order in which they lie.
    let mut kept = Kept {
        contact: texts.next(head.contact)?,
        conversation: texts.next(head.conversation)?,
        customer: texts.next(head.customer)?,
        channel: named(ContactChannel::ALL, head.channel)?,
        direction: named(DIRECTIONS, head.direction)?,
        initiator: named(InitiatorKind::ALL, head.initiator)?,
        created_at: head.created_at.get(),
        inbox_created: texts.next(head.inbox_created)?,
        entry_point: texts.long(head.entry_point)?,
        final_ivr_selection: texts.long(head.final_ivr_selection)?,
        due_at: time(head.due_at),
        routed_at: time(head.routed_at),
        first_accepted: match time(head.first_accepted_at) {
            Some(at) => {
                let agent = texts.next(head.first_accepted_agent)?;
                Some((agent, at, texts.next(head.first_accepted_inbox)?))
            }
            None => None,
        },
        fulfilled: match time(head.fulfilled_at) {
            Some(at) => Some((at, named(FulfilledType::ALL, head.fulfilled)?)),
            None => None,
        },
        ended: match time(head.ended_at) {
            Some(at) => {
                let reason = match head.reason {
                    NO_NAME => None,
                    reason => Some(named(EndReason::ALL, reason)?),
                };
                Some((at, named(ContactStatus::ALL, head.status)?, reason))
            }
            None => None,
        },
        inbox_current: texts.next(head.inbox_current)?,
        agent_current: texts.maybe(head.agent_current)?,
        transfers: head.transfers.get(),
        hold: head.hold.get(),
        sessions: Vec::with_capacity(count),
    };
    for session in sessions {
        kept.sessions.push(KeptSession {
            id: texts.maybe(session.id)?,
            agent: texts.maybe(session.agent)?,
            accepted: match time(session.accepted_at) {
                Some(at) => Some((at, texts.next(session.accepted_inbox)?)),
                None => None,
            },
            times: time(session.handle)
                .map(|handle| (handle, session.after_contact.get(), session.unknown.get())),
        });
    }
    Some(kept)
}

fn time(at: I64) -> Option<i64> {
    Some(at.get()).filter(|at| *at != NEVER)
}

fn named<T: Copy>(all: &[T], number: u8) -> Option<T> {
    all.get(usize::from(number)).copied()
}

/// What has not been taken of the texts. Nothing when they are damaged.
struct Texts<'a>(&'a str);

impl<'a> Texts<'a> {
    fn take(&mut self, length: usize) -> Option<&'a str> {
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(text)
    }
    fn next(&mut self, length: U16) -> Option<&'a str> {
        self.take(usize::from(length.get()))
    }
    fn maybe(&mut self, length: U16) -> Option<Option<&'a str>> {
        if length.get() == NO_TEXT { Some(None) } else { self.next(length).map(Some) }
    }
    fn long(&mut self, length: U32) -> Option<Option<&'a str>> {
        if length.get() == NO_LONG_TEXT {
            return Some(None);
        }
        self.take(usize::try_from(length.get()).ok()?).map(Some)
    }
}

/// The bytes to be kept.
pub(super) fn encode(facts: &ContactFacts, mode: HandleTime) -> Result<Vec<u8>, AppError> {
    lay(&Kept::of(facts), mode).ok_or_else(|| AppError::Internal("a contact has an endless id".into()))
}

fn lay(kept: &Kept<'_>, mode: HandleTime) -> Option<Vec<u8>> {
    let mut texts = Laid(String::new());
    let at = |time: Option<i64>| I64::new(time.unwrap_or(NEVER));
    let head = Head {
        version: VERSION,
        worked_out: worked_out(mode) as u8,
        channel: number(ContactChannel::ALL, &kept.channel)?,
        direction: number(DIRECTIONS, &kept.direction)?,
        initiator: number(InitiatorKind::ALL, &kept.initiator)?,
        fulfilled: maybe_number(FulfilledType::ALL, kept.fulfilled.map(|it| it.1))?,
        status: maybe_number(ContactStatus::ALL, kept.ended.map(|it| it.1))?,
        reason: maybe_number(EndReason::ALL, kept.ended.and_then(|it| it.2))?,
        created_at: I64::new(kept.created_at),
        due_at: at(kept.due_at),
        routed_at: at(kept.routed_at),
        first_accepted_at: at(kept.first_accepted.map(|it| it.1)),
        fulfilled_at: at(kept.fulfilled.map(|it| it.0)),
        ended_at: at(kept.ended.map(|it| it.0)),
        hold: I64::new(kept.hold),
        transfers: U64::new(kept.transfers),
        sessions: U32::new(u32::try_from(kept.sessions.len()).ok()?),
        contact: texts.add(Some(kept.contact))?,
        conversation: texts.add(Some(kept.conversation))?,
        customer: texts.add(Some(kept.customer))?,
        inbox_created: texts.add(Some(kept.inbox_created))?,
        entry_point: texts.add_long(kept.entry_point)?,
        final_ivr_selection: texts.add_long(kept.final_ivr_selection)?,
        first_accepted_agent: texts.add(kept.first_accepted.map(|it| it.0))?,
        first_accepted_inbox: texts.add(kept.first_accepted.map(|it| it.2))?,
        inbox_current: texts.add(Some(kept.inbox_current))?,
        agent_current: texts.add(kept.agent_current)?,
    };
    let mut bytes = head.as_bytes().to_vec();
    for session in &kept.sessions {
        let session = Session {
            accepted_at: at(session.accepted.map(|it| it.0)),
            handle: at(session.times.map(|it| it.0)),
            after_contact: at(session.times.map(|it| it.1)),
            unknown: at(session.times.map(|it| it.2)),
            id: texts.add(session.id)?,
            agent: texts.add(session.agent)?,
            accepted_inbox: texts.add(session.accepted.map(|it| it.1))?,
        };
        bytes.extend_from_slice(session.as_bytes());
    }
    bytes.extend_from_slice(texts.0.as_bytes());
    Some(bytes)
}

fn number<T: PartialEq>(all: &[T], it: &T) -> Option<u8> {
    all.iter().position(|known| known == it).and_then(|place| u8::try_from(place).ok())
}

fn maybe_number<T: PartialEq>(all: &[T], it: Option<T>) -> Option<u8> {
    it.map_or(Some(NO_NAME), |it| number(all, &it))
}

/// Texts as they are laid down. Nothing where one is too long for its length to be said.
struct Laid(String);

impl Laid {
    fn add(&mut self, text: Option<&str>) -> Option<U16> {
        let Some(text) = text else { return Some(U16::new(NO_TEXT)) };
        self.0.push_str(text);
        u16::try_from(text.len()).ok().filter(|length| *length != NO_TEXT).map(U16::new)
    }
    fn add_long(&mut self, text: Option<&str>) -> Option<U32> {
        let Some(text) = text else { return Some(U32::new(NO_LONG_TEXT)) };
        self.0.push_str(text);
        u32::try_from(text.len()).ok().filter(|length| *length != NO_LONG_TEXT).map(U32::new)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may end here")]
    use super::*;
    use proptest::{prelude::*, strategy::ValueTree};
    use touchline_analysis::sessions::{Accepted, Ended, Fulfilled, Micros, SessionTimes, WorkSession};
    use touchline_model::Timestamp;

    fn name<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
        (0..all.len()).prop_map(|place| all[place])
    }

    fn at() -> impl Strategy<Value = Timestamp> {
        (0..4_000_000_000_000_000_i64).prop_map(Timestamp::from_micros)
    }

    fn session() -> impl Strategy<Value = WorkSession> {
        let times =
            (0..i64::MAX, any::<i32>(), any::<i32>()).prop_map(|(handle, after, unknown)| SessionTimes {
                handle: Micros(handle),
                after_contact: Micros(after.into()),
                unknown: Micros(unknown.into()),
            });
        (
            proptest::option::of("[a-zä]{0,30}"),
            proptest::option::of("[a-z€]{1,200}"),
            proptest::option::of((at(), "[a-z]{1,9}")),
            proptest::option::of(times),
        )
            .prop_map(|(id, agent, accepted, times)| WorkSession {
                id,
                agent_id: agent.map(Into::into),
                accepted: accepted.map(|(at, inbox)| (at, inbox.into())),
                times,
            })
    }

    fn facts() -> impl Strategy<Value = ContactFacts> {
        let ids = ("[a-z]{1,40}", ".{1,40}", "[a-z]{1,40}", "[a-z]{1,40}", "[a-z]{1,40}");
        let names = (name(ContactChannel::ALL), name(DIRECTIONS), name(InitiatorKind::ALL));
        let texts = (
            proptest::option::of(".{0,70}"),
            proptest::option::of(prop_oneof![Just(String::new()), Just("x".repeat(70_000))]),
        );
        let times = (at(), proptest::option::of(at()), proptest::option::of(at()));
        let first = proptest::option::of((at(), "[a-z]{1,9}", "[a-z]{1,9}"));
        let fulfilled = proptest::option::of((at(), name(FulfilledType::ALL)));
        let ended = proptest::option::of((
            at(),
            name(ContactStatus::ALL),
            proptest::option::of(name(EndReason::ALL)),
        ));
        let rest = (proptest::option::of("[a-z]{1,9}"), any::<u64>(), any::<i32>());
        let sessions = proptest::collection::vec(session(), 0..5);
        (ids, names, texts, times, first, fulfilled, ended, rest, sessions).prop_map(
            |(ids, names, texts, times, first, fulfilled, ended, rest, sessions)| ContactFacts {
                contact_id: ids.0.into(),
                conversation_id: ids.1.into(),
                customer_id: ids.2.into(),
                channel: names.0,
                direction: names.1,
                initiator: names.2,
                created_at: times.0,
                inbox_created: ids.3.into(),
                entry_point: texts.0,
                final_ivr_selection: texts.1,
                due_at: times.1,
                routed_at: times.2,
                first_accepted: first.map(|(at, agent, inbox)| Accepted {
                    agent_id: agent.into(),
                    at,
                    inbox_id: inbox.into(),
                }),
                fulfilled: fulfilled.map(|(at, how)| Fulfilled { at, how }),
                ended: ended.map(|(at, status, reason)| Ended { at, status, reason }),
                inbox_current: ids.4.into(),
                agent_current: rest.0.map(Into::into),
                transfers: rest.1,
                hold: Micros(rest.2.into()),
                sessions,
                intervals: Vec::new(),
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_kept_is_read_as_it_was(facts in facts()) {
            let bytes = encode(&facts, HandleTime::Views).unwrap();
            prop_assert!(readable(&bytes, HandleTime::Views) && !readable(&bytes, HandleTime::Assignment));
            prop_assert_eq!(read(&bytes).unwrap().to_facts(), facts);
        }

        #[test]
        fn what_is_damaged_is_an_error(facts in facts(), cut in 0.0..1.0) {
            let bytes = encode(&facts, HandleTime::Views).unwrap();
            let cut = (bytes.len() as f64 * cut) as usize;
            prop_assert!(read(&bytes[..cut]).is_err());
        }

        #[test]
        fn whatever_the_bytes_are_nothing_breaks(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _either = read(&bytes);
        }
    }

    #[test]
    fn an_id_without_end_is_not_kept() {
        let runner = &mut proptest::test_runner::TestRunner::deterministic();
        let mut facts = facts().new_tree(runner).unwrap().current();
        facts.customer_id = "x".repeat(70_000).into();
        assert!(encode(&facts, HandleTime::Views).is_err());
    }
}
