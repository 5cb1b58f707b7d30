//! The one task in which lines begin and end.
//!
//! A call that comes in gets its line from the exchange and its place here within one step, so that no order about it
//! can come too early.

use super::{Entry, Shared, Work, lock, registering};
use crate::{
    line::{Called, Caller, Incoming, Input, Line, Offer, Wish},
    sound::LineKey,
    wire::{
        Admitted, Sender,
        message::{address_of, display_of, tag, user_of, value},
    },
};
use rsipstack::{sip::Method, transaction::transaction::Transaction};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use touchline_app::live::{CallingFrom, Order, Target};
use touchline_live::{Cause, LineId, Signal};
use touchline_model::TenantId;

/// How often registrations are looked at.
const SWEEP: Duration = Duration::from_secs(1);

pub(super) struct Hub {
    shared: Arc<Shared>,
    lines: HashMap<LineKey, UnboundedSender<Input>>,
}

impl Hub {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, lines: HashMap::new() }
    }

    pub(super) async fn run(mut self, mut todo: UnboundedReceiver<Work>) {
        let mut sweep = tokio::time::interval(SWEEP);
        loop {
            tokio::select! {
                work = todo.recv() => match work {
                    Some(Work::Orders(tenant, orders)) => {
                        orders.into_iter().for_each(|order| self.order(&tenant, order));
                    }
                    Some(Work::Arrived(transaction)) => self.arrived(*transaction),
                    Some(Work::LineOver(line)) => drop(self.lines.remove(&line)),
                    Some(Work::FlowClosed(flow)) => self.shared.flow_closed(flow),
                    Some(Work::Stop) | None => break,
                },
                _ = sweep.tick() => self.shared.expire(),
            }
        }
        for line in self.lines.values() {
            let _over = line.send(Input::Order(Wish::HangUp(Cause::Normal)));
        }
        // Until the last BYE is on its way.
        tokio::time::sleep(Duration::from_millis(300)).await;
    }

    fn order(&mut self, tenant: &TenantId, order: Order) {
        let studio = &self.shared.studio;
        match order {
            Order::Seats { call, seats, waiting } => studio.seats(tenant, call, seats, waiting),
            Order::Record { call, recording } => studio.record(tenant, call, recording),
            Order::Dtmf { line, digits } => {
                studio.dial(&LineKey { tenant: tenant.clone(), line }, &digits);
            }
            Order::Ringing(line) => self.wish(tenant, line, Wish::Ringing),
            Order::Early(line) => self.wish(tenant, line, Wish::Early),
            Order::Answer(line) => self.wish(tenant, line, Wish::Answer),
            Order::PickUp(line) => self.wish(tenant, line, Wish::PickUp),
            Order::HangUp { line, cause } => self.wish(tenant, line, Wish::HangUp(cause)),
            Order::Invite { line, to, from, auto_answer } => {
                self.invite(tenant, line, to, Caller { shown: from, auto_answer });
            }
        }
    }

    fn wish(&self, tenant: &TenantId, line: LineId, wish: Wish) {
        if let Some(inbox) = self.lines.get(&LineKey { tenant: tenant.clone(), line }) {
            let _over = inbox.send(Input::Order(wish));
        }
    }

    fn invite(&mut self, tenant: &TenantId, line: LineId, to: Target, caller: Caller) {
        let called = match to {
            Target::Device(device) => {
                let aor = registering::key(tenant, &device);
                let targets = lock(&self.shared.registrar).lookup(&aor, self.shared.clock.now());
                Called::Telephones(targets)
            }
            Target::Trunk { trunk: name, number } => {
                let all = self.shared.exchange.trunks();
                match all.into_iter().find(|(of, trunk)| of == tenant && trunk.name == name) {
                    Some((_, trunk)) => Called::Trunk { trunk: Box::new(trunk), number },
                    None => {
                        return self.shared.exchange.signal(tenant, Signal::Failed(line, Cause::Unreachable));
                    }
                }
            }
        };
        let key = LineKey { tenant: tenant.clone(), line };
        let line = Line::to(key.clone(), self.shared.clone(), called, caller);
        self.start(key, line);
    }

    fn start(&mut self, key: LineKey, line: Line) {
        self.lines.insert(key, line.inbox());
        tokio::spawn(line.run());
    }

    /// A request has come that the library had not seen before.
    fn arrived(&mut self, transaction: Transaction) {
        let admitted = self.shared.wire.admitted(&transaction.key);
        if let Some(tag) = tag(&transaction.original.headers, "To") {
            let entry: Option<Entry> = lock(&self.shared.dialogs).get(&tag).cloned();
            let inbox = entry.as_ref().map(|entry| entry.inbox.clone());
            let incoming = Incoming::new(transaction, inbox.clone());
            let same_call = entry.is_some_and(|entry| {
                value(&incoming.request.headers, "Call-ID") == Some(entry.call_id.as_str())
            });
            match inbox.filter(|_| same_call) {
                Some(inbox) => {
                    if let Err(refused) = inbox.send(Input::Request(Box::new(incoming)))
                        && let Input::Request(incoming) = refused.0
                    {
                        incoming.reply(481, vec![], None);
                    }
                }
                None => incoming.reply(481, vec![], None),
            }
            return;
        }
        let Some(admitted) = admitted else {
            return Incoming::new(transaction, None).reply(403, vec![], None);
        };
        match (transaction.original.method, &admitted.sender) {
            (Method::Register, Sender::Telephone(account)) => {
                let incoming = Incoming::new(transaction, None);
                self.shared.register(account, &incoming, &admitted.flow);
            }
            (Method::Invite, _) => self.called(transaction, &admitted),
            _ => Incoming::new(transaction, None).reply(405, vec![], None),
        }
    }

    /// Somebody calls.
    fn called(&mut self, transaction: Transaction, admitted: &Admitted) {
        let channel = unbounded_channel();
        let incoming = Incoming::new(transaction, Some(channel.0.clone()));
        incoming.reply(100, vec![], None);
        let headers = &incoming.request.headers;
        let (tenant, from, ours) = match &admitted.sender {
            Sender::Telephone(account) => {
                (account.tenant.clone(), CallingFrom::Device(account.device.clone()), true)
            }
            Sender::Trunk { tenant, name } => {
                // A trunk is trusted to say who calls (RFC 3325 §9.1).
                let asserted = value(headers, "P-Asserted-Identity").or_else(|| value(headers, "From"));
                let number = asserted.and_then(address_of).and_then(|address| user_of(&address));
                let from = CallingFrom::Trunk {
                    name: name.clone(),
                    number: number.filter(|number| number != "anonymous").unwrap_or_default(),
                    display: asserted.and_then(display_of),
                };
                (tenant.clone(), from, false)
            }
        };
        let Some(dialled) = user_of(&admitted.target) else {
            return incoming.reply(484, vec![], None);
        };
        let Some(offer) = Offer::new(&self.shared, incoming, &admitted.flow, ours) else { return };
        match self.shared.exchange.call_in(&tenant, from, &dialled) {
            Ok(line) => {
                let key = LineKey { tenant, line };
                let line = offer.line(key.clone(), self.shared.clone(), channel);
                self.start(key, line);
            }
            Err(refusal) => offer.refuse(refusal.code()),
        }
    }
}
