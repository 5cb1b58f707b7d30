//! Where the other side of a trunk is: from what an administrator has written to addresses, best first (RFC 3263).
//!
//! `sip.provider.example` is asked for in the DNS: which transports there are (NAPTR), which machines serve them (SRV),
//! and where those are. `host:5061` or `192.0.2.1` name one machine. `;transport=tls` behind it settles how it is reached.

mod system;

pub use system::SystemNames;

use crate::{endpoint::Promised, guard::Transport, uri};
use std::net::{IpAddr, SocketAddr};

/// No more places are tried for one call.
const MOST: usize = 8;

/// What a trunk's `server` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server<'a> {
    /// Host and port as they stand there; for addresses of SIP.
    pub address: &'a str,
    /// A name, or an address without brackets.
    pub host: &'a str,
    /// The port, if it says one.
    pub port: Option<u16>,
    /// The transport, if it says one.
    pub transport: Option<Transport>,
}

impl<'a> Server<'a> {
    /// Reads `host`, `host:port`, and either with `;transport=udp`, `tcp` or `tls`; `None` for what is neither.
    pub fn read(text: &'a str) -> Option<Self> {
        let (address, params) = text.trim().split_once(';').unwrap_or((text.trim(), ""));
        let transport = match params.split_once('=') {
            None if params.is_empty() => None,
            Some((name, value)) if name.eq_ignore_ascii_case("transport") => {
                Some(match value.to_ascii_lowercase().as_str() {
                    "udp" => Transport::Udp,
                    "tcp" => Transport::Tcp,
                    "tls" => Transport::Tls,
                    _ => return None,
                })
            }
            _ => return None,
        };
        let (host, port) = uri::host_and_port(address).ok()?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some(Self { address, host, port, transport })
    }
}

/// One place to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// A NAPTR record, as far as SIP looks at it (RFC 3263 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naptr {
    /// Lowest first.
    pub order: u16,
    /// Lowest first, within an order.
    pub preference: u16,
    /// `s` says that SRV records are to be asked for next.
    pub flags: String,
    /// `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`, …
    pub service: String,
    /// Where those are.
    pub replacement: String,
}

/// An SRV record (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// Lowest first.
    pub priority: u16,
    /// How often it is taken, among those of one priority.
    pub weight: u16,
    /// The port there.
    pub port: u16,
    /// The machine; `.` says that there is no such service.
    pub target: String,
}

/// Who knows names. What there is not, and what cannot be found out now, is an empty list.
pub trait Names: Send + Sync {
    /// NAPTR records of a name.
    fn naptr<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<Naptr>>;
    /// SRV records of a name.
    fn srv<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<Srv>>;
    /// Addresses of a name.
    fn addresses<'a>(&'a self, name: &'a str) -> Promised<'a, Vec<IpAddr>>;
}

/// The places at which a server is to be tried, in order; none if it has no address. `random` gives a number below its
/// argument.
pub async fn locate(
    names: &dyn Names,
    server: &Server<'_>,
    random: &mut (dyn FnMut(u32) -> u32 + Send),
) -> Vec<Hop> {
    let plainly = server.transport.unwrap_or(Transport::Udp);
    let usual = |transport| if transport == Transport::Tls { 5061 } else { 5060 };
    let port = server.port.unwrap_or_else(|| usual(plainly));
    if let Ok(ip) = server.host.parse() {
        return vec![Hop { transport: plainly, address: SocketAddr::new(ip, port) }];
    }
    let mut hops = Vec::new();
    if server.port.is_none() {
        for (transport, service) in services(names, server).await {
            for srv in in_order(names.srv(&service).await, random) {
                if hops.len() >= MOST {
                    break;
                }
                let found = names.addresses(&srv.target).await.into_iter();
                hops.extend(found.map(|ip| Hop { transport, address: SocketAddr::new(ip, srv.port) }));
            }
        }
    }
    if hops.is_empty() {
        let found = names.addresses(server.host).await.into_iter();
        hops.extend(found.map(|ip| Hop { transport: plainly, address: SocketAddr::new(ip, port) }));
    }
    hops.truncate(MOST);
    hops
}

/// The names under which SRV records are asked for, with the transport that each means (RFC 3263 §4.1).
async fn services(names: &dyn Names, server: &Server<'_>) -> Vec<(Transport, String)> {
    let usual = |transport| {
        let prefix = match transport {
            Transport::Tcp => "_sip._tcp",
            Transport::Tls => "_sips._tcp",
            _ => "_sip._udp",
        };
        (transport, format!("{prefix}.{}", server.host))
    };
    if let Some(transport) = server.transport {
        return vec![usual(transport)];
    }
    let mut offered = names.naptr(server.host).await;
    offered.sort_by_key(|it| (it.order, it.preference));
    let spoken = offered.into_iter().filter(|it| it.flags.eq_ignore_ascii_case("s")).filter_map(|it| {
        let transport = match it.service.to_ascii_uppercase().as_str() {
            "SIP+D2U" => Transport::Udp,
            "SIP+D2T" => Transport::Tcp,
            "SIPS+D2T" => Transport::Tls,
            _ => return None,
        };
        Some((transport, it.replacement))
    });
    let spoken: Vec<_> = spoken.collect();
    if spoken.is_empty() {
        [Transport::Udp, Transport::Tcp, Transport::Tls].map(usual).into()
    } else {
        spoken
    }
}

/// By priority, and at random by weight within one (RFC 2782).
fn in_order(mut records: Vec<Srv>, random: &mut (dyn FnMut(u32) -> u32 + Send)) -> Vec<Srv> {
    records.retain(|it| it.target != "." && !it.target.is_empty());
    // Those without weight first: they have a small chance, too.
    records.sort_by_key(|it| (it.priority, it.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(priority) = records.first().map(|it| it.priority) {
        let group = records.iter().take_while(|it| it.priority == priority);
        let total: u32 = group.clone().map(|it| u32::from(it.weight)).sum();
        let drawn = random(total + 1);
        let mut sum = 0;
        let chosen = group.clone().position(|it| {
            sum += u32::from(it.weight);
            sum >= drawn
        });
        ordered.push(records.remove(chosen.unwrap_or(0)));
    }
    ordered
}

#[cfg(test)]
mod tests;
