//! The one proof that an event comes from the portal: its `application_token`.

use crate::clock::random_bytes;
use ring::hmac;
use secrecy::{ExposeSecret as _, SecretString};

/// Whether the token shown is the one we know, without telling by the time taken how much of it was right.
pub fn authentic(known: &SecretString, shown: Option<&SecretString>) -> bool {
    let Some(shown) = shown else { return false };
    if known.expose_secret().is_empty() {
        return false;
    }
    // Comparing keyed digests hides length and content alike.
    let key = hmac::Key::new(hmac::HMAC_SHA256, &random_bytes::<32>());
    let tag = hmac::sign(&key, known.expose_secret().as_bytes());
    hmac::verify(&key, shown.expose_secret().as_bytes(), tag.as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_token_is_accepted() {
        let token = |t: &str| SecretString::from(t.to_owned());
        assert!(authentic(&token("abc"), Some(&token("abc"))));
        for wrong in ["", "ab", "abcd", "abd", "ABC"] {
            assert!(!authentic(&token("abc"), Some(&token(wrong))), "{wrong}");
        }
        assert!(!authentic(&token("abc"), None));
        assert!(!authentic(&token(""), Some(&token(""))), "an unknown token proves nothing");
    }
}
