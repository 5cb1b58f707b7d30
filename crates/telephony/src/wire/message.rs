//! Reading and building messages with the library's types.
//!
//! The library escapes user parts anew when it writes an address, so `%20` would become `%2520`; addresses go through it
//! as they are, in place of a host name ([`raw_uri`]).

use crate::{
    fields::{self, Address},
    uri::{self, Uri as Parsed},
};
use rsipstack::sip::{self, Header, Headers, Method, Request, Response, Scheme};

/// The first value of a header field.
pub(crate) fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|header| header.name().eq_ignore_ascii_case(name)).map(|header| header.value().trim())
}

/// All values of a header field, lists taken apart.
pub(crate) fn values<'a>(headers: &'a Headers, name: &str) -> Vec<&'a str> {
    let named = headers.iter().filter(|header| header.name().eq_ignore_ascii_case(name));
    named.flat_map(|header| fields::list(header.value().trim()).unwrap_or_default()).collect()
}

/// Whether a list such as Supported names something.
pub(crate) fn lists(headers: &Headers, name: &str, what: &str) -> bool {
    values(headers, name).iter().any(|value| value.eq_ignore_ascii_case(what))
}

/// The tag of From or To.
pub(crate) fn tag(headers: &Headers, name: &str) -> Option<String> {
    let address = Address::read(value(headers, name)?).ok()?;
    address.params.text("tag").map(str::to_owned)
}

/// The number of the CSeq.
pub(crate) fn sequence(headers: &Headers) -> Option<u32> {
    fields::cseq(value(headers, "CSeq")?).ok().map(|(number, _)| number)
}

/// The address within From, To, Contact, Refer-To or a route.
pub(crate) fn address_of(value: &str) -> Option<String> {
    Address::read(value).ok().map(|address| address.uri.to_owned())
}

/// The user or the number that an address names, without escapes and visual separators.
pub(crate) fn user_of(address: &str) -> Option<String> {
    match uri::parse(address).ok()? {
        Parsed::Sip(sip) => {
            let user = sip.decoded_user()?;
            // `sip:+4930123;phone-context=…@host`: parameters of the number, RFC 3261 §19.1.6.
            Some(user.split(';').next().unwrap_or_default().to_owned())
        }
        Parsed::Tel { number } => Some(number.chars().filter(|letter| !"-.()".contains(*letter)).collect()),
        Parsed::Other { .. } => None,
    }
}

/// The name that people are shown, without its quotes.
pub(crate) fn display_of(value: &str) -> Option<String> {
    let address = Address::read(value).ok()?;
    Some(address.display.trim_matches('"').to_owned()).filter(|name| !name.is_empty())
}

/// A name as it may stand in front of an address.
pub(crate) fn quoted(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            '"' => '\'',
            '\\' => '/',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect();
    format!("\"{plain}\"")
}

/// A user part in which nothing can break the address.
pub(crate) fn escaped(user: &str) -> String {
    let mut out = String::new();
    for byte in user.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'_'
            | b'.'
            | b'!'
            | b'~'
            | b'*'
            | b'\''
            | b'+' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// An address that the library writes exactly as it is.
pub(crate) fn raw_uri(text: &str) -> sip::Uri {
    let (scheme, rest) = text.split_once(':').unwrap_or(("sip", text));
    sip::Uri {
        scheme: Some(Scheme::Other(scheme.to_owned())),
        auth: None,
        host_with_port: sip::HostWithPort {
            host: sip::Host::Domain(sip::Domain(rest.to_owned())),
            port: None,
        },
        params: Vec::new(),
        headers: Vec::new(),
    }
}

/// A header field; those that the library looks for get its type.
pub(crate) fn header(name: &str, value: impl Into<String>) -> Header {
    let value = value.into();
    match name {
        "Via" => Header::Via(sip::headers::Via::new(value)),
        "From" => Header::From(sip::headers::From::new(value)),
        "To" => Header::To(sip::headers::To::new(value)),
        "Call-ID" => Header::CallId(sip::headers::CallId::new(value)),
        "CSeq" => Header::CSeq(sip::headers::CSeq::new(value)),
        "Route" => Header::Route(sip::headers::Route::new(value)),
        _ => Header::Other(name.to_owned(), value),
    }
}

/// A request of these parts.
pub(crate) fn request(
    method: Method,
    target: &str,
    headers: Vec<Header>,
    body: Option<(&str, String)>,
) -> Request {
    let mut headers = headers;
    headers.push(header("Max-Forwards", "70"));
    let (kind, body) = body.map_or((None, Vec::new()), |(kind, body)| (Some(kind), body.into_bytes()));
    if let Some(kind) = kind {
        headers.push(header("Content-Type", kind));
    }
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    headers.push(Header::ContentLength(sip::headers::ContentLength::from(length)));
    Request { method, uri: raw_uri(target), version: sip::Version::V2, headers: Headers(headers), body }
}

/// The status code of a response.
pub(crate) fn code(response: &Response) -> u16 {
    response.status_code.code()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_escapes_goes_through_the_library_as_it_is() {
        for text in ["sip:Ann%20B%23;x=y@[2001:db8::1]:5070;transport=tcp;ob", "sips:a@b", "tel:+49-30"] {
            assert_eq!(raw_uri(text).to_string(), text);
            let request = request(Method::Options, text, vec![], None);
            assert!(
                String::from_utf8(request.to_bytes())
                    .unwrap()
                    .starts_with(&format!("OPTIONS {text} SIP/2.0\r\n"))
            );
        }
    }

    #[test]
    fn numbers_are_found_in_every_kind_of_address() {
        for (address, user) in [
            ("sip:%2B4930@x", "+4930"),
            ("sip:123;phone-context=+49@x", "123"),
            ("tel:+49-30.(12)", "+493012"),
            ("sip:*9%23@x", "*9#"),
        ] {
            assert_eq!(user_of(address).as_deref(), Some(user), "{address}");
        }
        assert_eq!(user_of("sip:x"), None);
        assert_eq!(escaped("a b#@+"), "a%20b%23%40+");
        assert_eq!(quoted("A \"B\"\r\n\\"), "\"A 'B'  /\"");
    }
}
