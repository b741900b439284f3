//! Where a portal's new tokens and addresses are kept: the store.

use crate::bitrix::{StoreFuture, TokenStore, TokenStoreError, portal_domain};
use crate::domain::{CompanyId, Tokens};
use crate::store::Store;

pub(super) struct CompanyTokenStore {
    pub store: Store,
    pub company: CompanyId,
}

impl TokenStore for CompanyTokenStore {
    fn save<'a>(&'a self, tokens: &'a Tokens) -> StoreFuture<'a> {
        Box::pin(async move {
            self.store.save_tokens(&self.company, tokens).await.map_err(|e| TokenStoreError(e.to_string()))
        })
    }

    fn moved<'a>(&'a self, client_endpoint: &'a str) -> StoreFuture<'a> {
        Box::pin(async move {
            let domain = portal_domain(client_endpoint)
                .ok_or_else(|| TokenStoreError(format!("{client_endpoint} is no address of a portal")))?;
            tracing::warn!(domain, "the portal has been renamed");
            self.store
                .save_endpoint(&self.company, &domain, client_endpoint)
                .await
                .map_err(|e| TokenStoreError(e.to_string()))
        })
    }
}
