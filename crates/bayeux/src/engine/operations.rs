//! Subscribing, publishing and leaving (S3).

use super::{
    Audience, EndReason, Server,
    connect::Release,
    request::{Exchange, refuse},
};
use crate::{
    channel::{Channel, Kind, Pattern},
    event::Event,
    ids::SessionKey,
    message::{Message, Subscription},
    policy::Verdict,
    wire::TimesyncReply,
};
use std::collections::BTreeSet;

const PUBLISH_DENIED: &str = "403:denied_by_security_policy:publish_denied";

impl Server {
    /// All of the patterns or none (B12). Subscribing twice is a success.
    pub(super) fn subscribe(&mut self, exchange: &mut Exchange<'_>, message: &Message) {
        let Some(key) = self.enter(exchange, message) else { return };
        match self.check_subscription(key, message) {
            Err(error) => answer(exchange, message, Some(&error)),
            Ok(patterns) => {
                if let Some(session) = self.sessions.get_mut(&key) {
                    for pattern in patterns {
                        let shared = self.index.add(&session.identity.realm, pattern, key);
                        if let Err(place) = session.subscriptions.binary_search(&shared) {
                            session.subscriptions.insert(place, shared);
                        }
                    }
                }
                answer(exchange, message, None);
            }
        }
    }

    /// The patterns that are new to the session, or why not.
    fn check_subscription(&self, key: SessionKey, message: &Message) -> Result<BTreeSet<Pattern>, String> {
        let failed = || "403::subscribe_failed".to_owned();
        let session = self.sessions.get(&key).ok_or_else(failed)?;
        let mut new = BTreeSet::new();
        for pattern in patterns(message)? {
            let verdict = match Kind::of(pattern.as_str()) {
                Kind::Meta => Verdict::Denied,
                // Accepted, and never heard of again (B09).
                Kind::Service => continue,
                Kind::Broadcast => self.policy.may_subscribe(&session.identity, &pattern),
            };
            match verdict {
                Verdict::Denied => return Err(format!("403:{pattern}:subscribe_denied")),
                Verdict::NotCreated => return Err(format!("403:{pattern}:create_denied")),
                Verdict::Allowed if session.subscriptions.binary_search(&pattern).is_ok() => {}
                Verdict::Allowed if new.contains(&pattern) => {}
                Verdict::Allowed
                    if session.subscriptions.len() + new.len() >= self.settings.max_subscriptions =>
                {
                    return Err(failed());
                }
                Verdict::Allowed => {
                    new.insert(pattern);
                }
            }
        }
        Ok(new)
    }

    /// A success also for what was never subscribed to.
    pub(super) fn unsubscribe(&mut self, exchange: &mut Exchange<'_>, message: &Message) {
        let Some(key) = self.enter(exchange, message) else { return };
        match patterns(message) {
            Err(error) => answer(exchange, message, Some(&error)),
            Ok(patterns) => {
                if let Some(session) = self.sessions.get_mut(&key) {
                    for pattern in patterns {
                        self.index.remove(&session.identity.realm, &pattern, key);
                        if let Ok(place) = session.subscriptions.binary_search(&pattern) {
                            session.subscriptions.remove(place);
                        }
                    }
                    if session.subscriptions.is_empty() {
                        session.subscriptions = Vec::new();
                    }
                }
                answer(exchange, message, None);
            }
        }
    }

    /// A message on any other channel (B09, B11).
    pub(super) fn published(&mut self, exchange: &mut Exchange<'_>, message: &Message, channel: &str) {
        let Some(key) = self.enter(exchange, message) else { return };
        let Ok(channel) = Channel::parse(channel) else {
            return refuse(exchange, message, "405::channel_invalid");
        };
        let Some(session) = self.sessions.get(&key) else { return };
        let kind = Kind::of(channel.as_str());
        let may = kind == Kind::Service
            || (kind == Kind::Broadcast && self.policy.may_publish(&session.identity, &channel));
        if !may {
            return refuse(exchange, message, PUBLISH_DENIED);
        }
        let Some(data) = &message.data else {
            return refuse(exchange, message, "400::data_missing");
        };
        if kind == Kind::Broadcast {
            let realm = session.identity.realm.clone();
            self.publish(exchange.now.at, &Audience::Realm(&realm), &Event::raw(channel, data, false));
        }
        exchange.replies.reply(message, true).end();
    }

    /// The client leaves: a held connect is told so too (S5).
    pub(super) fn disconnected(&mut self, exchange: &mut Exchange<'_>, message: &Message) {
        let Some(key) = self.enter(exchange, message) else { return };
        self.end(exchange.now.at, key, Release::Left, EndReason::Disconnected);
        exchange.is_last = true;
        answer(exchange, message, None);
    }
}

/// The field `subscription`, checked but for what the policy says.
fn patterns(message: &Message) -> Result<Vec<Pattern>, String> {
    match &message.subscription {
        Subscription::Absent => Err("403::subscription_missing".to_owned()),
        Subscription::Malformed => Err("400:subscription:subscription_invalid".to_owned()),
        Subscription::Names { names, .. } => {
            let parsed: Result<_, _> = names.iter().map(|name| Pattern::parse(name)).collect();
            parsed.map_err(|_| "403::subscription_invalid".to_owned())
        }
    }
}

/// The reply to a meta message, with the subscription in the shape in which it came.
fn answer(exchange: &mut Exchange<'_>, message: &Message, error: Option<&str>) {
    let timesync = message.timesync.as_deref().map(|asked| TimesyncReply::new(asked, exchange.now));
    let mut reply = exchange.replies.reply(message, error.is_none());
    if let Subscription::Names { json, .. } = &message.subscription {
        reply.raw("subscription", json);
    }
    if let Some(error) = error {
        reply.text("error", error);
    }
    reply.ext(None, timesync.as_ref(), exchange.now.at);
    reply.end();
}
