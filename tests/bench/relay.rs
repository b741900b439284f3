//! The bare relay: what no implementation can beat.

use ecss_crm_server::domain::Trust;
use ecss_crm_server::http::{ClientOptions, Trusted, client, tls_config};
use futures_util::StreamExt as _;
use std::path::Path;
use tokio::net::TcpStream;

/// First argument of the process that is the relay.
pub const WORD: &str = "as-relay";

pub async fn run(socket: &str, portal: &str, ca: &Path) -> anyhow::Result<()> {
    let tls = tls_config(&Trusted::load(Some(ca))?, &Trust::System)?;
    let client = client(&tls, ClientOptions::default());
    let stream = TcpStream::connect(socket).await?;
    stream.set_nodelay(true)?;
    let (mut frames, _) = tokio_tungstenite::client_async(format!("ws://{socket}/"), stream).await?;
    let url = format!("https://{portal}/relay");
    while let Some(frame) = frames.next().await {
        let text = frame?.into_text()?;
        let post = client.post(&url).header("content-type", "application/json").body(text.as_str().to_owned());
        tokio::spawn(async move {
            let _ = post.send().await;
        });
    }
    Ok(())
}
