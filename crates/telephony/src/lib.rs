//! Calls: telephones, trunks, and their sound.
//!
//! [`endpoint`] runs it all. Much of what it stands on is pure: bytes and the time go in, bytes, decisions and the next
//! deadline come out.
//!
//! | module | what happens there |
//! |---|---|
//! | [`endpoint`] | registrations, trunks, and a task for each line; what the exchange is asked and told |
//! | `line` | one line: its dialog, from the first INVITE to the last BYE |
//! | `wire` | sockets, and the way of a message from there to the SIP library and back |
//! | [`sound`] | who hears whom on real lines, and what is recorded |
//! | [`guard`] | pure: whether a message may reach the SIP library, is answered at the door, or is dropped |
//! | [`limits`] | pure: how much one source may send, and who is banned for a while |
//! | [`digest`] | pure: whether somebody knows a password, without the password being stored |
//! | [`locate`] | where trunks are: names of the DNS become addresses |
//! | [`registrar`] | pure: where a user's phones are now |
//! | [`fields`], [`uri`] | pure: the grammar of SIP header values and addresses that all of them share |

pub mod digest;
pub mod endpoint;
pub mod fields;
pub mod guard;
pub mod limits;
mod line;
pub mod locate;
mod lru;
pub mod registrar;
pub mod sound;
pub mod uri;
mod wire;
