//! Values of SIP header fields: lists, addresses with parameters, Via, CSeq (RFC 3261 §25.1).
//!
//! These readers borrow from the value, which must already be unfolded. They accept white space wherever the grammar
//! allows it and write values back without.

use crate::uri::{self, Uri};
use std::fmt;

/// The value does not follow the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is malformed")]
pub struct Malformed;

/// Is this a `token` (RFC 3261 §25.1)?
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte))
}

/// Where a quoted string that starts at the first byte ends, behind its closing quote.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Cuts at a separator outside quoted strings and angle brackets; the parts are trimmed.
fn cut(text: &str, separator: u8) -> Result<Vec<&str>, Malformed> {
    let (mut parts, mut start, mut at, mut in_angle) = (Vec::new(), 0, 0, false);
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => {
                at += quoted_end(text.get(at..).ok_or(Malformed)?).ok_or(Malformed)?;
                continue;
            }
            b'<' if in_angle => return Err(Malformed),
            b'<' => in_angle = true,
            b'>' if !in_angle => return Err(Malformed),
            b'>' => in_angle = false,
            byte if *byte == separator && !in_angle => {
                parts.push(text.get(start..at).ok_or(Malformed)?.trim());
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if in_angle {
        return Err(Malformed);
    }
    parts.push(text.get(start..).ok_or(Malformed)?.trim());
    Ok(parts)
}

/// The elements of a comma-separated list.
///
/// # Errors
/// An unclosed quote or bracket, or an empty element.
pub fn list(text: &str) -> Result<Vec<&str>, Malformed> {
    let parts = cut(text, b',')?;
    if parts.iter().any(|part| part.is_empty()) { Err(Malformed) } else { Ok(parts) }
}

/// Parameters of a header value, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params<'a>(Vec<(&'a str, Option<&'a str>)>);

impl<'a> Params<'a> {
    /// Reads parameters; each part must be a `name` or `name=value`.
    fn read(parts: &[&'a str]) -> Result<Self, Malformed> {
        let mut params = Vec::with_capacity(parts.len());
        for part in parts {
            let (name, value) = match part.split_once('=') {
                None => (part.trim(), None),
                Some((name, value)) => (name.trim(), Some(value.trim())),
            };
            let fine = match value {
                None => true,
                Some(value) if value.starts_with('"') => quoted_end(value) == Some(value.len()),
                // Wider than the grammar: branches and tags in the wild hold `=`, `/` and `|`.
                Some(value) => {
                    !value.is_empty()
                        && value.bytes().all(|byte| byte > b' ' && !b"<>\";,\x7f".contains(&byte))
                }
            };
            if !is_token(name)
                || !fine
                || params.iter().any(|(known, _): &(&str, _)| known.eq_ignore_ascii_case(name))
            {
                return Err(Malformed);
            }
            params.push((name, value));
        }
        Ok(Self(params))
    }

    /// A parameter's value (`Some(None)` when it has none), by its name in any case.
    pub fn get(&self, name: &str) -> Option<Option<&'a str>> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// A parameter's value without quotes around it, if it has one.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        let value = self.get(name)??;
        Some(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
    }
}

impl fmt::Display for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| match value {
            None => write!(f, ";{name}"),
            Some(value) => write!(f, ";{name}={value}"),
        })
    }
}

/// `name-addr` or `addr-spec` with parameters: From, To, Contact, Route and their like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// The display name as written, with quotes when it has any; empty without one.
    pub display: &'a str,
    /// The address as written.
    pub uri: &'a str,
    /// Parameters of the header, not of the address.
    pub params: Params<'a>,
}

impl<'a> Address<'a> {
    /// Reads one address. The address itself must be well formed, of whatever scheme.
    ///
    /// # Errors
    /// Any deviation, such as an unclosed quote, an unquoted comma in the display name, or space inside the brackets.
    pub fn read(text: &'a str) -> Result<Self, Malformed> {
        let parts = cut(text, b';')?;
        let (first, rest) = parts.split_first().ok_or(Malformed)?;
        let (display, address) = match first.strip_prefix('"') {
            Some(_) => first.split_at_checked(quoted_end(first).ok_or(Malformed)?).ok_or(Malformed)?,
            None => first.split_at(first.find('<').unwrap_or(0)),
        };
        // Unquoted names are tokens by the grammar; other letters and brackets are common and do no harm.
        if !display.starts_with('"') && display.bytes().any(|byte| b"\",;:@\\>".contains(&byte)) {
            return Err(Malformed);
        }
        let address = address.trim();
        let bare = match address.strip_prefix('<') {
            Some(inner) => inner.strip_suffix('>').ok_or(Malformed)?,
            // RFC 3261 §20: without brackets the address must hold no comma, question mark or semicolon.
            None if display.is_empty() && !address.contains(['?', ',']) => address,
            None => return Err(Malformed),
        };
        uri::parse(bare).map_err(|_| Malformed)?;
        Ok(Self { display: display.trim(), uri: bare, params: Params::read(rest)? })
    }

    /// The address taken apart.
    ///
    /// # Errors
    /// Never for an address that came out of [`Address::read`].
    pub fn parsed(&self) -> Result<Uri<'a>, Malformed> {
        uri::parse(self.uri).map_err(|_| Malformed)
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = if self.display.is_empty() { "" } else { " " };
        write!(f, "{}{space}<{}>{}", self.display, self.uri, self.params)
    }
}

/// One value of a Via field (RFC 3261 §20.42).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// Version as written, `2.0`.
    pub version: &'a str,
    /// Transport as written, `UDP`.
    pub transport: &'a str,
    /// Host of sent-by; IPv6 in brackets.
    pub host: &'a str,
    /// Port of sent-by.
    pub port: Option<u16>,
    /// Parameters.
    pub params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one value.
    ///
    /// # Errors
    /// Any deviation.
    pub fn read(text: &'a str) -> Result<Self, Malformed> {
        let parts = cut(text, b';')?;
        let (first, params) = parts.split_first().ok_or(Malformed)?;
        let mut via = Self::sent_by(first)?;
        via.params = Params::read(params)?;
        Ok(via)
    }

    /// What stands before the parameters.
    fn sent_by(text: &'a str) -> Result<Self, Malformed> {
        let mut slashes = text.splitn(3, '/').map(str::trim);
        let (name, version, rest) = (slashes.next(), slashes.next(), slashes.next().ok_or(Malformed)?);
        let (transport, sent_by) = rest.split_once([' ', '\t']).ok_or(Malformed)?;
        let version = version.filter(|version| is_token(version)).ok_or(Malformed)?;
        if !name.is_some_and(|name| name.eq_ignore_ascii_case("SIP")) || !is_token(transport) {
            return Err(Malformed);
        }
        // White space may stand around the colon before a port.
        let sent_by = sent_by.trim();
        let (host, port) = match uri::host_and_port(sent_by) {
            Ok(found) => found,
            Err(_) => {
                let (host, port) = sent_by.rsplit_once(':').ok_or(Malformed)?;
                let (host, none) = uri::host_and_port(host.trim()).map_err(|_| Malformed)?;
                let port = port.trim().parse().map_err(|_| Malformed)?;
                if none.is_some() || port == 0 {
                    return Err(Malformed);
                }
                (host, Some(port))
            }
        };
        Ok(Self { version, transport, host, port, params: Params::default() })
    }
}

impl fmt::Display for Via<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/{}/{} {}", self.version, self.transport.to_ascii_uppercase(), self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}

/// Reads a CSeq: the number, less than 2^31, and the method (RFC 3261 §8.1.1.5).
///
/// # Errors
/// Any deviation.
pub fn cseq(text: &str) -> Result<(u32, &str), Malformed> {
    let mut words = text.split_ascii_whitespace();
    let (Some(number), Some(method), None) = (words.next(), words.next(), words.next()) else {
        return Err(Malformed);
    };
    let number = digits(number).filter(|number| *number < 1 << 31).ok_or(Malformed)?;
    let number = u32::try_from(number).map_err(|_| Malformed)?;
    if is_token(method) { Ok((number, method)) } else { Err(Malformed) }
}

/// A number of decimal digits only; `None` for anything else and beyond 64 bits.
pub fn digits(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A number of seconds as in Expires. RFC 3261 §20.19 allows up to 2^32-1; larger ones count as that.
pub fn seconds(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_with_white_space_everywhere_and_written_without() {
        let read = |text| Address::read(text).map(|address| address.to_string());
        assert_eq!(read("sip:a@b.example ;   tag    = 19a").as_deref(), Ok("<sip:a@b.example>;tag=19a"));
        assert_eq!(
            read("\"J \\\\\\\"\"   <sip:j@b.example;x>  ; q=0.3").as_deref(),
            Ok("\"J \\\\\\\"\" <sip:j@b.example;x>;q=0.3")
        );
        assert_eq!(read("caller<sip:c@b.example>").as_deref(), Ok("caller <sip:c@b.example>"));
        assert_eq!(read("\"a;b,c<d\" <tel:+49>").as_deref(), Ok("\"a;b,c<d\" <tel:+49>"));
    }

    #[test]
    fn what_hangs_behind_a_bare_address_belongs_to_the_header() {
        let address = Address::read("sip:a@b.example;unknown").unwrap();
        assert_eq!((address.uri, address.params.get("unknown")), ("sip:a@b.example", Some(None)));
        let address = Address::read("<sip:a@b.example;unknown>;+sip.instance=\"<urn:x>\"").unwrap();
        assert_eq!(
            (address.uri, address.params.text("+SIP.instance")),
            ("sip:a@b.example;unknown", Some("<urn:x>"))
        );
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for text in [
            "\"Mr. J. User <sip:j@b.example>",   // the quote is never closed
            "Bell, Alexander <sip:a@b.example>", // a comma needs quotes
            "\"W\" < sip:t@b.example >",         // space in the brackets
            "<sip:a@b.example>;;",
            "<sip:a@b.example>;tag=1;tag=2",
            "<sip:a@b.example",
            "sip:a@b.example>",
            "sip:a@b.example?Route=x",
            "<sip:a@b.example> junk",
            "",
            "<>",
        ] {
            assert_eq!(Address::read(text), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn a_via_is_read_with_white_space_around_its_slashes() {
        let via = Via::read("SIP  /   2.0 / udp  192.0.2.2 : 5070 ;branch=390skdjuw; rport").unwrap();
        assert_eq!((via.host, via.port), ("192.0.2.2", Some(5070)));
        assert_eq!(via.to_string(), "SIP/2.0/UDP 192.0.2.2:5070;branch=390skdjuw;rport");
        let via =
            Via::read("SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3").unwrap();
        assert_eq!((via.host, via.params.text("received")), ("[2001:db8::9:1]", Some("[2001:db8::9:255]")));
        for text in [
            "SIP/2.0/UDP",
            "SIP/2.0 host",
            "HTTP/2.0/UDP host",
            "SIP/2.0/UDP 192.0.2.15;;,;,,",
            "SIP/2.0/UDP a:b:1",
        ] {
            assert_eq!(Via::read(text), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn lists_are_cut_outside_of_quotes_and_brackets_and_have_no_empty_elements() {
        assert_eq!(list("a, \"b,\\\"c\" ,<d,e>"), Ok(vec!["a", "\"b,\\\"c\"", "<d,e>"]));
        for text in ["a,,b", "", "a,", "\"a", "<a", "a>", "<<a>>"] {
            assert_eq!(list(text), Err(Malformed), "{text}");
        }
    }

    #[test]
    fn numbers_are_digits_within_bounds() {
        assert_eq!(cseq("0009   INVITE"), Ok((9, "INVITE")));
        assert_eq!(cseq("2147483647 BYE"), Ok((2_147_483_647, "BYE")));
        for text in
            ["2147483648 BYE", "-1 BYE", "1", "1 BYE x", "x BYE", "36893488147419103232 REGISTER", "1 B(Y"]
        {
            assert_eq!(cseq(text), Err(Malformed), "{text}");
        }
        assert_eq!(
            (seconds("60"), seconds("10000000000000000000000"), seconds("-1"), seconds("")),
            (Some(60), Some(u32::MAX), None, None)
        );
    }
}
