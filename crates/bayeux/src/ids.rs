//! Names for clients, browsers, users, and for what is under way.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

/// The cookie that binds sessions to a browser (S5.1): `Path=/; HttpOnly`, `Secure` on https.
pub const BROWSER_COOKIE: &str = "BAYEUX_BROWSER";

/// Where randomness comes from. Any `FnMut(&mut [u8])` that fills its argument will do.
pub trait Entropy {
    /// Fills the whole slice with bytes that nobody can guess.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Entropy for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// The `clientId` of a session: 32 characters of `[0-9a-v]`, 160 random bits (S2, B08).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId([u8; 32]);

impl ClientId {
    pub(crate) fn random(entropy: &mut dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        // Five bits a character: every byte gives one, without a bias.
        Self(bytes.map(|byte| match byte & 31 {
            digit @ 0..10 => b'0' + digit,
            letter => b'a' + (letter - 10),
        }))
    }

    /// Reads an id that a client sent; `None` if none of ours can look like that.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(|byte| byte.is_ascii_alphanumeric()).then_some(Self(bytes))
    }

    /// The id as clients see it.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ClientId {
    /// Not the id itself: whoever has it and the user's credentials can read along.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientId({}…)", self.as_str().get(..4).unwrap_or_default())
    }
}

/// The value of the cookie [`BROWSER_COOKIE`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BrowserId(Arc<str>);

impl BrowserId {
    /// Reads the cookie; a value that we would not have given counts as none.
    pub fn parse(text: &str) -> Option<Self> {
        let fine = (16..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fine.then(|| Self(text.into()))
    }

    pub(crate) fn random(entropy: &mut dyn Entropy) -> Self {
        Self(ClientId::random(entropy).as_str().into())
    }

    /// The value for the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who somebody is, as the application knows it. Opaque here, but for being the same or not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Identity {
    /// The customer; nothing passes between two of them.
    pub realm: Arc<str>,
    /// The user, by a name that is unique in the realm.
    pub user: Arc<str>,
}

impl Identity {
    /// A user of a realm.
    pub fn new(realm: &str, user: &str) -> Self {
        Self { realm: realm.into(), user: user.into() }
    }
}

/// The other side of a request or socket, after authentication.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Who has authenticated.
    pub identity: Identity,
    /// The cookie [`BROWSER_COOKIE`], if it came.
    pub browser: Option<BrowserId>,
    /// The HTTP session, if there is one: for [`crate::Server::logout`] and [`crate::Server::expire_http_session`].
    pub http_session: Option<Arc<str>>,
    /// HTTP/2 or later, where a browser is not short of connections and the limit of S7 does not apply.
    pub multiplexed: bool,
}

impl Peer {
    /// Somebody without cookies over HTTP/1.1.
    pub fn new(identity: Identity) -> Self {
        Self { identity, browser: None, http_session: None, multiplexed: false }
    }
}

/// A session inside the engine. Never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct SessionKey(pub(crate) u64);

/// A map by numbers that the engine gives itself, so that nobody can choose them to collide.
pub(crate) type KeyMap<K, V> = HashMap<K, V, BuildHasherDefault<KeyHasher>>;

/// Spreads consecutive numbers over all bits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A connect that is held: an [`crate::Effect::Answer`] will name it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ticket {
    pub(crate) session: SessionKey,
    pub(crate) serial: u32,
}

/// Asks for a word when bytes have been written: see [`crate::Server::written`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Receipt {
    pub(crate) session: SessionKey,
    pub(crate) serial: u32,
}

/// A web socket.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SocketId(pub(crate) u64);

#[cfg(test)]
mod tests {
    use super::*;

    // covers(bayeux): B08, S2
    #[test]
    fn client_ids_are_32_characters_that_name_160_random_bits() {
        let mut next = 0_u8;
        let mut entropy =
            |bytes: &mut [u8]| bytes.iter_mut().for_each(|byte| (*byte, next) = (next, next + 1));
        let id = ClientId::random(&mut entropy);
        assert_eq!(id.as_str(), "0123456789abcdefghijklmnopqrstuv");
        assert_eq!(ClientId::parse(id.as_str()), Some(id));
        assert_eq!(format!("{id:?}"), "ClientId(0123…)");
        assert_eq!(ClientId::parse("short"), None);
        assert_eq!(ClientId::parse(&"é".repeat(16)), None);
    }

    #[test]
    fn a_cookie_that_we_would_not_give_counts_as_none() {
        assert!(BrowserId::parse("0123456789abcdefghijklmnopqrstuv").is_some());
        for bad in ["", "short", "0123456789abcdef;", &"a".repeat(65)] {
            assert_eq!(BrowserId::parse(bad), None);
        }
    }
}
