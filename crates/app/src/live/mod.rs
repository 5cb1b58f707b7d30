//! Live calls: who is rung for whom, what becomes of a call, and who is told.
//!
//! One [`Live`] for all tenants; each tenant has a switchboard of its own, in memory. Telephones tell it what happens on
//! their lines ([`Live::call_in`], [`Live::signal`]), people what they want ([`Live::command`]); orders go out through
//! [`CallControl`], notices through [`Announcer`], and what must survive the process as contact events into the store.

mod boards;
mod happened;
mod hunts;
mod known;
mod manage;
mod notes;
mod on_call;
mod ports;
mod presence;
mod recorded;
mod run;
mod service;
mod settings;
mod since;
mod supervise;
mod switchboard;
mod views;
mod wall;
mod ways;
mod writer;

pub(crate) use boards::Switchboards;
pub(crate) use known::supervises;
pub use manage::{ChangeTelephony, DeviceInfo, DevicePassword, NewDevice, TelephonyView};
pub use on_call::{CallNews, CallStep, OnCall, Party, PartyRole};
pub use ports::{
    Announcer, CallControl, CallingFrom, Order, RecordedCall, SIP_REALM, Shown, SipAccount, Target,
    TrunkNetwork,
};
pub use service::ServiceLevel;
pub use settings::{
    ConsultCalls, LiveSettings, Monitoring, MonitoringMode, MonitoringScope, MonitoringTone, RecordingPolicy,
    TelephonySettings, Thresholds,
};
/// The live state of one organisation, as a state machine.
pub use touchline_live as board;
pub use views::{LiveCall, QueueView};
pub use wall::{Alert, Supervising, Wall, WallAgent, WallCall, WallPhone, WatchStage, Watching};

use crate::{App, AppError};
use board::{
    By, Command, DeviceId, LineId, Refused, Signal,
    numbers::{Refusal, Trunk},
};
use std::{net::IpAddr, sync::Arc};
use tokio::sync::watch;
use touchline_model::{Caller, TenantId};

/// Live calls. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Live {
    app: App,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

impl App {
    /// Live calls.
    pub fn live(&self) -> Live {
        Live { app: self.clone() }
    }

    /// The same app, whose live calls behave as an operator has configured. Before anything is live.
    #[must_use]
    pub fn with_live(self, settings: LiveSettings) -> Self {
        Self { switchboards: Arc::new(Switchboards::new(settings)), ..self }
    }
}

impl Live {
    /// Says who carries out what is wanted of lines. Without one nothing happens on any line.
    pub fn attach_lines(&self, control: Arc<dyn CallControl>) {
        self.boards().attach_lines(control);
    }

    /// Says that lines are about to go: the server stops. What is wanted of them is still carried out.
    pub fn detach_lines(&self) {
        self.boards().detach_lines();
    }

    /// Whether there are lines: somebody has attached them, and the server does not stop.
    pub fn lines(&self) -> watch::Receiver<bool> {
        self.boards().lines()
    }

    /// Says who tells people. Without one nobody is told.
    pub fn attach_announcer(&self, announcer: Arc<dyn Announcer>) {
        self.boards().attach_announcer(announcer);
    }

    /// Whose a SIP user name is. The domain is not looked at: user names are unique on the server, and telephones know
    /// it under many names and addresses.
    pub fn sip_account(&self, _domain: &str, user: &str) -> Option<SipAccount> {
        self.boards().account(&user.to_ascii_lowercase())
    }

    /// The trunk from which an address calls without a password, and whose it is.
    pub fn trunk_at(&self, source: IpAddr) -> Option<(TenantId, String)> {
        self.boards()
            .each(|tenant, board| {
                board.known.plan.trunk_at(source).map(|trunk| (tenant.clone(), trunk.name.clone()))
            })
            .into_iter()
            .next()
    }

    /// All trunks of all tenants.
    pub fn trunks(&self) -> Vec<(TenantId, Trunk)> {
        let of = |tenant: &TenantId, trunk: &Trunk| (tenant.clone(), trunk.clone());
        let all = self.boards().each(|tenant, board| {
            Some(board.known.plan.written().trunks.iter().map(|it| of(tenant, it)).collect::<Vec<_>>())
        });
        all.into_iter().flatten().collect()
    }

    /// Networks of all trunks, for the limits of the endpoint.
    pub fn trunk_networks(&self) -> Vec<TrunkNetwork> {
        let all = self.boards().each(|_, board| Some(board.known.plan.trunk_networks()));
        all.into_iter().flatten().map(|(address, prefix)| TrunkNetwork { address, prefix }).collect()
    }

    /// Moves whenever accounts or trunks have changed.
    pub fn plan_changed(&self) -> watch::Receiver<u64> {
        self.boards().plan_changed()
    }

    /// Whether what supervisors whisper in calls of this organisation is kept (`recording.keep_whisper`).
    pub fn keeps_whisper(&self, tenant: &TenantId) -> bool {
        self.boards().read(tenant, |board| board.known.keep_whisper).unwrap_or(false)
    }

    /// A telephone calls: the line that it gets. Orders about it follow through [`CallControl`].
    ///
    /// # Errors
    /// The call is not put through; [`Refusal::code`] is the SIP status.
    pub fn call_in(&self, tenant: &TenantId, from: CallingFrom, dialled: &str) -> Result<LineId, Refusal> {
        let now = self.now();
        self.boards()
            .change(tenant, |board| board.call_in(now, from, dialled))
            .unwrap_or(Err(Refusal::Unknown))
    }

    /// Something happened on a line. Not [`Signal::Calls`] and what is about looking for somebody, which are made here.
    pub fn signal(&self, tenant: &TenantId, signal: Signal) {
        let now = self.now();
        self.boards().change(tenant, |board| board.signal(now, signal));
    }

    /// Whether a telephone is registered.
    pub fn reachable(&self, tenant: &TenantId, device: &DeviceId, yes: bool) {
        let now = self.now();
        self.boards().change(tenant, |board| {
            board.now = now;
            match yes {
                true => board.reachable.insert(device.clone()),
                false => board.reachable.remove(device),
            };
            board.settle();
        });
    }

    /// Whether a telephone is registered at this node.
    pub fn is_reachable(&self, tenant: &TenantId, device: &DeviceId) -> bool {
        self.boards().read(tenant, |board| board.reachable.contains(device)).unwrap_or(false)
    }

    /// Somebody wants something with the telephone they work at. Nothing has changed when it is refused.
    ///
    /// # Errors
    /// Why not.
    pub fn command(&self, caller: &Caller, command: Command) -> Result<(), Refused> {
        let now = self.now();
        let user = caller.user.clone().ok_or(Refused::NotFound("device"))?;
        let done = self.boards().change(&caller.tenant, |board| {
            let reach = board.known.reach(&user);
            let by = By { user, supervision: true, supervisor: known::is_supervisor(caller), reach };
            board.command(now, &by, command)
        });
        done.unwrap_or(Err(Refused::NotFound("device")))
    }

    /// Reads what has been set for an organisation anew. Calls go on.
    pub(crate) async fn reload(&self, tenant: &TenantId) -> Result<(), AppError> {
        let known = known::Known::read(&self.app, self.boards().settings(), tenant).await?;
        self.boards().take_over(tenant, known, self.now(), &self.app.entropy);
        Ok(())
    }
}
