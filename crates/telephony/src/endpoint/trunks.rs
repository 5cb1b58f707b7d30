//! This server as a customer of trunks: it registers there, and stays registered.

use super::Shared;
use crate::{
    digest::Challenge,
    locate::{Server, locate},
    wire::{
        Flow, Opened,
        message::{code, escaped, header, request, value, values},
    },
};
use rsipstack::{
    sip::{Header, Method, Request, Response, SipMessage},
    transaction::{
        key::{TransactionKey, TransactionRole},
        transaction::Transaction,
    },
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::task::JoinHandle;
use touchline_live::numbers::{Trunk, TrunkRegistration};
use touchline_model::TenantId;

/// After a failure, so long until the next try; longer each time.
const AGAIN: Duration = Duration::from_secs(5);
/// Never longer than this.
const LONGEST: Duration = Duration::from_secs(300);
/// A connection has closed: so long until the next one.
const RECONNECT: Duration = Duration::from_secs(2);
/// Who has said nothing for so long is not asked any more, but the next place is.
const NO_ANSWER: Duration = Duration::from_secs(8);

/// Stops a task when it is dropped.
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Registers at all trunks that want it, and follows changes of the plan.
pub(super) async fn register_all(shared: Arc<Shared>) {
    let mut changed = shared.exchange.changed();
    let mut running: HashMap<(String, String), (Trunk, Running)> = HashMap::new();
    loop {
        changed.mark_unchanged();
        shared.wire.trust(shared.exchange.trunk_networks());
        let wanted: HashMap<(String, String), Trunk> = shared
            .exchange
            .trunks()
            .into_iter()
            .filter(|(_, trunk)| trunk.register.is_some())
            .map(|(tenant, trunk)| ((tenant.0, trunk.name.clone()), trunk))
            .collect();
        running.retain(|key, (trunk, _)| wanted.get(key) == Some(trunk));
        for (key, trunk) in wanted {
            running.entry(key.clone()).or_insert_with(|| {
                let task = stay_registered(shared.clone(), TenantId(key.0), trunk.clone());
                let task = tokio::spawn(task);
                (trunk, Running(task))
            });
        }
        if changed.changed().await.is_err() {
            return;
        }
    }
}

async fn stay_registered(shared: Arc<Shared>, tenant: TenantId, trunk: Trunk) {
    let Some(account) = trunk.register.clone() else { return };
    let (call_id, tag) = (shared.wire.token(), shared.wire.token());
    let (mut sequence, mut wait) = (0, AGAIN);
    let mut wanted = account.expires_secs;
    loop {
        let mut granted = Err("its address is not known".to_owned());
        // One place after another, until one says something.
        for place in shared.places(&tenant, &trunk).await {
            let Some(flow) = shared.wire.way_to(&place).await else {
                granted = Err("no connection".to_owned());
                continue;
            };
            let asking = Asking {
                shared: &shared,
                server: Server::read(&trunk.server).map_or("", |it| it.address),
                account: &account,
                flow: &flow,
                call_id: &call_id,
                tag: &tag,
            };
            match asking.register(&mut sequence, &mut wanted).await {
                Ok(seconds) => {
                    granted = Ok((seconds, flow));
                    break;
                }
                Err(Failed::Elsewhere(error)) => granted = Err(error),
                Err(Failed::Finally(error)) => {
                    granted = Err(error);
                    break;
                }
            }
        }
        match granted {
            Ok((seconds, flow)) => {
                wait = AGAIN;
                tracing::debug!(trunk = %trunk.name, seconds, "registered");
                let half = Duration::from_secs((u64::from(seconds) / 2).max(15));
                // Whoever calls us comes over this connection; without it we have to register again.
                tokio::select! {
                    () = tokio::time::sleep(half) => {}
                    () = flow.closed() => tokio::time::sleep(RECONNECT).await,
                }
            }
            Err(error) => {
                tracing::warn!(trunk = %trunk.name, %error, "not registered; once more in {wait:?}");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST);
            }
        }
    }
}

/// Why a registration came to nothing.
enum Failed {
    /// Nobody said anything there, or that he cannot now: another place may (RFC 3263 §4.3).
    Elsewhere(String),
    /// Somebody has decided.
    Finally(String),
}

impl Shared {
    /// The places at which a trunk is to be tried, best first.
    pub(crate) async fn places(&self, tenant: &TenantId, trunk: &Trunk) -> Vec<Arc<Opened>> {
        let Some(server) = Server::read(&trunk.server) else { return vec![] };
        let entropy = self.entropy.clone();
        let mut random = move |below: u32| {
            let mut bytes = [0; 4];
            entropy.fill(&mut bytes);
            u32::from_be_bytes(bytes) % below.max(1)
        };
        let hops = locate(self.names.as_ref(), &server, &mut random).await;
        let (tenant, name, server) = (tenant.clone(), trunk.name.clone(), trunk.server.clone());
        let place = |hop| Opened { tenant: tenant.clone(), name: name.clone(), server: server.clone(), hop };
        hops.into_iter().map(|hop| Arc::new(place(hop))).collect()
    }
}

struct Asking<'a> {
    shared: &'a Shared,
    server: &'a str,
    account: &'a TrunkRegistration,
    flow: &'a Flow,
    call_id: &'a str,
    tag: &'a str,
}

impl Asking<'_> {
    /// Registers; gives the seconds that are granted.
    async fn register(&self, sequence: &mut u32, wanted: &mut u32) -> Result<u32, Failed> {
        let mut proof = None;
        for _ in 0..3 {
            *sequence += 1;
            let request = self.request(*sequence, *wanted, proof.take());
            let target = request.uri.to_string();
            let asked = tokio::time::timeout(NO_ANSWER, self.ask(request)).await;
            let Ok(Some(response)) = asked else { return Err(Failed::Elsewhere("no answer".into())) };
            match code(&response) {
                200..=299 => return Ok(granted(&response, *wanted)),
                status @ (401 | 407) => {
                    let (asks, answers) = match status {
                        401 => ("WWW-Authenticate", "Authorization"),
                        _ => ("Proxy-Authenticate", "Proxy-Authorization"),
                    };
                    let all = response.headers.iter().filter(|header| header.name() == asks);
                    let challenge = all.filter_map(|header| Challenge::read(header.value())).next();
                    let Some(challenge) = challenge else {
                        return Err(Failed::Finally("it asks for what we do not speak".into()));
                    };
                    let token = self.shared.wire.token();
                    let (user, password) = (&self.account.username, &self.account.password.0);
                    proof =
                        Some(header(answers, challenge.answer(user, password, "REGISTER", &target, &token)));
                }
                423 => {
                    let least = value(&response.headers, "Min-Expires").and_then(crate::fields::seconds);
                    let Some(least) = least else {
                        return Err(Failed::Finally("it names no shortest time".into()));
                    };
                    *wanted = least.max(*wanted);
                }
                status @ (408 | 503) => return Err(Failed::Elsewhere(format!("refused with {status}"))),
                status => return Err(Failed::Finally(format!("refused with {status}"))),
            }
        }
        Err(Failed::Finally("the password is wrong".into()))
    }

    fn request(&self, sequence: u32, wanted: u32, proof: Option<Header>) -> Request {
        let (user, server) = (escaped(&self.account.username), self.server);
        let (via, local) = (self.flow.via_name(), self.flow.local);
        let mut headers = vec![
            header("Via", format!("SIP/2.0/{via} {local};branch={};rport", self.shared.branch())),
            header("From", format!("<sip:{user}@{server}>;tag={}", self.tag)),
            header("To", format!("<sip:{user}@{server}>")),
            header("Call-ID", self.call_id),
            header("CSeq", format!("{sequence} REGISTER")),
            header("Contact", self.flow.contact_of(&user)),
            header("Expires", wanted.to_string()),
        ];
        headers.extend(proof);
        request(Method::Register, &format!("sip:{server}"), headers, None)
    }

    async fn ask(&self, request: Request) -> Option<Response> {
        let key = TransactionKey::from_request(&request, TransactionRole::Client).ok()?;
        let library = self.shared.wire.library();
        let mut transaction = Transaction::new_client(key, request, library, Some(self.flow.connection()));
        transaction.destination = Some(self.flow.destination());
        transaction.send().await.ok()?;
        loop {
            match transaction.receive().await? {
                SipMessage::Response(response) if code(&response) >= 200 => return Some(response),
                _ => {}
            }
        }
    }
}

/// For how long, by our Contact or by Expires (RFC 3261 §10.2.4).
fn granted(response: &Response, wanted: u32) -> u32 {
    let contacts = values(&response.headers, "Contact");
    let mut by_contact = contacts.iter().filter_map(|contact| {
        let address = crate::fields::Address::read(contact).ok()?;
        address.params.text("expires").and_then(crate::fields::seconds)
    });
    let by_header = || value(&response.headers, "Expires").and_then(crate::fields::seconds);
    by_contact.next().or_else(by_header).unwrap_or(wanted)
}
