//! What is given back by being dropped, however that comes about.

use super::Hub;
use std::fmt;
use touchline_bayeux::{Identity, Receipt, Ticket};

/// A receipt that is handed in when this is dropped: bytes have been written, or cannot be any more.
pub(super) struct Owed {
    pub(super) hub: Hub,
    pub(super) receipt: Option<Receipt>,
}

impl fmt::Debug for Owed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Owed").field(&self.receipt).finish()
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        if let Some(receipt) = self.receipt.take() {
            self.hub.with(|state, now| state.engine.written(now.at, receipt));
        }
    }
}

/// A connect that is held for a client: when that one goes away, the engine hears of it.
pub(super) struct Held {
    pub(super) hub: Hub,
    pub(super) ticket: Ticket,
}

impl Drop for Held {
    fn drop(&mut self) {
        // After an answer the ticket is an old one, and nothing happens.
        self.hub.with(|state, now| {
            state.held.remove(&self.ticket);
            state.engine.connection_lost(now.at, self.ticket);
        });
    }
}

/// Room for one web socket.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) hub: Hub,
    pub(super) identity: Identity,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.hub.with(|state, _| {
            state.taken = state.taken.saturating_sub(1);
            if let Some(count) = state.places.get_mut(&self.identity) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    state.places.remove(&self.identity);
                }
            }
        });
    }
}
