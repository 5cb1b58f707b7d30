//! Which addresses may be called. A tenant's administrator chooses the address, but the server calls it, from inside the
//! operator's network: without these rules a webhook could look at what only the server may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// Longest URL that is kept, in bytes.
const MAX_URL: usize = 2_000;

/// Why a URL cannot be an address for events; `None` when it can. Names are looked up at every call, not here.
pub fn refusal(text: &str, allow_private: bool) -> Option<&'static str> {
    if text.len() > MAX_URL {
        return Some("is longer than 2000 bytes");
    }
    let Ok(url) = Url::parse(text) else { return Some("is no URL") };
    match url.scheme() {
        "https" => {}
        "http" if allow_private => {}
        "http" => {
            return Some(
                "must begin with `https://`: plain HTTP is called only with the setting `webhooks.allow_private`",
            );
        }
        _ => return Some("must begin with `https://` or `http://`"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("must hold no user name or password: it is shown in lists, and events are signed");
    }
    if url.fragment().is_some() {
        return Some("must hold no fragment (`#...`): it is never sent");
    }
    let public = match url.host() {
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        Some(Host::Domain(name)) => {
            !matches!(name.trim_end_matches('.').rsplit('.').next(), Some("localhost"))
        }
        None => return Some("names no host"),
    };
    if public || allow_private {
        None
    } else {
        Some(
            "names a private address, which this server calls only with the setting `webhooks.allow_private`",
        )
    }
}

/// Whether an address belongs to the public internet, by the IANA registries of special-purpose addresses.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

/// Networks that are not the public internet.
const SPECIAL_V4: [([u8; 4], u32); 16] = [
    ([0, 0, 0, 0], 8),       // this network
    ([10, 0, 0, 0], 8),      // private
    ([100, 64, 0, 0], 10),   // shared by carriers (CGNAT)
    ([127, 0, 0, 0], 8),     // loopback
    ([169, 254, 0, 0], 16),  // link-local; clouds answer for their machines here
    ([172, 16, 0, 0], 12),   // private
    ([192, 0, 0, 0], 24),    // protocol assignments
    ([192, 0, 2, 0], 24),    // documentation
    ([192, 31, 196, 0], 24), // AS112
    ([192, 52, 193, 0], 24), // AMT
    ([192, 88, 99, 0], 24),  // 6to4 relays
    ([192, 168, 0, 0], 16),  // private
    ([198, 18, 0, 0], 15),   // benchmarks
    ([198, 51, 100, 0], 24), // documentation
    ([203, 0, 113, 0], 24),  // documentation
    ([224, 0, 0, 0], 3),     // multicast, reserved, broadcast
];

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let bits = u32::from(ip);
    !SPECIAL_V4.iter().any(|(net, length)| (bits ^ u32::from(Ipv4Addr::from(*net))) >> (32 - length) == 0)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let inside = |g: u16, h: u16| {
        let ([a, b], [c, d]) = (g.to_be_bytes(), h.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        // IPv4 in IPv6: mapped, and behind the translator of an IPv6-only network (RFC 6052).
        (0, 0) => (c, d, e, f) == (0, 0, 0, 0xffff) && inside(g, h),
        (0x64, 0xff9b) => (c, d, e, f) == (0, 0, 0, 0) && inside(g, h),
        // Protocol assignments (Teredo among them), documentation; 6to4 can name any IPv4 network.
        (0x2001, b) if b < 0x200 || b == 0xdb8 => false,
        (0x2002, _) | (0x3fff, 0..0x1000) => false,
        // Global unicast. All else is local, multicast or not given out.
        (a, _) => a >> 13 == 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_called() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:200::1",
            "2a00::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1.1.1.1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn a_url_is_refused_with_a_reason() {
        assert_eq!(refusal("https://example.com/hook?a=1", false), None);
        assert_eq!(refusal("https://8.8.8.8:8443/", false), None);
        for (url, reason) in [
            ("example.com", "is no URL"),
            ("http://example.com/", "must begin with `https://`: plain HTTP is called only with the setting"),
            ("ftp://example.com/", "must begin with `https://` or `http://`"),
            ("file:///etc/passwd", "must begin with `https://` or `http://`"),
            ("https://user@example.com/", "must hold no user name"),
            ("https://:hush@example.com/", "must hold no user name"),
            ("https://example.com/#a", "must hold no fragment"),
            ("https://127.0.0.1/", "names a private address"),
            ("https://0x7f.1/", "names a private address"),
            ("https://2130706433/", "names a private address"),
            ("https://[::1]/", "names a private address"),
            ("https://[::ffff:10.0.0.1]/", "names a private address"),
            ("https://localhost/", "names a private address"),
            ("https://a.localhost./", "names a private address"),
        ] {
            assert!(
                refusal(url, false).is_some_and(|it| it.starts_with(reason)),
                "{url}: {:?}",
                refusal(url, false)
            );
        }
        assert_eq!(refusal("http://127.0.0.1:9/", true), None);
        assert_eq!(refusal("gopher://127.0.0.1/", true), Some("must begin with `https://` or `http://`"));
        assert_eq!(
            refusal(&format!("https://example.com/{}", "a".repeat(2_000)), true),
            Some("is longer than 2000 bytes")
        );
    }
}
