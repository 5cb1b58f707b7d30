//! Reading the `Authorization` header (RFC 7617, RFC 6750).

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, header};

/// Clients that leave the padding out are understood too.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// User name and password of HTTP Basic. `None` when absent, malformed, repeated or not UTF-8.
/// The user name ends at the first colon, the password may hold more of them.
pub fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let decoded = BASE64.decode(authorization(headers, "basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// The bearer token. `None` when absent, empty, repeated or not ASCII.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    authorization(headers, "bearer")
}

/// What follows the scheme; scheme names are case-insensitive. Two headers are ambiguous, so neither counts.
fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (name, rest) = value.trim().split_once(' ')?;
    let rest = rest.trim();
    (name.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for value in values {
            map.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        map
    }

    #[test]
    fn basic_keeps_colons_in_the_password() {
        let found = basic_credentials(&headers(&["bAsIc  dTE6cDpxOg=="]));
        assert_eq!(found, Some(("u1".into(), "p:q:".into())));
        assert_eq!(basic_credentials(&headers(&["Basic dTE6cDpxOg"])), Some(("u1".into(), "p:q:".into())));
    }

    #[test]
    fn odd_headers_are_no_credentials() {
        for odd in
            [&["Basic"][..], &["Basic !!"], &["Basic dTE="], &["Bearer dTE6cA=="], &["Basic /zrA"], &[]]
        {
            assert_eq!(basic_credentials(&headers(odd)), None, "{odd:?}");
        }
        assert_eq!(basic_credentials(&headers(&["Basic dTE6cDpxOg==", "Basic dTE6cDpxOg=="])), None);
    }

    #[test]
    fn bearer() {
        assert_eq!(bearer_token(&headers(&["Bearer abc"])), Some("abc"));
        assert_eq!(bearer_token(&headers(&["Bearer "])), None);
        assert_eq!(bearer_token(&headers(&["Basic abc"])), None);
    }
}
