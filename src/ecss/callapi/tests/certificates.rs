//! Switches whose TLS cannot be trusted: what is said of them, and that they are sent nothing.

use super::rig::{API_KEY, Client, Rig, Script};
use crate::domain::company::Trust;
use crate::domain::link::{Distrust, LinkFault};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion, version};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(vec![]).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("key")).expect("CA")
}

/// A certificate for this name and years, by this authority.
fn issued(by: &Authority, name: &str, years: (i32, i32)) -> (CertificateDer<'static>, KeyPair) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
    (params.not_before, params.not_after) = (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
    let key = KeyPair::generate().expect("key");
    (params.signed_by(&key, by).expect("certificate").der().clone(), key)
}

fn server((cert, key): (CertificateDer<'static>, KeyPair), versions: &[&'static SupportedProtocolVersion]) -> Script {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert], PrivateKeyDer::try_from(key.serialize_der()).expect("key"))
        .expect("server");
    Script { tls: Some(Arc::new(server)), ..Script::default() }
}

/// How an attempt with this trust fails, and whether anything was asked.
async fn refused(script: Script, trust: Trust) -> (LinkFault, usize) {
    let rig = Rig::start(script).await;
    let fault = Client { trust, ..Client::default() }.connect(&rig.address).await.err().expect("not trusted");
    (fault, rig.asked().len())
}

#[tokio::test]
async fn each_certificate_that_is_not_trusted_has_its_reason_and_its_switch_is_told_nothing() {
    let (ca, stranger) = (authority(), authority());
    let both = [&version::TLS13, &version::TLS12];
    let known = || Trust::Ca { pem: ca.pem() };
    let pinned = || Trust::Pinned { sha256: "00".repeat(32) };
    for (why, by, name, years, trust) in [
        (Distrust::Authority, &stranger, "localhost", (2020, 2040), known()),
        (Distrust::Authority, &ca, "localhost", (2020, 2040), Trust::System),
        (Distrust::Name, &ca, "ecss.example", (2020, 2040), known()),
        (Distrust::Expired, &ca, "localhost", (2020, 2021), known()),
        (Distrust::NotYetValid, &ca, "localhost", (2039, 2040), known()),
        (Distrust::Changed, &ca, "localhost", (2020, 2040), pinned()),
    ] {
        for version in both {
            let (fault, asked) = refused(server(issued(by, name, years), &[version]), trust.clone()).await;
            match &fault {
                LinkFault::Untrusted { why: said, sha256, .. } => {
                    assert_eq!((*said, sha256.len()), (why, 64), "{fault}");
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(asked, 0, "{why:?} {version:?}");
        }
    }
    // The other way round: with a name, an authority and a time that fit, both versions are spoken.
    for version in both {
        let fit = server(issued(&ca, "localhost", (2020, 2040)), &[version]);
        let rig = Rig::start(Script { status: 401, ..fit }).await;
        let fault = Client { trust: known(), ..Client::default() }.connect(&rig.address).await.err();
        assert_eq!((fault, rig.asked().is_empty()), (Some(LinkFault::WrongKey), false), "{version:?}");
    }
}

/// TLS 1.0 as far as it can be heard: a server hello of that version (RFC 2246, section 7.4.1.3) with
/// `TLS_RSA_WITH_AES_128_CBC_SHA`, or the alert `protocol_version`.
fn old_tls() -> [Vec<u8>; 2] {
    let hello = [&[3, 1][..], &[7; 32], &[0], &[0, 0x2f], &[0]].concat();
    let handshake = [&[2, 0, 0, u8::try_from(hello.len()).expect("short")][..], &hello].concat();
    let record = [&[22, 3, 1, 0, u8::try_from(handshake.len()).expect("short")][..], &handshake].concat();
    [record, vec![21, 3, 1, 0, 2, 2, 70]]
}

#[tokio::test]
async fn a_switch_with_old_tls_only_is_told_nothing_and_the_reason_is_named() {
    for (n, answer) in old_tls().into_iter().enumerate() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("https://{}", listener.local_addr().expect("bound"));
        let far = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.expect("a client");
            let mut received = vec![0; 4096];
            let length = socket.read(&mut received).await.expect("a client hello");
            received.truncate(length);
            socket.write_all(&answer).await.expect("sent");
            let _ = socket.read_to_end(&mut received).await;
            received
        });
        let fault = Client { trust: Trust::Off { since: None }, ..Client::default() }.connect(&address).await.err();
        assert!(matches!(fault, Some(LinkFault::OutdatedTls(_))), "{n}: {fault:?}");
        assert!(fault.is_some_and(|fault| fault.may_retry()), "it is mended at the other side");
        let received = far.await.expect("no panic");
        assert_eq!(received[0], 22, "a handshake");
        assert!(!received.windows(API_KEY.len()).any(|part| part == API_KEY.as_bytes()));
    }
}
