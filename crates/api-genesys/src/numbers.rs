//! Telephone numbers as participants show them (OC-49).

/// Country codes of one and two digits (ITU-T E.164); all others have three.
fn country_digits(number: &str) -> usize {
    const TWO: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
        "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
        "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    match number.get(..2) {
        Some(start) if start.starts_with(['1', '7']) => 1,
        Some(start) if TWO.contains(&start) => 2,
        _ => 3,
    }
}

/// Whether a number is an international one: `+` and 7 to 15 digits.
pub(crate) fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// `+44 2079460100`: the country code apart. Others stay as they are.
pub(crate) fn formatted(number: &str) -> String {
    match number.strip_prefix('+').filter(|_| is_e164(number)) {
        Some(digits) => {
            let (country, rest) = digits.split_at(country_digits(digits));
            format!("+{country} {rest}")
        }
        None => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers(genesys): OC-49
    #[test]
    fn international_numbers_show_their_country_and_internal_ones_stay() {
        assert_eq!(formatted("+442079460100"), "+44 2079460100");
        assert_eq!(formatted("+12025550123"), "+1 2025550123");
        assert_eq!(formatted("+35312345678"), "+353 12345678");
        assert_eq!(formatted("5001"), "5001");
        assert_eq!(formatted("+12"), "+12");
        assert!(!is_e164("+44x079460100") && !is_e164("442079460100") && is_e164("+442079460100"));
    }
}
