//! One line: one telephone, one dialog, one task.
//!
//! A line is told what to do by orders of the exchange, and tells it what happens by signals. It begins as a call of
//! somebody's to us ([`offered`]) or of ours to somebody's telephones ([`calling`]), of which the first that answers
//! becomes the dialog of [`within`].
//!
//! The library knows transactions. Dialogs are here, because its own acknowledge by Contact, which behind a router is
//! nobody, and answer within a dialog what the exchange has to decide (`docs/decisions/0018`).

mod calling;
mod dialog;
mod offered;
mod refer;
mod reliable;
mod session;
mod transactions;
mod within;

pub(crate) use calling::{Called, Caller};
pub(crate) use dialog::Dialog;
pub(crate) use offered::Offer;
pub(crate) use transactions::Incoming;

use crate::{
    endpoint::Shared,
    sound::LineKey,
    wire::{Flow, message::header},
};
use calling::{Calling, Fork};
use offered::Offered;
use rsipstack::sip::{Header, Request, Response};
use session::SessionTimer;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    time::Instant,
};
use touchline_live::{Cause, Signal};
use touchline_media::sdp::{self, Agreed};
use transactions::Purpose;

/// After the end a line still answers what was under way.
const LINGER: Duration = Duration::from_secs(5);
/// So long an answer may wait for its acknowledgement: 64 times T1 (RFC 3261 §13.3.1.4).
const UNACKNOWLEDGED: Duration = Duration::from_secs(32);

/// What comes to a line.
pub(crate) enum Input {
    /// The exchange wants something.
    Order(Wish),
    /// A request within the dialog.
    Request(Box<Incoming>),
    /// An answer to a request of ours.
    Response(Purpose, Box<Response>),
    /// A request of ours got no answer at all.
    Lost(Purpose),
    /// Our answer to an INVITE was acknowledged.
    Acked(Box<Request>),
    /// An INVITE that we have not answered yet was taken back.
    Cancelled,
    /// Who is called is heard, and has not answered.
    Heard,
    /// A place of a trunk has said nothing for too long.
    Silent(usize),
}

/// What the exchange wants of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Ringing,
    Early,
    Answer,
    PickUp,
    HangUp(Cause),
}

/// Both ends of a line's inputs.
pub(crate) type Channel = (UnboundedSender<Input>, UnboundedReceiver<Input>);

/// How far a line is.
enum Phase {
    Offered(Box<Offered>),
    Calling(Box<Calling>),
    Up(Box<Dialog>),
    Over(Instant),
}

/// A line.
pub(crate) struct Line {
    key: LineKey,
    shared: Arc<Shared>,
    inbox: UnboundedReceiver<Input>,
    me: UnboundedSender<Input>,
    phase: Phase,
    sound: sdp::Session,
    /// The other side has put us on hold.
    held: bool,
    /// One of our own telephones, which may hand calls over.
    ours: bool,
    /// An answer of ours that has not been acknowledged.
    unacknowledged: Option<Instant>,
    /// Their INVITE within the dialog that has not been acknowledged; another one has to wait.
    asked_again: bool,
    /// The acknowledgement will bring the description.
    late: bool,
    /// An INVITE of ours within the dialog is under way.
    asking_again: bool,
    timer: Option<SessionTimer>,
    /// A transfer was accepted and is not told yet how it went.
    referring: Option<Instant>,
    /// Telephones that we call, or called.
    forks: Vec<Fork>,
    /// INVITEs to them that have no last answer yet.
    open: usize,
}

impl Line {
    fn new(
        key: LineKey,
        shared: Arc<Shared>,
        (me, inbox): Channel,
        sound: sdp::Session,
        phase: Phase,
        ours: bool,
    ) -> Self {
        Self {
            key,
            shared,
            inbox,
            me,
            phase,
            sound,
            held: false,
            ours,
            unacknowledged: None,
            asked_again: false,
            late: false,
            asking_again: false,
            timer: None,
            referring: None,
            forks: Vec::new(),
            open: 0,
        }
    }

    /// Where its inputs go.
    pub(crate) fn inbox(&self) -> UnboundedSender<Input> {
        self.me.clone()
    }

    /// Runs to its end.
    pub(crate) async fn run(mut self) {
        self.begin().await;
        loop {
            let due = self.deadline();
            let far = Instant::now() + Duration::from_secs(86_400);
            tokio::select! {
                input = self.inbox.recv() => match input {
                    Some(input) => self.take(input).await,
                    None => break,
                },
                () = tokio::time::sleep_until(due.unwrap_or(far)) => self.time(Instant::now()),
            }
            if matches!(&self.phase, Phase::Over(until) if self.open == 0 && *until <= Instant::now()) {
                break;
            }
        }
        self.shared.line_over(&self.key);
    }

    async fn begin(&mut self) {
        if matches!(self.phase, Phase::Calling(_)) {
            self.call().await;
        }
    }

    async fn take(&mut self, input: Input) {
        match input {
            Input::Order(wish) => self.wish(wish),
            Input::Request(incoming) => self.asked(*incoming),
            Input::Response(Purpose::Invite(which), response) => self.invited(which, &response).await,
            Input::Lost(Purpose::Invite(which)) => self.lost(which).await,
            Input::Response(Purpose::Again, response) => self.described_again(&response).await,
            Input::Response(Purpose::Refresh, response) => self.refreshed(&response),
            Input::Lost(Purpose::Again | Purpose::Refresh) => self.gone(),
            Input::Response(Purpose::Nothing, _) | Input::Lost(Purpose::Nothing) => {}
            Input::Acked(request) => self.acknowledged(&request),
            Input::Cancelled => self.cancelled(),
            Input::Heard => self.speaks(),
            Input::Silent(which) => {
                self.go_elsewhere(which).await;
            }
        }
    }

    fn wish(&mut self, wish: Wish) {
        match (&mut self.phase, wish) {
            (Phase::Offered(offered), Wish::Ringing) => offered.ring(),
            (Phase::Offered(_), Wish::Early) => self.early(),
            (Phase::Offered(_), Wish::Answer) => self.answer(),
            (Phase::Offered(offered), Wish::HangUp(cause)) => {
                offered.refuse(refusal(cause));
                self.over();
            }
            (Phase::Calling(_), Wish::PickUp) => self.ask_to_answer(),
            (Phase::Calling(_), Wish::HangUp(_)) => {
                self.withdraw();
                self.over();
            }
            (Phase::Up(_), Wish::HangUp(_)) => self.hang_up(),
            _ => {}
        }
    }

    /// Tells the exchange.
    fn tell(&self, signal: Signal) {
        self.shared.exchange.signal(&self.key.tenant, signal);
    }

    /// The sound is agreed on.
    fn agree(&mut self, agreed: Agreed, flow: &Flow) {
        let held = agreed.held;
        self.shared.studio.describe(&self.key, agreed, Some(flow.peer.address.ip()));
        if held != self.held {
            self.held = held;
            // While somebody is only being called there is nothing to hold.
            if matches!(self.phase, Phase::Up(_)) {
                self.tell(Signal::Holds(self.key.line, held));
            }
        }
    }

    /// Nothing more is heard or said on this line.
    fn over(&mut self) {
        if matches!(self.phase, Phase::Over(_)) {
            return;
        }
        self.shared.studio.close(&self.key);
        self.phase = Phase::Over(Instant::now() + LINGER);
        (self.unacknowledged, self.timer, self.referring) = (None, None, None);
    }

    fn deadline(&self) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Over(until) if self.open == 0 => Some(*until),
            Phase::Offered(offered) => offered.deadline(),
            _ => None,
        };
        let timer = self.timer.as_ref().map(SessionTimer::due);
        let patience = matches!(self.phase, Phase::Calling(_)).then(|| self.patience()).flatten();
        [phase, timer, patience, self.unacknowledged, self.referring].into_iter().flatten().min()
    }

    fn time(&mut self, now: Instant) {
        if let Phase::Offered(offered) = &mut self.phase
            && offered.time(now)
        {
            // A reliable answer that never arrives (RFC 3262 §3).
            self.tell(Signal::HungUp(self.key.line));
            return self.over();
        }
        if self.unacknowledged.is_some_and(|due| due <= now) {
            self.unacknowledged = None;
            self.gone();
        }
        if self.referring.is_some_and(|due| due <= now) {
            self.tell_transfer("603 Declined", true);
        }
        self.session_time(now);
        self.lose_patience(now);
    }

    /// The other side is not there any more, or cannot be spoken with.
    fn gone(&mut self) {
        if matches!(self.phase, Phase::Up(_)) {
            self.tell(Signal::HungUp(self.key.line));
            self.hang_up();
        }
    }
}

/// The answer to a caller who is not put through.
fn refusal(cause: Cause) -> u16 {
    match cause {
        Cause::Busy => 486,
        Cause::Declined => 603,
        Cause::NoAnswer | Cause::Normal => 480,
        Cause::Unreachable => 404,
    }
}

/// What an answer says about somebody who was called.
fn cause(code: u16) -> Cause {
    match code {
        486 | 600 => Cause::Busy,
        401 | 403 | 407 | 433 | 603 | 607 | 608 => Cause::Declined,
        408 | 480 | 487 => Cause::NoAnswer,
        _ => Cause::Unreachable,
    }
}

/// What we understand, in every INVITE and its answers.
fn abilities() -> Vec<Header> {
    vec![header("Allow", crate::wire::ALLOW), header("Supported", crate::wire::SUPPORTED)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_causes_go_both_ways() {
        for (why, code) in
            [(Cause::Busy, 486), (Cause::Declined, 603), (Cause::NoAnswer, 480), (Cause::Unreachable, 404)]
        {
            assert_eq!((refusal(why), cause(code)), (code, why));
        }
        for (code, why) in
            [(302, Cause::Unreachable), (503, Cause::Unreachable), (600, Cause::Busy), (408, Cause::NoAnswer)]
        {
            assert_eq!(cause(code), why);
        }
    }
}
