//! What the called side says before it answers: that it rings, and what the telephone network lets the caller hear.
//!
//! One INVITE may be answered by several telephones for now, each with a description of its own (RFC 3261 §13.2.2.4). Only
//! one of them can be heard: the one that has described itself last, until the answer decides.

use super::super::{
    Input, Line, Phase,
    transactions::{self, Purpose},
};
use crate::wire::message::{code, header, sequence, tag, value};
use rsipstack::sip::{Method, Response};
use touchline_live::Signal;
use touchline_media::sdp::Remote;

/// Of so many telephones behind one number something is remembered; of more, only their answers count.
const MOST: usize = 16;

/// What one telephone of those behind a number has said so far, by its tag.
#[derive(Debug)]
struct Said {
    tag: String,
    /// Its last reliable answer that we have acknowledged.
    number: Option<u32>,
    description: Option<Remote>,
}

/// What all of them have said.
#[derive(Debug, Default)]
pub(super) struct Early(Vec<Said>);

impl Early {
    fn of(&mut self, response: &Response) -> Option<&mut Said> {
        let tag = tag(&response.headers, "To")?;
        let at = match self.0.iter().position(|said| said.tag == tag) {
            Some(at) => at,
            None if self.0.len() >= MOST => return None,
            None => {
                self.0.push(Said { tag, number: None, description: None });
                self.0.len() - 1
            }
        };
        self.0.get_mut(at)
    }

    /// A reliable answer of this number: whether it is to be acknowledged. Each is once, in order (RFC 3262 §4).
    fn is_next(&mut self, response: &Response, number: u32) -> bool {
        let Some(said) = self.of(response) else { return false };
        let next = said.number.is_none_or(|last| number == last.wrapping_add(1));
        if next {
            said.number = Some(number);
        }
        next
    }

    /// The description of an answer, or the one that was given before it.
    pub(super) fn answer_of(&mut self, response: &Response) -> Option<Remote> {
        if response.body.is_empty() {
            return self.of(response)?.description.clone();
        }
        Remote::parse(&response.body).ok()
    }
}

impl Line {
    /// Acknowledges a reliable answer that is not the last one; false if there is nothing to acknowledge.
    pub(super) fn acknowledge(&mut self, which: usize, response: &Response) -> bool {
        let branch = self.shared.branch();
        let Some(fork) = self.forks.get_mut(which) else { return false };
        let number = value(&response.headers, "RSeq").and_then(|it| it.parse().ok());
        let Some(number) = number.filter(|it| fork.early.is_next(response, *it)) else { return false };
        let of = fork.invite.as_ref().and_then(|it| sequence(&it.headers)).unwrap_or_default();
        let lines = vec![header("RAck", format!("{number} {of} INVITE"))];
        let prack = fork.dialog.next(Method::PRack, &branch, lines, None);
        transactions::send(&self.shared.wire, Purpose::Nothing, prack, &fork.dialog.way(), &self.me);
        true
    }

    /// It rings there, or the telephone network speaks to the caller. A telephone of ours is heard when it has answered
    /// and not before: nobody may hear a room in which nobody has taken up a receiver.
    pub(super) fn rings(&mut self, which: usize, response: &Response) {
        let Phase::Calling(calling) = &mut self.phase else { return };
        let Some(fork) = self.forks.get_mut(which) else { return };
        let described = Remote::parse(&response.body).ok().filter(|_| fork.trunk.is_some());
        let agreed = described.as_ref().and_then(|answer| self.sound.agree_early(answer).ok());
        let agreed = agreed.filter(|agreed| agreed.direction.receives());
        if let (Some(agreed), Some(said)) = (agreed, fork.early.of(response)) {
            said.description = described;
            let signalling = fork.dialog.flow.peer.address.ip();
            self.shared.studio.describe(&self.key, agreed, Some(signalling));
            if code(response) == 183 {
                return self.speaks();
            }
            // Who rings and describes itself need not say anything: the caller goes on hearing our tone until there is
            // something to hear (RFC 3960 §3.2).
            let me = self.me.clone();
            self.shared.studio.when_heard(&self.key, move || drop(me.send(Input::Heard)));
        }
        if !std::mem::replace(&mut calling.rang, true) {
            self.tell(Signal::Rings(self.key.line));
        }
    }

    /// Who is called is heard before it has answered.
    pub(in crate::line) fn speaks(&mut self) {
        if let Phase::Calling(calling) = &mut self.phase
            && !std::mem::replace(&mut calling.speaks, true)
        {
            calling.rang = true;
            self.tell(Signal::Speaks(self.key.line));
        }
    }
}
