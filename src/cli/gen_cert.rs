//! `gen-cert`: a self-signed certificate, as the first start makes one.

use super::{Files, complain_of, print_line};
use crate::app;
use crate::config;
use std::path::PathBuf;
use std::process::ExitCode;

/// Whatever is not given is taken from the settings.
#[derive(Debug, clap::Args)]
pub(super) struct GenCert {
    /// Where to write the private key, mode 0640 (default: sslKeyFilename)
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Where to write the certificate (default: sslCertFilename)
    #[arg(long, value_name = "FILE")]
    cert: Option<PathBuf>,
    /// Name or address it is made out to, beside localhost, 127.0.0.1 and this machine's name (default: serverHost)
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// Replace the files that are there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    files: Files,
}

impl GenCert {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let (key, cert, host) = match (self.key, self.cert, self.host) {
            (Some(key), Some(cert), Some(host)) => (key, cert, host),
            (key, cert, host) => {
                let settings = match config::load(&self.files.sources()) {
                    Ok(loaded) => loaded.settings,
                    Err(faults) => return Ok(complain_of(&faults)),
                };
                (
                    key.unwrap_or(settings.ssl_key_filename),
                    cert.unwrap_or(settings.ssl_cert_filename),
                    host.unwrap_or(settings.server_host),
                )
            }
        };
        let (shown, of_key) = (cert.display().to_string(), key.display().to_string());
        if app::make_certificate(cert, key, &host, self.force)? {
            print_line(&format!("{shown} was made for {host}, and its key {of_key}"));
        } else {
            print_line(&format!(
                "{shown} was made for this machine, and its key {of_key}; no certificate can name {host:?}"
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
