//! What people see of live calls.

use super::{
    Live,
    board::{CallId, CallKind, CallView, DeviceId, DeviceView, Settings},
    service::ServiceLevel,
    switchboard::Switchboard,
};
use crate::{AppError, require};
use touchline_model::{Ability, Caller, Timestamp, UserId};

/// A queue, for the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueView {
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Callers who wait.
    pub waiting: usize,
    /// Since when the first of them does.
    pub since: Option<Timestamp>,
    /// Agents who would be rung now.
    pub idle: usize,
    /// The first of them has waited for too long.
    pub is_late: bool,
    /// How soon callers were answered.
    pub service: ServiceLevel,
}

/// A call that goes on, for the wall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCall {
    /// The call; as text also the id of its contact, if it is one.
    pub call: CallId,
    /// What it is.
    pub kind: CallKind,
    /// Our telephones that speak on it.
    pub devices: Vec<DeviceId>,
    /// Where somebody is looked for.
    pub hunted_at: Option<String>,
}

impl Live {
    pub(super) fn boards(&self) -> &super::Switchboards {
        &self.app.switchboards
    }

    pub(super) fn now(&self) -> Timestamp {
        self.app.clock.now()
    }

    pub(super) fn seen<T: Default>(&self, caller: &Caller, look: impl FnOnce(&Switchboard) -> T) -> T {
        self.boards().read(&caller.tenant, look).unwrap_or_default()
    }

    /// The telephones of the caller, in the order of their ids.
    pub fn device_views(&self, caller: &Caller) -> Vec<DeviceView> {
        let Some(user) = &caller.user else { return vec![] };
        let own = |desk: &DeviceView| desk.device.user.as_ref() == Some(user);
        self.seen(caller, |board| board.board.device_views().filter(own).collect())
    }

    /// All telephones of the caller's organisation that belong to somebody, in the order of their ids. Who may see the
    /// directory may see them; for others it is the own ones.
    pub fn all_device_views(&self, caller: &Caller) -> Vec<DeviceView> {
        if require(caller, Ability::ReadDirectory).is_err() {
            return self.device_views(caller);
        }
        self.seen(caller, |board| board.board.device_views().collect())
    }

    /// The telephone with that id, if it belongs to somebody of the caller's organisation: for wishes that name one.
    pub fn knows_device(&self, caller: &Caller, device: &DeviceId) -> bool {
        self.seen(caller, |board| board.board.device_view(device).is_some())
    }

    /// The calls that the caller's telephones are on, each as seen from there.
    pub fn call_views(&self, caller: &Caller) -> Vec<CallView> {
        let Some(user) = &caller.user else { return vec![] };
        self.seen(caller, |board| {
            let own = board.board.device_views().filter(|it| it.device.user.as_ref() == Some(user));
            own.flat_map(|desk| board.board.call_views(&desk.device.id)).collect()
        })
    }

    /// How supervision behaves in the caller's organisation.
    pub fn settings(&self, caller: &Caller) -> Settings {
        self.seen(caller, |board| board.known.settings)
    }

    /// Whether somebody supervises, as far as abilities go.
    pub fn is_supervisor(&self, caller: &Caller) -> bool {
        super::known::is_supervisor(caller)
    }

    /// Whether a supervisor may watch somebody (contract genesys-voice OC-27).
    pub fn may_watch(&self, caller: &Caller, user: &UserId) -> bool {
        let Some(own) = &caller.user else { return false };
        self.is_supervisor(caller)
            && self.seen(caller, |board| match board.known.reach(own) {
                super::board::Reach::Everybody => true,
                super::board::Reach::Only(users) => users.contains(user),
            })
    }

    /// The queues of the caller's organisation, by number.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] without the ability to see reports.
    pub fn queues(&self, caller: &Caller) -> Result<Vec<QueueView>, AppError> {
        self.queues_since(caller, Timestamp::default())
    }

    /// The same, with how soon callers were answered since then.
    ///
    /// # Errors
    /// As [`Live::queues`].
    pub fn queues_since(&self, caller: &Caller, from: Timestamp) -> Result<Vec<QueueView>, AppError> {
        require(caller, Ability::ReadReports)?;
        let now = self.now();
        Ok(self.seen(caller, |board| {
            let view = |queue: &super::board::numbers::QueueConfig| {
                let (waiting, since) = board.dispatcher.waiting(&queue.number);
                let limits = board.known.thresholds;
                let late = since.map(|it| it.plus_secs(i64::from(limits.long_wait())));
                QueueView {
                    number: queue.number.clone(),
                    name: queue.name.clone(),
                    waiting,
                    since,
                    idle: board.dispatcher.idle(&queue.number),
                    is_late: late.is_some_and(|it| it <= now),
                    service: board.service.level(&queue.number, from, limits.answer_within()),
                }
            };
            let mut all: Vec<QueueView> = board.known.plan.written().queues.iter().map(view).collect();
            all.sort_by(|one, other| one.number.cmp(&other.number));
            all
        }))
    }

    /// The calls that go on in the caller's organisation.
    ///
    /// # Errors
    /// [`AppError::NotAllowed`] without the ability to see reports.
    pub fn live_calls(&self, caller: &Caller) -> Result<Vec<LiveCall>, AppError> {
        require(caller, Ability::ReadReports)?;
        Ok(self.seen(caller, |board| {
            let view = |call: CallId| {
                Some(LiveCall {
                    call,
                    kind: board.board.call_kind(call)?,
                    devices: board.board.speaking_on(call),
                    hunted_at: board.board.hunted_at(call).map(str::to_owned),
                })
            };
            board.board.calls().into_iter().filter_map(view).collect()
        }))
    }
}
