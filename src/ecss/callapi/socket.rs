//! TCP, TLS and the upgrade to a WebSocket, with buffers for many quiet connections rather than few busy ones.

use super::address::Address;
use super::recognise::recognised;
use super::{dialect, fault};
use crate::domain::link::LinkFault;
use crate::ecss::ConnectLog;
use crate::ecss::capture::FrameListener;
use rustls::pki_types::ServerName;
use serde_json::Value;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::error::{ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// Anything that carries bytes both ways: TCP, TLS, a pipe in a test.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// An upgraded connection.
pub(super) type SwitchStream = WebSocketStream<Box<dyn Wire>>;

/// A frame of legs is a few hundred bytes; the library's default of 128 KiB per connection would be most of the
/// memory of an idle daemon with thousands of companies.
const BUFFER: usize = 4 * 1024;
/// Nothing the switch says about calls is larger.
const LARGEST_MESSAGE: usize = 1024 * 1024;
/// What may wait for a switch that does not read, answers to its pings above all. Commands are a few hundred bytes, a
/// first message holds a token of 64 KiB at most; the library's default is no limit.
const MOST_UNREAD: usize = 256 * 1024;

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(MOST_UNREAD)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE))
}

/// Connects and upgrades, presenting the token as the dialect says.
pub(super) async fn open(
    address: &Address,
    targets: &[SocketAddr],
    rule: &dialect::Socket,
    tls: Arc<rustls::ClientConfig>,
    values: &[(&str, Value)],
    listener: &FrameListener,
    steps: &mut ConnectLog,
) -> Result<SwitchStream, LinkFault> {
    let request = request(address, rule, values, steps)?;
    let within = rule.timeout;
    let tcp = limited("connecting", within, TcpStream::connect(targets)).await?.map_err(|e| fault::unreachable(&e))?;
    // Commands are small and urgent; without this call they may wait for the other side's acknowledgement.
    tcp.set_nodelay(true).map_err(|e| fault::unreachable(&e))?;
    let wire: Box<dyn Wire> = if address.secure {
        let name = ServerName::try_from(address.host.clone())
            .map_err(|e| LinkFault::Protocol(format!("{} cannot be a name in a certificate: {e}", address.host)))?;
        let handshake = TlsConnector::from(tls).connect(name, tcp);
        Box::new(limited("TLS", within, handshake).await?.map_err(|e| fault::unreachable(&e))?)
    } else {
        Box::new(tcp)
    };
    let upgrade = client_async_with_config(request, wire, Some(config()));
    let (stream, _) = limited("the upgrade", within, upgrade).await?.map_err(|e| refused(e, listener))?;
    Ok(stream)
}

async fn limited<T>(step: &str, limit: Duration, work: impl Future<Output = T>) -> Result<T, LinkFault> {
    tokio::time::timeout(limit, work).await.map_err(|_| fault::too_slow(step, limit))
}

fn request(
    address: &Address,
    rule: &dialect::Socket,
    values: &[(&str, Value)],
    steps: &mut ConnectLog,
) -> Result<Request, LinkFault> {
    let odd = |what: &str| LinkFault::Protocol(format!("the dialect's [socket] makes {what} that cannot be sent"));
    let url = address.socket(&rule.path.encoded(values));
    let full = if rule.query.is_empty() { url.clone() } else { format!("{url}?{}", rule.query.encoded(values)) };
    let mut request = full.into_client_request().map_err(|_| odd("a URL"))?;
    let secret = |text: String, what: &str| {
        let mut value = HeaderValue::from_str(&text).map_err(|_| odd(what))?;
        value.set_sensitive(true);
        Ok(value)
    };
    let mut shown = Vec::new();
    if let Some((name, value)) = &rule.header {
        request.headers_mut().insert(name.clone(), secret(value.plain(values), "a header")?);
        shown.push(format!("header {name}"));
    }
    if !rule.protocol.is_empty() {
        let value = secret(rule.protocol.plain(values), "a sub-protocol")?;
        request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, value);
        shown.push("sub-protocol".to_owned());
    }
    if !rule.query.is_empty() {
        shown.push("query".to_owned());
    }
    if rule.first_message.is_some() {
        shown.push("first message".to_owned());
    }
    steps.add("socket.url", url);
    steps.add("socket.token", shown.join(", "));
    Ok(request)
}

fn refused(error: Error, listener: &FrameListener) -> LinkFault {
    match error {
        Error::Http(answer) => {
            let status = answer.status().as_u16();
            let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
            let said = recognised(status, kind, answer.body().as_deref().unwrap_or_default(), listener);
            LinkFault::Protocol(match status {
                401 | 403 => format!("the socket refused the token: {said}"),
                _ => format!("the socket was not opened: {said}"),
            })
        }
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol)) => {
            LinkFault::Protocol("the switch did not take the sub-protocol of the dialect's [socket]".to_owned())
        }
        Error::Protocol(why) => LinkFault::Protocol(format!("the socket was not opened: {why}")),
        Error::Tls(why) => LinkFault::Protocol(format!("TLS failed: {why}")),
        other => fault_of(&other),
    }
}

fn fault_of(error: &Error) -> LinkFault {
    match error {
        Error::Io(io) => fault::unreachable(io),
        other => fault::lost(other),
    }
}
