//! Names of what a board knows.

use std::fmt;

/// A telephone; the id that the configuration gives it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(pub String);

impl From<&str> for DeviceId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A call: 128 random bits, the same for everybody on it (contract genesys-voice §5.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u128);

impl fmt::Display for CallId {
    /// 32 digits and upper-case letters: how clients know it, and the id of its contact (OC-44).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032X}", self.0)
    }
}

impl std::str::FromStr for CallId {
    type Err = ();
    /// Reads what [`fmt::Display`] writes, and nothing else.
    fn from_str(text: &str) -> Result<Self, ()> {
        let ours = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
        let fits = text.len() == 32 && text.bytes().all(ours);
        fits.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten().ok_or(())
    }
}

/// A connection to a telephone, numbered by the board in order of their beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_by_32_digits_and_letters() {
        let call = CallId(0xAB);
        assert_eq!(call.to_string(), format!("{}AB", "0".repeat(30)));
        assert_eq!(call.to_string().parse(), Ok(call));
        for text in
            ["", "AB", &"a".repeat(32), &"G".repeat(32), &"0".repeat(33), &format!("+{}", "0".repeat(31))]
        {
            assert_eq!(text.parse::<CallId>(), Err(()), "{text}");
        }
    }
}
