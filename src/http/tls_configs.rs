//! One TLS configuration for all connections that trust alike. Each holds room for sessions to resume, seventeen kilobytes
//! of it, and what one connection has learnt there saves the next one most of its handshake.

use super::{TrustError, Trusted, tls_config};
use crate::domain::company::Trust;
use rustls::ClientConfig;
use rustls::client::Resumption;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Sessions kept by a configuration that few connections use: those of two hosts.
const FEW_SESSIONS: usize = 16;

/// The TLS configurations of connections to switches.
#[derive(Debug)]
pub struct TlsConfigs {
    trusted: Trusted,
    /// For nearly all companies.
    system: Arc<ClientConfig>,
    /// What single companies have chosen, as long as one of their connections needs it.
    chosen: Mutex<HashMap<Trust, Weak<ClientConfig>>>,
}

impl TlsConfigs {
    /// Over the CAs of the installation.
    pub fn new(trusted: Trusted) -> Result<Self, TrustError> {
        let system = tls_config(&trusted, &Trust::System)?;
        Ok(Self { trusted, system, chosen: Mutex::default() })
    }

    /// The configuration for one kind of trust.
    pub fn of(&self, trust: &Trust) -> Result<Arc<ClientConfig>, TrustError> {
        if *trust == Trust::System {
            return Ok(self.system.clone());
        }
        let mut chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = chosen.get(trust).and_then(Weak::upgrade) {
            return Ok(config);
        }
        let mut config = tls_config(&self.trusted, trust)?;
        Arc::make_mut(&mut config).resumption = Resumption::in_memory_sessions(FEW_SESSIONS);
        chosen.retain(|_, config| config.strong_count() > 0);
        chosen.insert(trust.clone(), Arc::downgrade(&config));
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_trust_alike_share_a_configuration_and_others_do_not() {
        let configs = TlsConfigs::new(Trusted::load(None).expect("CAs")).expect("TLS");
        let of = |trust: &Trust| configs.of(trust).expect("a configuration");
        let pinned = |sha256: &str| Trust::Pinned { sha256: sha256.to_owned() };
        assert!(Arc::ptr_eq(&of(&Trust::System), &of(&Trust::System)));
        let (one, other) = (of(&pinned("ab")), of(&pinned("cd")));
        assert!(Arc::ptr_eq(&one, &of(&pinned("ab"))));
        assert!(!Arc::ptr_eq(&one, &other), "each accepts its own certificate only");
        assert!(!Arc::ptr_eq(&one, &of(&Trust::Off { since: None })));
    }

    #[test]
    fn what_no_connection_needs_any_more_is_forgotten() {
        let configs = TlsConfigs::new(Trusted::load(None).expect("CAs")).expect("TLS");
        for number in 0..10 {
            drop(configs.of(&Trust::Pinned { sha256: number.to_string() }));
        }
        assert_eq!(configs.chosen.lock().expect("not poisoned").len(), 1, "only the last one is still named");
    }
}
