//! Live calls: who is rung for whom, what becomes of a call, and who is told.
//!
//! One [`Live`] for all tenants; each tenant has a switchboard of its own, in memory. Telephones tell it what happens on
//! their lines ([`Live::call_in`], [`Live::signal`]), people what they want ([`Live::command`]); orders go out through
//! [`CallControl`], notices through [`Announcer`], and what must survive the process as contact events into the store.

mod ports;

pub use ports::{
    Announcer, CallControl, CallingFrom, Order, RecordedCall, SIP_REALM, Shown, SipAccount, Target,
    TrunkNetwork,
};
/// The live state of one organisation, as a state machine.
pub use touchline_live as board;

use crate::{App, AppError};
use board::{
    CallId, CallView, Command, DeviceId, DeviceView, LineId, Refused, Settings, Signal,
    numbers::{Refusal, Trunk},
};
use std::{
    net::IpAddr,
    sync::{Arc, PoisonError, RwLock},
};
use tokio::sync::watch;
use touchline_model::{Caller, TenantId};

/// Everything live on this server, shared by all handles.
#[derive(Default)]
pub(crate) struct Switchboards {
    control: RwLock<Option<Arc<dyn CallControl>>>,
    announcer: RwLock<Option<Arc<dyn Announcer>>>,
    changed: watch::Sender<u64>,
}

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
}

impl Live {
    fn boards(&self) -> &Switchboards {
        &self.app.switchboards
    }

    /// Says who carries out what is wanted of lines. Without one nothing happens on any line.
    pub fn attach_lines(&self, control: Arc<dyn CallControl>) {
        *self.boards().control.write().unwrap_or_else(PoisonError::into_inner) = Some(control);
    }

    /// Says who tells people. Without one nobody is told.
    pub fn attach_announcer(&self, announcer: Arc<dyn Announcer>) {
        *self.boards().announcer.write().unwrap_or_else(PoisonError::into_inner) = Some(announcer);
    }

    /// Whose a SIP user name is. The domain is not looked at: user names are unique on the server, and telephones know
    /// it under many names and addresses.
    pub fn sip_account(&self, _domain: &str, _user: &str) -> Option<SipAccount> {
        None
    }

    /// The trunk from which an address calls without a password, and whose it is.
    pub fn trunk_at(&self, _source: IpAddr) -> Option<(TenantId, String)> {
        None
    }

    /// All trunks of all tenants.
    pub fn trunks(&self) -> Vec<(TenantId, Trunk)> {
        vec![]
    }

    /// Networks of all trunks, for the limits of the endpoint.
    pub fn trunk_networks(&self) -> Vec<TrunkNetwork> {
        vec![]
    }

    /// Moves whenever accounts or trunks have changed.
    pub fn plan_changed(&self) -> watch::Receiver<u64> {
        self.boards().changed.subscribe()
    }

    /// A telephone calls: the line that it gets. Orders about it follow through [`CallControl`].
    ///
    /// # Errors
    /// The call is not put through; [`Refusal::code`] is the SIP status.
    pub fn call_in(&self, _tenant: &TenantId, _from: CallingFrom, _dialled: &str) -> Result<LineId, Refusal> {
        Err(Refusal::Unknown)
    }

    /// Something happened on a line. Not [`Signal::Calls`], [`Signal::Try`] and [`Signal::GiveUp`], which are made here.
    pub fn signal(&self, _tenant: &TenantId, _signal: Signal) {}

    /// Whether a telephone is registered.
    pub fn reachable(&self, _tenant: &TenantId, _device: &DeviceId, _yes: bool) {}

    /// Takes over the recording of a call that is over, on this run of the server or on one before. The files are
    /// deleted. Of calls that became no contact nothing is kept.
    ///
    /// # Errors
    /// Nothing was taken over, and the files are where they were: try again later.
    pub async fn recorded(
        &self,
        _tenant: &TenantId,
        _call: CallId,
        _recording: RecordedCall,
    ) -> Result<(), AppError> {
        Ok(())
    }

    /// Somebody wants something with the telephone they work at. Nothing has changed when it is refused.
    ///
    /// # Errors
    /// Why not.
    pub fn command(&self, _caller: &Caller, _command: Command) -> Result<(), Refused> {
        Err(Refused::NotFound("device"))
    }

    /// The telephones of the caller, in the order of their ids.
    pub fn device_views(&self, _caller: &Caller) -> Vec<DeviceView> {
        vec![]
    }

    /// All telephones of the caller's organisation that belong to somebody, in the order of their ids. Who may see the
    /// directory may see them; for others it is the own ones.
    pub fn all_device_views(&self, _caller: &Caller) -> Vec<DeviceView> {
        vec![]
    }

    /// The calls that the caller's telephones are on, each as seen from there.
    pub fn call_views(&self, _caller: &Caller) -> Vec<CallView> {
        vec![]
    }

    /// How supervision behaves.
    pub fn settings(&self) -> Settings {
        Settings::default()
    }

    /// Does what is due, writes what happened, and follows changes of settings, until it is dropped.
    pub async fn run(&self) {
        std::future::pending::<()>().await;
    }
}
