//! What the supervisor who looks does at this moment, in words that cannot be misread; and the control for it.

use super::tile::Timer;
use crate::texts;
use touchline_app::live::{WatchStage, Watching, board::Mode};
use touchline_model::Timestamp;

/// The name of a mode in forms, styles, drawings and keys of texts.
pub(super) const fn name(mode: Mode) -> &'static str {
    match mode {
        Mode::Listen => "listen",
        Mode::Coach => "coach",
        Mode::BargeIn => "barge",
    }
}

/// One of the three buttons of the control.
pub(super) struct ModeButton {
    pub(super) value: &'static str,
    pub(super) label: String,
    pub(super) pressed: bool,
    pub(super) disabled: bool,
}

/// The control: `now` is pressed; the others can be if `may` says so.
pub(super) fn buttons(now: Option<Mode>, may: impl Fn(Mode) -> bool) -> Vec<ModeButton> {
    let button = |mode: Mode| ModeButton {
        value: name(mode),
        label: texts::t(&format!("live.{}", name(mode))).to_owned(),
        pressed: now == Some(mode),
        disabled: now != Some(mode) && !may(mode),
    };
    [Mode::Listen, Mode::Coach, Mode::BargeIn].map(button).into()
}

/// The banner.
pub(super) struct Banner {
    /// Of the mode.
    pub(super) class: &'static str,
    /// Whether somebody is heard at this moment.
    pub(super) on: bool,
    pub(super) words: String,
    pub(super) timer: Option<Timer>,
    /// The watched telephone, while its owner is on the call.
    pub(super) device: Option<String>,
    pub(super) modes: Vec<ModeButton>,
    /// Mutes the watched one, or no longer, where that is allowed.
    pub(super) mute: Option<Mute>,
}

/// The button that mutes.
pub(super) struct Mute {
    /// What is wanted.
    pub(super) value: &'static str,
    pub(super) label: String,
}

impl Banner {
    pub(super) fn new(it: &Watching, now: Timestamp) -> Self {
        let class = name(it.mode);
        let stage = match it.stage {
            WatchStage::Waiting => "waits",
            WatchStage::Rings => "rings",
            WatchStage::TakesPart => "on",
        };
        let who = it.name.as_deref().unwrap_or_else(|| texts::t("live.somebody"));
        Self {
            class,
            on: it.stage == WatchStage::TakesPart,
            words: texts::fill(&format!("live.{class}_{stage}"), &[("name", who)]),
            timer: it.since.map(|since| Timer::new(since, now)),
            device: it.device.as_ref().map(ToString::to_string),
            modes: buttons(Some(it.mode), |mode| it.may.contains(&mode)),
            mute: it.silenced.map(|is_silenced| Mute {
                value: if is_silenced { "no" } else { "yes" },
                label: match is_silenced {
                    true => texts::fill("live.unmute", &[("name", who)]),
                    false => texts::fill("live.mute", &[("name", who)]),
                },
            }),
        }
    }
}
