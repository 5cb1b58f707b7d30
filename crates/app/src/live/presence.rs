//! What agents are ready for and whether they are on calls: told to the queues, and to the reports.

use super::{
    board::{AgentState, DeviceView, numbers::QueueEvent},
    switchboard::{Switchboard, Write},
};
use std::collections::{BTreeMap, BTreeSet};
use touchline_model::{
    Event, EventContent, Initiator, Timestamp, UserId,
    events::{AgentStatusChange, AgentStatusEvent, ChannelType, OtherInitiator, StatusReason},
};

/// What queues think of an agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wants {
    #[default]
    Out,
    None,
    Calls,
}

/// What was told last.
#[derive(Default)]
pub(crate) struct Presence {
    wants: BTreeMap<UserId, Wants>,
    states: BTreeMap<UserId, AgentState>,
    pub(crate) busy: BTreeSet<UserId>,
    /// Numbers the events of this run of the server.
    told: u64,
}

impl Switchboard {
    /// Tells queues and reports what has changed with agents. Whether anything was told.
    pub(crate) fn tell_queues(&mut self) -> bool {
        let devices = self.board.busy_devices();
        let busy: BTreeSet<UserId> =
            devices.iter().filter_map(|device| self.known.user_of(device)).cloned().collect();
        let was = std::mem::replace(&mut self.presence.busy, busy.clone());
        let mut told = false;
        for user in busy.difference(&was) {
            self.queue(QueueEvent::Busy(user.clone()));
            told = true;
        }
        for user in was.difference(&busy) {
            self.queue(QueueEvent::Free(user.clone()));
            told = true;
        }
        let desks: Vec<DeviceView> = self.board.device_views().collect();
        let mut states: BTreeMap<UserId, (AgentState, Wants)> = BTreeMap::new();
        for desk in desks {
            let Some(user) = desk.device.user.clone() else { continue };
            let there = self.reachable.contains(&desk.device.id) && !desk.do_not_disturb;
            let (state, wants) = match (desk.active, &desk.state) {
                (false, _) => (AgentState::LoggedOut, Wants::Out),
                (true, AgentState::Ready) if there => (desk.state, Wants::Calls),
                (true, _) => (desk.state, Wants::None),
            };
            // Of several telephones, the one they work at.
            let known = states.entry(user).or_insert((AgentState::LoggedOut, Wants::Out));
            if known.1 == Wants::Out {
                *known = (state, wants);
            }
        }
        // Who has lost the telephone is not there any more.
        for gone in
            self.presence.wants.keys().filter(|it| !states.contains_key(*it)).cloned().collect::<Vec<_>>()
        {
            states.insert(gone, (AgentState::LoggedOut, Wants::Out));
        }
        for (user, (state, wants)) in states {
            let before = self.presence.wants.get(&user).copied().unwrap_or_default();
            if before != wants {
                self.presence.wants.insert(user.clone(), wants);
                self.queue(match wants {
                    Wants::Out => QueueEvent::LoggedOut(user.clone()),
                    Wants::None => QueueEvent::NotReady(user.clone()),
                    Wants::Calls => QueueEvent::Ready(user.clone()),
                });
                told = true;
            }
            let before = self.presence.states.get(&user).cloned().unwrap_or_default();
            if before != state {
                let events = self.presence.changed(&user, self.now, &before, &state);
                let at_work = state != AgentState::LoggedOut;
                self.presence.states.insert(user.clone(), state);
                self.write(Write::Status { user, at_work, events });
            }
        }
        told
    }
}

impl Switchboard {
    /// The server stops: nobody is at work any more, for nobody can be called.
    pub(crate) fn close(&mut self) {
        let active = |desk: &DeviceView| desk.active;
        let devices: Vec<_> = self.board.device_views().filter(active).map(|desk| desk.device.id).collect();
        for device in devices {
            self.put_state(&device, AgentState::LoggedOut);
        }
        self.settle();
    }
}

impl Presence {
    /// Whether anybody is at work.
    pub(crate) fn anybody(&self) -> bool {
        self.states.values().any(|state| *state != AgentState::LoggedOut)
    }

    /// A change of state as events (contract gladly §8).
    fn changed(&mut self, user: &UserId, at: Timestamp, before: &AgentState, now: &AgentState) -> Vec<Event> {
        use AgentStatusChange::{LoggedIn, LoggedOut, ReturnedFromAway, WentAway};
        let mut all = Vec::new();
        let away = |state: &AgentState| !matches!(state, AgentState::Ready | AgentState::LoggedOut);
        if *before == AgentState::LoggedOut {
            all.push(self.status(user, at, LoggedIn, None));
        }
        match now {
            AgentState::LoggedOut => all.push(self.status(user, at, LoggedOut, None)),
            AgentState::Ready if away(before) => all.push(self.status(user, at, ReturnedFromAway, None)),
            AgentState::Ready => {}
            state => all.push(self.status(user, at, WentAway, Some(reason(state)))),
        }
        let ready = |state: &AgentState| *state == AgentState::Ready;
        if ready(before) != ready(now) {
            let available_for = if ready(now) { vec![ChannelType::Voice] } else { vec![] };
            let content =
                EventContent::Availability { agent_id: user.clone(), available_for, occurred_at: Some(at) };
            all.push(self.event(user, at, content));
        }
        all
    }

    fn status(
        &mut self,
        user: &UserId,
        at: Timestamp,
        change: AgentStatusChange,
        away_reason: Option<StatusReason>,
    ) -> Event {
        let content = EventContent::AgentStatus(AgentStatusEvent {
            agent_id: user.clone(),
            occurred_at: at,
            change,
            active_reason: None,
            away_at: away_reason.is_some().then_some(at),
            away_reason,
        });
        self.event(user, at, content)
    }

    fn event(&mut self, user: &UserId, timestamp: Timestamp, content: EventContent) -> Event {
        self.told += 1;
        let by_system = matches!(&content, EventContent::AgentStatus(it) if it.away_reason.as_ref().is_some_and(|it| it.id == MISSED));
        let initiator = match by_system {
            true => Initiator::Other(OtherInitiator::System, String::new()),
            false => Initiator::Agent(user.clone()),
        };
        // No two of one agent at one moment have the same number.
        let id = format!("presence-{}-{}", timestamp.micros(), self.told).into();
        Event { id, timestamp, initiator, content }
    }
}

/// The end of the work of somebody who was at work when the server was killed, at the time at which it was alive for sure.
pub(crate) fn left_behind(user: &UserId, at: Timestamp) -> Vec<Event> {
    // Whether that one was ready is not known any more; who has left is not, whatever was before.
    let mut events = Presence::default().changed(user, at, &AgentState::Ready, &AgentState::LoggedOut);
    for event in &mut events {
        event.id = format!("{}-{user}-cut", event.id).into();
        event.initiator = Initiator::Other(OtherInitiator::System, String::new());
    }
    events
}

/// Why an agent is away who has missed too many calls.
pub(crate) const MISSED: &str = "missed calls";

fn reason(state: &AgentState) -> StatusReason {
    let (id, name) = match state {
        AgentState::NotReady(Some(reason)) => (reason.as_str(), reason.as_str()),
        AgentState::AfterCallWork => ("after_call_work", "After-call work"),
        AgentState::AuxWork => ("aux_work", "Other work"),
        AgentState::NotReady(None) | AgentState::Ready | AgentState::LoggedOut => ("not_ready", "Not ready"),
    };
    StatusReason { id: id.to_owned(), name: name.to_owned() }
}
