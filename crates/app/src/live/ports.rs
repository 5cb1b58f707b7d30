//! What live calls need from outside: somebody who carries orders out on real lines, and somebody who tells people.

use std::{net::IpAddr, path::PathBuf};
use touchline_live::{CallId, Cause, DeviceId, LineId, Notice, Recording, Seat};
use touchline_model::{TenantId, UserId};

/// The realm of SIP digests (RFC 7616 §3.3). The same for everybody, so that a telephone's address book, a new host name
/// or a move to another server invalidates no password.
pub const SIP_REALM: &str = "touchline";

/// Carries orders out on real lines.
pub trait CallControl: Send + Sync {
    /// Carry out, in order. Must not block: put into a queue.
    fn carry_out(&self, tenant: &TenantId, orders: Vec<Order>);

    /// How loud the sound is that comes from a line at this moment: 0 (60 dB below the loudest that there is, and less) to
    /// 100. Nothing, where nobody knows. Must not block.
    fn level(&self, tenant: &TenantId, line: LineId) -> Option<u8> {
        let _ = (tenant, line);
        None
    }
}

/// Tells people who are connected what has changed.
pub trait Announcer: Send + Sync {
    /// Tell one person. Called in the order in which things happened; must not block.
    fn announce(&self, tenant: &TenantId, user: &UserId, notice: &Notice);
}

/// Something to be done with lines. What a board wants ([`touchline_live::Effect`]), with numbers resolved to ways.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Call somebody.
    Invite {
        /// The line that comes of it.
        line: LineId,
        /// Whom, and which way.
        to: Target,
        /// Who is shown as the caller.
        from: Shown,
        /// Whether the telephone is asked to answer by itself.
        auto_answer: bool,
    },
    /// Tell the caller on this line that the other telephone rings.
    Ringing(LineId),
    /// Let the caller on this line hear who is called, although nobody has answered.
    Early(LineId),
    /// Answer the caller on this line.
    Answer(LineId),
    /// Ask the telephone that is being called on this line to answer (contract genesys-voice R-13).
    PickUp(LineId),
    /// End a line, whatever its state.
    HangUp {
        /// Which.
        line: LineId,
        /// Why.
        cause: Cause,
    },
    /// Send digits down a line.
    Dtmf {
        /// Which line.
        line: LineId,
        /// The digits: `0-9*#A-D`.
        digits: String,
    },
    /// Who sits in a call, whole; empty when it is over.
    Seats {
        /// The call.
        call: CallId,
        /// Everybody who hears or is heard.
        seats: Vec<Seat>,
        /// Somebody is waited for: a caller hears ring-back or music.
        waiting: bool,
    },
    /// Record so from now on.
    Record {
        /// The call.
        call: CallId,
        /// How.
        recording: Recording,
    },
}

/// Where a line leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The telephones that are registered for a device.
    Device(DeviceId),
    /// The telephone network.
    Trunk {
        /// Name of the trunk in the plan.
        trunk: String,
        /// The number, in international form; as dialled for an emergency.
        number: String,
    },
}

/// The caller as the called one sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The number; empty if none is to be shown.
    pub number: String,
    /// The name, of our own people.
    pub name: Option<String>,
}

/// Whose a SIP user name is. The hashes are as good as the password for this realm: never shown, never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct SipAccount {
    /// The organisation.
    pub tenant: TenantId,
    /// The telephone.
    pub device: DeviceId,
    /// Its number, which others see when it calls.
    pub number: String,
    /// `MD5(user:realm:password)` in lower-case hexadecimal digits (RFC 7616 §3.4.2).
    pub ha1_md5: String,
    /// The same with SHA-256 (RFC 8760).
    pub ha1_sha256: String,
    /// [`SIP_REALM`].
    pub realm: String,
}

impl std::fmt::Debug for SipAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SipAccount({} {} {})", self.tenant, self.device, self.number)
    }
}

/// Which telephone calls us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallingFrom {
    /// One of ours.
    Device(DeviceId),
    /// The telephone network.
    Trunk {
        /// Name of the trunk in the plan.
        name: String,
        /// The caller's number as the network gives it; empty if it is withheld.
        number: String,
        /// The caller's name as the network gives it.
        display: Option<String>,
    },
}

/// The recording of a finished call, as WAV files on disk. They are deleted when they were taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedCall {
    /// What the customer and the agents said; never a whisper (contract genesys-voice OC-82).
    pub customer_facing: PathBuf,
    /// What a supervisor said to agents alone, if it is to be kept.
    pub coach: Option<PathBuf>,
    /// Whether the recording stops before its end: the server was killed meanwhile.
    pub cut: bool,
}

/// A way to the telephone network by which somebody without a password may call: by address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrunkNetwork {
    /// First address.
    pub address: IpAddr,
    /// Length of the prefix.
    pub prefix: u8,
}
