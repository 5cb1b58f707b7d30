//! Addresses of resources: written with our own public prefix, read by their path alone (contract §1.1).

use std::fmt::Display;
use touchline_app::live::board::{CallId, DeviceId};

/// The public prefix, which ends in `/api/v2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix(String);

impl Prefix {
    /// A prefix; slashes at its end do not count.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim_end_matches('/').to_owned())
    }

    /// `<prefix>/<kind>/<id>`. Ids of telephones and groups may hold anything.
    pub(crate) fn uri(&self, kind: &str, id: impl Display) -> String {
        format!("{}{}", self.0, path(kind, id))
    }

    /// A call as its parties see it.
    pub(crate) fn call(&self, id: CallId) -> String {
        format!("{}/me/calls/{id}", self.0)
    }

    /// The telephone that a client names: by an absolute address, a path with the prefix, or one without (OC-02).
    pub(crate) fn device(&self, uri: &str) -> Option<DeviceId> {
        self.named(uri, &["/devices/", "/me/devices/"]).map(DeviceId)
    }

    /// The call that a client names, in the same ways.
    pub(crate) fn read_call(&self, uri: &str) -> Option<CallId> {
        self.named(uri, &["/calls/", "/me/calls/"])?.parse().ok()
    }

    /// The last segment of an address below one of these.
    fn named(&self, uri: &str, below: &[&str]) -> Option<String> {
        let path = path_of(uri);
        let own = path_of(&self.0);
        let rest = [own, "/api/v2", ""].iter().find_map(|prefix| {
            let rest = path.strip_prefix(prefix)?;
            below.iter().find_map(|it| rest.strip_prefix(it))
        })?;
        let id = rest.trim_end_matches('/');
        if id.is_empty() || id.contains('/') {
            return None;
        }
        let decoded = percent_encoding::percent_decode_str(id).decode_utf8().ok()?;
        Some(decoded.into_owned())
    }
}

/// `/<kind>/<id>` (OC-01).
pub(crate) fn path(kind: &str, id: impl Display) -> String {
    const PLAIN: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@');
    let id = id.to_string();
    format!("/{kind}/{}", percent_encoding::utf8_percent_encode(&id, PLAIN))
}

/// The path of an address, without scheme, authority, query and fragment.
fn path_of(uri: &str) -> &str {
    let rest = match uri.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(""),
        None => uri,
    };
    rest.split(['?', '#']).next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(genesys): OC-01, OC-02, S1.1
    #[test]
    fn addresses_are_read_by_their_path_whatever_host_they_name() {
        let prefix = Prefix::new("https://calls.example/gws/api/v2/");
        let id = "9c14cad7-17c4-48d0-8492-7cf0ff92c224";
        for text in [
            format!("http://localhost:8080/api/v2/devices/{id}"),
            format!("https://calls.example/gws/api/v2/devices/{id}/"),
            format!("/api/v2/devices/{id}"),
            format!("/gws/api/v2/devices/{id}?x=1"),
            format!("/devices/{id}"),
        ] {
            assert_eq!(prefix.device(&text), Some(DeviceId(id.to_owned())), "{text}");
        }
        for text in [
            "",
            "devices",
            "/devices/",
            "/devices/a/b",
            "/users/x",
            "http://h",
            "/x/devices/1",
            "/devices/%ff",
        ] {
            assert_eq!(prefix.device(text), None, "{text}");
        }
        assert_eq!(prefix.uri("devices", "a b/c"), "https://calls.example/gws/api/v2/devices/a%20b%2Fc");
        assert_eq!(prefix.device(&prefix.uri("devices", "a b/c")), Some("a b/c".into()));
        let call = CallId(0xAB);
        assert_eq!(prefix.read_call(&prefix.call(call)), Some(call));
        assert_eq!(prefix.read_call(&path("calls", call)), Some(call));
        assert_eq!(prefix.read_call("/calls/7"), None);
    }
}
