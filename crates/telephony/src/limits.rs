//! Limits of what one source may send, and bans for those who guess passwords. Bounded memory, no clock.

use crate::lru::Lru;
use std::net::{IpAddr, Ipv6Addr};
use touchline_live::numbers::net::holds;
use touchline_model::Timestamp;

/// A token bucket: so many at once, refilled at so many a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Tokens that a rested bucket holds.
    pub burst: f64,
    /// Tokens a second that come back.
    pub per_second: f64,
}

/// How much is allowed.
#[derive(Clone, Debug)]
pub struct LimitRules {
    /// Messages of any kind.
    pub messages: Rate,
    /// Calls begun, and faulty messages.
    pub invites: Rate,
    /// Registrations.
    pub registers: Rate,
    /// Failed authentications in a row before the source is banned.
    pub failures: u32,
    /// Failures older than this are forgotten.
    pub failures_within_secs: i64,
    /// How long a ban lasts. Each further ban of a source that is still remembered lasts twice as long, up to a day.
    pub ban_secs: i64,
    /// Sources that are remembered; twice, once for rates and once for failures, so that a flood from many addresses
    /// does not make us forget who guessed passwords.
    pub sources: usize,
    /// Sources without limits, such as the trunk's, as networks: address and prefix length.
    pub trusted: Vec<(IpAddr, u8)>,
}

impl Default for LimitRules {
    /// Room for an office of some hundred phones behind one address.
    fn default() -> Self {
        Self {
            messages: Rate { burst: 2_000.0, per_second: 500.0 },
            invites: Rate { burst: 60.0, per_second: 20.0 },
            registers: Rate { burst: 400.0, per_second: 20.0 },
            failures: 10,
            failures_within_secs: 600,
            ban_secs: 600,
            sources: 20_000,
            trusted: Vec::new(),
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Any message.
    Message,
    /// The beginning of a call, or a faulty message.
    Invite,
    /// A registration.
    Register,
}

/// Why something is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Too many failed authentications.
    #[error("the source is banned until {until}")]
    Banned {
        /// When the ban ends.
        until: Timestamp,
    },
    /// More than the rate allows.
    #[error("the source sends too much")]
    TooMany(What),
}

/// Who is one source: an IPv4 address, or the /64 that one IPv6 site has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Source(IpAddr);

impl Source {
    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            address => address,
        })
    }
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Bucket {
    fn take(&mut self, rate: Rate, now: Timestamp) -> bool {
        // A clock that went back gives nothing and takes nothing.
        let passed = (now.micros().saturating_sub(self.at.micros())).max(0);
        #[expect(
            clippy::cast_precision_loss,
            reason = "an hour of microseconds is exact in an f64, and more fills the bucket"
        )]
        let refill = passed as f64 / 1e6 * rate.per_second;
        (self.tokens, self.at) = ((self.tokens + refill).min(rate.burst), now);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[derive(Debug, Default)]
struct Failures {
    count: u32,
    last: Timestamp,
    bans: u32,
    until: Option<Timestamp>,
}

/// Buckets and bans of all sources.
#[derive(Debug)]
pub struct Limits {
    rules: LimitRules,
    buckets: Lru<Source, [Bucket; 3]>,
    failures: Lru<Source, Failures>,
}

impl Limits {
    /// Nobody is known yet.
    pub fn new(rules: LimitRules) -> Self {
        Self { buckets: Lru::new(rules.sources), failures: Lru::new(rules.sources), rules }
    }

    /// Counts one more; an error means that it shall not be let in.
    ///
    /// # Errors
    /// Why not.
    pub fn count(&mut self, from: IpAddr, what: What, now: Timestamp) -> Result<(), Refused> {
        if self.is_trusted(from) {
            return Ok(());
        }
        let source = Source::of(from);
        if let Some(until) =
            self.failures.peek(&source).and_then(|failures| failures.until).filter(|until| now < *until)
        {
            return Err(Refused::Banned { until });
        }
        let rates = [self.rules.messages, self.rules.invites, self.rules.registers];
        let (buckets, _) =
            self.buckets.touch(&source, || rates.map(|rate| Bucket { tokens: rate.burst, at: now }));
        let [messages, invites, registers] = buckets;
        let (bucket, rate) = match what {
            What::Message => (messages, self.rules.messages),
            What::Invite => (invites, self.rules.invites),
            What::Register => (registers, self.rules.registers),
        };
        if bucket.take(rate, now) { Ok(()) } else { Err(Refused::TooMany(what)) }
    }

    /// Somebody gave a wrong password, or named a user who does not exist. Returns the end of the ban if this was one
    /// too many. A request without credentials is no failure: every phone asks once without.
    pub fn failed(&mut self, from: IpAddr, now: Timestamp) -> Option<Timestamp> {
        if self.is_trusted(from) {
            return None;
        }
        let rules = &self.rules;
        let (failures, _) = self.failures.touch(&Source::of(from), Failures::default);
        if now > failures.last.plus_secs(rules.failures_within_secs) {
            failures.count = 0;
        }
        failures.count += 1;
        failures.last = now;
        if failures.count < rules.failures {
            return None;
        }
        let length = rules.ban_secs.saturating_mul(1 << failures.bans.min(16)).min(86_400);
        failures.bans += 1;
        failures.count = 0;
        let until = now.plus_secs(length);
        failures.until = Some(until);
        Some(until)
    }

    /// Somebody gave the right password; the failures of the source are forgotten.
    pub fn succeeded(&mut self, from: IpAddr) {
        self.failures.remove(&Source::of(from));
    }

    /// Sets the sources without limits; the plan has changed.
    pub fn trust(&mut self, networks: Vec<(IpAddr, u8)>) {
        self.rules.trusted = networks;
    }

    /// Sources that are remembered now, for the metrics: with rates, with failures.
    pub fn remembered(&self) -> (usize, usize) {
        (self.buckets.len(), self.failures.len())
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.rules.trusted.iter().any(|(network, prefix)| holds(*network, *prefix, address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn limits() -> Limits {
        Limits::new(LimitRules {
            invites: Rate { burst: 3.0, per_second: 0.5 },
            failures: 3,
            sources: 50,
            trusted: vec![(ip("198.51.100.0"), 24)],
            ..LimitRules::default()
        })
    }

    #[test]
    fn a_burst_passes_and_then_as_much_as_comes_back() {
        let mut limits = limits();
        let mut passed = |secs: i64| {
            (0..5)
                .filter(|_| limits.count(ip("192.0.2.1"), What::Invite, START.plus_secs(secs)).is_ok())
                .count()
        };
        assert_eq!([passed(0), passed(1), passed(2), passed(4), passed(1_000)], [3, 0, 1, 1, 3]);
    }

    #[test]
    fn ipv6_neighbours_share_a_bucket_and_mapped_ipv4_is_ipv4() {
        let mut limits = limits();
        for last in 1..=3 {
            assert_eq!(limits.count(ip(&format!("2001:db8:0:1::{last}")), What::Invite, START), Ok(()));
        }
        assert_eq!(
            limits.count(ip("2001:db8:0:1:ffff::9"), What::Invite, START),
            Err(Refused::TooMany(What::Invite))
        );
        assert_eq!(limits.count(ip("2001:db8:0:2::1"), What::Invite, START), Ok(()));
        assert_eq!(Source::of(ip("::ffff:192.0.2.1")), Source::of(ip("192.0.2.1")));
    }

    #[test]
    fn who_guesses_passwords_is_banned_and_longer_each_time() {
        let (mut limits, guesser) = (limits(), ip("192.0.2.66"));
        assert_eq!([limits.failed(guesser, START), limits.failed(guesser, START)], [None, None]);
        let until = START.plus_secs(600);
        assert_eq!(limits.failed(guesser, START), Some(until));
        assert_eq!(limits.count(guesser, What::Message, until.plus_secs(-1)), Err(Refused::Banned { until }));
        assert_eq!(limits.count(guesser, What::Message, until), Ok(()));
        let again: Vec<_> = (0..3).map(|_| limits.failed(guesser, until)).collect();
        assert_eq!(again, [None, None, Some(until.plus_secs(1_200))]);
    }

    #[test]
    fn old_failures_and_those_before_a_success_do_not_count() {
        let (mut limits, user) = (limits(), ip("192.0.2.7"));
        limits.failed(user, START);
        limits.failed(user, START);
        assert_eq!(limits.failed(user, START.plus_secs(601)), None);
        limits.failed(user, START.plus_secs(601));
        limits.succeeded(user);
        assert_eq!(limits.failed(user, START.plus_secs(602)), None);
    }

    #[test]
    fn memory_is_bounded_and_a_flood_from_many_sources_lifts_no_ban() {
        let (mut limits, guesser) = (limits(), ip("192.0.2.66"));
        for _ in 0..3 {
            limits.failed(guesser, START);
        }
        for number in 0..10_000_u32 {
            let _ = limits.count(IpAddr::from(std::net::Ipv4Addr::from_bits(number)), What::Message, START);
        }
        assert_eq!(limits.remembered(), (50, 1));
        assert!(matches!(limits.count(guesser, What::Message, START), Err(Refused::Banned { .. })));
    }

    #[test]
    fn the_trunk_has_no_limits() {
        let mut limits = limits();
        assert!((0..100).all(|_| limits.count(ip("198.51.100.9"), What::Invite, START).is_ok()));
        assert!((0..100).all(|_| limits.failed(ip("::ffff:198.51.100.9"), START).is_none()));
        // It is no trunk any more; another one is.
        limits.trust(vec![(ip("198.51.100.8"), 32)]);
        assert!(!(0..100).all(|_| limits.count(ip("198.51.100.9"), What::Invite, START).is_ok()));
        assert!((0..100).all(|_| limits.count(ip("198.51.100.8"), What::Invite, START).is_ok()));
    }
}
