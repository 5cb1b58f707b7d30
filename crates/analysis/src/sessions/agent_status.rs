//! Whether an agent is logged in, away, and available for what.

use touchline_model::events::{AgentStatusChange, ChannelType, EventContent};

/// An agent's status at some instant: all that has to be known to go on from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AgentStatus {
    /// Logged in.
    pub logged_in: bool,
    /// Away; never while logged out.
    pub away: bool,
    /// For what, in the order of [`ChannelType::ALL`]. Stays set while logged out (contract gladly R-19).
    pub available: [bool; ChannelType::ALL.len()],
}

impl AgentStatus {
    /// The status after an event of this agent. A second login or departure, and a logout, return or departure without
    /// a login change nothing (contract gladly R-20); logging out ends an absence (contract gladly §6).
    pub fn apply(&mut self, content: &EventContent) {
        match content {
            EventContent::AgentStatus(status) => match status.change {
                AgentStatusChange::LoggedIn => self.logged_in = true,
                AgentStatusChange::LoggedOut => (self.logged_in, self.away) = (false, false),
                AgentStatusChange::WentAway => self.away = self.logged_in,
                AgentStatusChange::ReturnedFromAway => self.away = false,
                AgentStatusChange::ChangedActiveReason => {}
            },
            EventContent::Availability { available_for, .. } => {
                self.available = [false; ChannelType::ALL.len()];
                for kind in available_for {
                    self.available[*kind as usize] = true;
                }
            }
            _ => {}
        }
    }
}
