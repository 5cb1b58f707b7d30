//! Which pages may open a web socket: browsers send cookies along from any page, so the origin stands for the CSRF token
//! (contract bayeux B21).

use http::{HeaderMap, Uri, header};

/// Whether a request comes from a page of this very server, by its header `Host`, or from no page at all.
pub fn is_same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    let (Ok(origin), Some(host)) = (origin.to_str(), host) else { return false };
    // The scheme is not compared: a proxy in front may have ended TLS.
    authority(origin).is_some_and(|it| it.eq_ignore_ascii_case(strip_port(host)))
}

/// Host and port of an origin, without a port that its scheme implies.
fn authority(origin: &str) -> Option<String> {
    let uri: Uri = origin.parse().ok()?;
    let scheme = uri.scheme_str()?;
    let authority = uri.authority()?.as_str();
    let implied = match scheme {
        "http" | "ws" => ":80",
        "https" | "wss" => ":443",
        _ => return None,
    };
    Some(authority.strip_suffix(implied).unwrap_or(authority).to_owned())
}

fn strip_port(host: &str) -> &str {
    host.strip_suffix(":80").or_else(|| host.strip_suffix(":443")).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn same(origin: Option<&'static str>, host: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        is_same_origin(&headers)
    }

    // covers(bayeux): B21
    #[test]
    fn only_pages_of_this_server_are_of_its_origin() {
        assert!(same(None, "calls.example:8080"));
        assert!(same(Some("http://calls.example:8080"), "calls.example:8080"));
        assert!(same(Some("https://Calls.example"), "calls.EXAMPLE"));
        assert!(same(Some("https://calls.example:443"), "calls.example"));
        for foreign in [
            "null",
            "",
            "file://",
            "http://calls.example:8081",
            "http://calls.example.evil:8080",
            "http://evil/calls.example:8080",
            "http://calls.example:8080@evil",
        ] {
            assert!(!same(Some(foreign), "calls.example:8080"), "{foreign}");
        }
    }
}
