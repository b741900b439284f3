//! Our side of TLS: the pair in use, its first making, and its replacement while we serve.

mod der;
mod generate;
mod pair;
mod pem_file;

pub use generate::{can_name, generate};
pub use pair::PairFiles;

use crate::domain::Timestamp;
use arc_swap::ArcSwap;
use pair::Pair;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsAcceptor;

/// How long before its end a certificate is warned about.
const WARN_BEFORE_END: Duration = Duration::from_secs(30 * 24 * 3600);

/// Why a pair cannot be used; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// Only one of the two files is there.
    #[error("{} is missing while {} is there: restore it, or remove the other to have a new pair made", missing.display(), present.display())]
    Half { missing: PathBuf, present: PathBuf },
    /// Neither file is there.
    #[error("neither {} nor {} is there: install a pair, or have a self-signed one made", cert.display(), key.display())]
    Missing { cert: PathBuf, key: PathBuf },
    /// A file is there that a new pair would replace.
    #[error("{} is there already and was left as it is: add --force to have key and certificate replaced", path.display())]
    Exists { path: PathBuf },
    /// A file cannot be read.
    #[error("{} cannot be read ({source}): let the service's user read it (chgrp ecss-crm, chmod 0640)", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// A file holds no certificate.
    #[error("{} holds no certificate in PEM form: see sslCertFilename", path.display())]
    NoCertificate { path: PathBuf },
    /// A file holds no key.
    #[error("{} holds no private key in PEM form (PKCS#8, PKCS#1 or SEC1): see sslKeyFilename", path.display())]
    NoKey { path: PathBuf },
    /// The key asks for a password.
    #[error("{} is encrypted, and nobody is there to type its password: remove it with `openssl pkey -in FILE -out NEW`", path.display())]
    Encrypted { path: PathBuf },
    /// The certificate is for another key.
    #[error("{} was not issued for the key in {}: install the two files that belong together", cert.display(), key.display())]
    Mismatch { cert: PathBuf, key: PathBuf },
    /// A file is damaged, or of a kind that is not supported.
    #[error("{} cannot be used ({why}): install an RSA or ECDSA pair in PEM form", path.display())]
    Unusable { path: PathBuf, why: String },
    /// The new pair cannot be saved.
    #[error("{} cannot be written ({source}): install a pair there, or let the service's user write to the folder", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    /// A new pair cannot be made.
    #[error("no self-signed certificate can be made ({why}): install a pair")]
    Generate { why: String },
}

/// TLS with a pair that can be replaced. Clones share it.
#[derive(Debug, Clone)]
pub struct Tls {
    files: Arc<PairFiles>,
    current: Arc<Current>,
    config: Arc<ServerConfig>,
    provider: Arc<CryptoProvider>,
    host: Option<CertificateHost>,
}

/// Whom the certificate should be made out to.
#[derive(Debug, Clone)]
struct CertificateHost {
    name: String,
    /// Clients open the gateway's address instead.
    behind_gateway: bool,
}

/// Hands the pair in use to each new handshake.
#[derive(Debug)]
struct Current(ArcSwap<Pair>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load().certified.clone())
    }
}

impl Tls {
    /// Reads the pair. TLS 1.2 and 1.3, HTTP/1.1.
    pub fn load(files: PairFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let current = Arc::new(Current(ArcSwap::from_pointee(Pair::load(&files, &provider)?)));
        let mut config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .expect("the ring provider speaks TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { files: Arc::new(files), current, config: Arc::new(config), provider, host: None })
    }

    /// Reads the pair, or makes a self-signed one if neither file is there; says whether it did.
    pub fn load_or_generate(files: PairFiles, host: &str, now: Timestamp) -> Result<(Self, bool), TlsError> {
        let made = files.present() == (false, false);
        if made {
            generate(&files, host, now, false)?;
        }
        Ok((Self::load(files)?, made))
    }

    /// Has [`Self::doubts`] say if the certificate is not made out to `host`. Behind a gateway only our own has to be,
    /// as the gateway may show its users another.
    pub fn with_host(self, host: &str, behind_gateway: bool) -> Self {
        let host = can_name(host).then(|| CertificateHost { name: host.to_owned(), behind_gateway });
        Self { host, ..self }
    }

    /// Makes a new certificate for our own key if ours ends within 30 days, and takes it up; says whether it did. A
    /// certificate that somebody has installed is never touched.
    pub fn renew_if_own(&self, now: Timestamp) -> Result<bool, TlsError> {
        let pair = self.current.0.load();
        if !pair.is_own || pair.not_after > now + WARN_BEFORE_END {
            return Ok(false);
        }
        let host = self.host.as_ref().map_or("", |host| host.name.as_str());
        generate::renew(&self.files, host, now)?;
        self.reload()?;
        Ok(true)
    }

    /// Takes up the pair that the files hold now, for new connections. On a fault the old pair stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        let pair = Pair::load(&self.files, &self.provider)?;
        self.current.0.store(Arc::new(pair));
        Ok(())
    }

    /// When the certificate in use ends.
    pub fn expires_at(&self) -> Timestamp {
        self.current.0.load().not_after
    }

    /// Whether the certificate in use is made out to `host`.
    pub fn covers(&self, host: &str) -> bool {
        self.current.0.load().covers(host)
    }

    /// What an administrator should be warned about, as sentences.
    pub fn doubts(&self, now: Timestamp) -> Vec<String> {
        let pair = self.current.0.load();
        let (cert, key) = (self.files.cert.display(), self.files.key.display());
        let mut doubts = Vec::new();
        let remedy = if pair.is_own {
            "run ecss-crm-server gen-cert --force and reload the service"
        } else {
            "install a new one and reload the service"
        };
        if pair.not_after <= now {
            doubts.push(format!("the certificate {cert} has expired; {remedy}"));
        } else if pair.not_after <= now + WARN_BEFORE_END {
            let days = pair.not_after.since(now).as_secs() / 86_400;
            doubts.push(format!("the certificate {cert} expires in {days} days; {remedy}"));
        }
        if pair.not_before > now {
            doubts.push(format!("the certificate {cert} is not valid yet; check this machine's clock"));
        }
        if let Some(host) = self.host.as_ref().filter(|host| pair.is_own || !host.behind_gateway)
            && !pair.covers(&host.name)
        {
            let name = &host.name;
            doubts.push(format!("the certificate {cert} is not made out to serverHost {name}; {remedy}"));
        }
        if pair.key_is_exposed {
            doubts.push(format!("everybody on this machine can read the private key {key}; run chmod 0640 on it"));
        }
        doubts
    }

    /// Performs handshakes.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.clone())
    }
}

#[cfg(test)]
mod tests;
