//! A certificate authority that lives for one run, and one certificate of it for every loopback server.

use crate::domain::company::Trust;
use crate::http::{ClientOptions, TrustError, Trusted, client, tls_config};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum CertsError {
    /// The generator refused.
    #[error("the sandbox certificate cannot be made: {0}")]
    Generate(#[from] rcgen::Error),
    /// The TLS library refused what was generated.
    #[error("the sandbox certificate cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// The generated text cannot be read back.
    #[error("the sandbox certificate cannot be read back: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
}

/// The authority of one run with the certificate of all its servers (`127.0.0.1`, `::1`, `localhost`).
#[derive(Clone)]
pub struct Certs {
    /// The authority's certificate, to be trusted by everything that talks to the sandbox.
    pub ca_pem: String,
    /// The servers' certificate.
    pub cert_pem: String,
    /// The servers' private key (PKCS#8); worthless outside this run.
    pub key_pem: String,
    /// Ready for a TLS acceptor; speaks HTTP/1.1 only.
    pub server: Arc<rustls::ServerConfig>,
}

impl Certs {
    /// Makes a fresh authority and certificate.
    pub fn new() -> Result<Self, CertsError> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.distinguished_name.push(DnType::CommonName, "ecss-crm-server sandbox");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority_key = KeyPair::generate()?;
        let ca_pem = authority.self_signed(&authority_key)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let names = ["127.0.0.1", "::1", "localhost"].map(str::to_owned);
        let mut leaf = CertificateParams::new(names)?;
        leaf.distinguished_name.push(DnType::CommonName, "127.0.0.1");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let cert_pem = leaf.signed_by(&key, &issuer)?.pem();
        let key_pem = key.serialize_pem();

        let server = server_config(&cert_pem, &key_pem)?;
        Ok(Self { ca_pem, cert_pem, key_pem, server: Arc::new(server) })
    }

    /// Writes the authority to `sandbox-ca.pem` in `dir`, for the daemon's `ca_file`.
    pub fn write_ca(&self, dir: &Path) -> std::io::Result<PathBuf> {
        let path = dir.join("sandbox-ca.pem");
        std::fs::write(&path, &self.ca_pem)?;
        Ok(path)
    }

    /// A client that trusts this run's servers beside `trusted`.
    pub fn client(&self, trusted: &Trusted, options: ClientOptions) -> Result<reqwest::Client, TrustError> {
        let tls = tls_config(trusted, &Trust::Ca { pem: self.ca_pem.clone() })?;
        Ok(client(&tls, options))
    }
}

fn server_config(cert_pem: &str, key_pem: &str) -> Result<rustls::ServerConfig, CertsError> {
    let chain = CertificateDer::pem_slice_iter(cert_pem.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
