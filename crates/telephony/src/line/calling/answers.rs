//! What those say whom we call.

use super::super::{
    Line, Phase, cause, session,
    transactions::{self, Purpose},
};
use crate::{
    digest::Challenge,
    wire::message::{code, header, lists, sequence, value},
};
use rsipstack::sip::{Method, Response};
use tokio::time::Instant;
use touchline_live::{Cause, Signal};

/// A telephone is asked again after a challenge or for a longer timer, but not for ever.
const TRIES: u8 = 3;

impl Line {
    /// A telephone has answered, for now or for good.
    pub(in crate::line) async fn invited(&mut self, which: usize, response: &Response) {
        match code(response) {
            ..=199 => self.progress(which, response),
            200..=299 => {
                self.open = self.open.saturating_sub(1);
                self.accepted(which, response).await;
            }
            status => {
                self.open = self.open.saturating_sub(1);
                self.refused(which, response, status).await;
            }
        }
    }

    /// A telephone cannot be reached at all.
    pub(in crate::line) async fn lost(&mut self, which: usize) {
        self.open = self.open.saturating_sub(1);
        if self.go_elsewhere(which).await {
            return;
        }
        if let Some(fork) = self.forks.get_mut(which) {
            fork.refused = Some(503);
        }
        self.nobody_left();
    }

    fn progress(&mut self, which: usize, response: &Response) {
        let status = code(response);
        let Some(fork) = self.forks.get_mut(which) else { return };
        fork.heard = true;
        if status > 100 {
            fork.dialog.answered(response);
        }
        if fork.withdrawn {
            return self.cancel(which);
        }
        if lists(&response.headers, "Require", "100rel") && !self.acknowledge(which, response) {
            // Heard before, or too early (RFC 3262 §4).
            return;
        }
        if matches!(status, 180..=183) {
            self.rings(which, response);
        }
    }

    async fn accepted(&mut self, which: usize, response: &Response) {
        let branch = self.shared.branch();
        let Some(fork) = self.forks.get_mut(which) else { return };
        fork.answered = true;
        fork.dialog.answered(response);
        let number = fork.invite.as_ref().and_then(|invite| sequence(&invite.headers)).unwrap_or_default();
        let lines = fork.proof.clone().into_iter().collect();
        let ack = fork.dialog.numbered(number, Method::Ack, &branch, lines, None);
        let mut dialog = fork.dialog.clone();
        self.shared.wire.acknowledge(response, ack, &dialog.way()).await;
        let agreed = match &self.phase {
            Phase::Calling(_) => {
                let answer = fork.early.answer_of(response);
                answer.and_then(|answer| self.sound.agree(&answer).ok())
            }
            // Somebody else was faster, or the call was withdrawn a moment ago.
            _ => None,
        };
        let Some(agreed) = agreed else {
            let bye = dialog.next(Method::Bye, &self.shared.branch(), vec![], None);
            transactions::send(&self.shared.wire, Purpose::Nothing, bye, &dialog.way(), &self.me);
            if let Some(fork) = self.forks.get_mut(which) {
                fork.refused = Some(488);
            }
            return self.nobody_left();
        };
        let flow = dialog.flow.clone();
        self.timer = session::agreed(&response.headers, self.shared.session_least);
        self.withdraw();
        self.phase = Phase::Up(Box::new(dialog));
        self.agree(agreed, &flow);
        self.tell(Signal::Answered(self.key.line));
    }

    async fn refused(&mut self, which: usize, response: &Response, status: u16) {
        if self.try_again(which, response, status) {
            return;
        }
        let unheard = self.forks.get(which).is_some_and(|fork| !fork.heard);
        if (status == 503 || status == 408 && unheard) && self.go_elsewhere(which).await {
            return;
        }
        if let Some(fork) = self.forks.get_mut(which) {
            fork.refused = Some(status);
        }
        if status >= 600 && matches!(self.phase, Phase::Calling(_)) {
            // The person has decided, not only this telephone (RFC 3261 §21.6).
            self.withdraw();
        }
        self.nobody_left();
    }

    /// What an answer asked for can be given.
    fn try_again(&mut self, which: usize, response: &Response, status: u16) -> bool {
        let token = self.shared.wire.token();
        let Some(fork) = self.forks.get_mut(which) else { return false };
        if !matches!(self.phase, Phase::Calling(_)) || fork.withdrawn || fork.tries >= TRIES {
            return false;
        }
        match status {
            401 | 407 => {
                let (asks, answers) = match status {
                    401 => ("WWW-Authenticate", "Authorization"),
                    _ => ("Proxy-Authenticate", "Proxy-Authorization"),
                };
                let account = fork.trunk.as_ref().and_then(|trunk| trunk.register.as_ref());
                let target = fork.invite.as_ref().map(|invite| invite.uri.to_string());
                let all = response.headers.iter().filter(|header| header.name() == asks);
                let challenge = all.filter_map(|header| Challenge::read(header.value())).next();
                let (Some(account), Some(target), Some(challenge)) = (account, target, challenge) else {
                    return false;
                };
                if fork.proof.is_some() && !challenge.stale {
                    return false;
                }
                let proof =
                    challenge.answer(&account.username, &account.password.0, "INVITE", &target, &token);
                fork.proof = Some(header(answers, proof));
            }
            422 => {
                let least = value(&response.headers, "Min-SE").and_then(|it| it.split(';').next());
                let Some(least) = least.and_then(crate::fields::digits) else { return false };
                fork.least = least.min(86_400);
            }
            _ => return false,
        }
        fork.heard = false;
        fork.patience = fork.patience.map(|_| Instant::now() + self.shared.trunk_patience);
        let offer = self.shared.offer(&mut self.sound);
        self.invite(which, &offer);
        true
    }

    /// Tells the exchange if nobody is left who could answer.
    fn nobody_left(&mut self) {
        if !matches!(self.phase, Phase::Calling(_)) || self.forks.iter().any(|fork| fork.refused.is_none()) {
            return;
        }
        // What somebody has said counts for more than what a machine has.
        let rank = |cause: &Cause| match cause {
            Cause::Busy => 4,
            Cause::Declined => 3,
            Cause::NoAnswer => 2,
            Cause::Normal | Cause::Unreachable => 1,
        };
        let causes = self.forks.iter().filter_map(|fork| fork.refused).map(cause);
        let best = causes.max_by_key(rank).unwrap_or(Cause::Unreachable);
        self.tell(Signal::Failed(self.key.line, best));
        self.over();
    }
}
