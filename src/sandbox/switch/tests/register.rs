//! Keys, tokens and the HTTP side.

use super::client::{Client, connect, exchange, post, register};
use super::support::Bench;
use crate::sandbox::switch::{RegisterFault, SwitchWorld};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::TlsConnector;

#[tokio::test]
async fn a_good_key_gets_a_token_and_a_wrong_one_an_explanation() {
    let bench = Bench::new().await;
    let key = bench.key.expose_secret();
    let (status, body) = register(bench.addr, "crm", key, "city").await;
    assert_eq!(status, 200);
    assert_eq!(body["token"].as_str().expect("token").split('.').count(), 3);
    for (client_id, key, domain) in [("crm", "wrong", "city"), ("other", key, "city"), ("crm", key, "town")] {
        let (status, body) = register(bench.addr, client_id, key, domain).await;
        assert_eq!(status, 401);
        assert_eq!((&body["statusCode"], &body["error"]), (&json!(401), &json!("Unauthorized")));
    }
    assert_eq!((bench.world.registers(), bench.world.violations().len()), (1, 0));
    bench.world.wait_registers(1).await.expect("one");
    assert!(!format!("{:?}", bench.world.journal()).contains(key), "keys are not written down");
}

#[tokio::test]
async fn other_paths_and_bodies_are_refused_and_written_down() {
    let bench = Bench::new().await;
    for (request, status) in [
        (post("/integration.register", "{}"), 404),
        (post("/integration/register", "{"), 400),
        (post("/integration/register", r#"{"client_id":"crm"}"#), 400),
        ("GET /favicon HTTP/1.1\r\nHost: switch\r\nConnection: close\r\n\r\n".to_owned(), 404),
    ] {
        let (got, body) = exchange(connect(bench.addr).await, &request).await;
        assert_eq!(got, status, "{request}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["statusCode"], status);
    }
    assert_eq!(bench.world.violations().len(), 4, "{:?}", bench.world.violations());
    let page = "GET / HTTP/1.1\r\nHost: switch\r\nConnection: close\r\n\r\n";
    let (status, body) = exchange(connect(bench.addr).await, page).await;
    assert!(status == 200 && body.contains("ECSS Call API"));
}

#[tokio::test]
async fn a_socket_needs_a_token_of_this_node() {
    let bench = Bench::new().await;
    assert_eq!(Client::open(bench.addr, "").await.err(), Some(401));
    assert_eq!(Client::open(bench.addr, "x.y.z").await.err(), Some(401));
    assert_eq!(bench.world.violations().len(), 1, "a missing token is a fault, an old one is life");
    let token = bench.token().await;
    bench.world.expire_tokens();
    assert_eq!(Client::open(bench.addr, &token).await.err(), Some(401));
    let token = bench.token().await;
    bench.world.clock().advance(Duration::from_secs(25 * 3600));
    assert_eq!(Client::open(bench.addr, &token).await.err(), Some(401), "tokens end after a day");
    assert!(Client::open(bench.addr, &bench.token().await).await.is_ok());
}

#[tokio::test]
async fn a_replaced_key_makes_the_old_one_wrong() {
    let bench = Bench::new().await;
    let new = bench.world.replace_api_key("crm").expect("client");
    assert_eq!(register(bench.addr, "crm", bench.key.expose_secret(), "city").await.0, 401);
    assert_eq!(register(bench.addr, "crm", new.expose_secret(), "city").await.0, 200);
}

#[tokio::test]
async fn registers_go_wrong_when_told() {
    let bench = Bench::new().await;
    let key = bench.key.expose_secret();
    for fault in [RegisterFault::Status(503), RegisterFault::Html, RegisterFault::NoToken] {
        bench.world.next_register(fault);
    }
    assert_eq!(register(bench.addr, "crm", key, "city").await.0, 503);
    let (status, page) = register(bench.addr, "crm", key, "city").await;
    assert!(status == 200 && page.as_str().is_some_and(|page| page.starts_with("<html>")));
    assert_eq!(register(bench.addr, "crm", key, "city").await, (200, json!({"result": "ok"})));
    assert_eq!(register(bench.addr, "crm", key, "city").await.0, 200);
    bench.world.set_quirks(|quirks| quirks.aliases.token = true);
    assert!(register(bench.addr, "crm", key, "city").await.1["data"]["accessToken"].is_string());
}

#[tokio::test]
async fn all_of_it_works_over_tls() {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("certificate");
    let certificate = CertificateDer::from(made.cert.der().to_vec());
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("key");
    let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("server");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("root");
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();

    let bench = Bench::new().await;
    let world: &SwitchWorld = &bench.world;
    let node = world.listen("127.0.0.1:0".parse().expect("address"), Some(Arc::new(server))).await.expect("listen");
    assert!(world.base_url(node).starts_with("https://127.0.0.1:") && world.base_url(0).starts_with("http://"));
    let addr = world.node_addr(node).expect("address");
    let connector = TlsConnector::from(Arc::new(client));
    let name = || ServerName::try_from("localhost").expect("name");
    let body = json!({"client_id": "crm", "api_key": bench.key.expose_secret(), "domain": "city"}).to_string();
    let mut stream = connector.connect(name(), connect(addr).await).await.expect("TLS");
    let (status, answer) = exchange_tls(&mut stream, &post("/integration/register", &body)).await;
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let stream = connector.connect(name(), connect(addr).await).await.expect("TLS");
    let opening = Client::over(stream, answer["token"].as_str().expect("token"));
    let mut client = Box::pin(opening).await.expect("socket");
    assert_eq!(client.frame().await["event"], "connection_state");
    world.external_call("+79835551122", "1001").await;
    assert_eq!(client.seen().await, "1001 in 79835551122 alerting");
    assert_eq!(world.links_on(node), 1);
}

/// Like `exchange`, but a connection that ends without the TLS goodbye is fine, too.
async fn exchange_tls<S>(stream: &mut S, request: &str) -> (u16, String)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    stream.write_all(request.as_bytes()).await.expect("write");
    let mut bytes = Vec::new();
    let _ended = super::client::soon("an answer", stream.read_to_end(&mut bytes)).await;
    let answer = String::from_utf8(bytes).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("status"), body.to_owned())
}
