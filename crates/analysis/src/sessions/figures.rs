//! The counts and durations of one agent in one bucket.

use super::Micros;
use touchline_model::events::{ChannelType, ContactChannel};

/// The channels by which a report breaks figures down, in its order (contract gladly §6).
pub const BREAKDOWN: [ContactChannel; 9] = [
    ContactChannel::Chat,
    ContactChannel::Email,
    ContactChannel::FbMessenger,
    ContactChannel::InstagramDirect,
    ContactChannel::PhoneCall,
    ContactChannel::Sms,
    ContactChannel::Twitter,
    ContactChannel::Voicemail,
    ContactChannel::Whatsapp,
];

/// A figure in all, and for each channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByChannel<T> {
    /// Over all channels.
    pub total: T,
    channels: [T; ContactChannel::ALL.len()],
}

impl<T: Copy + std::ops::AddAssign> ByChannel<T> {
    /// The part of one channel.
    pub const fn of(&self, channel: ContactChannel) -> T {
        self.channels[channel as usize]
    }
    pub(super) fn add(&mut self, channel: ContactChannel, more: T) {
        self.total += more;
        self.channels[channel as usize] += more;
    }
}

/// The figures of one agent in one bucket (contract gladly §6, columns 11 to 41 and their breakdowns).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Logged in.
    pub logged_in: u64,
    /// Logged out, by choice or for idling.
    pub logged_out: u64,
    /// Time between them.
    pub logged_in_time: Micros,
    /// Went away, by choice or for idling.
    pub went_away: u64,
    /// Came back.
    pub returned_from_away: u64,
    /// Turned to something else.
    pub changed_active_reason: u64,
    /// Time between going away and coming back or logging out.
    pub away_time: Micros,
    /// Time available for anything, while logged in and not away.
    pub available_any: Micros,
    /// The same for each kind of channel, in the order of [`ChannelType::ALL`].
    pub available: [Micros; ChannelType::ALL.len()],
    /// Contacts offered.
    pub offered: ByChannel<u64>,
    /// Offers taken.
    pub accepted: ByChannel<u64>,
    /// Offers refused.
    pub declined: ByChannel<u64>,
    /// Offers not reacted to, for lack of the agent or of the device.
    pub missed: ByChannel<u64>,
    /// Contacts begun.
    pub started: ByChannel<u64>,
    /// Contacts handed on.
    pub transferred: u64,
    /// Contacts that ended while they were this agent's.
    pub ended: u64,
    /// Messages sent.
    pub message_sent: ByChannel<u64>,
    /// Handle time.
    pub handle: ByChannel<Micros>,
    /// After-contact time.
    pub after_contact: ByChannel<Micros>,
    /// Time on hold of contacts that were this agent's.
    pub hold: Micros,
    /// Conversations closed.
    pub conversation_closed: u64,
    /// Tasks begun.
    pub task_created: u64,
    /// Tasks done.
    pub task_closed: u64,
    /// Tasks taken up again.
    pub task_reopened: u64,
    /// Comments on tasks.
    pub task_commented_on: u64,
    /// Texts of tasks changed.
    pub task_content_updated: u64,
    /// Due dates of tasks changed.
    pub task_due_date_updated: u64,
}

impl Figures {
    /// Logged in and not away (contract gladly §6 column 17).
    pub fn active_time(&self) -> Micros {
        self.logged_in_time - self.away_time
    }
}
