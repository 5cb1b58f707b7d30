//! The other side of the digest: this server as a trunk's customer (RFC 3261 §22.2, RFC 7616 §3.4).

use super::{Algorithm, header::parts};

/// A challenge of WWW-Authenticate or Proxy-Authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Option<Algorithm>,
    auth: bool,
    /// The server knows the password to be right, its nonce is only too old.
    pub stale: bool,
}

impl Challenge {
    /// Reads a header value; `None` for another scheme, an algorithm that we do not speak, or nonsense.
    pub fn read(value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once([' ', '\t'])?;
        if !scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let parts = parts(rest).ok()?;
        let find = |name: &str| {
            parts.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
        };
        let algorithm = match find("algorithm") {
            None => None,
            Some(name) => Some(Algorithm::named(name)?),
        };
        let offers = find("qop").map(|qop| qop.split(',').any(|it| it.trim().eq_ignore_ascii_case("auth")));
        if offers == Some(false) {
            return None;
        }
        Some(Self {
            realm: find("realm")?.to_owned(),
            nonce: find("nonce")?.to_owned(),
            opaque: find("opaque").map(str::to_owned),
            algorithm,
            auth: offers.is_some(),
            stale: find("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// The value of Authorization or Proxy-Authorization. Each request takes a new challenge, so the count is always 1;
    /// `cnonce` is fresh and random.
    pub fn answer(&self, username: &str, password: &str, method: &str, uri: &str, cnonce: &str) -> String {
        let algorithm = self.algorithm.unwrap_or(Algorithm::Md5);
        // Realm and nonce are taken as they stand between their quotes, on the wire and in the hash.
        let ha1 = algorithm.hash(&[username, &self.realm, password]);
        let ha2 = algorithm.hash(&[method, uri]);
        let response = if self.auth {
            algorithm.hash(&[&ha1, &self.nonce, "00000001", cnonce, "auth", &ha2])
        } else {
            algorithm.hash(&[&ha1, &self.nonce, &ha2])
        };
        let mut value = format!(
            "Digest username=\"{}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{response}\"",
            username.replace('\\', "\\\\").replace('"', "\\\""),
            self.realm,
            self.nonce,
        );
        if let Some(algorithm) = self.algorithm {
            value.push_str(&format!(", algorithm={algorithm}"));
        }
        if self.auth {
            value.push_str(&format!(", qop=auth, nc=00000001, cnonce=\"{cnonce}\""));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque=\"{opaque}\""));
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Credentials;

    #[test]
    fn the_example_of_rfc_7616_is_answered_as_it_prints() {
        let offered = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, \
                       nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                       opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let challenge = Challenge::read(offered).unwrap();
        let answer = challenge.answer("Mufasa", "Circle of Life", "GET", "/dir/index.html", cnonce);
        assert!(
            answer.contains("753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            "{answer}"
        );
        assert!(Credentials::read(&answer).unwrap().is_some());
    }

    #[test]
    fn an_old_challenge_without_qop_is_answered_in_the_old_way() {
        // RFC 2617 §3.5 without its qop: MD5(HA1:nonce:HA2).
        let challenge = Challenge::read("digest realm=\"r\", nonce=\"n\", stale=TRUE").unwrap();
        assert!(challenge.stale);
        let ha1 = Algorithm::Md5.hash(&["u", "r", "p"]);
        let ha2 = Algorithm::Md5.hash(&["REGISTER", "sip:r"]);
        let wanted = Algorithm::Md5.hash(&[&ha1, "n", &ha2]);
        let answer = challenge.answer("u", "p", "REGISTER", "sip:r", "c");
        assert!(answer.contains(&wanted) && !answer.contains("cnonce"), "{answer}");
    }

    #[test]
    fn what_we_do_not_speak_is_no_challenge() {
        for value in [
            "Basic realm=\"r\"",
            "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256",
            "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
            "Digest realm=\"r",
        ] {
            assert_eq!(Challenge::read(value), None, "{value}");
        }
    }
}
