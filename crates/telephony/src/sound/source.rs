//! From where a line's sound may come, and where it goes to.

use std::net::{IpAddr, SocketAddr};

/// Learns a telephone's real address, only from an address that its signalling named: whoever else sends to the port is
/// not heard, and draws nothing to itself.
///
/// A telephone behind a router names an address that nobody can reach; its packets then come from where its signalling
/// comes from, with a port of the router's choice.
#[derive(Clone, Debug, Default)]
pub struct Source {
    named: Option<SocketAddr>,
    signalling: Option<IpAddr>,
    learnt: Option<SocketAddr>,
}

impl Source {
    /// What the signalling says: the address of the description, and where the signalling itself comes from. What was
    /// learnt before stays if neither has changed.
    pub fn name(&mut self, named: Option<SocketAddr>, signalling: Option<IpAddr>) {
        let named = named.map(|address| SocketAddr::new(address.ip().to_canonical(), address.port()));
        let signalling = signalling.map(|address| address.to_canonical());
        if named != self.named || signalling != self.signalling {
            *self = Self { named, signalling, learnt: None };
        }
    }

    /// A packet came from there: may it be heard?
    pub fn accepts(&mut self, from: SocketAddr) -> bool {
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        if self.named == Some(from) {
            // Exactly what was named wins over whatever came before it.
            self.learnt = Some(from);
            return true;
        }
        if let Some(learnt) = self.learnt {
            return learnt == from;
        }
        let known =
            self.named.is_some_and(|named| named.ip() == from.ip()) || self.signalling == Some(from.ip());
        if known {
            self.learnt = Some(from);
        }
        known
    }

    /// Where sound goes to: where it came from, or what was named.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.learnt.or(self.named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn named() -> Source {
        let mut source = Source::default();
        source.name(Some(at("192.0.2.1:4000")), Some("198.51.100.7".parse().unwrap()));
        source
    }

    #[test]
    fn a_stranger_is_neither_heard_nor_answered() {
        let mut source = named();
        assert!(!source.accepts(at("203.0.113.9:4000")));
        assert_eq!(source.destination(), Some(at("192.0.2.1:4000")));
        assert!(source.accepts(at("192.0.2.1:4000")));
        assert!(!source.accepts(at("192.0.2.1:4002")), "not the port that was learnt");
    }

    #[test]
    fn behind_a_router_the_first_port_is_learnt_and_kept() {
        let mut source = named();
        assert!(source.accepts(at("[::ffff:198.51.100.7]:61000")));
        assert_eq!(source.destination(), Some(at("198.51.100.7:61000")));
        assert!(!source.accepts(at("198.51.100.7:61002")));
        source.name(Some(at("192.0.2.1:4000")), Some("198.51.100.7".parse().unwrap()));
        assert!(source.accepts(at("198.51.100.7:61000")), "the same words change nothing");
    }

    #[test]
    fn the_named_address_wins_over_a_neighbour_who_was_faster() {
        let mut source = named();
        assert!(source.accepts(at("192.0.2.1:6666")));
        assert!(source.accepts(at("192.0.2.1:4000")));
        assert_eq!(source.destination(), Some(at("192.0.2.1:4000")));
        assert!(!source.accepts(at("192.0.2.1:6666")));
    }

    #[test]
    fn a_new_description_begins_anew_and_none_lets_nobody_in() {
        let mut source = named();
        assert!(source.accepts(at("192.0.2.1:4000")));
        source.name(Some(at("192.0.2.2:4000")), None);
        assert!(!source.accepts(at("192.0.2.1:4000")));
        assert!(!Source::default().accepts(at("192.0.2.1:4000")));
    }
}
