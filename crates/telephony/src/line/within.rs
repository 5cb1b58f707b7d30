//! Requests within a dialog.

use super::{
    Incoming, Line, Phase, UNACKNOWLEDGED, cause,
    offered::answer_lines,
    session,
    transactions::{self, Purpose},
};
use crate::wire::message::{code, header, sequence, value};
use rsipstack::sip::{Method, Response};
use std::time::Duration;
use tokio::time::Instant;
use touchline_live::Signal;
use touchline_media::sdp::{Direction, Remote};

impl Line {
    /// The other side wants something.
    pub(super) fn asked(&mut self, incoming: Incoming) {
        let method = incoming.request.method;
        match &mut self.phase {
            Phase::Over(_) if method == Method::Bye => incoming.reply(200, vec![], None),
            Phase::Over(_) => incoming.reply(481, vec![], None),
            Phase::Offered(offered) => match method {
                Method::PRack if offered.acknowledge(&incoming.request) => {
                    let answer_due = offered.is_answer_due();
                    incoming.reply(200, vec![], None);
                    if answer_due {
                        self.answer();
                    }
                }
                Method::PRack => incoming.reply(481, vec![], None),
                Method::Bye => {
                    incoming.reply(200, vec![], None);
                    self.cancelled();
                }
                Method::Update if incoming.request.body.is_empty() => incoming.reply(200, vec![], None),
                // Their offer is not answered yet (RFC 3311 §5.2).
                Method::Update => incoming.reply(500, vec![header("Retry-After", "5")], None),
                _ => incoming.reply(405, vec![header("Allow", crate::wire::ALLOW)], None),
            },
            Phase::Calling(_) => match method {
                Method::Notify | Method::Info | Method::Options | Method::Bye => {
                    incoming.reply(200, vec![], None)
                }
                // Ours is not answered yet.
                Method::Update | Method::Invite => incoming.reply(491, vec![], None),
                _ => incoming.reply(481, vec![], None),
            },
            Phase::Up(dialog) => {
                let number = sequence(&incoming.request.headers).unwrap_or_default();
                if !dialog.is_next(number) {
                    return incoming.reply(500, vec![], None);
                }
                self.asked_while_up(incoming);
            }
        }
    }

    fn asked_while_up(&mut self, incoming: Incoming) {
        match incoming.request.method {
            Method::Invite | Method::Update => self.described(&incoming),
            Method::Bye => {
                incoming.reply(200, vec![], None);
                self.tell(Signal::HungUp(self.key.line));
                self.over();
            }
            Method::Info => {
                let kind = value(&incoming.request.headers, "Content-Type").unwrap_or_default();
                if let Some(digit) = digit(kind, &incoming.request.body) {
                    self.shared.studio.pressed(&self.key, digit);
                }
                incoming.reply(200, vec![], None);
            }
            Method::Refer => self.refer(&incoming),
            Method::Notify => incoming.reply(200, vec![], None),
            Method::Options => incoming.reply(200, vec![header("Allow", crate::wire::ALLOW)], None),
            Method::PRack => incoming.reply(481, vec![], None),
            _ => incoming.reply(405, vec![header("Allow", crate::wire::ALLOW)], None),
        }
    }

    /// The other side describes its sound anew: it moves, holds, or shows that it is there.
    fn described(&mut self, incoming: &Incoming) {
        let request = &incoming.request;
        if self.asking_again {
            // Both at once (RFC 3261 §14.2).
            return incoming.reply(491, vec![], None);
        }
        if self.asked_again || self.late {
            return incoming.reply(500, vec![header("Retry-After", "3")], None);
        }
        let timer = match session::asked(&request.headers, self.shared.session_least) {
            Ok(timer) => timer,
            Err(least) => return incoming.reply(422, vec![header("Min-SE", least.to_string())], None),
        };
        let Phase::Up(dialog) = &mut self.phase else { return };
        let is_invite = request.method == Method::Invite;
        let (body, agreed) = match (request.body.is_empty(), is_invite) {
            (true, true) => (Some(self.shared.offer(&mut self.sound)), None),
            (true, false) => (None, None),
            (false, _) => {
                let answered = Remote::parse(&request.body)
                    .ok()
                    .and_then(|offer| self.sound.answer(&offer, Direction::SendRecv, self.shared.key()).ok());
                match answered {
                    Some((body, agreed)) => (Some(body), Some(agreed)),
                    // The call goes on as it was.
                    None => return incoming.reply(488, vec![], None),
                }
            }
        };
        dialog.refresh(&request.headers);
        if timer.is_some() {
            self.timer = timer;
        } else if let Some(timer) = &mut self.timer {
            timer.restart();
        }
        let flow = dialog.flow.clone();
        incoming.reply(200, answer_lines(dialog, self.timer.as_ref()), body);
        if is_invite {
            self.asked_again = true;
            self.late = agreed.is_none();
            self.unacknowledged = Some(Instant::now() + UNACKNOWLEDGED);
        }
        if let Some(agreed) = agreed {
            self.agree(agreed, &flow);
        }
    }

    /// Our INVITE within the dialog was answered.
    pub(super) async fn described_again(&mut self, response: &Response) {
        let status = code(response);
        if status < 200 {
            return;
        }
        self.asking_again = false;
        let branch = self.shared.branch();
        let Phase::Up(dialog) = &mut self.phase else { return };
        match status {
            200..=299 => {
                dialog.refresh(&response.headers);
                let number = sequence(&response.headers).unwrap_or_default();
                let ack = dialog.numbered(number, Method::Ack, &branch, vec![], None);
                let (way, flow) = (dialog.way(), dialog.flow.clone());
                self.shared.wire.acknowledge(response, ack, &way).await;
                if let Some(timer) = session::agreed(&response.headers, self.shared.session_least) {
                    self.timer = Some(timer);
                }
                let agreed =
                    Remote::parse(&response.body).ok().and_then(|answer| self.sound.agree(&answer).ok());
                if let Some(agreed) = agreed {
                    self.agree(agreed, &flow);
                }
            }
            // Both at once: whoever did not begin the call tries again first (RFC 3261 §14.1).
            491 => {
                let wait = if self.forks.is_empty() { 500 } else { 2_500 };
                if let Some(timer) = &mut self.timer {
                    timer.again_in(Duration::from_millis(wait));
                }
            }
            408 | 481 => {
                tracing::debug!(cause = ?cause(status), "the other side knows nothing of the call");
                self.gone();
            }
            _ => {}
        }
    }

    /// Ends the call.
    pub(super) fn hang_up(&mut self) {
        let notice = self.referring.and_then(|_| self.transfer_notice("200 OK", true));
        let Phase::Up(dialog) = &mut self.phase else { return };
        let (bye, way) = (dialog.next(Method::Bye, &self.shared.branch(), vec![], None), dialog.way());
        match notice {
            // A telephone that is hung up on first knows nothing of a transfer any more.
            Some((notice, _)) => transactions::send_in_turn(&self.shared.wire, [notice, bye], &way, &self.me),
            None => transactions::send(&self.shared.wire, Purpose::Nothing, bye, &way, &self.me),
        }
        self.over();
    }
}

/// The digit of an INFO, as many telephones send it.
fn digit(kind: &str, body: &[u8]) -> Option<char> {
    let body = std::str::from_utf8(body).ok()?;
    let text = match kind.split(';').next()?.trim().to_ascii_lowercase().as_str() {
        "application/dtmf-relay" => {
            let signal = body.lines().find_map(|line| line.trim().strip_prefix("Signal"))?;
            signal.trim_start().strip_prefix('=')?.trim().to_owned()
        }
        "application/dtmf" => body.trim().to_owned(),
        _ => return None,
    };
    let mut letters = text.chars();
    let digit = letters.next()?.to_ascii_uppercase();
    (letters.next().is_none() && "0123456789*#ABCD".contains(digit)).then_some(digit)
}

#[cfg(test)]
mod tests {
    use super::digit;

    #[test]
    fn digits_come_in_infos_of_two_kinds() {
        assert_eq!(digit("application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n"), Some('5'));
        assert_eq!(digit("Application/DTMF-Relay; x=y", b"Signal= #\r\n"), Some('#'));
        assert_eq!(digit("application/dtmf", b"a"), Some('A'));
        for (kind, body) in [
            ("application/dtmf", "12"),
            ("application/dtmf", ""),
            ("text/plain", "1"),
            ("application/dtmf-relay", "Duration=5"),
        ] {
            assert_eq!(digit(kind, body.as_bytes()), None, "{kind} {body}");
        }
    }
}
