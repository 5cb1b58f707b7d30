//! What the engine wants done.

use crate::ids::{BrowserId, ClientId, Identity, Receipt, SocketId, Ticket};
use bytes::Bytes;
use std::sync::Arc;

/// The connection has done its work, or its session is no more (S6.2).
pub const CLOSE_NORMAL: u16 = 1000;
/// Nothing came for twice the timeout (B24).
pub const CLOSE_IDLE: u16 = 1001;
/// A binary frame came (B22).
pub const CLOSE_BINARY: u16 = 1003;
/// The peer does not read what it asked for.
pub const CLOSE_OVERLOADED: u16 = 1008;
/// A frame was longer than `max_message_size`.
pub const CLOSE_TOO_BIG: u16 = 1009;
/// A frame was no Bayeux (S6.2).
pub const CLOSE_FAILED: u16 = 1011;

/// What to do with a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Answer it now.
    Reply(Reply),
    /// Keep it; an [`Effect::Answer`] with this ticket will come. Say [`crate::Server::connection_lost`] if the
    /// connection breaks before.
    Held(Ticket),
}

/// A response: HTTP 200, `application/json;charset=UTF-8`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// A JSON array.
    pub body: Bytes,
    /// To be handed to [`crate::Server::written`] when the body has been written, or cannot be.
    pub receipt: Option<Receipt>,
    /// The cookie [`crate::BROWSER_COOKIE`] to set (S5.1).
    pub browser: Option<BrowserId>,
}

/// How a held request ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// With a response.
    Reply(Reply),
    /// With this HTTP status and an empty body, because a newer connect has come (S6.1).
    Superseded {
        /// At least 400.
        status: u16,
    },
}

/// Something to do, in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Answer a request that was held.
    Answer {
        /// The request.
        ticket: Ticket,
        /// What to answer. If nobody waits for it any more, its receipt is due all the same.
        answer: Answer,
    },
    /// Send a text frame. Say [`crate::Server::socket_sent`] with its length when it has been written.
    Send {
        /// Where to.
        socket: SocketId,
        /// UTF-8: a JSON array.
        frame: Bytes,
        /// To be handed to [`crate::Server::written`] as well, if there is one.
        receipt: Option<Receipt>,
    },
    /// Close a web socket, after what was sent before. The engine knows it no more.
    Close {
        /// Which.
        socket: SocketId,
        /// The code, one of the `CLOSE_` constants.
        code: u16,
    },
    /// A session has ended. Nothing has to be done about it: no state of an application is tied to it (S5).
    Ended {
        /// Its former id.
        client: ClientId,
        /// Whose it was.
        identity: Identity,
        /// The HTTP session in which it was used last.
        http_session: Option<Arc<str>>,
        /// Why.
        why: EndReason,
    },
}

/// Why a session has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EndReason {
    /// The client said so.
    Disconnected,
    /// The client was silent for too long.
    Expired,
    /// The server said so: a logout, or somebody's decision.
    Dismissed,
    /// The HTTP session expired (B31).
    HttpSessionExpired,
    /// Too much waited for it (B15).
    Overflow,
    /// The server stops.
    Shutdown,
}
