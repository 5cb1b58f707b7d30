//! Queues and groups: who is rung for a call for which somebody is looked for.

use super::{
    board::{
        CallId, DeviceId, Hunt, Signal,
        numbers::{NumberPlan, QueueAction, QueueEvent, RingGroup},
    },
    switchboard::Switchboard,
};
use touchline_model::{ContactId, Timestamp};

/// A group that is rung for a call.
pub(crate) struct GroupHunt {
    number: String,
    stage: usize,
    /// Until when this stage rings.
    pub(crate) until: Timestamp,
}

/// The numbers behind which somebody is to be found.
pub(crate) fn numbers_of(plan: &NumberPlan) -> Vec<(String, Hunt)> {
    let queues = plan.queues.iter().map(|it| (it.number.clone(), Hunt::Queue));
    queues.chain(plan.groups.iter().map(|it| (it.number.clone(), Hunt::Group))).collect()
}

/// How queues call a call.
fn key(call: CallId) -> ContactId {
    ContactId(call.to_string())
}

impl Switchboard {
    /// The board looks for somebody at a number, or no longer.
    pub(crate) fn hunt(&mut self, call: CallId, number: Option<String>) {
        self.groups.remove(&call);
        if self.queued.remove(&call) {
            self.queue(QueueEvent::Gone(key(call)));
        }
        let Some(number) = number else { return };
        let plan = self.known.plan.written();
        if plan.queues.iter().any(|it| it.number == number) {
            self.queued.insert(call);
            self.queue(QueueEvent::Arrived { call: key(call), queue: number });
        } else {
            self.groups.insert(call, GroupHunt { number, stage: 0, until: self.now });
            self.ring_stage(call);
        }
    }

    pub(crate) fn queue(&mut self, event: QueueEvent) {
        self.service.told(self.now, &event);
        let actions = self.dispatcher.handle(event, self.now);
        self.actions.extend(actions);
    }

    /// Does what a queue wants.
    pub(crate) fn act(&mut self, action: QueueAction) {
        match action {
            QueueAction::Ring { call, agent } => {
                let Ok(id) = call.as_str().parse() else { return };
                match self.board.desk_of(&agent) {
                    Some(device) => self.at_once(Signal::Try { call: id, device }),
                    None => self.queue(QueueEvent::Declined { call, agent }),
                }
            }
            QueueAction::StopRinging { call, agent, missed } => {
                let (Ok(call), Some(device)) = (call.as_str().parse(), self.board.desk_of(&agent)) else {
                    return;
                };
                self.at_once(Signal::Withdraw { call, device, missed });
            }
            QueueAction::MadeNotReady(agent) => {
                if let Some(device) = self.board.desk_of(&agent) {
                    let state = super::board::AgentState::NotReady(Some(super::presence::MISSED.to_owned()));
                    self.put_state(&device, state);
                }
            }
            QueueAction::Overflow { call, to } => {
                if let Ok(call) = call.as_str().parse() {
                    self.service.sent_on(self.now, call);
                    self.queued.remove(&call);
                    self.signals.push_back(Signal::HuntEnds { call, to });
                }
            }
            // The board has joined them already, and lets nobody answer too late.
            QueueAction::Connect { .. } | QueueAction::TooLate { .. } => {}
        }
    }

    /// Rings the next of a group where those before have not taken the call. Whether anything was done.
    pub(crate) fn ring_on(&mut self) -> bool {
        let over = |(call, hunt): (&CallId, &GroupHunt)| {
            (hunt.until <= self.now || self.board.hunted(*call).is_empty()).then_some(*call)
        };
        let over: Vec<CallId> = self.groups.iter().filter_map(over).collect();
        for call in &over {
            let rung: Vec<DeviceId> = self.board.hunted(*call);
            let stop = |device| Signal::Withdraw { call: *call, device, missed: true };
            self.signals.extend(rung.into_iter().map(stop));
            if let Some(hunt) = self.groups.get_mut(call) {
                hunt.stage += 1;
            }
            self.ring_stage(*call);
        }
        !over.is_empty()
    }

    fn ring_stage(&mut self, call: CallId) {
        let Some(hunt) = self.groups.get_mut(&call) else { return };
        let group: Option<&RingGroup> =
            self.known.plan.written().groups.iter().find(|it| it.number == hunt.number);
        let stage = group.and_then(|it| it.stages().into_iter().nth(hunt.stage));
        let Some(stage) = stage else {
            let to = group.and_then(|it| it.overflow.clone());
            self.groups.remove(&call);
            self.signals.push_back(Signal::HuntEnds { call, to });
            return;
        };
        hunt.until = self.now.plus_secs(i64::from(stage.secs));
        for number in stage.numbers {
            if let Some((device, _)) = self.known.by_number(number).filter(|(_, row)| row.user.is_some()) {
                self.signals.push_back(Signal::Try { call, device: device.clone() });
            }
        }
    }
}
