//! The certificate over the years: made at the first start, watched, and renewed if it is our own.

use crate::clock::Clock;
use crate::config::Settings;
use crate::domain::Timestamp;
use crate::server::tls::{PairFiles, Tls, can_name, generate};
use anyhow::Context as _;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often it is looked at.
const DAILY: Duration = Duration::from_secs(24 * 3600);

/// Writes a self-signed pair for `host`; files that are there are only replaced if `over`. A host that no certificate
/// can name is left out, and the return value says so.
pub fn make_certificate(cert: PathBuf, key: PathBuf, host: &str, over: bool) -> anyhow::Result<bool> {
    generate(&PairFiles { cert, key }, host, Clock::system().now(), over)?;
    Ok(can_name(host))
}

/// The pair that the settings name, made if there is none.
pub fn tls(settings: &Settings, now: Timestamp) -> anyhow::Result<Tls> {
    let pair = PairFiles { cert: settings.ssl_cert_filename.clone(), key: settings.ssl_key_filename.clone() };
    let (tls, made) = Tls::load_or_generate(pair, &settings.server_host, now).context("no TLS")?;
    if made {
        tracing::warn!(file = %settings.ssl_cert_filename.display(), "a self-signed certificate was made, as there was none");
    }
    Ok(tls.with_host(&settings.server_host, settings.proxy_gateway_url.is_some()))
}

/// Looks at it now and every day.
pub async fn watch(tls: Tls, clock: Clock, stop: CancellationToken) {
    loop {
        look(&tls, clock.now());
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(DAILY) => {}
        }
    }
}

fn look(tls: &Tls, now: Timestamp) {
    match tls.renew_if_own(now) {
        Ok(true) => tracing::warn!("the self-signed certificate was renewed, as it was about to end"),
        Ok(false) => {}
        Err(error) => tracing::warn!(%error, "the self-signed certificate could not be renewed"),
    }
    for doubt in tls.doubts(now) {
        tracing::warn!("{doubt}");
    }
}
