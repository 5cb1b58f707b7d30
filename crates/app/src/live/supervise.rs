//! Listening, coaching and joining from the wall, where one deed does what a telephone program does in steps.

use super::{
    Live,
    board::{CallCommand, CallId, Command, DeviceId, Given, LegState, Mode, Refused, WatchWish},
};
use touchline_model::Caller;

/// The caller's own telephone.
struct Own {
    active: bool,
    watches: bool,
    /// The call that is watched.
    call: Option<Watched>,
}

struct Watched {
    call: CallId,
    /// Whose; absent once that one has left the call.
    of: Option<DeviceId>,
    mode: Mode,
    /// The caller does not only ring.
    takes_part: bool,
}

impl Live {
    fn own(&self, caller: &Caller) -> Result<Own, Refused> {
        let own = caller.user.as_ref().and_then(|user| {
            self.seen(caller, |board| {
                let desk = board.board.device_view(&board.board.desk_of(user)?)?;
                let mut calls = board.board.call_views(&desk.device.id).into_iter();
                let call = calls.find(|it| it.monitoring).and_then(|view| {
                    let mut watchers = board.board.watchers(view.call).into_iter();
                    let own = watchers.find(|it| it.device == desk.device.id)?;
                    let takes_part = own.state != LegState::Ringing;
                    Some(Watched { call: view.call, of: own.of, mode: own.mode, takes_part })
                });
                Some(Own { active: desk.active, watches: desk.watch.is_some(), call })
            })
        });
        own.ok_or(Refused::NotFound("device"))
    }

    /// Takes part in the calls of whoever works at a telephone, from now on: who takes part already goes over to the other
    /// mode, for this call; the next one begins as was wished first. Who was not at work begins it, without being ready
    /// for calls.
    ///
    /// # Errors
    /// Why not; see [`Live::command`].
    pub fn supervise(&self, caller: &Caller, target: &DeviceId, mode: Mode) -> Result<(), Refused> {
        let own = self.own(caller)?;
        if let Some(now) = own.call.filter(|it| it.takes_part && it.of.as_ref() == Some(target)) {
            return match now.mode == mode {
                true => Ok(()),
                false => self.command(caller, Command::Call(now.call, CallCommand::SwitchTo(mode))),
            };
        }
        if !self.is_supervisor(caller) {
            return Err(Refused::NoRight("only supervisors may watch"));
        }
        if !own.active {
            self.command(caller, Command::Start)?;
        }
        let target = Some(self.knows_device(caller, target).then(|| target.clone()));
        let (scope, once) = (Given::Absent, Given::Absent);
        self.command(caller, Command::Watch(WatchWish { mode, target, number: None, scope, once }))
    }

    /// Mutes the watched agent, or no longer: for who has joined the call (contract genesys-voice OC-53).
    ///
    /// # Errors
    /// The caller has joined no call; see [`Live::command`].
    pub fn mute_watched(&self, caller: &Caller, on: bool) -> Result<(), Refused> {
        let now =
            self.own(caller)?.call.filter(|it| it.takes_part).ok_or(Refused::NotNow("nobody is watched"))?;
        self.command(caller, Command::Call(now.call, CallCommand::MuteMonitored(on)))
    }

    /// Takes part in nobody's calls any more: leaves the one that goes on, and is called to no other.
    ///
    /// # Errors
    /// There is nothing to stop; see [`Live::command`].
    pub fn stop_supervising(&self, caller: &Caller) -> Result<(), Refused> {
        let own = self.own(caller)?;
        // First the wish: who only leaves is called again.
        if own.watches {
            self.command(caller, Command::Unwatch)?;
        }
        match own.call {
            // What only rang is withdrawn with the wish.
            Some(now) if now.takes_part || !own.watches => {
                self.command(caller, Command::Call(now.call, CallCommand::HangUp))
            }
            None if !own.watches => Err(Refused::NotNow("nobody is watched")),
            _ => Ok(()),
        }
    }
}
