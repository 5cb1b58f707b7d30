//! Randomness, passed in so that tests can be repeated.

use touchline_model::Timestamp;

/// A source of randomness.
pub trait Entropy: Send + Sync {
    /// Fills `to` with random bytes that nobody can guess.
    fn fill(&self, to: &mut [u8]);
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, to: &mut [u8]) {
        rand::fill(to);
    }
}

/// A new UUIDv7: sorts by time of making.
pub(crate) fn new_id(entropy: &dyn Entropy, now: Timestamp) -> String {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(now.micros() / 1_000).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid().to_string()
}

/// A secret of 192 random bits, as 32 URL-safe characters.
pub(crate) fn new_secret(entropy: &dyn Entropy) -> String {
    use base64::Engine;
    let mut random = [0; 24];
    entropy.fill(&mut random);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(random)
}
