//! SIP, SIPS and TEL addresses, read strictly (RFC 3261 §25.1, RFC 3966 §3).

use std::{borrow::Cow, net::IpAddr};
pub use touchline_live::numbers::decode;

/// Why a text is no address that we accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUri {
    /// No `scheme:` in front.
    #[error("the address has no scheme")]
    NoScheme,
    /// Empty or illegal user part, or a bad `%` escape.
    #[error("the user part of the address is malformed")]
    User,
    /// Neither a host name nor an IPv4 address nor an IPv6 address in brackets.
    #[error("the host of the address is malformed")]
    Host,
    /// Not 1 to 65535.
    #[error("the port of the address is malformed")]
    Port,
    /// A parameter or header with illegal characters.
    #[error("the parameters of the address are malformed")]
    Params,
    /// Spaces, angle brackets, quotes or control characters.
    #[error("the address holds a character that no address may hold")]
    Character,
}

/// An address of one of the kinds that can be called, or something else that is at least well formed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uri<'a> {
    /// `sip:` or `sips:`.
    Sip(SipUri<'a>),
    /// `tel:`; the digits with their visual separators.
    Tel {
        /// What stands between `tel:` and the first `;`.
        number: &'a str,
    },
    /// Any other scheme.
    Other {
        /// The scheme as written.
        scheme: &'a str,
    },
}

/// A `sip:` or `sips:` address in its parts; nothing is decoded yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SipUri<'a> {
    /// `sips:`.
    pub secure: bool,
    /// What stands before the `@` and before a `:`.
    pub user: Option<&'a str>,
    /// Host name or address; IPv6 with its brackets.
    pub host: &'a str,
    /// Port, when written.
    pub port: Option<u16>,
    /// Parameters with their leading `;`, or empty.
    pub params: &'a str,
    /// Headers without the `?`, or empty.
    pub headers: &'a str,
}

impl SipUri<'_> {
    /// The user part with its escapes decoded; `None` without one, or if it decodes to no UTF-8.
    pub fn decoded_user(&self) -> Option<String> {
        decode(self.user?)
    }

    /// The host as an IP address, when it is one.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }

    /// The value of a parameter (empty when it has none), by its name in any case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.split(';').skip(1).find_map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The address of record: user and host without port, parameters and headers; users are compared byte by byte,
    /// hosts in any case (RFC 3261 §10.3 step 5, §19.1.4). `None` without a user.
    pub fn address_of_record(&self) -> Option<String> {
        Some(format!("{}@{}", self.decoded_user()?, self.host.to_ascii_lowercase()))
    }
}

/// Reads an address.
///
/// # Errors
/// What is wrong with it; a `sip:` address must be well formed to its last character.
pub fn parse(text: &str) -> Result<Uri<'_>, BadUri> {
    if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f || matches!(byte, b'<' | b'>' | b'"')) {
        return Err(BadUri::Character);
    }
    let (scheme, rest) = text.split_once(':').ok_or(BadUri::NoScheme)?;
    let starts = scheme.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if !starts || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
        return Err(BadUri::NoScheme);
    }
    if scheme.eq_ignore_ascii_case("sip") {
        sip(false, rest).map(Uri::Sip)
    } else if scheme.eq_ignore_ascii_case("sips") {
        sip(true, rest).map(Uri::Sip)
    } else if scheme.eq_ignore_ascii_case("tel") {
        let number = rest.split(';').next().unwrap_or_default();
        let fine = number.bytes().any(|byte| byte.is_ascii_hexdigit() || byte == b'*' || byte == b'#')
            && number.bytes().all(|byte| byte.is_ascii_hexdigit() || b"+-.()*#".contains(&byte));
        if fine { Ok(Uri::Tel { number }) } else { Err(BadUri::User) }
    } else {
        Ok(Uri::Other { scheme })
    }
}

fn sip(secure: bool, rest: &str) -> Result<SipUri<'_>, BadUri> {
    // `@` may stand nowhere but behind the user part, while `;`, `?` and `/` may stand inside it.
    let (user, rest) = match rest.split_once('@') {
        None => (None, rest),
        Some((info, rest)) => {
            let (user, password) = info.split_once(':').unwrap_or((info, ""));
            if user.is_empty() || !made_of(user, b"&=+$,;?/") || !made_of(password, b"&=+$,") {
                return Err(BadUri::User);
            }
            (Some(user), rest)
        }
    };
    let (rest, headers) = rest.split_once('?').map_or((rest, None), |(rest, headers)| (rest, Some(headers)));
    let (host_port, params) = rest.find(';').map_or((rest, ""), |at| rest.split_at(at));
    let (host, port) = host_and_port(host_port)?;
    for part in params.split(';').skip(1) {
        let (name, value) = part.split_once('=').unwrap_or((part, "x"));
        if name.is_empty() || value.is_empty() || !made_of(name, b"[]/:&+$") || !made_of(value, b"[]/:&+$") {
            return Err(BadUri::Params);
        }
    }
    if headers.is_some_and(|headers| headers.is_empty() || !made_of(headers, b"[]/?:+$&=")) {
        return Err(BadUri::Params);
    }
    Ok(SipUri { secure, user, host, port, params, headers: headers.unwrap_or("") })
}

/// Host and port as in an address or in a Via; IPv6 only in brackets (RFC 5118 §4.2, §4.3).
///
/// # Errors
/// `Host` or `Port`.
pub fn host_and_port(text: &str) -> Result<(&str, Option<u16>), BadUri> {
    let (host, port) = if text.starts_with('[') {
        let end = text.find(']').ok_or(BadUri::Host)? + 1;
        let (host, rest) = text.split_at(end);
        let inside = host.trim_start_matches('[').trim_end_matches(']');
        if inside.parse::<std::net::Ipv6Addr>().is_err() {
            return Err(BadUri::Host);
        }
        match rest.strip_prefix(':') {
            None if rest.is_empty() => (host, None),
            None => return Err(BadUri::Host),
            port => (host, port),
        }
    } else {
        match text.split_once(':') {
            None => (text, None),
            Some((host, port)) => (host, Some(port)),
        }
    };
    // Underscores are in no standard but in many networks' names.
    let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !host.starts_with('[') {
        let fine = !host.is_empty()
            && host.bytes().all(name)
            && !host.starts_with(['.', '-'])
            && !host.contains("..");
        let only_digits = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if !fine || only_digits && host.parse::<std::net::Ipv4Addr>().is_err() {
            return Err(BadUri::Host);
        }
    }
    let Some(port) = port else { return Ok((host, None)) };
    if port.is_empty() || port.len() > 5 || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadUri::Port);
    }
    match port.parse::<u16>() {
        Ok(port) if port > 0 => Ok((host, Some(port))),
        _ => Err(BadUri::Port),
    }
}

/// Only unreserved characters, escapes and these.
fn made_of(text: &str, also: &[u8]) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'%' => {
                bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit())
                    && bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit())
            }
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')' => true,
            // `#` is what a phone's keypad has, and many phones do not escape it.
            b'#' => true,
            byte => byte.is_ascii_alphanumeric() || also.contains(&byte),
        };
        if !fine {
            return false;
        }
    }
    true
}

/// RFC 3261's grammar lets `[2001:db8:::192.0.2.1]` pass, with a colon too many before the IPv4 part, and RFC 5118
/// §4.10 wants that tolerated. This takes the third colon away; all other text comes back as it was.
pub fn without_third_colon(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(open) = out.get(from..).and_then(|rest| rest.find('[')).map(|at| from + at) {
        let Some(close) = out.get(open..).and_then(|rest| rest.find(']')).map(|at| open + at) else { break };
        let inside = out.get(open + 1..close).unwrap_or_default();
        if let Some((before, after)) = inside.split_once(":::")
            && after.parse::<std::net::Ipv4Addr>().is_ok()
            && before.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':')
        {
            let at = open + 1 + before.len();
            out.to_mut().replace_range(at..at + 3, "::");
        }
        from = open + 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sip_uri(text: &str) -> SipUri<'_> {
        match parse(text) {
            Ok(Uri::Sip(uri)) => uri,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn an_address_is_taken_apart() {
        let uri = sip_uri("sips:Ann%20B;day=tue:pw@Example.COM:5071;transport=tcp;lr?subject=hi");
        assert_eq!(
            (uri.secure, uri.user, uri.host, uri.port),
            (true, Some("Ann%20B;day=tue"), "Example.COM", Some(5071))
        );
        assert_eq!((uri.params, uri.headers), (";transport=tcp;lr", "subject=hi"));
        assert_eq!((uri.param("Transport"), uri.param("lr"), uri.param("ob")), (Some("tcp"), Some(""), None));
        assert_eq!(uri.address_of_record().as_deref(), Some("Ann B;day=tue@example.com"));
    }

    #[test]
    fn ipv6_stands_in_brackets_and_a_port_outside_of_them() {
        let uri = sip_uri("sip:bob@[2001:db8::10]:5070");
        assert_eq!((uri.host, uri.port), ("[2001:db8::10]", Some(5070)));
        assert_eq!(sip_uri("sip:[2001:db8::10:5070]").port, None);
        assert_eq!(uri.address(), "2001:db8::10".parse().ok());
        assert_eq!(parse("sip:2001:db8::10"), Err(BadUri::Host));
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        for (text, why) in [
            ("user@example.com", BadUri::NoScheme),
            ("<sip:user@example.com>", BadUri::Character),
            ("sip:a b@example.com", BadUri::Character),
            ("sip:@example.com", BadUri::User),
            ("sip:a%4@example.com", BadUri::User),
            ("sip:a@", BadUri::Host),
            ("sip:a@b@c", BadUri::Host),
            ("sip:a@exa mple", BadUri::Character),
            ("sip:a@1.2.3", BadUri::Host),
            ("sip:a@host:0", BadUri::Port),
            ("sip:a@host:65536", BadUri::Port),
            ("sip:a@host;;lr", BadUri::Params),
            ("sip:a@host?", BadUri::Params),
            ("tel:", BadUri::User),
        ] {
            assert_eq!(parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_colon_too_many_before_ipv4_is_taken_away_and_nothing_else_is_touched() {
        assert_eq!(
            without_third_colon("sip:u@[2001:db8:::192.0.2.1];x=[a]"),
            "sip:u@[2001:db8::192.0.2.1];x=[a]"
        );
        for text in ["[2001:db8::1]", "sip:[a:::b]", "[", "][", "no brackets :::192.0.2.1"] {
            assert!(matches!(without_third_colon(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
