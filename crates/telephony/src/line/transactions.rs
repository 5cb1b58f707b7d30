//! Transactions of the library, each in a task of its own, as messages to a line and from it.

use super::Input;
use crate::wire::{Flow, Wire, message::header};
use rsipstack::{
    sip::{Header, Headers, Method, Request, SipMessage, StatusCode},
    transaction::{
        endpoint::EndpointInnerRef,
        key::{TransactionKey, TransactionRole},
        transaction::{Transaction, TransactionEvent, TransactionEventSender},
    },
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::mpsc::UnboundedSender;

/// So long the second of two requests waits for the answer to the first.
const IN_TURN: Duration = Duration::from_secs(2);

/// What a request of ours was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To call: the telephone of this number.
    Invite(usize),
    /// To describe the sound anew.
    Again,
    /// To show that we are still there.
    Refresh,
    /// Nothing depends on its answer.
    Nothing,
}

/// Sends a request; its answers come as inputs. Over a connection of ours that has closed, it is sent over a new one.
pub(crate) fn send(
    wire: &Arc<Wire>,
    purpose: Purpose,
    request: Request,
    flow: &Flow,
    line: &UnboundedSender<Input>,
) {
    let (wire, flow, line) = (wire.clone(), flow.clone(), line.clone());
    tokio::spawn(async move {
        let lost = || drop(line.send(Input::Lost(purpose)));
        let Ok(key) = TransactionKey::from_request(&request, TransactionRole::Client) else { return lost() };
        let Some(flow) = wire.reopened(&flow).await else { return lost() };
        let library = wire.library();
        let mut transaction = Transaction::new_client(key, request, library, Some(flow.connection()));
        transaction.destination = Some(flow.destination());
        if transaction.send().await.is_err() {
            return lost();
        }
        loop {
            match transaction.receive().await {
                Some(SipMessage::Response(response)) => {
                    let last = response.status_code.code() >= 200;
                    let _line_is_gone = line.send(Input::Response(purpose, Box::new(response)));
                    if last {
                        return;
                    }
                }
                Some(SipMessage::Request(_)) => {}
                None => return lost(),
            }
        }
    });
}

/// Sends a request, and the next when the first was answered, or was not for too long. Nothing depends on their answers.
pub(crate) fn send_in_turn(
    wire: &Arc<Wire>,
    [first, second]: [Request; 2],
    flow: &Flow,
    line: &UnboundedSender<Input>,
) {
    let (answers, mut answered) = tokio::sync::mpsc::unbounded_channel();
    send(wire, Purpose::Nothing, first, flow, &answers);
    drop(answers);
    let (wire, flow, line) = (wire.clone(), flow.clone(), line.clone());
    tokio::spawn(async move {
        let last = async {
            while let Some(input) = answered.recv().await {
                if !matches!(&input, Input::Response(_, response) if response.status_code.code() < 200) {
                    return;
                }
            }
        };
        let _anyway = tokio::time::timeout(IN_TURN, last).await;
        send(&wire, Purpose::Nothing, second, &flow, &line);
    });
}

/// A request of theirs that waits for our answer.
pub(crate) struct Incoming {
    pub(crate) request: Request,
    library: EndpointInnerRef,
    transaction: TransactionEventSender,
    answered: AtomicBool,
}

impl Incoming {
    /// Takes a transaction over. Its ACK and its CANCEL come to the line, if it has one.
    pub(crate) fn new(mut transaction: Transaction, line: Option<UnboundedSender<Input>>) -> Self {
        let incoming = Self {
            request: transaction.original.clone(),
            library: transaction.endpoint_inner.clone(),
            transaction: transaction.tu_sender.clone(),
            answered: AtomicBool::new(false),
        };
        tokio::spawn(async move {
            while let Some(message) = transaction.receive().await {
                let SipMessage::Request(request) = message else { continue };
                let input = match request.method {
                    Method::Ack => Input::Acked(Box::new(request)),
                    Method::Cancel => Input::Cancelled,
                    _ => continue,
                };
                if let Some(line) = &line {
                    let _line_is_gone = line.send(input);
                }
            }
        });
        incoming
    }

    /// Gives all answers a tag of ours in To.
    pub(crate) fn tagged(mut self, tag: &str) -> Self {
        let mut headers = std::mem::take(&mut self.request.headers).0;
        for field in &mut headers {
            if let Header::To(to) = field {
                let value = format!("{};tag={tag}", to.value());
                *field = header("To", value);
            }
        }
        self.request.headers = Headers(headers);
        self
    }

    /// Answers; after the last answer nothing more is said.
    pub(crate) fn reply(&self, code: u16, lines: Vec<Header>, body: Option<String>) {
        if self.answered.load(Ordering::Relaxed) {
            return;
        }
        self.answered.store(code >= 200, Ordering::Relaxed);
        let kind = body.is_some().then(|| header("Content-Type", "application/sdp"));
        let mut response =
            self.library.make_response(&self.request, StatusCode::from(code), body.map(String::into_bytes));
        if (101..300).contains(&code) {
            // RFC 3261 §12.1.1: what was recorded goes back as it came.
            let routes = self.request.headers.iter().filter(|header| header.name() == "Record-Route");
            response.headers.extend(routes.cloned().collect());
        }
        response.headers.extend(lines);
        response.headers.extend(kind.into_iter().collect());
        let _ended = self.transaction.send(TransactionEvent::Respond(response));
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // Whatever was forgotten: a transaction without an answer would never end.
        self.reply(500, vec![], None);
    }
}
