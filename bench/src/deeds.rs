//! What agents did, for the side that the summary of agents is measured against: told from the events of
//! [`crate::centre`] by themselves, for the columns that they fill, as files that a data warehouse would hold.

use crate::centre::{A_DAY, AGENTS, agent, contact, shift};
use std::{fs::File, io::BufWriter, io::Write, path::Path};
use touchline_model::{
    Event, EventContent, Initiator,
    events::{AgentStatusChange, ChannelType, ContactChange, ContactChannel, ConversationChange},
};

/// The channels in the order of the report.
const CHANNELS: [ContactChannel; 9] = [
    ContactChannel::Chat,
    ContactChannel::Email,
    ContactChannel::FbMessenger,
    ContactChannel::InstagramDirect,
    ContactChannel::PhoneCall,
    ContactChannel::Sms,
    ContactChannel::Twitter,
    ContactChannel::Voicemail,
    ContactChannel::Whatsapp,
];

/// Two files of lines: what happened (`agent,at,what,channel`), and what took time (`agent,start,end,what,channel`), in
/// microseconds. `what` is the name of the column, `channel` its place or empty.
struct Deeds {
    counts: BufWriter<File>,
    spans: BufWriter<File>,
}

impl Deeds {
    fn count(&mut self, agent: &str, at: i64, what: &str, channel: Option<usize>) {
        let channel = channel.map(|it| it.to_string()).unwrap_or_default();
        writeln!(self.counts, "{agent},{at},{what},{channel}").unwrap();
    }

    fn span(&mut self, agent: &str, (start, end): (i64, i64), what: &str, channel: Option<usize>) {
        let channel = channel.map(|it| it.to_string()).unwrap_or_default();
        if start < end {
            writeln!(self.spans, "{agent},{start},{end},{what},{channel}").unwrap();
        }
    }

    fn shift(&mut self, me: &str, events: &[Event], is_first: bool) {
        let at = |change: AgentStatusChange| {
            events.iter().filter_map(move |event| match &event.content {
                EventContent::AgentStatus(status) if status.change == change => {
                    Some(status.occurred_at.micros())
                }
                _ => None,
            })
        };
        use AgentStatusChange::{LoggedIn, LoggedOut, ReturnedFromAway, WentAway};
        for (what, change) in [
            ("Logged In", LoggedIn),
            ("Logged Out", LoggedOut),
            ("Went Away", WentAway),
            ("Returned from Away", ReturnedFromAway),
        ] {
            at(change).for_each(|time| self.count(me, time, what, None));
        }
        let (came, left) = (at(LoggedIn).next().unwrap(), at(LoggedOut).next().unwrap());
        self.span(me, (came, left), "Logged In Time in seconds", None);
        let away: Vec<(i64, i64)> = at(WentAway).zip(at(ReturnedFromAway)).collect();
        for pause in &away {
            self.span(me, *pause, "Away Time in seconds", None);
        }
        let ready = events.iter().find_map(|event| match &event.content {
            EventContent::Availability { available_for, .. } => {
                Some((event.timestamp.micros(), available_for))
            }
            _ => None,
        });
        let (ready, kinds) = ready.unwrap();
        // What somebody is available for holds until it is changed; the days do not differ in it.
        let from = if is_first { ready } else { came };
        let starts = std::iter::once(from).chain(away.iter().map(|it| it.1));
        let ends = away.iter().map(|it| it.0).chain([left]);
        for there in starts.zip(ends) {
            self.span(me, there, "Available Time in seconds - Any", None);
            for kind in kinds {
                let what = match kind {
                    ChannelType::Mail => "Available Time in seconds - Mail",
                    ChannelType::Messaging => "Available Time in seconds - Messaging",
                    ChannelType::Task => "Available Time in seconds - Task",
                    ChannelType::Voice => "Available Time in seconds - Voice",
                };
                self.span(me, there, what, None);
            }
        }
    }

    fn contact(&mut self, events: &[Event]) {
        let (mut began, mut ended, mut closed, mut place) = (0, 0, 0, None);
        for event in events {
            let (at, by) = (event.timestamp.micros(), &event.initiator);
            match &event.content {
                EventContent::Contact(it) => {
                    place = CHANNELS.iter().position(|known| *known == it.channel);
                    match &it.change {
                        ContactChange::Started { .. } => {
                            began = at;
                            if let Initiator::Agent(id) = by {
                                self.count(id.as_str(), at, "Contact Started", place);
                            }
                        }
                        ContactChange::Offered { agent_id, .. } => {
                            self.count(agent_id.as_str(), at, "Contact Offered", place);
                        }
                        ContactChange::OfferAccepted { agent_id } => {
                            self.count(agent_id.as_str(), at, "Contact Accepted", place);
                        }
                        ContactChange::Transferred { .. } => {
                            if let Initiator::Agent(id) = by {
                                self.count(id.as_str(), at, "Contact Transferred", None);
                            }
                        }
                        ContactChange::Ended { .. } => {
                            ended = at;
                            if let Some(id) = &it.assignee_before.agent_id {
                                self.count(id.as_str(), at, "Contact Ended", None);
                            }
                        }
                        _ => {}
                    }
                }
                EventContent::Conversation(it) if matches!(it.change, ConversationChange::Closed { .. }) => {
                    closed = at;
                    if let Initiator::Agent(id) = by {
                        self.count(id.as_str(), at, "Conversation Closed", None);
                    }
                }
                _ => {}
            }
        }
        for event in events {
            if let EventContent::View(view) = &event.content {
                let (from, to) = (view.start_at.micros(), view.end_at.micros());
                let me = view.agent_id.as_str();
                self.span(me, (from.max(began), to.min(ended)), "Handle Time in seconds", place);
                self.span(me, (from.max(ended), to.min(closed)), "After Contact Time in seconds", place);
            }
        }
    }
}

/// Writes what agents did on the first days: of their shifts, and of those of so many contacts that began then.
pub fn write(counts: &Path, spans: &Path, days: u64, contacts: u64) {
    let open = |path: &Path| BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
    let mut deeds = Deeds { counts: open(counts), spans: open(spans) };
    for day in 0..days {
        for n in 0..AGENTS {
            deeds.shift(&agent(n), &shift(n, day as i64), day == 0);
        }
    }
    for n in 0..contacts.min(days * AGENTS * A_DAY) {
        deeds.contact(&contact(n));
    }
    deeds.counts.flush().unwrap();
    deeds.spans.flush().unwrap();
}
