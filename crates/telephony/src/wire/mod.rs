//! Messages on their way in and out: sockets, the door, the gate, the library.
//!
//! Each message that comes in passes the guard and its limits first ([`crate::guard`]). A request that begins something
//! must then come from a trunk's address or carry a right digest; everybody else is answered without state, so that a
//! flood of strangers leaves neither transactions nor timers behind. Only then the SIP library sees it.

mod acks;
mod connect;
mod flow;
mod gate;
mod inlet;
pub(crate) mod message;
mod stream;
mod udp;
mod websocket;

pub(crate) use connect::Opened;
pub(crate) use flow::Flow;
pub(crate) use gate::Sender;
pub(crate) use inlet::{ALLOW, Admitted, SUPPORTED, Wire, WireRules};
pub(crate) use stream::Speaks;
pub(crate) use websocket::Origins;
