//! Telephones hand calls over (RFC 3515, RFC 3891): to a number, or to who is on another line of theirs.

use super::{
    Incoming, Line, Phase,
    transactions::{self, Purpose},
};
use crate::{
    uri::{self, Uri},
    wire::{
        Flow,
        message::{address_of, header, user_of, value},
    },
};
use rsipstack::sip::{Method, Request};
use std::time::Duration;
use tokio::time::Instant;
use touchline_live::Signal;

/// So long the exchange may take to end the line of who has handed over.
const DECISION: Duration = Duration::from_secs(10);

/// Whom a call is handed over to.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Number(String),
    /// Call-ID and both tags of the other dialog.
    Dialog {
        call_id: String,
        tags: [String; 2],
    },
}

impl Line {
    pub(super) fn refer(&mut self, incoming: &Incoming) {
        if !self.ours || self.referring.is_some() {
            return incoming.reply(if self.ours { 491 } else { 403 }, vec![], None);
        }
        let Some(target) = value(&incoming.request.headers, "Refer-To").and_then(target) else {
            return incoming.reply(400, vec![], None);
        };
        let signal = match target {
            Target::Number(number) => Signal::Refers(self.key.line, number),
            Target::Dialog { call_id, tags } => match self.shared.line_of(&call_id, &tags) {
                Some(with) if with.tenant == self.key.tenant => {
                    Signal::Replaces { line: self.key.line, with: with.line }
                }
                _ => return incoming.reply(481, vec![], None),
            },
        };
        incoming.reply(202, vec![], None);
        self.referring = Some(Instant::now() + DECISION);
        self.tell_transfer("100 Trying", false);
        self.tell(signal);
    }

    /// Tells who has handed over how it goes.
    pub(super) fn tell_transfer(&mut self, status: &str, last: bool) {
        if let Some((notify, way)) = self.transfer_notice(status, last) {
            transactions::send(&self.shared.wire, Purpose::Nothing, notify, &way, &self.me);
        }
    }

    /// How it goes, as a message, and the way that it takes.
    pub(super) fn transfer_notice(&mut self, status: &str, last: bool) -> Option<(Request, Flow)> {
        if last {
            self.referring = None;
        }
        let Phase::Up(dialog) = &mut self.phase else { return None };
        let state = if last { "terminated;reason=noresource" } else { "active;expires=60" };
        let lines = vec![header("Event", "refer"), header("Subscription-State", state)];
        let body = Some(("message/sipfrag;version=2.0", format!("SIP/2.0 {status}\r\n")));
        Some((dialog.next(Method::Notify, &self.shared.branch(), lines, body), dialog.way()))
    }
}

/// Reads Refer-To.
fn target(refer_to: &str) -> Option<Target> {
    let address = address_of(refer_to)?;
    if let Ok(Uri::Sip(sip)) = uri::parse(&address) {
        let replaces = sip.headers.split('&').find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.eq_ignore_ascii_case("Replaces").then(|| uri::decode(value))?
        });
        if let Some(replaces) = replaces {
            let mut parts = replaces.split(';').map(str::trim);
            let call_id = parts.next()?.to_owned();
            let tags = |name: &str| {
                replaces.split(';').find_map(|part| {
                    let (key, value) = part.trim().split_once('=')?;
                    key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
                })
            };
            return Some(Target::Dialog { call_id, tags: [tags("to-tag")?, tags("from-tag")?] });
        }
    }
    user_of(&address).filter(|number| !number.is_empty()).map(Target::Number)
}

#[cfg(test)]
mod tests {
    use super::{Target, target};

    #[test]
    fn a_number_or_another_dialog_is_named() {
        assert_eq!(target("<sip:1002@pbx>"), Some(Target::Number("1002".into())));
        assert_eq!(target("<tel:+49-30-1>"), Some(Target::Number("+49301".into())));
        assert_eq!(
            target("<sip:1002@pbx?Replaces=a%40b%3Bto-tag%3D7%3Bfrom-tag%3D8&x=y>"),
            Some(Target::Dialog { call_id: "a@b".into(), tags: ["7".into(), "8".into()] })
        );
        for nonsense in ["<sip:pbx>", "<sip:1@pbx?Replaces=a%3Bto-tag%3D7>", "hello"] {
            assert_eq!(target(nonsense), None, "{nonsense}");
        }
    }
}
