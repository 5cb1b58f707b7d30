//! Offers and answers (RFC 3264, RFC 8866): one line of sound a leg, one codec each.

mod crypto;
mod remote;
mod session;

pub use crypto::Crypto;
pub use remote::{Audio, Direction, Line, Remote, SdpError};
pub use session::{Agreed, Carries, Encryption, Keys, Local, Refused, Session};
