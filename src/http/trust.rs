//! Whom outgoing TLS trusts: system CAs, the installation's extra CAs, one pinned certificate, or anybody.

use crate::domain::company::Trust;
use crate::domain::link::Distrust;
use crate::regular_file;
use ring::digest;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a set of trusted certificates could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file of extra CAs cannot be read or holds something else.
    #[error("{}: {problem}", path.display())]
    File {
        /// The configured file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// CA certificates typed in by an admin are not PEM certificates.
    #[error("the CA certificates cannot be read: {0}")]
    Pem(String),
    /// Neither the system nor the configuration names a CA.
    #[error("no CA certificate is trusted: install ca-certificates or set ca_file")]
    Empty,
}

/// The longest file of CAs, in bytes; those of a whole system have about 230 KiB.
const LONGEST_CA_FILE: u64 = 4 * 1024 * 1024;

/// The CAs trusted for all outgoing TLS: the system's and the installation's own.
#[derive(Debug, Clone)]
pub struct Trusted {
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl Trusted {
    /// Reads the system's CAs and `ca_file` (PEM). A system without CAs is an error only if there is no
    /// `ca_file` either.
    pub fn load(ca_file: Option<&Path>) -> Result<Self, TrustError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = ca_file {
            let fault = |problem: String| TrustError::File { path: path.to_owned(), problem };
            let pem = regular_file::read(path, LONGEST_CA_FILE).map_err(|e| fault(e.to_string()))?;
            add_pem(&mut roots, &pem).map_err(fault)?;
        }
        if roots.is_empty() {
            return Err(TrustError::Empty);
        }
        Ok(Self { roots: Arc::new(roots), provider: Arc::new(rustls::crypto::ring::default_provider()) })
    }
}

fn add_pem(roots: &mut RootCertStore, pem: &[u8]) -> Result<(), String> {
    let mut found = 0;
    for cert in CertificateDer::pem_slice_iter(pem) {
        roots.add(cert.map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
        found += 1;
    }
    if found == 0 { Err("no PEM certificate found".into()) } else { Ok(()) }
}

/// The TLS client configuration for one kind of trust.
pub fn tls_config(trusted: &Trusted, trust: &Trust) -> Result<Arc<ClientConfig>, TrustError> {
    let provider = trusted.provider.clone();
    let roots = match trust {
        Trust::Ca { pem } => {
            let mut roots = (*trusted.roots).clone();
            add_pem(&mut roots, pem.as_bytes()).map_err(TrustError::Pem)?;
            Arc::new(roots)
        }
        Trust::System | Trust::Pinned { .. } | Trust::Off { .. } => trusted.roots.clone(),
    };
    let rule = match trust {
        Trust::System | Trust::Ca { .. } => Rule::Authorities(
            WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
                .build()
                .map_err(|e| TrustError::Pem(e.to_string()))?,
        ),
        Trust::Pinned { sha256 } => Rule::Pinned(sha256.to_ascii_lowercase()),
        Trust::Off { .. } => Rule::Anybody,
    };
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("the ring provider speaks TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { rule, provider }))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

#[derive(Debug)]
enum Rule {
    Authorities(Arc<WebPkiServerVerifier>),
    Pinned(String),
    Anybody,
}

#[derive(Debug)]
struct Verifier {
    rule: Rule,
    provider: Arc<CryptoProvider>,
}

/// A certificate that was refused. Travels inside the TLS error, so that the page can show which one was seen.
#[derive(Debug, Clone)]
pub struct RefusedCertificate {
    /// What is wrong with it.
    pub why: Distrust,
    /// The same in the TLS library's words.
    pub reason: String,
    /// The certificate's SHA-256 as lower-case hex, so that an admin can be asked whether it is the right one.
    pub sha256: String,
}

impl fmt::Display for RefusedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SHA-256 {})", self.reason, self.sha256)
    }
}

impl std::error::Error for RefusedCertificate {}

fn refuse(why: Distrust, reason: String, sha256: String) -> rustls::Error {
    CertificateError::Other(OtherError(Arc::new(RefusedCertificate { why, reason, sha256 }))).into()
}

fn distrust(error: &rustls::Error) -> Distrust {
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Distrust::Name,
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Distrust::Expired
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => Distrust::NotYetValid,
        _ => Distrust::Authority,
    }
}

fn fingerprint(cert: &CertificateDer<'_>) -> String {
    use fmt::Write as _;
    let digest = digest::digest(&digest::SHA256, cert);
    digest.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let seen = || fingerprint(end_entity);
        match &self.rule {
            Rule::Authorities(web) => web
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|e| refuse(distrust(&e), e.to_string(), seen())),
            Rule::Pinned(sha256) if *sha256 == seen() => Ok(ServerCertVerified::assertion()),
            Rule::Pinned(_) => {
                Err(refuse(Distrust::Changed, "it is not the certificate that was accepted".into(), seen()))
            }
            Rule::Anybody => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
