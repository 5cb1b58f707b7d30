//! RTP (RFC 3550): packets, the numbers that wrap, and the stream that we send.

mod outgoing;
mod packet;
mod wrap;

pub use outgoing::Outgoing;
pub use packet::{Extension, ExtensionElements, MAX_PACKET, Packet, RtpError, is_rtcp};
pub use wrap::{Unwrapper16, Unwrapper32};
