//! One call that goes on, for a supervisor who looks at it: who is on it, how, how loud, and what has happened so far.

use super::{
    Live, Watching,
    board::{
        CallId, CallKind, CallView, DeviceId, Happened, LegState, LineId, Mode, Reach, Recording, Seat,
        SeatRole,
    },
    switchboard::Switchboard,
};
use crate::{AppError, require};
use std::collections::BTreeMap;
use touchline_model::{Ability, Caller, ContactId, Timestamp, UserId};

/// What is kept of a call that goes on and on.
const MOST_NEWS: usize = 200;

/// A call that goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct OnCall {
    /// Which; as text also the id of its contact.
    pub call: CallId,
    /// What it is.
    pub kind: CallKind,
    /// Name of the queue or group that was called.
    pub queue: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// Whether it is recorded; absent where recording is not set up.
    pub recording: Option<Recording>,
    /// Who is on it: callers first, then agents, then supervisors.
    pub parties: Vec<Party>,
    /// What has happened, in order; of a very long call the last 200.
    pub news: Vec<CallNews>,
    /// What the one who looks does as a supervisor, on this call or another one.
    pub watching: Option<Watching>,
    /// Whether that is on this call.
    pub watches_this: bool,
    /// Whether the one who looks has a telephone.
    pub own_phone: bool,
}

/// What somebody is on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartyRole {
    /// Outside.
    Outside,
    /// One of us.
    Agent,
    /// A supervisor; how is in [`Party::mode`].
    Supervisor,
}

/// Somebody on a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// A name for this party on this call, for scripts.
    pub key: String,
    /// What it is.
    pub role: PartyRole,
    /// Name, or number where there is none; empty if the number is withheld.
    pub name: String,
    /// Number; empty if it is withheld.
    pub number: String,
    /// Our telephone.
    pub device: Option<DeviceId>,
    /// Whether this party speaks, holds, is called or waits.
    pub state: LegState,
    /// Since when.
    pub since: Timestamp,
    /// The party has muted itself.
    pub muted: bool,
    /// A supervisor has muted the party.
    pub silenced: bool,
    /// How a supervisor takes part.
    pub mode: Option<Mode>,
    /// It is the one who looks.
    pub is_own: bool,
    /// The one who looks may supervise this party.
    pub may_watch: bool,
    /// Another supervisor has this party.
    pub is_taken: bool,
    /// Whose sound it is; absent while there is none to be heard: it rings, is muted, or has put the call aside.
    line: Option<LineId>,
}

/// What kind of thing has happened in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum CallStep {
    Began,
    Offered,
    Accepted,
    Missed,
    Reached,
    Held,
    Retrieved,
    Transferred,
    Joined,
    Left,
    Listens,
    Coaches,
    Barges,
    SupervisionEnded,
    SentOn,
}

/// Something that has happened in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallNews {
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: CallStep,
    /// Who, by name or number; empty if a number is withheld, or it was nobody in particular.
    pub who: String,
    /// To whom it was handed over, or who is supervised.
    pub other: Option<String>,
}

/// What has happened in the calls that go on.
#[derive(Default)]
pub(crate) struct Story(BTreeMap<CallId, Vec<(Timestamp, Happened)>>);

impl Story {
    pub(crate) fn told(&mut self, call: CallId, at: Timestamp, what: &Happened) {
        if matches!(what, Happened::Ended { .. }) {
            self.0.remove(&call);
            return;
        }
        // What is attached is on the call itself, and may be long.
        if !is_told(what) {
            return;
        }
        let all = self.0.entry(call).or_default();
        if all.len() >= MOST_NEWS {
            all.remove(0);
        }
        all.push((at, what.clone()));
    }
}

/// What is kept of what happens.
const fn is_told(what: &Happened) -> bool {
    matches!(
        what,
        Happened::Started { .. }
            | Happened::Offered(_)
            | Happened::Accepted(_)
            | Happened::Missed(..)
            | Happened::Reached(_)
            | Happened::Held(_)
            | Happened::Retrieved(_)
            | Happened::Transferred { .. }
            | Happened::Joined(_)
            | Happened::Left(_)
            | Happened::Supervised { .. }
            | Happened::Overflowed(_)
    )
}

fn missing(call: CallId) -> AppError {
    AppError::Missing { what: "call", id: call.to_string() }
}

impl Live {
    /// A call that goes on, with everybody on it.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] unless the caller supervises; [`AppError::Missing`] when there is no such call, or nobody on
    /// it whom the caller may watch.
    pub fn on_call(&self, caller: &Caller, call: CallId) -> Result<OnCall, AppError> {
        require(caller, Ability::ReadDirectory)?;
        if !self.is_supervisor(caller) {
            return Err(AppError::NotAllowed(Ability::ReadDirectory));
        }
        let seen = self.seen(caller, |board| board.on_call(caller.user.as_ref(), call));
        seen.ok_or_else(|| missing(call))
    }

    /// How loud everybody on a call is at this moment, by [`Party::key`]: 0 (60 dB below the loudest that a telephone can
    /// say, and less) to 100. Who cannot be heard by the others is silent.
    ///
    /// # Errors
    /// As [`Live::on_call`].
    pub fn levels(&self, caller: &Caller, call: CallId) -> Result<Vec<(String, u8)>, AppError> {
        let parties = self.on_call(caller, call)?.parties;
        let level = |line: LineId| self.boards().level(&caller.tenant, line);
        Ok(parties.into_iter().map(|it| (it.key, it.line.and_then(level).unwrap_or(0))).collect())
    }

    /// The contact that a call has become, once it is over and written down, if the caller may see it.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn contact_of(&self, caller: &Caller, call: CallId) -> Result<Option<ContactId>, AppError> {
        let id = call.to_string();
        match self.app.contact(caller, &id).await {
            Ok(_) => Ok(Some(ContactId(id))),
            Err(AppError::NotFound { .. } | AppError::Missing { .. } | AppError::Gone(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

impl Switchboard {
    fn on_call(&self, own: Option<&UserId>, call: CallId) -> Option<OnCall> {
        let kind = self.board.call_kind(call)?;
        let views: Vec<CallView> = self
            .known
            .devices
            .keys()
            .filter_map(|device| self.board.call_view(device, call))
            .filter(|it| it.state != LegState::Released)
            .collect();
        let reach = own.map_or(Reach::Everybody, |user| self.known.reach(user));
        let may_watch = |user: &UserId| {
            Some(user) != own
                && match &reach {
                    Reach::Everybody => true,
                    Reach::Only(users) => users.contains(user),
                }
        };
        let user_of = |view: &CallView| self.known.user_of(&view.device).cloned();
        let watches_this =
            views.iter().any(|it| it.monitoring && user_of(it).as_ref() == own && own.is_some());
        let agents = || views.iter().filter(|it| !it.monitoring).filter_map(user_of);
        let is_seen = matches!(reach, Reach::Everybody) || watches_this || agents().any(|it| may_watch(&it));
        if !is_seen {
            return None;
        }
        let seats = self.seats.get(&call).map_or(&[][..], Vec::as_slice);
        let mut parties = self.outside(call, &views, seats);
        parties.extend(views.iter().map(|view| {
            let user = user_of(view);
            let may = !view.monitoring && user.as_ref().is_some_and(&may_watch);
            self.party(view, seats, own, may)
        }));
        parties.sort_by(|one, other| {
            (one.role, &one.name, &one.key).cmp(&(other.role, &other.name, &other.key))
        });
        let desk = own.and_then(|it| self.board.desk_of(it)).and_then(|it| self.board.device_view(&it));
        let first = views.first();
        let news = self.story.0.get(&call).map_or(&[][..], Vec::as_slice);
        Some(OnCall {
            call,
            kind,
            queue: first.and_then(|it| self.queue_of(it)),
            began: first.map(|it| it.began).or_else(|| news.first().map(|it| it.0)).unwrap_or(self.now),
            recording: first.and_then(|it| it.recording),
            parties,
            news: news.iter().filter_map(|(at, what)| self.news(*at, what)).collect(),
            watching: desk.as_ref().and_then(|it| self.watching(it)),
            watches_this,
            own_phone: desk.is_some(),
        })
    }

    /// Those on a call who are not at a telephone of somebody here: as others see them.
    fn outside(&self, call: CallId, views: &[CallView], seats: &[Seat]) -> Vec<Party> {
        let ours = |device: Option<&DeviceId>| device.is_some_and(|it| self.known.user_of(it).is_some());
        let mut lines = seats.iter().filter(|it| it.role == SeatRole::Customer);
        // Who speaks or holds sees everybody; who only rings sees less.
        let widest = views.iter().max_by_key(|it| it.participants.len());
        let participants = widest.map_or(&[][..], |it| it.participants.as_slice());
        let others = participants.iter().filter(|it| !it.supervises && !ours(it.device.as_ref()));
        let began = widest.map_or(self.now, |it| it.began);
        let waits = widest.is_none_or(|it| matches!(it.state, LegState::Ringing | LegState::Dialing));
        let party = |(n, (number, name)): (usize, (String, String))| {
            let seat = lines.next();
            Party {
                key: format!("outside-{n}"),
                role: PartyRole::Outside,
                name,
                number,
                device: None,
                state: match seat {
                    Some(seat) if seat.holding => LegState::Held,
                    Some(_) if !waits => LegState::Established,
                    _ => LegState::Dialing,
                },
                since: began,
                muted: seat.is_some_and(|it| it.muted),
                silenced: false,
                mode: None,
                is_own: false,
                may_watch: false,
                is_taken: false,
                line: seat.filter(|it| !it.muted && !it.holding).map(|it| it.line),
            }
        };
        let named = |number: &String| {
            let name = self.displays.get(number).cloned();
            (number.clone(), name.unwrap_or_else(|| number.clone()))
        };
        let mut all: Vec<(String, String)> = others.map(|it| named(&it.number)).collect();
        if all.is_empty()
            && views.is_empty()
            && let Some((_, Happened::Started { ani: Some(ani), .. })) =
                self.story.0.get(&call).and_then(|it| it.first())
        {
            // Nobody has been found yet, so nobody sees who calls.
            all.push(named(ani));
        }
        all.into_iter().enumerate().map(party).collect()
    }

    fn party(&self, view: &CallView, seats: &[Seat], own: Option<&UserId>, may_watch: bool) -> Party {
        let user = self.known.user_of(&view.device);
        let number = self.known.devices.get(&view.device).map(|it| it.number.clone()).unwrap_or_default();
        let seat = seats.iter().find(|it| self.board.device_on(it.line).as_ref() == Some(&view.device));
        let since = self.since.party(view.call, &view.device);
        let watchers = self.board.watchers(view.call);
        let mode = watchers.iter().find(|it| it.device == view.device).map(|it| it.mode);
        let is_audible = |it: &&Seat| {
            !it.muted && !it.holding && !it.away && mode != Some(Mode::Listen) && !view.monitored_muted
        };
        let taken = |it: &super::board::Watcher| {
            it.of.as_ref() == Some(&view.device) && self.known.user_of(&it.device) != own
        };
        Party {
            key: view.device.to_string(),
            role: if view.monitoring { PartyRole::Supervisor } else { PartyRole::Agent },
            name: user
                .map(|it| self.name_of(it))
                .filter(|it| !it.is_empty())
                .unwrap_or_else(|| number.clone()),
            number,
            device: Some(view.device.clone()),
            state: view.state,
            since: since.map_or(view.began, |it| it.state_since),
            muted: !view.monitoring && view.muted,
            silenced: !view.monitoring && view.monitored_muted,
            mode,
            is_own: own.is_some() && user == own,
            may_watch,
            is_taken: watchers.iter().any(taken),
            line: seat.filter(is_audible).map(|it| it.line),
        }
    }

    fn news(&self, at: Timestamp, what: &Happened) -> Option<CallNews> {
        let device = |it: &DeviceId| match self.known.user_of(it) {
            Some(user) => self.name_of(user),
            None => self.known.devices.get(it).map(|it| it.number.clone()).unwrap_or_default(),
        };
        let number = |it: &String| match self.known.user_at(it) {
            Some(user) => self.name_of(user),
            None => self.displays.get(it).cloned().unwrap_or_else(|| it.clone()),
        };
        let (step, who, other) = match what {
            Happened::Started { ani, by, .. } => {
                let who = by.as_ref().map(device).or_else(|| ani.as_ref().map(number));
                (CallStep::Began, who.unwrap_or_default(), None)
            }
            Happened::Offered(it) => (CallStep::Offered, device(it), None),
            Happened::Accepted(it) => (CallStep::Accepted, device(it), None),
            Happened::Missed(it, _) => (CallStep::Missed, device(it), None),
            Happened::Reached(it) => (CallStep::Reached, number(it), None),
            Happened::Held(it) => (CallStep::Held, device(it), None),
            Happened::Retrieved(it) => (CallStep::Retrieved, device(it), None),
            Happened::Transferred { from, to, .. } => (CallStep::Transferred, device(from), Some(number(to))),
            Happened::Joined(it) => (CallStep::Joined, number(it), None),
            Happened::Left(it) => (CallStep::Left, number(it), None),
            Happened::Supervised { by, of, mode } => {
                let step = match mode {
                    Some(Mode::Listen) => CallStep::Listens,
                    Some(Mode::Coach) => CallStep::Coaches,
                    Some(Mode::BargeIn) => CallStep::Barges,
                    None => CallStep::SupervisionEnded,
                };
                (step, device(by), of.as_ref().map(device))
            }
            Happened::Overflowed(it) => (CallStep::SentOn, number(it), None),
            Happened::Attached(_) | Happened::Ended { .. } => return None,
        };
        Some(CallNews { at, step, who, other })
    }
}
