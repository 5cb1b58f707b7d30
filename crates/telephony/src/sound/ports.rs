//! Pairs of ports: sound on an even one, its reports on the next (RFC 3550 §11).

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    ops::RangeInclusive,
};

/// Two sockets of one line.
#[derive(Debug)]
pub struct Pair {
    /// For sound, on [`Pair::port`].
    pub rtp: UdpSocket,
    /// For reports, on the port after it.
    pub rtcp: UdpSocket,
    /// The even port.
    pub port: u16,
}

/// Hands out pairs of a range, each time from where it stopped: a port that was just given back may still get packets
/// of the call before.
#[derive(Debug)]
pub struct Ports {
    first: u16,
    pairs: u16,
    next: u16,
}

impl Ports {
    /// All even ports of the range whose odd neighbour is in it, too.
    pub fn new(range: &RangeInclusive<u16>) -> Self {
        let first = range.start().saturating_add(range.start() % 2);
        let pairs = (range.end().saturating_sub(first).saturating_add(1)) / 2;
        Self { first, pairs, next: 0 }
    }

    /// Opens a pair on all addresses of a family.
    ///
    /// # Errors
    /// Every pair is in use, or the system gives no more sockets.
    pub fn open(&mut self, ipv6: bool) -> io::Result<Pair> {
        let mut last = io::Error::new(io::ErrorKind::AddrInUse, "all ports for sound are in use");
        for _ in 0..self.pairs {
            let port = self.first + self.next * 2;
            self.next = (self.next + 1) % self.pairs.max(1);
            match bind(ipv6, port).and_then(|rtp| Ok((rtp, bind(ipv6, port + 1)?))) {
                Ok((rtp, rtcp)) => return Ok(Pair { rtp, rtcp, port }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }
}

fn bind(ipv6: bool, port: u16) -> io::Result<UdpSocket> {
    let address = if ipv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(address, port))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_even_and_odd_within_the_range_and_run_out() {
        let mut ports = Ports::new(&(42_101..=42_106));
        let pairs: Vec<Pair> = (0..2).map(|_| ports.open(false).unwrap()).collect();
        assert_eq!(pairs.iter().map(|pair| pair.port).collect::<Vec<_>>(), [42_102, 42_104]);
        assert_eq!(pairs[0].rtcp.local_addr().unwrap().port(), 42_103);
        assert_eq!(ports.open(false).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(pairs);
        assert_eq!(ports.open(false).unwrap().port, 42_102);
    }
}
