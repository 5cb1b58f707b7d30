//! Who may speak to the library: after the guard, before the library, and without state for who may not.

use crate::{
    digest::{Asked, Credentials, Ha1, Outcome, Verifier},
    guard::{Door, Peer, Reply},
    wire::message,
};
use rsipstack::sip::Request;
use touchline_app::live::{SIP_REALM, SipAccount};
use touchline_model::{TenantId, Timestamp};

/// Who sends a request that begins something.
#[derive(Clone, Debug)]
pub(crate) enum Sender {
    /// A telephone whose password is known.
    Telephone(SipAccount),
    /// The telephone network, by its address.
    Trunk {
        /// Whose.
        tenant: TenantId,
        /// Its name in the plan.
        name: String,
    },
}

/// What the gate knows of the world.
pub(super) struct Known<'a> {
    /// The account of a user name.
    pub(super) account: &'a dyn Fn(&str) -> Option<SipAccount>,
    /// The trunk at this source.
    pub(super) trunk: Option<(TenantId, String)>,
}

/// Guard, limits and digests together; one for all sockets.
pub(super) struct Gate {
    pub(super) door: Door,
    pub(super) verifier: Verifier,
}

impl Gate {
    /// Says who sends this request, or how it is refused; no reply means silence.
    pub(super) fn identify(
        &mut self,
        request: &Request,
        passed: &[u8],
        peer: Peer,
        known: &Known<'_>,
        now: Timestamp,
        random: [u8; 8],
    ) -> Result<Sender, Option<Reply>> {
        let refuse = |gate: &Self, code, phrase, lines: &[String]| {
            Err(gate.door.guard().reply(passed, peer, code, phrase, lines))
        };
        let headers = &request.headers;
        let all = headers.iter().filter(|header| header.name().eq_ignore_ascii_case("Authorization"));
        let proof = match self.verifier.credentials(all.map(rsipstack::sip::Header::value)) {
            Ok(proof) => proof,
            Err(_) => return refuse(self, 400, "Malformed Authorization", &[]),
        };
        let Some(proof) = proof else {
            if let Some((tenant, name)) = &known.trunk {
                return Ok(Sender::Trunk { tenant: tenant.clone(), name: name.clone() });
            }
            return self.challenge(passed, peer, now, random, false);
        };
        let account = (known.account)(&proof.username).filter(|account| account.realm == SIP_REALM);
        match self.check(&proof, account.as_ref(), request, passed, peer, now) {
            Outcome::Accepted => {
                self.door.limits().succeeded(peer.address.ip());
                match account {
                    Some(account) if owns(&account, request, &proof.username) => {
                        Ok(Sender::Telephone(account))
                    }
                    // The right password, but in somebody else's name.
                    _ => refuse(self, 403, "Forbidden", &[]),
                }
            }
            Outcome::Stale => self.challenge(passed, peer, now, random, true),
            Outcome::Foreign => self.challenge(passed, peer, now, random, false),
            Outcome::Wrong => {
                if let Some(until) = self.door.limits().failed(peer.address.ip(), now) {
                    tracing::warn!(source = %peer.address.ip(), %until, "too many wrong passwords");
                }
                self.challenge(passed, peer, now, random, false)
            }
            Outcome::OtherRequest => refuse(self, 400, "Authorization is for another request", &[]),
        }
    }

    fn check(
        &mut self,
        proof: &Credentials,
        account: Option<&SipAccount>,
        request: &Request,
        passed: &[u8],
        peer: Peer,
        now: Timestamp,
    ) -> Outcome {
        let ha1 = account.map(|account| Ha1::stored(&account.ha1_md5, &account.ha1_sha256));
        let method = request.method.to_string();
        let asked = Asked { method: &method, uri: target_of(passed), source: peer.address.ip() };
        self.verifier.check(proof, ha1.as_ref(), asked, now)
    }

    fn challenge(
        &self,
        passed: &[u8],
        peer: Peer,
        now: Timestamp,
        random: [u8; 8],
        stale: bool,
    ) -> Result<Sender, Option<Reply>> {
        let values = self.verifier.challenge(peer.address.ip(), now, random, stale);
        let lines: Vec<String> = values.iter().map(|value| format!("WWW-Authenticate: {value}")).collect();
        Err(self.door.guard().reply(passed, peer, 401, "Unauthorized", &lines))
    }
}

/// Whether a telephone speaks in its own name: it registers its own user name only. In calls the From is decoration,
/// for who is shown comes from the account.
fn owns(_account: &SipAccount, request: &Request, username: &str) -> bool {
    if request.method != rsipstack::sip::Method::Register {
        return true;
    }
    let to = message::value(&request.headers, "To").and_then(message::address_of);
    to.and_then(|address| message::user_of(&address)).is_some_and(|user| user == username)
}

/// The Request-URI as it was sent.
pub(crate) fn target_of(passed: &[u8]) -> &str {
    let line = passed.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = std::str::from_utf8(line).unwrap_or_default().split(' ');
    words.nth(1).unwrap_or_default()
}
