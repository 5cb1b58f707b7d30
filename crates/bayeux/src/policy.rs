//! Who may do what.

use crate::{
    channel::{Channel, Kind, Pattern},
    ids::Identity,
    settings::Settings,
};

/// What a policy says to a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Welcome.
    Allowed,
    /// This user may not listen there: `403:<channel>:subscribe_denied`.
    Denied,
    /// Nobody may have such a channel: `403:<channel>:create_denied`.
    NotCreated,
}

/// Decides for an application. It is asked after the protocol's own rules: meta and service channels never get here.
pub trait Policy {
    /// Whether this user may have a session at all.
    fn may_handshake(&self, who: &Identity) -> bool {
        let _ = who;
        true
    }

    /// Whether this user may subscribe to this pattern.
    fn may_subscribe(&self, who: &Identity, pattern: &Pattern) -> Verdict;

    /// Whether this user may publish on this channel.
    fn may_publish(&self, who: &Identity, channel: &Channel) -> bool;
}

/// Everybody may listen below some prefixes and nobody may publish, but for `/test/**` when that is switched on (B11).
///
/// What a user hears below a prefix is a matter of who publishes to whom: see [`crate::Audience::User`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Standard {
    listen: Vec<Pattern>,
    speak: Vec<Pattern>,
}

impl Standard {
    /// The policy of B11: `/v2/**`, `/notifications/**`, and `/test/**` if the settings say so.
    pub fn new(settings: &Settings) -> Self {
        let empty = Self::default().listen("/v2/**").listen("/notifications/**");
        if settings.test_channels { empty.listen("/test/**").speak("/test/**") } else { empty }
    }

    /// Opens a pattern to listeners. One that is no pattern opens nothing.
    #[must_use]
    pub fn listen(mut self, pattern: &str) -> Self {
        self.listen.extend(Pattern::parse(pattern));
        self
    }

    /// Opens a pattern to clients that publish. One that is no pattern opens nothing.
    #[must_use]
    pub fn speak(mut self, pattern: &str) -> Self {
        self.speak.extend(Pattern::parse(pattern));
        self
    }
}

impl Policy for Standard {
    fn may_subscribe(&self, _who: &Identity, pattern: &Pattern) -> Verdict {
        if self.listen.iter().any(|open| open.includes(pattern)) { Verdict::Allowed } else { Verdict::Denied }
    }

    fn may_publish(&self, _who: &Identity, channel: &Channel) -> bool {
        Kind::of(channel.as_str()) == Kind::Broadcast && self.speak.iter().any(|open| open.matches(channel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(bayeux): B11
    #[test]
    fn clients_listen_below_two_prefixes_and_publish_nowhere() {
        let policy = Standard::new(&Settings::default());
        let who = Identity::new("acme", "anna");
        let may = |name: &str| policy.may_subscribe(&who, &Pattern::parse(name).unwrap()) == Verdict::Allowed;
        assert!(may("/v2/me/*") && may("/v2/**") && may("/notifications/services"));
        assert!(!may("/**") && !may("/*") && !may("/v2") && !may("/v3/a") && !may("/test/a"));
        assert!(!policy.may_publish(&who, &Channel::parse("/v2/me/calls").unwrap()));
    }

    // covers(bayeux): B11
    #[test]
    fn the_test_area_is_open_when_switched_on() {
        let policy = Standard::new(&Settings { test_channels: true, ..Settings::default() });
        let who = Identity::new("acme", "anna");
        assert_eq!(policy.may_subscribe(&who, &Pattern::parse("/test/**").unwrap()), Verdict::Allowed);
        assert!(policy.may_publish(&who, &Channel::parse("/test/a").unwrap()));
        assert!(!policy.may_publish(&who, &Channel::parse("/v2/a").unwrap()));
    }

    #[test]
    fn an_application_opens_channels_of_its_own() {
        let policy = Standard::default().listen("/touchline/live/*").listen("nonsense");
        let who = Identity::new("acme", "anna");
        let may = |name: &str| policy.may_subscribe(&who, &Pattern::parse(name).unwrap());
        assert_eq!(may("/touchline/live/calls"), Verdict::Allowed);
        assert_eq!(may("/touchline/live/**"), Verdict::Denied);
    }
}
