//! The wall: what a supervisor sees of the people whom they may watch, at one moment.

use super::{
    Live,
    board::{
        AgentState, CallId, CallKind, CallMay, CallView, DeviceId, DeviceView, LegState, Mode, Reach,
        Watcher,
        numbers::{Caller as Dials, Route},
    },
    switchboard::Switchboard,
};
use crate::{AppError, require};
use std::collections::BTreeMap;
use touchline_model::{Ability, Caller, GroupId, Timestamp, UserId};

/// The wall of a supervisor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wall {
    /// The supervisor's own telephone.
    pub own: Option<WallPhone>,
    /// Whom the supervisor watches.
    pub watching: Option<Watching>,
    /// Everybody with a telephone whom the supervisor may watch, who needs a look most first: who speaks or holds the
    /// longest, who is being called, who is ready, who is not, who is not there.
    pub agents: Vec<WallAgent>,
    /// Groups of these people, by name.
    pub groups: Vec<(GroupId, String)>,
    /// Whether the organisation has any telephone that belongs to somebody.
    pub set_up: bool,
    /// When time alone will change something: a call or a wait becomes a long one.
    pub due: Option<Timestamp>,
}

/// A telephone on the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallPhone {
    /// Which.
    pub device: DeviceId,
    /// Its number.
    pub number: String,
    /// Whether it is registered at this node.
    pub reachable: bool,
}

/// A person on the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallAgent {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their groups: the own one first, then those above it.
    pub groups: Vec<GroupId>,
    /// Where they work.
    pub phone: WallPhone,
    /// What they are ready for.
    pub state: AgentState,
    /// Since when; absent if they have not been at work since the server started.
    pub since: Option<Timestamp>,
    /// The call that they are on.
    pub call: Option<WallCall>,
    /// Who supervises them, or is going to.
    pub supervisors: Vec<Supervising>,
    /// Why they want a look.
    pub alert: Option<Alert>,
}

/// Why somebody on the wall wants a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alert {
    /// The call has been on hold for too long.
    LongHold,
    /// The call goes on for long.
    LongCall,
}

/// A call as one of its parties has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WallCall {
    /// Which.
    pub call: CallId,
    /// What it is.
    pub kind: CallKind,
    /// Whether this party speaks, holds, is called or waits.
    pub state: LegState,
    /// Since when.
    pub since: Timestamp,
    /// When this party took the call.
    pub took: Option<Timestamp>,
    /// The others, by name or number; empty if a number is withheld.
    pub others: Vec<String>,
    /// Name of the queue or group that was called.
    pub queue: Option<String>,
    /// The party has muted itself.
    pub muted: bool,
    /// A supervisor has muted the party.
    pub silenced: bool,
}

/// A supervisor of somebody on the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supervising {
    /// Name.
    pub name: String,
    /// How.
    pub mode: Mode,
    /// Whether they take part in a call now.
    pub takes_part: bool,
    /// Whether it is the one who looks.
    pub is_own: bool,
}

/// How far a supervision has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchStage {
    /// There is no call yet.
    Waiting,
    /// The supervisor's telephone rings.
    Rings,
    /// The supervisor takes part.
    TakesPart,
}

/// What a supervisor does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watching {
    /// The watched telephone; absent once its owner has left the call.
    pub device: Option<DeviceId>,
    /// Name of the watched one.
    pub name: Option<String>,
    /// How.
    pub mode: Mode,
    /// How far it is.
    pub stage: WatchStage,
    /// Since when.
    pub since: Option<Timestamp>,
    /// The modes that may be gone over to.
    pub may: Vec<Mode>,
    /// The watched one can be muted, and is not (`false`) or is (`true`); absent where the mode does not allow it.
    pub silenced: Option<bool>,
}

impl Live {
    /// Whether there is anything to be seen on a wall: somebody has a telephone, and the caller supervises.
    pub fn has_wall(&self, caller: &Caller) -> bool {
        self.is_supervisor(caller)
            && self.seen(caller, |board| board.known.devices.values().any(|it| it.user.is_some()))
    }

    /// Moves whenever anything live may look different to somebody of any organisation; [`Live::revision`] says of which.
    pub fn moved(&self) -> tokio::sync::watch::Receiver<u64> {
        self.boards().moved()
    }

    /// Differs from what it was before whenever something live of the caller's organisation may have changed.
    pub fn revision(&self, caller: &Caller) -> u64 {
        self.seen(caller, |board| board.revision)
    }

    /// The wall as the caller may see it.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] unless the caller supervises.
    pub fn wall(&self, caller: &Caller) -> Result<Wall, AppError> {
        require(caller, Ability::ReadDirectory)?;
        if !self.is_supervisor(caller) {
            return Err(AppError::NotAllowed(Ability::ReadDirectory));
        }
        let now = self.now();
        Ok(self.seen(caller, |board| board.wall(caller.user.as_ref(), now)))
    }
}

impl Switchboard {
    fn wall(&self, own: Option<&UserId>, now: Timestamp) -> Wall {
        let reach = own.map_or(Reach::Everybody, |user| self.known.reach(user));
        let mut people: BTreeMap<UserId, Vec<DeviceView>> = BTreeMap::new();
        for desk in self.board.device_views() {
            if let Some(user) = desk.device.user.clone() {
                people.entry(user).or_default().push(desk);
            }
        }
        let set_up = !people.is_empty();
        let mut watchers: BTreeMap<DeviceId, Vec<Supervising>> = BTreeMap::new();
        for (user, desks) in &people {
            for desk in desks {
                let Some((of, mode, takes_part)) = self.watched_by(desk) else { continue };
                let (name, is_own) = (self.name_of(user), Some(user) == own);
                watchers.entry(of).or_default().push(Supervising { name, mode, takes_part, is_own });
            }
        }
        let seen = |user: &UserId| match &reach {
            Reach::Everybody => true,
            Reach::Only(users) => users.contains(user),
        };
        let own_desk =
            own.and_then(|user| self.board.desk_of(user)).and_then(|it| self.board.device_view(&it));
        let mut agents: Vec<WallAgent> = people
            .into_iter()
            .filter(|(user, _)| Some(user) != own && seen(user))
            .filter_map(|(user, desks)| self.agent(user, desks, &mut watchers, now))
            .collect();
        agents.sort_by_cached_key(|it| (it.need(), it.name.to_lowercase(), it.user.clone()));
        let mut groups: Vec<(GroupId, String)> = agents
            .iter()
            .flat_map(|it| &it.groups)
            .filter_map(|id| Some((id.clone(), self.known.group_names.get(id)?.clone())))
            .collect();
        groups.sort_by(|one, other| (&one.1, &one.0).cmp(&(&other.1, &other.0)));
        groups.dedup();
        let watching = own_desk.as_ref().and_then(|desk| self.watching(desk));
        Wall {
            own: own_desk.map(|desk| self.phone(&desk)),
            watching,
            agents,
            groups,
            set_up,
            due: self.due(now),
        }
    }

    fn phone(&self, desk: &DeviceView) -> WallPhone {
        let reachable = self.reachable.contains(&desk.device.id);
        WallPhone { device: desk.device.id.clone(), number: desk.device.number.clone(), reachable }
    }

    pub(super) fn name_of(&self, user: &UserId) -> String {
        self.known.names.get(user).cloned().unwrap_or_default()
    }

    /// The call that a telephone watches, with what is said of it there.
    fn watched_call(&self, desk: &DeviceView) -> Option<(CallView, Watcher)> {
        let view = self.board.call_views(&desk.device.id).into_iter().find(|it| it.monitoring)?;
        let watcher = self.board.watchers(view.call).into_iter().find(|it| it.device == desk.device.id)?;
        Some((view, watcher))
    }

    /// Whom somebody watches, how, and whether in a call now: in a call, and from the next one on.
    fn watched_by(&self, desk: &DeviceView) -> Option<(DeviceId, Mode, bool)> {
        let now = self.watched_call(desk).and_then(|(_, it)| {
            let takes_part = it.state != LegState::Ringing;
            it.of.map(|of| (of, it.mode, takes_part))
        });
        now.or_else(|| desk.watch.as_ref().map(|it| (it.target.clone(), it.mode, false)))
    }

    fn agent(
        &self,
        user: UserId,
        desks: Vec<DeviceView>,
        watchers: &mut BTreeMap<DeviceId, Vec<Supervising>>,
        now: Timestamp,
    ) -> Option<WallAgent> {
        // Of several telephones the one with a call, else the one they work at.
        let at = self.board.desk_of(&user);
        let busy = desks.iter().find(|it| self.call_at(it).is_some()).map(|it| it.device.id.clone());
        let desk = desks.into_iter().find(|it| Some(&it.device.id) == busy.as_ref().or(at.as_ref()))?;
        let call = self.call_at(&desk).map(|it| self.call_of(it));
        Some(WallAgent {
            alert: call.as_ref().and_then(|it| self.alert(it, now)),
            name: self.name_of(&user),
            groups: self.known.groups.get(&user).cloned().unwrap_or_default(),
            phone: self.phone(&desk),
            since: self.since.desk(&desk.device.id),
            call,
            supervisors: watchers.remove(&desk.device.id).unwrap_or_default(),
            state: if desk.active { desk.state } else { AgentState::LoggedOut },
            user,
        })
    }

    /// The call of a telephone that counts: the one spoken in, else the one that waits, else one that rings.
    fn call_at(&self, desk: &DeviceView) -> Option<CallView> {
        let rank = |view: &CallView| match view.state {
            LegState::Established => 0,
            LegState::Held => 1,
            LegState::Ringing => 2,
            LegState::Dialing => 3,
            LegState::Released => 4,
        };
        let calls = self.board.call_views(&desk.device.id).into_iter();
        calls.filter(|it| !it.monitoring && rank(it) < 4).min_by_key(rank)
    }

    /// Name of the queue or group that was called.
    pub(super) fn queue_of(&self, view: &CallView) -> Option<String> {
        let dialled = self.board.hunted_at(view.call).unwrap_or(&view.dnis);
        match self.known.plan.route(dialled, Dials::Trunk("")) {
            Route::Queue(queue) => Some(queue.name.clone()),
            Route::Group(group) => Some(group.name.clone()),
            _ => None,
        }
    }

    /// Until when a call is on hold, and goes on, before that is too long.
    fn limits(&self, call: &WallCall) -> (Option<Timestamp>, Option<Timestamp>) {
        let limits = self.known.thresholds;
        let held = (call.state == LegState::Held).then(|| call.since.plus_secs(limits.long_hold().into()));
        (held, call.took.map(|it| it.plus_secs(limits.long_call().into())))
    }

    fn alert(&self, call: &WallCall, now: Timestamp) -> Option<Alert> {
        let over = |limit: Option<Timestamp>| limit.is_some_and(|it| it <= now);
        match self.limits(call) {
            (held, _) if over(held) => Some(Alert::LongHold),
            (_, long) if over(long) => Some(Alert::LongCall),
            _ => None,
        }
    }

    /// When time alone will change something.
    fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let calls = self.board.device_views().filter_map(|it| self.call_at(&it)).map(|it| self.call_of(it));
        let calls = calls.flat_map(|it| <[_; 2]>::from(self.limits(&it))).flatten();
        let wait = i64::from(self.known.thresholds.long_wait());
        let queues = self.known.plan.written().queues.iter();
        let waits =
            queues.filter_map(|it| self.dispatcher.waiting(&it.number).1).map(|it| it.plus_secs(wait));
        calls.chain(waits).filter(|it| *it > now).min()
    }

    fn call_of(&self, view: CallView) -> WallCall {
        let party = self.since.party(view.call, &view.device);
        let name = |number: &String, device: Option<&DeviceId>| {
            let user = device.and_then(|it| self.known.user_of(it));
            user.map(|it| self.name_of(it))
                .or_else(|| self.displays.get(number).cloned())
                .unwrap_or_else(|| number.clone())
        };
        let others = view.participants.iter().filter(|it| !it.supervises);
        let queue = self.queue_of(&view);
        WallCall {
            call: view.call,
            kind: view.kind,
            state: view.state,
            since: party.map_or(view.began, |it| it.state_since),
            took: party.and_then(|it| it.took),
            others: others.map(|it| name(&it.number, it.device.as_ref())).collect(),
            queue,
            muted: view.muted,
            silenced: view.monitored_muted,
        }
    }

    /// What the owner of a telephone does as a supervisor.
    pub(super) fn watching(&self, desk: &DeviceView) -> Option<Watching> {
        let every = [Mode::Listen, Mode::Coach, Mode::BargeIn];
        let name = |device: Option<&DeviceId>| {
            device.and_then(|it| self.known.user_of(it)).map(|user| self.name_of(user))
        };
        let Some((view, watcher)) = self.watched_call(desk) else {
            let watch = desk.watch.as_ref()?;
            return Some(Watching {
                name: name(Some(&watch.target)),
                device: Some(watch.target.clone()),
                mode: watch.mode,
                stage: WatchStage::Waiting,
                since: None,
                may: every.to_vec(),
                silenced: None,
            });
        };
        let takes_part = watcher.state != LegState::Ringing;
        let silenced = match (
            view.may.contains(&CallMay::MuteMonitored),
            view.may.contains(&CallMay::UnmuteMonitored),
        ) {
            (true, _) => Some(false),
            (_, true) => Some(true),
            _ => None,
        };
        let switch = |mode: &Mode| {
            let may = match mode {
                Mode::Listen => CallMay::SwitchToListen,
                Mode::Coach => CallMay::SwitchToCoach,
                Mode::BargeIn => CallMay::SwitchToBargeIn,
            };
            !takes_part || view.may.contains(&may)
        };
        Some(Watching {
            name: name(watcher.of.as_ref().or(desk.watch.as_ref().map(|it| &it.target))),
            device: watcher.of,
            mode: watcher.mode,
            stage: if takes_part { WatchStage::TakesPart } else { WatchStage::Rings },
            since: self.since.party(view.call, &desk.device.id).map(|it| it.took.unwrap_or(it.state_since)),
            may: every.into_iter().filter(switch).collect(),
            silenced: silenced.filter(|_| takes_part),
        })
    }
}

impl WallAgent {
    /// The smaller, the more a look is needed.
    fn need(&self) -> (u8, Timestamp) {
        if let Some(call) = &self.call {
            return match call.state {
                LegState::Established | LegState::Held => (0, call.took.unwrap_or(call.since)),
                _ => (1, call.since),
            };
        }
        let rank = match self.state {
            AgentState::Ready => 2,
            AgentState::NotReady(_) | AgentState::AfterCallWork | AgentState::AuxWork => 3,
            AgentState::LoggedOut => 4,
        };
        (rank, self.since.filter(|_| rank < 4).unwrap_or_default())
    }
}
