//! Authorization and Proxy-Authorization (RFC 3261 §25.1, RFC 7616 §3.4).

use super::Algorithm;
use crate::fields::is_token;

/// Longer values are not even read.
const LONGEST: usize = 4_096;

/// The credentials do not follow the grammar, or lack a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCredentials {
    /// Not `name=value` parts with commas, a name twice, or too long.
    #[error("the credentials are malformed")]
    Malformed,
    /// A part that is needed is not there.
    #[error("the credentials lack `{0}`")]
    Missing(&'static str),
    /// A part has a value that is not allowed or was not offered.
    #[error("the credentials have a wrong `{0}`")]
    Wrong(&'static str),
}

/// What a phone sent to prove that it knows a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Whose password.
    pub username: String,
    /// For which realm.
    pub realm: String,
    /// The hash function.
    pub algorithm: Algorithm,
    pub(super) nonce: String,
    pub(super) uri: String,
    pub(super) response: String,
    /// `nc` as sent: exactly eight hexadecimal digits.
    nc: String,
    pub(super) count: u32,
    cnonce: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the response: offline, it gives a weak password away.
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads a header value; `None` if it is of another scheme than Digest.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(value: &str) -> Result<Option<Self>, BadCredentials> {
        let value = value.trim();
        let (scheme, rest) = value.split_once([' ', '\t']).unwrap_or((value, ""));
        if !scheme.eq_ignore_ascii_case("Digest") {
            return Ok(None);
        }
        if value.len() > LONGEST {
            return Err(BadCredentials::Malformed);
        }
        let parts = parts(rest)?;
        let find = |name: &str| {
            parts.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
        };
        let get = |name: &'static str| find(name).ok_or(BadCredentials::Missing(name));
        let algorithm = match find("algorithm") {
            None => Algorithm::Md5,
            Some(name) => Algorithm::named(name).ok_or(BadCredentials::Wrong("algorithm"))?,
        };
        // Offered alone in every challenge, and without it nothing keeps a request from being sent a second time.
        if !get("qop")?.eq_ignore_ascii_case("auth") {
            return Err(BadCredentials::Wrong("qop"));
        }
        let nc = get("nc")?;
        let count = match u32::from_str_radix(nc, 16) {
            Ok(count) if count > 0 && nc.len() == 8 && !nc.starts_with('+') => count,
            _ => return Err(BadCredentials::Wrong("nc")),
        };
        Ok(Some(Self {
            username: unescaped(get("username")?),
            realm: unescaped(get("realm")?),
            algorithm,
            nonce: get("nonce")?.to_owned(),
            uri: get("uri")?.to_owned(),
            response: get("response")?.to_ascii_lowercase(),
            nc: nc.to_owned(),
            count,
            cnonce: get("cnonce")?.to_owned(),
        }))
    }

    /// The response that somebody with that HA1 would have sent (RFC 7616 §3.4.1).
    pub(super) fn expected(&self, ha1: &str, method: &str) -> String {
        let ha2 = self.algorithm.hash(&[method, &self.uri]);
        self.algorithm.hash(&[ha1, &self.nonce, &self.nc, &self.cnonce, "auth", &ha2])
    }
}

/// `name=token` and `name="text"` parts; quoted text comes without its quotes and with its escapes.
pub(super) fn parts(mut rest: &str) -> Result<Vec<(&str, &str)>, BadCredentials> {
    const BAD: BadCredentials = BadCredentials::Malformed;
    let mut parts: Vec<(&str, &str)> = Vec::new();
    loop {
        let (name, after) = rest.split_once('=').ok_or(BAD)?;
        let (name, after) = (name.trim(), after.trim_start());
        let (value, after) = match after.strip_prefix('"') {
            Some(inner) => {
                let mut escaped = false;
                let end = inner.bytes().position(|byte| {
                    let ends = byte == b'"' && !escaped;
                    escaped = byte == b'\\' && !escaped;
                    ends
                });
                let (value, after) = end.and_then(|end| inner.split_at_checked(end)).ok_or(BAD)?;
                (value, after.strip_prefix('"').ok_or(BAD)?)
            }
            None => {
                let (value, after) = after.split_at(after.find(',').unwrap_or(after.len()));
                let value = value.trim();
                // Quotes are missing in the wild around addresses and base64, which are no tokens.
                if value.is_empty() || value.contains(['"', ' ', '\t']) {
                    return Err(BAD);
                }
                (value, after)
            }
        };
        if !is_token(name) || parts.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Err(BAD);
        }
        parts.push((name, value));
        rest = match after.trim_start().strip_prefix(',') {
            Some(rest) => rest,
            None if after.trim().is_empty() => return Ok(parts),
            None => return Err(BAD),
        };
    }
}

/// Takes the backslashes of quoted pairs away.
fn unescaped(text: &str) -> String {
    let mut escaped = false;
    let keep = |letter: &char| {
        let keep = *letter != '\\' || escaped;
        escaped = *letter == '\\' && !escaped;
        keep
    };
    text.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Ha1;

    #[test]
    fn the_example_of_rfc_7616_gets_the_responses_that_it_prints() {
        // RFC 7616 §3.9.1
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let header = format!(
                "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", algorithm={algorithm}, \
                 nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
                 cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, response=\"{response}\", \
                 opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            );
            let credentials = Credentials::read(&header).unwrap().unwrap();
            let stored = Ha1::new("Mufasa", "http-auth@example.org", "Circle of Life");
            let ha1 = stored.of(credentials.algorithm);
            assert_eq!(credentials.expected(ha1, "GET"), credentials.response);
        }
    }
}
