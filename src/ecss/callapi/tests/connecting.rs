//! Registering and opening the socket, against a scripted switch.

use super::rig::{API_KEY, Client, Rig, Script, TOKEN, file, ids, ringing};
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::domain::company::{Backend, SwitchSettings, Trust};
use crate::domain::leg::Capabilities;
use crate::domain::link::LinkFault;
use crate::domain::reach::{AddressClass, Networks};
use crate::ecss::capture::Flow;
use crate::ecss::{Connection, Dialect, Tap, connect};
use crate::http::{Trusted, tls_config};
use jiff::tz::TimeZone;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

fn open() -> Value {
    json!({"event": "connection_state", "data": {"state": "open"}})
}

fn dialect(text: &str) -> Client {
    Client { dialect: Dialect::parse(text, "test").expect("dialect"), ..Client::default() }
}

/// The outcome of an attempt; if a socket comes about, the switch says it is ready.
async fn attempt(script: Script, client: &Client) -> Result<Connection, LinkFault> {
    let rig = Rig::start(script).await;
    let address = rig.address.clone();
    let far = async {
        let mut far = rig.socket().await;
        far.send_event(&open()).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        outcome = client.connect(&address) => outcome,
        () = far => unreachable!("the far end waits for ever"),
    }
}

#[tokio::test]
async fn register_then_socket_then_events() {
    let rig = Rig::start(Script::default()).await;
    let client = Client::default();
    let far = async {
        let mut far = rig.socket().await;
        far.send_event(&open()).await;
        far.send_event(&ringing("a")).await;
        far
    };
    let (connection, _far) = tokio::join!(client.connect(&rig.address), far);
    let mut connection = connection.expect("connected");
    assert_eq!(ids(&connection.next().await.expect("an event").event), ["a"]);
    let all = Capabilities { make: true, answer: true, release: true, hold: true, transfer: true };
    assert_eq!(connection.capabilities(), all);

    let asked = rig.asked();
    assert!(asked[0].starts_with("POST /base/integration/register HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].contains("content-type: application/json\r\n"), "{}", asked[0]);
    let body: Value = serde_json::from_str(asked[0].rsplit("\r\n").next().expect("a body")).expect("JSON");
    assert_eq!(body, json!({"client_id": "crm \"1\"", "api_key": API_KEY, "domain": "firm.local"}));
    // The register connection is not kept; the rig notes its end in its own time.
    while !rig.asked().contains(&"closed by the client: true".to_owned()) {
        tokio::task::yield_now().await;
    }
    let upgrade = asked.iter().find(|a| a.starts_with("GET")).expect("an upgrade");
    assert!(upgrade.starts_with("GET /base/\n"), "{upgrade}");
    assert!(upgrade.contains(&format!("Bearer {TOKEN}")), "{upgrade}");

    for (rule, want) in [
        ("register.status", "200"),
        ("register.token", "/token"),
        ("register.token_expires", "2026-09-21T14:13:20Z"),
        ("socket.token", "header authorization"),
        ("ready.rule", "a message of [ready]"),
    ] {
        assert_eq!(connection.steps().get(rule), Some(want), "{rule}");
    }
    let steps = connection.steps().to_string();
    assert!(!steps.contains(API_KEY) && !steps.contains(TOKEN), "{steps}");
}

#[tokio::test]
async fn a_switch_that_says_nothing_is_ready_after_a_while() {
    let rig = Rig::start(Script::default()).await;
    let client = dialect("[ready]\nafter_seconds = 0.02");
    let (connection, _far) = tokio::join!(client.connect(&rig.address), rig.socket());
    assert!(connection.is_ok());
    assert_eq!(client.step("ready.rule").as_deref(), Some("nothing was said for 0.02 s"));
}

#[tokio::test]
async fn a_leg_proves_that_the_connection_is_open_and_is_not_lost() {
    let rig = Rig::start(Script::default()).await;
    let client = dialect("[ready]\nafter_seconds = 3600");
    let far = async {
        let mut far = rig.socket().await;
        far.send_event(&json!({"event": "connection_state", "data": {"state": "authorizing"}})).await;
        far.send_event(&ringing("early")).await;
        far
    };
    let (connection, _far) = tokio::join!(client.connect(&rig.address), far);
    assert_eq!(ids(&connection.expect("connected").next().await.expect("an event").event), ["early"]);
}

#[tokio::test]
async fn a_socket_that_closes_before_it_is_ready_says_why() {
    let rig = Rig::start(Script::default()).await;
    let client = Client::default();
    let far = async {
        let mut far = rig.socket().await;
        far.close(4409, "another client").await;
        far
    };
    let (connection, _far) = tokio::join!(client.connect(&rig.address), far);
    assert!(matches!(connection.err(), Some(LinkFault::Lost(why)) if why.contains("4409 another client")));
}

#[tokio::test]
async fn answers_to_the_registration_by_what_can_be_done() {
    let said = |status: u16, body: &str| Script { status, body: body.to_owned(), ..Script::default() };
    for status in [401, 403] {
        let fault = attempt(said(status, "{\"message\":\"no\"}"), &Client::default()).await.err();
        assert_eq!(fault, Some(LinkFault::WrongKey), "{status}");
    }
    let long = "x".repeat(70_000);
    let leaky = format!("{{\"key\":\"{API_KEY}\",\"note\":\"odd {API_KEY}\"}}");
    for (status, body, part) in [
        (404, "<html>nginx</html>", "not by a Call API: HTTP 404, a page"),
        (503, "", "HTTP 503, nothing in it"),
        (302, "", "redirected to https://elsewhere.example:"),
        (200, "{}", "no token in the answer to the registration: HTTP 200, JSON"),
        (200, leaky.as_str(), "HTTP 200, JSON"),
        (200, long.as_str(), "more than"),
    ] {
        match attempt(said(status, body), &Client::default()).await.err() {
            Some(LinkFault::Protocol(why)) => {
                assert!(why.contains(part), "{status}: {why}");
                assert!(!why.contains(API_KEY) && !why.contains("nginx") && why.len() < 200, "{status}: {why}");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn tokens_from_other_places_open_the_socket() {
    for body in [json!({"data": {"accessToken": TOKEN}}).to_string(), json!(TOKEN).to_string(), TOKEN.to_owned()] {
        let script = Script { status: 201, body: body.clone(), ..Script::default() };
        assert!(attempt(script, &Client::default()).await.is_ok(), "{body}");
    }
}

#[tokio::test]
async fn a_socket_that_refuses_the_fresh_token_is_not_a_wrong_key() {
    for (status, part) in
        [(401, "refused the token: HTTP 401"), (403, "refused the token: HTTP 403"), (404, "not opened: HTTP 404")]
    {
        let fault = attempt(Script { refuse: Some(status), ..Script::default() }, &Client::default()).await.err();
        assert!(matches!(&fault, Some(LinkFault::Protocol(why)) if why.contains(part)), "{fault:?}");
    }
}

#[tokio::test]
async fn the_token_by_query_sub_protocol_and_first_message() {
    let rig = Rig::start(Script::default()).await;
    let client = dialect(
        r#"
        [socket]
        path = "/ws/${domain}"
        header = ""
        query = "token=${token}&client=${client_id}"
        protocol = "jwt.${token}"
        first_message = '{"action":"authorize","payload":{"token":"${token}"}}'
        subscribe = ['{"action":"call.subscribe","payload":{"domain":"${domain}"}}', "hello"]
        [ready]
        after_seconds = 60
        "#,
    );
    let far = async {
        let mut far = rig.socket().await;
        let first = far.json().await;
        far.send_event(&open()).await;
        (far, first)
    };
    let (connection, (mut far, first)) = tokio::join!(client.connect(&rig.address), far);
    let mut connection = connection.expect("connected");
    assert_eq!(first, json!({"action": "authorize", "payload": {"token": TOKEN}}));
    tokio::select! {
        subscribed = far.json() => assert_eq!(subscribed["payload"]["domain"], "firm.local"),
        event = connection.next() => panic!("{event:?}"),
    }
    let asked = rig.asked();
    let upgrade = asked.iter().find(|a| a.starts_with("GET")).expect("an upgrade");
    assert!(upgrade.starts_with(&format!("GET /base/ws/firm.local?token={TOKEN}&client=crm%20%221%22\n")), "{upgrade}");
    assert!(upgrade.contains(&format!("jwt.{TOKEN}")) && !upgrade.contains("Bearer"), "{upgrade}");
    assert_eq!(client.step("socket.token").as_deref(), Some("sub-protocol, query, first message"));
    assert!(!client.step("socket.url").expect("a step").contains(TOKEN));
}

#[tokio::test]
async fn nobody_there_and_nobody_by_that_name() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    drop(listener);
    let client = Client::default();
    let fault = client.connect(&format!("http://127.0.0.1:{port}")).await.err();
    assert!(matches!(fault, Some(LinkFault::Unreachable(_))), "{fault:?}");
    let fault = client.connect("http://switch.invalid").await.err();
    assert!(matches!(fault, Some(LinkFault::UnknownHost(_))), "{fault:?}");
    let fault = client.connect("not an address").await.err();
    assert!(matches!(fault, Some(LinkFault::Protocol(_))), "{fault:?}");
}

#[tokio::test]
async fn an_address_that_leads_where_the_settings_do_not_go_is_not_contacted() {
    let rig = Rig::start(Script::default()).await;
    let client = Client { networks: Networks::Private, ..Client::default() };
    let Some(LinkFault::Forbidden(refused)) = client.connect(&rig.address).await.err() else { panic!("refused") };
    assert_eq!((refused.host.as_str(), refused.place), ("localhost", AddressClass::ThisMachine));
    assert!(rig.asked().is_empty());
}

#[tokio::test]
async fn a_switch_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("bound"));
    let fault = dialect("[register]\ntimeout_seconds = 0.05").connect(&address).await.err();
    let want = LinkFault::Unreachable("the registration took longer than 0.05 s".to_owned());
    assert_eq!(fault, Some(want));
}

#[tokio::test]
async fn a_port_without_tls_is_told_apart_from_a_bad_certificate() {
    let rig = Rig::start(Script::default()).await;
    let address = rig.address.replace("http:", "https:");
    let fault = Client::default().connect(&address).await.err();
    assert!(matches!(&fault, Some(LinkFault::Protocol(why)) if why.contains("does not speak TLS")), "{fault:?}");
}

#[tokio::test]
async fn csta_is_refused_for_now() {
    let settings = SwitchSettings {
        backend: Backend::Csta,
        client_id: String::new(),
        api_key: API_KEY.into(),
        addresses: vec![],
        domain: String::new(),
        trust: Trust::Off { since: None },
    };
    let tls = tls_config(&Trusted::load(None).expect("CAs"), &Trust::Off { since: None }).expect("TLS");
    let clock = Clock::manual(Timestamp(0));
    let outcome = connect(&settings, "https://x", Networks::Local, Dialect::default(), tls, TimeZone::UTC, clock).await;
    assert!(matches!(outcome.err(), Some(LinkFault::Protocol(_))));
}

#[test]
fn attempts_and_connections_can_move_between_threads() {
    fn movable<T: Send>(_: &T) {}
    fn owned<T: Send + 'static>() {}
    let client = Client::default();
    movable(&client.connect("http://127.0.0.1:1"));
    owned::<Connection>();
}

#[derive(Default)]
struct Notes(Mutex<Vec<(Flow, String)>>);

impl Tap for Notes {
    fn message(&self, _: Timestamp, flow: Flow, text: &str) {
        self.0.lock().expect("not poisoned").push((flow, text.to_owned()));
    }
}

#[tokio::test]
async fn a_tap_hears_everything_but_the_secrets() {
    let notes = Arc::new(Notes::default());
    let first = "[socket]\nfirst_message = '{\"hello\":\"${token} ${api_key}\"}'";
    let client = Client { tap: Some(notes.clone()), ..dialect(first) };
    attempt(Script::default(), &client).await.expect("connected");
    let notes = notes.0.lock().expect("not poisoned");
    let flows: Vec<_> = notes.iter().map(|(flow, _)| *flow).collect();
    assert_eq!(flows, [Flow::Request, Flow::Answer, Flow::Sent, Flow::Received]);
    for (flow, text) in notes.iter() {
        assert!(!text.contains(API_KEY) && !text.contains("eyJ"), "{flow:?}: {text}");
    }
    assert!(notes[0].1.contains("firm.local") && notes[2].1.contains("hello"));
}

#[tokio::test]
async fn certificates_are_trusted_by_authority_or_by_pin_and_refused_with_their_fingerprint() {
    let key = KeyPair::generate().expect("key");
    let mut params = CertificateParams::new(vec![]).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, key).expect("CA");
    let key = KeyPair::generate().expect("key");
    let params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    let cert = params.signed_by(&key, &ca).expect("certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).expect("key"))
        .expect("server");
    let script = Script { tls: Some(Arc::new(server)), ..Script::default() };
    let by = |trust: Trust| Client { trust, ..Client::default() };

    let ca_pem = ca.pem();
    assert!(attempt(script.clone(), &by(Trust::Ca { pem: ca_pem.clone() })).await.is_ok(), "by the company's own CA");
    let folder = tempfile::tempdir().expect("folder");
    let with_file =
        Client { ca_file: Some(file(folder.path(), "ca.pem", &ca_pem)), trust: Trust::System, ..Client::default() };
    assert!(attempt(script.clone(), &with_file).await.is_ok(), "by the installation's ca_file");

    let sha256 = match attempt(script.clone(), &by(Trust::System)).await.err() {
        Some(LinkFault::Untrusted { sha256, .. }) => sha256,
        other => panic!("{other:?}"),
    };
    assert!(attempt(script.clone(), &by(Trust::Pinned { sha256 })).await.is_ok(), "accepted by the admin");
    let other = by(Trust::Pinned { sha256: "00".repeat(32) });
    assert!(matches!(attempt(script, &other).await.err(), Some(LinkFault::Untrusted { .. })));
}
