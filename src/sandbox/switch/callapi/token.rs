//! The tokens a node gives out: JWTs, known to that node only and only as long as it runs.

use crate::clock::random_bytes;
use crate::domain::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

/// Lifetime in seconds; the real one is unknown.
const LIFETIME: i64 = 24 * 3600;

/// A new token, signed with a key that is kept nowhere: what counts is the node's memory, not the signature.
pub(super) fn mint(client_id: &str, domain: &str, now: Timestamp) -> Minted {
    let issued = now.millis() / 1000;
    let expires = issued + LIFETIME;
    let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({"alg": "HS256", "typ": "JWT"}));
    let nonce = URL_SAFE_NO_PAD.encode(random_bytes::<9>());
    let claims = part(&json!({"sub": client_id, "domain": domain, "jti": nonce, "iat": issued, "exp": expires}));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &random_bytes::<32>());
    let signature = ring::hmac::sign(&key, format!("{header}.{claims}").as_bytes());
    let text = format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature));
    Minted { text, expires: Timestamp(expires * 1000) }
}

/// A token and its end.
pub(super) struct Minted {
    pub(super) text: String,
    pub(super) expires: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_jwt_and_never_the_same_twice() {
        let (one, two) = (mint("crm", "city", Timestamp(5_000)), mint("crm", "city", Timestamp(5_000)));
        assert_ne!(one.text, two.text);
        let parts: Vec<_> = one.text.split('.').collect();
        assert_eq!(parts.len(), 3);
        let claims = URL_SAFE_NO_PAD.decode(parts[1]).expect("base64url");
        let claims: serde_json::Value = serde_json::from_slice(&claims).expect("claims");
        assert_eq!((&claims["sub"], &claims["exp"]), (&json!("crm"), &json!(5 + 24 * 3600)));
        assert_eq!(one.expires, Timestamp((5 + 24 * 3600) * 1000));
    }
}
