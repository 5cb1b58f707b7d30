//! Session keys, and what is done with them.

use super::Master;
use aes::Aes128;
use ctr::{
    Ctr128BE,
    cipher::{KeyIvInit, StreamCipher},
};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

const SALT: usize = 14;
/// Bytes of an authentication key.
const AUTHENTICATION: usize = 20;

/// What the labels of the first of three keys are (RFC 3711, section 4.3.1 and 4.3.2).
#[derive(Clone, Copy)]
pub(super) enum Use {
    Sound = 0,
    Reports = 3,
}

/// The three session keys of one kind of packet.
#[derive(Clone)]
pub(super) struct Session {
    cipher: [u8; 16],
    salt: [u8; SALT],
    authentication: Hmac<Sha1>,
}

impl Session {
    /// Derives the keys once: the rate of later derivations is zero, as `a=crypto` has it if it does not say otherwise.
    pub(super) fn new(master: &Master, of: Use) -> Self {
        let (mut cipher, mut authentication, mut salt) = ([0; 16], [0; AUTHENTICATION], [0; SALT]);
        let label = of as u8;
        derive(master, label, &mut cipher);
        derive(master, label + 1, &mut authentication);
        derive(master, label + 2, &mut salt);
        Self { cipher, salt, authentication: keyed(&authentication) }
    }

    /// Encrypts or decrypts the payload of packet `index` (section 4.1.1).
    pub(super) fn apply(&self, ssrc: u32, index: u64, payload: &mut [u8]) {
        let mut start = [0; 16];
        start[..SALT].copy_from_slice(&self.salt);
        for (byte, mask) in start[4..8].iter_mut().zip(ssrc.to_be_bytes()) {
            *byte ^= mask;
        }
        for (byte, mask) in start[8..14].iter_mut().zip(&index.to_be_bytes()[2..]) {
            *byte ^= mask;
        }
        stream(&self.cipher, start, payload);
    }

    /// The tag of some bytes and what is thought behind them (section 4.2).
    pub(super) fn tag(&self, bytes: &[u8], behind: &[u8]) -> [u8; 20] {
        let mut mac = self.authentication.clone();
        mac.update(bytes);
        mac.update(behind);
        mac.finalize().into_bytes().into()
    }

    /// Whether a tag, which may be shortened, is right; in constant time.
    pub(super) fn is_right(&self, bytes: &[u8], behind: &[u8], tag: &[u8]) -> bool {
        let right = self.tag(bytes, behind);
        right.get(..tag.len()).is_some_and(|right| right.ct_eq(tag).into())
    }
}

fn keyed(key: &[u8; AUTHENTICATION]) -> Hmac<Sha1> {
    // A key that is shorter than a block of the hash is filled up with zeros (RFC 2104): that cannot fail.
    let mut block = [0; 64];
    block[..AUTHENTICATION].copy_from_slice(key);
    Hmac::new(&block.into())
}

fn derive(Master(master): &Master, label: u8, out: &mut [u8]) {
    let (mut key, mut start) = ([0; 16], [0; 16]);
    let (first, second) = master.split_at(16);
    key.copy_from_slice(first);
    start[..SALT].copy_from_slice(second);
    start[7] ^= label;
    out.fill(0);
    stream(&key, start, out);
}

fn stream(key: &[u8; 16], start: [u8; 16], bytes: &mut [u8]) {
    Ctr128BE::<Aes128>::new(key.into(), &start.into()).apply_keystream(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn the_key_stream_is_that_of_rfc_3711_appendix_b2() {
        let key: [u8; 16] = hex("2B7E151628AED2A6ABF7158809CF4F3C").try_into().unwrap();
        let start: [u8; 16] = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000").try_into().unwrap();
        let mut bytes = vec![0; 0xFF02 * 16];
        stream(&key, start, &mut bytes);
        assert_eq!(
            bytes[..48],
            hex(
                "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0"
            )
        );
        assert_eq!(bytes[0xFEFF * 16..0xFF00 * 16], hex("EC8CDF7398607CB0F2D21675EA9EA1E4"));
        assert_eq!(bytes[0xFF01 * 16..], hex("6A2CC3787889374FBEB4C81B17BA6C44"));
    }

    #[test]
    fn session_keys_are_those_of_rfc_3711_appendix_b3() {
        let master =
            Master(hex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6").try_into().unwrap());
        let mut cipher = [0; 16];
        derive(&master, 0, &mut cipher);
        assert_eq!(cipher.as_slice(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
        let mut authentication = [0; 94];
        derive(&master, 1, &mut authentication);
        assert_eq!(
            authentication[..32],
            hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE")
        );
        let mut salt = [0; SALT];
        derive(&master, 2, &mut salt);
        assert_eq!(salt.as_slice(), hex("30CBBC08863D8C85D49DB34A9AE1"));
    }
}
