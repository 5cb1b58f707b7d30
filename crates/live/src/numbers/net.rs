//! Networks of addresses.

use std::net::IpAddr;

/// Reads `192.0.2.0/28`, or one address. A network that holds everybody is none: it would let everybody in.
pub fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) =
        text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(most), |prefix| prefix.parse().ok())?;
    (1..=most).contains(&prefix).then_some((address, prefix))
}

/// Is the address in that network? Mapped IPv4 counts as IPv4.
pub fn holds(network: IpAddr, prefix: u8, address: IpAddr) -> bool {
    let same_bits = match (network.to_canonical(), address.to_canonical()) {
        (IpAddr::V4(network), IpAddr::V4(address)) => (network.to_bits() ^ address.to_bits()).leading_zeros(),
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits() ^ address.to_bits()).leading_zeros(),
        _ => return false,
    };
    let bits = if network.to_canonical().is_ipv4() { 32 } else { 128 };
    same_bits >= u32::from(prefix).min(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_like_it() {
        let holds = |network: &str, prefix, address: &str| {
            holds(network.parse().unwrap(), prefix, address.parse().unwrap())
        };
        for (network, prefix, address, wanted) in [
            ("192.0.2.0", 28, "192.0.2.15", true),
            ("192.0.2.0", 28, "192.0.2.16", false),
            ("192.0.2.1", 32, "::ffff:192.0.2.1", true),
            ("2001:db8::", 32, "2001:db8:ffff::1", true),
            ("2001:db8::", 128, "2001:db8::1", false),
            ("192.0.2.0", 1, "2001:db8::1", false),
        ] {
            assert_eq!(holds(network, prefix, address), wanted, "{network}/{prefix} {address}");
        }
    }
}
