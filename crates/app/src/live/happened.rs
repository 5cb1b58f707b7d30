//! What happened in a call: told to its contact, to the queue that looked for somebody, and to the audit trail.

use super::{
    board::{CallId, DeviceId, Happened, Mode, numbers::QueueEvent},
    notes::Note,
    switchboard::{Switchboard, Write},
};
use touchline_model::{ContactId, Timestamp, UserId};

impl Switchboard {
    pub(crate) fn happened(&mut self, call: CallId, at: Timestamp, what: &Happened) {
        self.story.told(call, at, what);
        match what {
            Happened::Started { .. } => {
                if let Some((mut note, event)) = Note::begin(&self.known, call, at, what) {
                    if self.known.settings.recording {
                        note.is_recorded();
                    }
                    self.write(Write::Told { note: Box::new(note.clone()), events: vec![event] });
                    self.notes.insert(call, note);
                }
                return;
            }
            Happened::Ended { by } => {
                self.modes.retain(|(of, _), _| *of != call);
                self.since.ended(call);
                if let Some(note) = self.notes.remove(&call) {
                    let by = by.as_ref().and_then(|device| self.known.user_of(device)).cloned();
                    self.write(Write::Ended(Box::new(note.end(at, by, false))));
                }
                return;
            }
            Happened::Supervised { by, of, mode } => return self.supervised(call, by, of.as_ref(), *mode),
            Happened::Accepted(device) if self.queued.contains(&call) => {
                if let Some(agent) = self.known.user_of(device).cloned() {
                    // Of the queue's own doing, so not of somebody else's.
                    self.presence.busy.insert(agent.clone());
                    self.queue(QueueEvent::Answered { call: ContactId(call.to_string()), agent });
                }
            }
            Happened::Missed(device, _) if self.queued.contains(&call) => {
                let known = self.quiet.as_ref().is_some_and(|it| it.0 == call && it.1 == *device);
                if let Some(agent) = self.known.user_of(device).filter(|_| !known).cloned() {
                    self.queue(QueueEvent::Declined { call: ContactId(call.to_string()), agent });
                }
            }
            _ => {}
        }
        let others = self.board.speaking_on(call);
        if let Some(note) = self.notes.get_mut(&call) {
            let before = note.clone();
            let events = note.happened(&self.known, at, what, &others);
            if *note != before {
                let note = Box::new(note.clone());
                self.write(Write::Told { note, events });
            }
        }
    }

    fn supervised(&mut self, call: CallId, by: &DeviceId, of: Option<&DeviceId>, mode: Option<Mode>) {
        let key = (call, by.clone());
        let before = match mode {
            Some(mode) => self.modes.insert(key, mode),
            None => self.modes.remove(&key),
        };
        let action = match (before, mode) {
            (None, Some(_)) => "supervision.start",
            (Some(_), Some(_)) => "supervision.switch",
            (_, None) => "supervision.stop",
        };
        let name = |mode: Option<Mode>| match mode {
            Some(Mode::Listen) => "ListenIn",
            Some(Mode::Coach) => "Coach",
            Some(Mode::BargeIn) => "BargeIn",
            None => "none",
        };
        let Some(by) = self.known.user_of(by).cloned() else { return };
        let agent = of.and_then(|device| self.known.user_of(device)).map_or("", UserId::as_str);
        let detail = format!("call {call}: {} to {}", name(before), name(mode));
        self.write(Write::Audit { by, action, object: agent.to_owned(), detail });
    }
}
