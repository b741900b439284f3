//! Where new tokens and addresses are kept; implemented by the owner of the database.

use crate::domain::Tokens;
use std::future::Future;
use std::pin::Pin;

/// What a token store promises.
pub type StoreFuture<'a> = Pin<Box<dyn Future<Output = Result<(), TokenStoreError>> + Send + 'a>>;

/// Durable memory of one company's grant.
pub trait TokenStore: Send + Sync {
    /// Done means: survives a power cut. New tokens are not used before.
    fn save<'a>(&'a self, tokens: &'a Tokens) -> StoreFuture<'a>;

    /// The portal was renamed; this is its new REST base, with a slash at its end.
    fn moved<'a>(&'a self, client_endpoint: &'a str) -> StoreFuture<'a>;
}

/// It could not be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenStoreError(pub String);
