//! Keys and signatures (Standard Webhooks 1.0.0, "Signature scheme": symmetric, `v1`).

use crate::Entropy;
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use touchline_model::Timestamp;
use touchline_store::WebhookSecret;

const PREFIX: &str = "whsec_";

/// A key of 256 random bits, as it is shown: `whsec_` and base64. (At least 192 are asked for, 512 at most.)
pub fn new_key(entropy: &dyn Entropy) -> String {
    let mut random = [0; 32];
    entropy.fill(&mut random);
    format!("{PREFIX}{}", STANDARD.encode(random))
}

/// The header `webhook-signature`: one signature for each key that is still good, the newest first.
pub fn signatures(keys: &[WebhookSecret], now: Timestamp, id: &str, timestamp: i64, body: &str) -> String {
    let good = keys.iter().filter(|key| key.until.is_none_or(|until| now < until));
    let signed: Vec<String> = good.filter_map(|key| signature(&key.secret, id, timestamp, body)).collect();
    signed.join(" ")
}

/// `None` when the key is none: only damage does that, and the receiver will refuse what is not signed.
fn signature(key: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(key.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str, until: Option<Timestamp>) -> WebhookSecret {
        WebhookSecret { secret: secret.to_owned(), until }
    }

    // The example of the verifier libraries' own tests.
    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn a_signature_is_the_one_that_verifiers_expect() {
        let now = Timestamp::default();
        let signed = signatures(
            &[key(KEY, None)],
            now,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, SIGNED);
    }

    #[test]
    fn while_a_key_is_replaced_both_sign() {
        let now: Timestamp = "2026-03-01T09:30:00Z".parse().unwrap();
        let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let keys = [key(other, None), key(KEY, Some(now.plus_secs(60)))];
        let at = |now| {
            signatures(&keys, now, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#)
        };
        let both = at(now);
        let (new, old) = both.split_once(' ').unwrap();
        assert_eq!(old, SIGNED);
        assert!(new.starts_with("v1,") && new != old);
        assert_eq!(at(now.plus_secs(60)), new, "the old key's time is over");
    }
}
