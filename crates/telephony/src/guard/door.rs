//! Guard and limits together, in the order that costs least: who is banned is not even read.

use super::{Dropped, Guard, MessageKind, Peer, Verdict};
use crate::limits::{Limits, What};
use touchline_model::Timestamp;

/// What a socket loop asks about each message that comes in.
#[derive(Debug)]
pub struct Door {
    guard: Guard,
    limits: Limits,
}

impl Door {
    /// A door with that guard and these limits.
    pub fn new(guard: Guard, limits: Limits) -> Self {
        Self { guard, limits }
    }

    /// Looks at one message that came at that time.
    pub fn receive(&mut self, message: &[u8], peer: Peer, now: Timestamp) -> Verdict {
        let source = peer.address.ip();
        if let Err(refused) = self.limits.count(source, What::Message, now) {
            return Verdict::Drop(Dropped::Flood(refused));
        }
        let verdict = self.guard.inspect(message, peer);
        let what = match &verdict {
            Verdict::Pass(passed) => match passed.kind {
                MessageKind::Request("INVITE") => What::Invite,
                MessageKind::Request("REGISTER") => What::Register,
                _ => return verdict,
            },
            // Scanners send rubbish; each piece counts as much as a call.
            Verdict::Answer(_) => What::Invite,
            Verdict::Drop(_) => return verdict,
        };
        match self.limits.count(source, what, now) {
            Ok(()) => verdict,
            Err(refused) => Verdict::Drop(Dropped::Flood(refused)),
        }
    }

    /// The guard, for answers that need no state.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// The limits, to tell them of failed and successful authentications.
    pub fn limits(&mut self) -> &mut Limits {
        &mut self.limits
    }
}
