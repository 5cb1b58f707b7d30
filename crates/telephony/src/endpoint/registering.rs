//! REGISTER of our telephones.

use super::{Shared, lock};
use crate::{
    line::Incoming,
    registrar::{FlowId, Path, Register, RegisterError},
    wire::{
        Flow,
        message::{header, sequence, value},
    },
};
use touchline_app::live::SipAccount;
use touchline_live::DeviceId;
use touchline_model::TenantId;

/// Under what a device's telephones are kept. Ids hold no NUL.
pub(super) fn key(tenant: &TenantId, device: &DeviceId) -> String {
    format!("{tenant}\0{device}")
}

impl Shared {
    /// A telephone whose password was right says where it is.
    pub(super) fn register(&self, account: &SipAccount, incoming: &Incoming, flow: &Flow) {
        let headers = &incoming.request.headers;
        let contacts: Vec<&str> = headers
            .iter()
            .filter(|header| header.name().eq_ignore_ascii_case("Contact"))
            .map(|header| header.value().trim())
            .collect();
        let aor = key(&account.tenant, &account.device);
        let request = Register {
            aor: &aor,
            call_id: value(headers, "Call-ID").unwrap_or_default(),
            cseq: sequence(headers).unwrap_or_default(),
            contacts: &contacts,
            expires: value(headers, "Expires"),
            path: Path { peer: flow.peer, flow: flow.id },
        };
        let now = self.clock.now();
        let (before, result, after) = {
            let mut registrar = lock(&self.registrar);
            let before = registrar.is_registered(&aor, now);
            let result = registrar.register(request, now);
            (before, result, registrar.is_registered(&aor, now))
        };
        match result {
            Ok(bindings) => {
                let lines = bindings.into_iter().map(|it| header("Contact", it)).collect();
                incoming.reply(200, lines, None);
                if before != after {
                    self.exchange.reachable(&account.tenant, &account.device, after);
                }
            }
            Err(error) => {
                let (code, lines) = match error {
                    RegisterError::Malformed => (400, vec![]),
                    RegisterError::TooBrief { min } => (423, vec![header("Min-Expires", min.to_string())]),
                    RegisterError::OutOfOrder => (500, vec![]),
                    RegisterError::TooMany => (403, vec![]),
                };
                incoming.reply(code, lines, None);
            }
        }
    }

    /// Registrations that have run out.
    pub(super) fn expire(&self) {
        let gone = lock(&self.registrar).expire(self.clock.now());
        self.unreachable(gone);
    }

    /// A connection has closed.
    pub(super) fn flow_closed(&self, flow: FlowId) {
        let gone = lock(&self.registrar).flow_closed(flow);
        self.unreachable(gone);
    }

    fn unreachable(&self, gone: Vec<String>) {
        for aor in gone {
            if let Some((tenant, device)) = aor.split_once('\0') {
                self.exchange.reachable(&tenant.into(), &device.into(), false);
            }
        }
    }
}
