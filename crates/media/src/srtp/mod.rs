//! Encrypted sound (RFC 3711) with keys from the SDP (RFC 4568).

mod key;

pub use key::{KEY, Master, Suite};
