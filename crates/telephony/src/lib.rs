//! Calls: what stands in front of the SIP library, and the sound of calls.
//!
//! Most of these modules are pure: bytes and the time go in, bytes, decisions and the next deadline come out. Sockets,
//! threads and clocks are in [`sound`] alone.
//!
//! | module | what it decides |
//! |---|---|
//! | [`guard`] | whether a message may reach the SIP library, is answered at the door, or is dropped |
//! | [`limits`] | how much one source may send, and who is banned for a while |
//! | [`digest`] | whether somebody knows a password, without the password being stored |
//! | [`registrar`] | where a user's phones are now |
//! | [`sound`] | who hears whom on real lines, and what is recorded |
//! | [`fields`], [`uri`] | the grammar of SIP header values and addresses that all of them share |

pub mod digest;
pub mod fields;
pub mod guard;
pub mod limits;
mod lru;
pub mod registrar;
pub mod sound;
pub mod uri;
