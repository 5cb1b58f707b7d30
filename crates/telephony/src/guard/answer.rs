//! Stateless answers (RFC 3261 §8.2.6, §8.2.7, §18.2).

use super::{Peer, Problem, Rules, Transport, scan::Head};
use crate::{fields, fields::Via, uri};
use std::{
    fmt::Write,
    net::{IpAddr, SocketAddr},
};

/// A response that the guard gives by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub code: u16,
    /// Why.
    pub problem: Problem,
    /// The whole response.
    pub bytes: Vec<u8>,
    /// Where it goes; over a connection that is the sender.
    pub to: SocketAddr,
}

/// Builds the answer to a faulty request; `None` if it lacks a field that the answer must repeat.
pub(super) fn answer(head: &Head, problem: &Problem, peer: Peer, rules: &Rules, tag: &str) -> Option<Answer> {
    let lines = match problem {
        Problem::Method | Problem::UnknownMethod => vec![format!("Allow: {}", rules.methods.join(", "))],
        Problem::Extension(names) => vec![format!("Unsupported: {names}")],
        Problem::MediaType => vec!["Accept: application/sdp".into(), "Accept-Encoding: identity".into()],
        _ => vec![],
    };
    let reply = reply(head, problem.code(), &problem.phrase(), &lines, peer, tag)?;
    Some(Answer { code: problem.code(), problem: problem.clone(), bytes: reply.bytes, to: reply.to })
}

/// A response without state to a request with which nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The whole response.
    pub bytes: Vec<u8>,
    /// Where it goes; over a connection that is the sender.
    pub to: SocketAddr,
}

/// Builds a response; `None` if the request lacks a field that it must repeat.
pub(super) fn reply(
    head: &Head,
    code: u16,
    phrase: &str,
    lines: &[String],
    peer: Peer,
    tag: &str,
) -> Option<Reply> {
    let filled = |name: &'static str| head.first(name).filter(|value| !value.is_empty());
    let (from, to, call_id, cseq) = (filled("From")?, filled("To")?, filled("Call-ID")?, filled("CSeq")?);
    let top = filled("Via")?;
    let mut text = format!("SIP/2.0 {code} {phrase}\r\n");
    let mut send_to = peer.address;
    // Later Vias go back as they came; the first one says who asked.
    let values = fields::list(top).unwrap_or_else(|_| vec![top]);
    for (at, value) in values.into_iter().enumerate() {
        match Via::read(value) {
            Ok(via) if at == 0 => {
                let (written, address) = returned(&via, peer);
                send_to = address;
                line(&mut text, "Via", &written);
            }
            _ => line(&mut text, "Via", value),
        }
    }
    for value in head.all("Via").skip(1) {
        line(&mut text, "Via", value);
    }
    line(&mut text, "From", from);
    let has_tag = match fields::Address::read(to) {
        Ok(address) => address.params.get("tag").is_some(),
        Err(_) => to.to_ascii_lowercase().contains(";tag="),
    };
    if has_tag {
        line(&mut text, "To", to);
    } else {
        line(&mut text, "To", &format!("{to};tag={tag}"));
    }
    line(&mut text, "Call-ID", call_id);
    line(&mut text, "CSeq", cseq);
    for extra in lines {
        text.push_str(extra);
        text.push_str("\r\n");
    }
    line(&mut text, "Content-Length", "0");
    text.push_str("\r\n");
    Some(Reply { bytes: text.into_bytes(), to: send_to })
}

fn line(text: &mut String, name: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = write!(text, "{name}: {value}\r\n");
}

/// The first Via with what the server adds (RFC 3261 §18.2.1, RFC 3581 §4), and where the answer goes (§18.2.2).
fn returned(via: &Via<'_>, peer: Peer) -> (String, SocketAddr) {
    let wants_rport = via.params.get("rport").is_some();
    let said = uri::SipUri { secure: false, user: None, host: via.host, port: None, params: "", headers: "" }
        .address();
    let came_from = peer.address.ip().to_canonical();
    let mut written = format!("SIP/{}/{} {}", via.version, via.transport.to_ascii_uppercase(), via.host);
    if let Some(port) = via.port {
        let _ = write!(written, ":{port}");
    }
    let mut rest = via.params.to_string();
    if wants_rport || said.map(|ip| ip.to_canonical()) != Some(came_from) {
        rest = without(&rest, "received");
        // Without brackets, also for IPv6 (RFC 5118 §4.5).
        let _ = write!(rest, ";received={came_from}");
    }
    if wants_rport {
        rest = without(&rest, "rport");
        let _ = write!(rest, ";rport={}", peer.address.port());
    }
    written.push_str(&rest);
    let port = match peer.transport {
        Transport::Udp if !wants_rport => via.port.unwrap_or(5060),
        _ => peer.address.port(),
    };
    let ip: IpAddr = peer.address.ip();
    (written, SocketAddr::new(ip, port))
}

/// Parameters without one of them. Quoted values hold no semicolon here, for a Via has no quoted parameter that matters.
fn without(params: &str, name: &str) -> String {
    let keep = |part: &&str| !part.split('=').next().unwrap_or_default().eq_ignore_ascii_case(name);
    params.split(';').skip(1).filter(keep).map(|part| format!(";{part}")).collect()
}
