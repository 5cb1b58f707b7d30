//! What an operator and an organisation may set about live calls.

use super::board::{Consults, Scope, Settings, Tone, numbers::NumberPlan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which of an agent's work is watched (contract genesys-voice §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MonitoringScope {
    /// Only while the agent is on the call.
    Agent,
    /// The whole call, whoever takes it over.
    Call,
}

/// How many calls are watched (contract genesys-voice §4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MonitoringMode {
    /// One, then no more.
    NextCall,
    /// All, until it is ended.
    AllCalls,
}

/// Which calls to colleagues about another call are watched (contract genesys-voice §7.9, OC-70).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConsultCalls {
    /// None.
    #[default]
    None,
    /// Those that the watched agent makes.
    Orig,
    /// Those that the watched agent gets.
    Dest,
    /// All.
    All,
}

/// Who hears a tone while a supervisor takes part: half a second, every 15 (contract genesys-voice OC-78).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MonitoringTone {
    /// Nobody.
    #[default]
    None,
    /// The supervisor.
    SupervisorOnly,
    /// Everybody on the call.
    All,
}

/// How supervision behaves, with the names of contract genesys-voice §13. What is left out is as the operator has
/// configured it; what the operator leaves out is as the contract says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Monitoring {
    /// Whether a supervisor is brought into a call that goes on already (default: yes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intrusion_enabled: Option<bool>,
    /// What is watched when nothing is said of it (default: `Call`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_scope: Option<MonitoringScope>,
    /// How many calls are watched when nothing is said of it (default: `AllCalls`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_mode: Option<MonitoringMode>,
    /// Whether calls between our own telephones are watched (default: yes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor_internal_calls: Option<bool>,
    /// Which calls to colleagues about another call are watched (default: none).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub monitor_consult_calls: Option<ConsultCalls>,
    /// Whether one may go back to coaching in a call (default: no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_switch_to_coach: Option<bool>,
    /// Whether agents see that somebody listens (default: yes).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify_agent: Option<bool>,
    /// Whether the supervisor's telephone is asked to answer by itself (default: no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_answer_supervisor: Option<bool>,
    /// How long a supervisor's telephone rings, in seconds (default: 30).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_timeout: Option<u16>,
    /// Who hears a tone while a supervisor takes part (default: nobody).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tone: Option<MonitoringTone>,
    /// Whether what a silent supervisor may not do is left out of what is offered (default: no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_capabilities: Option<bool>,
}

/// What is recorded. What is left out is as the operator has configured it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordingPolicy {
    /// Whether calls are recorded from their beginning (default: yes). Without it nobody is offered to record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Whether what a supervisor whispers is kept, in a file of its own (default: no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_whisper: Option<bool>,
}

/// From when on something on the live wall wants a look, in seconds. What is left out has the usual value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Callers of queues who are answered within so long are answered in time (usually 20).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer_within: Option<u16>,
    /// A caller who waits for longer waits too long (usually 60).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long_wait: Option<u16>,
    /// A call that is on hold for longer is so for too long (usually 120).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long_hold: Option<u16>,
    /// A call that goes on for longer is a long one (usually 900).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long_call: Option<u16>,
}

impl Thresholds {
    /// [`Thresholds::answer_within`], or what is usual.
    pub fn answer_within(self) -> u16 {
        self.answer_within.unwrap_or(20)
    }
    /// [`Thresholds::long_wait`], or what is usual.
    pub fn long_wait(self) -> u16 {
        self.long_wait.unwrap_or(60)
    }
    /// [`Thresholds::long_hold`], or what is usual.
    pub fn long_hold(self) -> u16 {
        self.long_hold.unwrap_or(120)
    }
    /// [`Thresholds::long_call`], or what is usual.
    pub fn long_call(self) -> u16 {
        self.long_call.unwrap_or(900)
    }
}

/// What the operator of a server sets for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSettings {
    /// Name of this node among those of one database; calls that it was killed with are ended when it starts again.
    pub node: String,
    /// How supervision behaves.
    pub monitoring: Monitoring,
    /// What is recorded.
    pub recording: RecordingPolicy,
}

impl Default for LiveSettings {
    fn default() -> Self {
        let (monitoring, recording) = (Monitoring::default(), RecordingPolicy::default());
        Self { node: "main".to_owned(), monitoring, recording }
    }
}

/// What an organisation sets for itself, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TelephonySettings {
    /// Numbers, groups, queues and trunks.
    pub plan: NumberPlan,
    /// How supervision behaves.
    pub monitoring: Monitoring,
    /// What is recorded.
    pub recording: RecordingPolicy,
    /// From when on something on the live wall wants a look.
    pub thresholds: Thresholds,
}

impl Monitoring {
    fn over(self, under: Settings) -> Settings {
        let scope = self.default_scope.map(|it| match it {
            MonitoringScope::Agent => Scope::Agent,
            MonitoringScope::Call => Scope::Call,
        });
        Settings {
            intrusion_enabled: self.intrusion_enabled.unwrap_or(under.intrusion_enabled),
            default_scope: scope.unwrap_or(under.default_scope),
            default_once: self.default_mode.map_or(under.default_once, |it| it == MonitoringMode::NextCall),
            monitor_internal_calls: self.monitor_internal_calls.unwrap_or(under.monitor_internal_calls),
            monitor_consult_calls: self.monitor_consult_calls.map_or(under.monitor_consult_calls, |it| {
                match it {
                    ConsultCalls::None => Consults::None,
                    ConsultCalls::Orig => Consults::Origin,
                    ConsultCalls::Dest => Consults::Destination,
                    ConsultCalls::All => Consults::All,
                }
            }),
            ring_people_secs: under.ring_people_secs,
            tone: self.tone.map_or(under.tone, |it| match it {
                MonitoringTone::None => Tone::None,
                MonitoringTone::SupervisorOnly => Tone::SupervisorOnly,
                MonitoringTone::All => Tone::All,
            }),
            allow_switch_to_coach: self.allow_switch_to_coach.unwrap_or(under.allow_switch_to_coach),
            notify_agent: self.notify_agent.unwrap_or(under.notify_agent),
            auto_answer_supervisor: self.auto_answer_supervisor.unwrap_or(under.auto_answer_supervisor),
            ring_timeout_secs: self.ring_timeout.map_or(under.ring_timeout_secs, i64::from),
            strict_capabilities: self.strict_capabilities.unwrap_or(under.strict_capabilities),
            recording: under.recording,
        }
    }
}

/// What holds for an organisation, and whether whispers are kept.
pub(crate) fn in_force(server: &LiveSettings, own: &TelephonySettings) -> (Settings, bool) {
    let settings = own.monitoring.over(server.monitoring.over(Settings::default()));
    let recording = own.recording.enabled.or(server.recording.enabled).unwrap_or(settings.recording);
    let keep_whisper = own.recording.keep_whisper.or(server.recording.keep_whisper).unwrap_or(false);
    let ring_people_secs = own.plan.ring_secs.map_or(settings.ring_people_secs, i64::from);
    (Settings { recording, ring_people_secs, ..settings }, keep_whisper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_overrides_the_operator_who_overrides_the_contract() {
        let server = LiveSettings {
            monitoring: Monitoring {
                default_mode: Some(MonitoringMode::NextCall),
                monitor_consult_calls: Some(ConsultCalls::Orig),
                ring_timeout: Some(10),
                ..Monitoring::default()
            },
            ..LiveSettings::default()
        };
        let own = TelephonySettings {
            monitoring: Monitoring { ring_timeout: Some(20), ..Monitoring::default() },
            recording: RecordingPolicy { enabled: Some(false), keep_whisper: None },
            plan: NumberPlan { ring_secs: Some(25), ..NumberPlan::default() },
            ..TelephonySettings::default()
        };
        let (settings, keep_whisper) = in_force(&server, &own);
        let wanted = Settings {
            default_once: true,
            ring_timeout_secs: 20,
            ring_people_secs: 25,
            monitor_consult_calls: Consults::Origin,
            recording: false,
            ..Settings::default()
        };
        assert_eq!((settings, keep_whisper), (wanted, false));
    }
}
