//! Reports on how a stream arrives (RFC 3550, section 6).

mod packet;
mod schedule;
mod statistics;

pub use packet::{Block, NtpTime, Report, RtcpError, Sender, parse, write};
pub use schedule::Schedule;
pub use statistics::{Quality, Reception};
