//! How supervision behaves (contract genesys-voice §13).

use crate::{Mode, Scope};

/// Which calls to colleagues about another call are watched (contract genesys-voice §7.9, OC-70).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consults {
    /// None.
    #[default]
    None,
    /// Those that the watched one makes.
    Origin,
    /// Those that the watched one gets.
    Destination,
    /// All.
    All,
}

/// Who hears a tone while a supervisor takes part (contract genesys-voice §8.2, 7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nobody.
    #[default]
    None,
    /// The supervisor.
    SupervisorOnly,
    /// Everybody on the call.
    All,
}

/// Settings of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A supervisor is brought into a call that goes on already.
    pub intrusion_enabled: bool,
    /// What is watched when nothing is said of it.
    pub default_scope: Scope,
    /// Whether one call is watched, not all, when nothing is said of it.
    pub default_once: bool,
    /// Calls between our own telephones are watched too.
    pub monitor_internal_calls: bool,
    /// One may go back to coaching in a call.
    pub allow_switch_to_coach: bool,
    /// Agents see that somebody listens.
    pub notify_agent: bool,
    /// The supervisor's telephone is asked to answer by itself.
    pub auto_answer_supervisor: bool,
    /// How long a supervisor's telephone rings, in seconds.
    pub ring_timeout_secs: i64,
    /// How long somebody's telephone rings who was called by the own number, in seconds; then it was in vain.
    pub ring_people_secs: i64,
    /// Calls to colleagues about another call are watched too, by whose telephone it is.
    pub monitor_consult_calls: Consults,
    /// Who hears a tone while a supervisor takes part.
    pub tone: Tone,
    /// What a silent supervisor may not do is not offered.
    pub strict_capabilities: bool,
    /// Calls are recorded from their beginning; without it nobody is offered to record.
    pub recording: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            intrusion_enabled: true,
            default_scope: Scope::Call,
            default_once: false,
            monitor_internal_calls: true,
            allow_switch_to_coach: false,
            notify_agent: true,
            auto_answer_supervisor: false,
            ring_timeout_secs: 30,
            ring_people_secs: 30,
            tone: Tone::None,
            monitor_consult_calls: Consults::None,
            strict_capabilities: false,
            recording: true,
        }
    }
}

impl Settings {
    /// Whether a supervisor who takes part so may go over to another mode within a call (contract §4.6).
    pub(crate) fn may_switch(&self, from: Mode, to: Mode) -> bool {
        match (from, to) {
            (Mode::Coach | Mode::BargeIn, Mode::Listen) | (Mode::Listen | Mode::Coach, Mode::BargeIn) => true,
            (Mode::Listen | Mode::BargeIn, Mode::Coach) => self.allow_switch_to_coach,
            _ => false,
        }
    }
}
