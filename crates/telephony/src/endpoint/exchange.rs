//! What telephony asks of the rest of the server.

use std::{future::Future, net::IpAddr, pin::Pin};
use tokio::sync::watch;
use touchline_app::{
    AppError,
    live::{
        CallingFrom, Live, RecordedCall, SipAccount,
        board::{
            CallId, DeviceId, LineId, Signal,
            numbers::{Refusal, Trunk},
        },
    },
};
use touchline_model::TenantId;

/// A future of a port.
pub type Promised<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where calls are decided about. [`Live`] is one; tests bring another.
pub trait Exchange: Send + Sync {
    /// Whose a SIP user name is.
    fn account(&self, user: &str) -> Option<SipAccount>;
    /// The trunk from which an address calls.
    fn trunk_at(&self, source: IpAddr) -> Option<(TenantId, String)>;
    /// All trunks.
    fn trunks(&self) -> Vec<(TenantId, Trunk)>;
    /// Networks of trunks, which have no limits: first address, length of the prefix.
    fn trunk_networks(&self) -> Vec<(IpAddr, u8)>;
    /// Moves when accounts or trunks have changed.
    fn changed(&self) -> watch::Receiver<u64>;
    /// A telephone calls.
    ///
    /// # Errors
    /// Why it is not put through.
    fn call_in(&self, tenant: &TenantId, from: CallingFrom, dialled: &str) -> Result<LineId, Refusal>;
    /// Something happened on a line.
    fn signal(&self, tenant: &TenantId, signal: Signal);
    /// Whether a telephone is registered.
    fn reachable(&self, tenant: &TenantId, device: &DeviceId, yes: bool);
    /// Takes a recording over, and its files away.
    fn recorded(
        &self,
        tenant: TenantId,
        call: CallId,
        recording: RecordedCall,
    ) -> Promised<'_, Result<(), AppError>>;
}

impl Exchange for Live {
    fn account(&self, user: &str) -> Option<SipAccount> {
        self.sip_account("", user)
    }

    fn trunk_at(&self, source: IpAddr) -> Option<(TenantId, String)> {
        Live::trunk_at(self, source)
    }

    fn trunks(&self) -> Vec<(TenantId, Trunk)> {
        Live::trunks(self)
    }

    fn trunk_networks(&self) -> Vec<(IpAddr, u8)> {
        Live::trunk_networks(self).into_iter().map(|network| (network.address, network.prefix)).collect()
    }

    fn changed(&self) -> watch::Receiver<u64> {
        self.plan_changed()
    }

    fn call_in(&self, tenant: &TenantId, from: CallingFrom, dialled: &str) -> Result<LineId, Refusal> {
        Live::call_in(self, tenant, from, dialled)
    }

    fn signal(&self, tenant: &TenantId, signal: Signal) {
        Live::signal(self, tenant, signal);
    }

    fn reachable(&self, tenant: &TenantId, device: &DeviceId, yes: bool) {
        Live::reachable(self, tenant, device, yes);
    }

    fn recorded(
        &self,
        tenant: TenantId,
        call: CallId,
        recording: RecordedCall,
    ) -> Promised<'_, Result<(), AppError>> {
        Box::pin(async move { Live::recorded(self, &tenant, call, recording).await })
    }
}
