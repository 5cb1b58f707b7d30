//! Who is rung for whom: calls that wait in queues, and the agents who serve them.
//!
//! The call that has waited longest gets the agent who has been idle longest. Agents may serve several queues. Events and
//! the time go in, actions and the next deadline come out.

use super::{QueueAction, QueueConfig, QueueEvent};
use std::collections::{BTreeMap, BTreeSet};
use touchline_model::{ContactId, Timestamp, UserId};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Doing {
    Nothing,
    Rung,
    /// On a call; after one of a queue there is work to do for so many seconds.
    Talking {
        wrap_up_secs: u32,
    },
    WrappingUp {
        until: Timestamp,
    },
}

#[derive(Clone, Debug)]
struct Agent {
    logged_in: bool,
    ready: bool,
    doing: Doing,
    idle_since: Timestamp,
    missed: u32,
}

#[derive(Debug)]
struct Waiting {
    call: ContactId,
    queue: String,
    since: Timestamp,
    ringing: Option<(UserId, Timestamp)>,
    /// Who was rung in vain. Others come first.
    tried: BTreeSet<UserId>,
    /// Who has turned it away a moment ago, and until when that one is left in peace: a telephone that turns every call
    /// away must not be rung all the time.
    paused: BTreeMap<UserId, Timestamp>,
}

/// How long who has turned a call away is not rung for it again, in seconds.
const AGAIN_SECS: i64 = 3;

/// All queues, the calls that wait and the agents who are logged in.
#[derive(Debug, Default)]
pub struct Dispatcher {
    queues: BTreeMap<String, QueueConfig>,
    agents: BTreeMap<UserId, Agent>,
    /// In the order of arrival.
    waiting: Vec<Waiting>,
}

impl Dispatcher {
    /// Empty queues; nobody is logged in.
    pub fn new(queues: &[QueueConfig]) -> Self {
        let mut dispatcher = Self::default();
        dispatcher.configure(queues);
        dispatcher
    }

    /// The plan has changed. Calls that wait stay where they are; those of a queue that is gone overflow at the next
    /// event or deadline.
    pub fn configure(&mut self, queues: &[QueueConfig]) {
        self.queues = queues.iter().map(|queue| (queue.number.clone(), queue.clone())).collect();
    }

    /// Takes an event and says what to do about it, and about all that is due by then.
    pub fn handle(&mut self, event: QueueEvent, now: Timestamp) -> Vec<QueueAction> {
        let mut actions = Vec::new();
        match event {
            QueueEvent::Ready(agent) => {
                let state = self.agent(agent, now);
                state.logged_in = true;
                if !state.ready {
                    (state.ready, state.idle_since, state.missed) = (true, now, 0);
                }
                // Who says that he is ready has no more work to do after the last call.
                if matches!(state.doing, Doing::WrappingUp { .. }) {
                    (state.doing, state.idle_since) = (Doing::Nothing, now);
                }
            }
            QueueEvent::NotReady(agent) => {
                self.stop_ringing(&agent, &mut actions);
                let state = self.agent(agent, now);
                (state.logged_in, state.ready) = (true, false);
            }
            QueueEvent::LoggedOut(agent) => {
                self.stop_ringing(&agent, &mut actions);
                let state = self.agent(agent.clone(), now);
                (state.logged_in, state.ready) = (false, false);
                // Who leaves and comes back during a call is still on it.
                if !matches!(state.doing, Doing::Talking { .. }) {
                    self.agents.remove(&agent);
                }
            }
            QueueEvent::Busy(agent) => {
                self.stop_ringing(&agent, &mut actions);
                self.agent(agent, now).doing = Doing::Talking { wrap_up_secs: 0 };
            }
            QueueEvent::Free(agent) => self.free(&agent, now),
            QueueEvent::Arrived { call, queue } => {
                // The same call twice would be rung twice.
                if !self.waiting.iter().any(|waiting| waiting.call == call) {
                    self.arrive(call, queue, now, &mut actions);
                }
            }
            QueueEvent::Gone(call) => {
                if let Some(at) = self.waiting.iter().position(|waiting| waiting.call == call) {
                    let gone = self.waiting.remove(at);
                    if let Some((agent, _)) = gone.ringing {
                        self.rung_no_more(&agent);
                        actions.push(QueueAction::StopRinging { call, agent, missed: false });
                    }
                }
            }
            QueueEvent::Answered { call, agent } => self.answer(call, agent, &mut actions),
            QueueEvent::Declined { call, agent } => {
                let declined = |waiting: &&mut Waiting| {
                    waiting.call == call && waiting.ringing.as_ref().is_some_and(|(rung, _)| *rung == agent)
                };
                if let Some(waiting) = self.waiting.iter_mut().find(declined) {
                    waiting.ringing = None;
                    let queue = waiting.queue.clone();
                    waiting.tried.insert(agent.clone());
                    waiting.paused.insert(agent.clone(), now.plus_secs(AGAIN_SECS));
                    self.missed(&agent, &queue, now, &mut actions);
                }
            }
        }
        self.step(now, &mut actions);
        actions
    }

    /// Does what is due: call it at [`Dispatcher::next_deadline`].
    pub fn tick(&mut self, now: Timestamp) -> Vec<QueueAction> {
        let mut actions = Vec::new();
        self.step(now, &mut actions);
        actions
    }

    /// When something is due next.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let wrap_ups = self.agents.values().filter_map(|agent| match agent.doing {
            Doing::WrappingUp { until } => Some(until),
            _ => None,
        });
        let calls = self.waiting.iter().filter_map(|waiting| match &waiting.ringing {
            Some((_, until)) => Some(*until),
            None => waiting.paused.values().copied().chain(self.overflows_at(waiting)).min(),
        });
        wrap_ups.chain(calls).min()
    }

    /// Calls that wait in a queue, and since when the first one does; for the wall and for announcements.
    pub fn waiting(&self, queue: &str) -> (usize, Option<Timestamp>) {
        let mut there =
            self.waiting.iter().filter(|waiting| waiting.queue == queue).map(|waiting| waiting.since);
        let first = there.next();
        (usize::from(first.is_some()) + there.count(), first)
    }

    /// Agents of a queue who would be rung now.
    pub fn idle(&self, queue: &str) -> usize {
        let Some(queue) = self.queues.get(queue) else { return 0 };
        queue.members.iter().filter(|member| self.is_idle(member)).count()
    }

    /// The state of an agent; one who was not known is logged out and has nothing to do.
    fn agent(&mut self, agent: UserId, now: Timestamp) -> &mut Agent {
        let unknown =
            Agent { logged_in: false, ready: false, doing: Doing::Nothing, idle_since: now, missed: 0 };
        self.agents.entry(agent).or_insert(unknown)
    }

    fn is_idle(&self, agent: &UserId) -> bool {
        self.agents.get(agent).is_some_and(|agent| agent.ready && agent.doing == Doing::Nothing)
    }

    fn arrive(&mut self, call: ContactId, queue: String, now: Timestamp, actions: &mut Vec<QueueAction>) {
        let Some(config) = self.queues.get(&queue) else {
            actions.push(QueueAction::Overflow { call, to: None });
            return;
        };
        let full = self.waiting(&queue).0 >= config.max_waiting;
        let is_there = |member: &UserId| self.agents.get(member).is_some_and(|agent| agent.logged_in);
        let nobody = config.overflow_when_nobody && !config.members.iter().any(is_there);
        if full || nobody {
            actions.push(QueueAction::Overflow { call, to: config.overflow.clone() });
        } else {
            self.waiting.push(Waiting {
                call,
                queue,
                since: now,
                ringing: None,
                tried: BTreeSet::new(),
                paused: BTreeMap::new(),
            });
        }
    }

    fn answer(&mut self, call: ContactId, agent: UserId, actions: &mut Vec<QueueAction>) {
        let his = |waiting: &Waiting| {
            waiting.call == call && waiting.ringing.as_ref().is_some_and(|(rung, _)| *rung == agent)
        };
        let Some(at) = self.waiting.iter().position(his) else {
            actions.push(QueueAction::TooLate { call, agent });
            return;
        };
        let answered = self.waiting.remove(at);
        let wrap_up_secs = self.queues.get(&answered.queue).map_or(0, |queue| queue.wrap_up_secs);
        if let Some(state) = self.agents.get_mut(&agent) {
            (state.doing, state.missed) = (Doing::Talking { wrap_up_secs }, 0);
        }
        actions.push(QueueAction::Connect { call, agent });
    }

    fn free(&mut self, agent: &UserId, now: Timestamp) {
        let Some(state) = self.agents.get_mut(agent) else { return };
        state.doing = match state.doing {
            Doing::Talking { wrap_up_secs: 0 } => Doing::Nothing,
            Doing::Talking { wrap_up_secs } => {
                Doing::WrappingUp { until: now.plus_secs(i64::from(wrap_up_secs)) }
            }
            // The end of a call that was over for us already.
            _ => return,
        };
        state.idle_since = now;
        if !state.logged_in {
            self.agents.remove(agent);
        }
    }

    /// The agent is rung no more, for a reason that is not his.
    fn rung_no_more(&mut self, agent: &UserId) {
        if let Some(state) = self.agents.get_mut(agent).filter(|state| state.doing == Doing::Rung) {
            state.doing = Doing::Nothing;
        }
    }

    /// Whatever rings at this agent is for somebody else.
    fn stop_ringing(&mut self, agent: &UserId, actions: &mut Vec<QueueAction>) {
        for waiting in &mut self.waiting {
            if waiting.ringing.as_ref().is_some_and(|(rung, _)| rung == agent) {
                waiting.ringing = None;
                let (call, agent) = (waiting.call.clone(), agent.clone());
                actions.push(QueueAction::StopRinging { call, agent, missed: false });
            }
        }
        self.rung_no_more(agent);
    }

    /// The agent let a call pass. He goes to the end of the line, or else he would be rung for every call.
    fn missed(&mut self, agent: &UserId, queue: &str, now: Timestamp, actions: &mut Vec<QueueAction>) {
        let most = self.queues.get(queue).map_or(0, |queue| queue.misses);
        let Some(state) = self.agents.get_mut(agent) else { return };
        (state.doing, state.idle_since) = (Doing::Nothing, now);
        state.missed += 1;
        if most > 0 && state.missed >= most {
            (state.ready, state.missed) = (false, 0);
            actions.push(QueueAction::MadeNotReady(agent.clone()));
        }
    }

    /// When a call that nobody is rung for goes elsewhere.
    fn overflows_at(&self, waiting: &Waiting) -> Option<Timestamp> {
        match self.queues.get(&waiting.queue) {
            None => Some(waiting.since),
            Some(queue) => queue.overflow_after_secs.map(|secs| waiting.since.plus_secs(i64::from(secs))),
        }
    }

    fn step(&mut self, now: Timestamp, actions: &mut Vec<QueueAction>) {
        for agent in self.agents.values_mut() {
            if let Doing::WrappingUp { until } = agent.doing
                && until <= now
            {
                (agent.doing, agent.idle_since) = (Doing::Nothing, until);
            }
        }
        let mut in_vain = Vec::new();
        for waiting in &mut self.waiting {
            waiting.paused.retain(|_, until| *until > now);
            if let Some((agent, _)) = waiting.ringing.take_if(|(_, until)| *until <= now) {
                waiting.tried.insert(agent.clone());
                let call = waiting.call.clone();
                actions.push(QueueAction::StopRinging { call, agent: agent.clone(), missed: true });
                in_vain.push((agent, waiting.queue.clone()));
            }
        }
        for (agent, queue) in in_vain {
            self.missed(&agent, &queue, now, actions);
        }
        let all = std::mem::take(&mut self.waiting);
        for waiting in all {
            if waiting.ringing.is_none() && self.overflows_at(&waiting).is_some_and(|at| at <= now) {
                let to = self.queues.get(&waiting.queue).and_then(|queue| queue.overflow.clone());
                actions.push(QueueAction::Overflow { call: waiting.call, to });
            } else {
                self.waiting.push(waiting);
            }
        }
        for at in 0..self.waiting.len() {
            self.ring_next(at, now, actions);
        }
    }

    /// Rings the next agent for one call, if nobody is rung for it and somebody is idle.
    fn ring_next(&mut self, at: usize, now: Timestamp, actions: &mut Vec<QueueAction>) {
        let Some(waiting) = self.waiting.get(at).filter(|waiting| waiting.ringing.is_none()) else { return };
        let Some(queue) = self.queues.get(&waiting.queue) else { return };
        // Who was tried in vain comes after all others; then by idle time; then by the order of the list.
        let rank = |member: &&UserId| {
            let idle_since = self.agents.get(*member).map(|agent| agent.idle_since);
            (waiting.tried.contains(*member), idle_since)
        };
        let next = queue
            .members
            .iter()
            .filter(|member| self.is_idle(member) && !waiting.paused.contains_key(*member))
            .min_by_key(rank);
        let Some(agent) = next.cloned() else { return };
        let until = now.plus_secs(i64::from(queue.ring_secs));
        if let Some(state) = self.agents.get_mut(&agent) {
            state.doing = Doing::Rung;
        }
        if let Some(waiting) = self.waiting.get_mut(at) {
            if waiting.tried.contains(&agent) {
                // All were tried; the next round begins.
                waiting.tried.clear();
            }
            waiting.ringing = Some((agent.clone(), until));
            actions.push(QueueAction::Ring { call: waiting.call.clone(), agent });
        }
    }
}
