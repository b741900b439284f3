//! Somebody between us and the switch or the portal: what they get to hear, and what the administrator reads.

use crate::support::{CLIENT, IVAN, Story, TestCompany, assert_true, only, talked_leg};
use ecss_crm_server::sandbox::certs::Certs;
use reqwest::{Method, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::ExposeSecret as _;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

fn fingerprint(certs: &Certs) -> String {
    let cert = CertificateDer::from_pem_slice(certs.cert_pem.as_bytes()).expect("a certificate");
    let digest = ring::digest::digest(&ring::digest::SHA256, &cert);
    digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// As the page prints it.
fn printed(sha256: &str) -> String {
    let pairs: Vec<&str> = sha256.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok()).collect();
    pairs.join(":").to_uppercase()
}

/// Saves the switch settings with this check of the certificate.
async fn save(company: &mut TestCompany, address: &str, tls: &[(&str, &str)]) {
    let mut form = vec![
        ("backend", "callapi"),
        ("client_id", company.simulated.client_id.as_str()),
        ("addresses", address),
        ("domain", company.simulated.domain.as_str()),
    ];
    form.extend_from_slice(tls);
    let request = company.admin.request(Method::POST, "/company/ecss").form(&form);
    assert_eq!(company.admin.send(request).await.expect("an answer").status(), StatusCode::SEE_OTHER);
}

async fn page(company: &TestCompany, lang: &str, path: &str) -> String {
    let request = company.admin.request(Method::GET, path).header("accept-language", lang);
    request.send().await.expect("an answer").text().await.expect("a page")
}

async fn whole_call(story: &Story, company: &TestCompany) {
    let before = company.portal.finished_calls().len();
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    let record = company.finished(story, before + 1).await.remove(before);
    assert_true(&record, &talked_leg(&truth, "1001"));
}

/// An impostor with another certificate at the switch's address. Counts the handshakes that went through, and the
/// bytes that came after them.
struct Impostor {
    certs: Certs,
    tried: Arc<AtomicUsize>,
    heard: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Impostor {
    async fn at(address: SocketAddr) -> Self {
        let certs = Certs::new().expect("certificates");
        let listener = TcpListener::bind(address).await.expect("the switch's address is free");
        let acceptor = TlsAcceptor::from(certs.server.clone());
        let (tried, heard) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (tries, ears) = (tried.clone(), heard.clone());
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                if let Ok(mut stream) = acceptor.accept(socket).await {
                    let mut bytes = Vec::new();
                    let _ = stream.read_to_end(&mut bytes).await;
                    ears.fetch_add(bytes.len(), Ordering::SeqCst);
                }
                tries.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { certs, tried, heard, task }
    }

    fn heard_nothing(&self) {
        assert!(self.tried.load(Ordering::SeqCst) > 0, "the impostor was there");
        assert_eq!(self.heard.load(Ordering::SeqCst), 0, "nothing is sent before the certificate is trusted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_certificate_than_the_pinned_one_hears_nothing_and_is_shown_with_what_to_do() {
    let (story, mut company) = Story::with_company().await;
    let address = story.switch().base_url(0);
    let genuine = fingerprint(&story.environment().certs);
    save(&mut company, &address, &[("tls", "pinned"), ("tls_sha256", &genuine)]).await;
    company.online(&story).await;
    whole_call(&story, &company).await;

    story.switch().stop_node(0).await;
    let at = address.trim_start_matches("https://").parse().expect("an address");
    let impostor = Impostor::at(at).await;
    company.link_is(&story, "bad").await;
    let other = fingerprint(&impostor.certs);
    for (lang, words) in [
        ("ru", ["кто-то встал между этим сервером и ECSS-10", "Узнайте у администратора ECSS-10 отпечаток"]),
        (
            "en",
            ["somebody stands between this server and ECSS-10", "Ask the administrator of ECSS-10 for the fingerprint"],
        ),
    ] {
        let page = page(&company, lang, "/company?tab=ecss").await;
        assert!(words.iter().all(|word| page.contains(word)) && page.contains(&printed(&other)), "{page}");
    }
    assert!(story.warned(&other) > 0, "the log names the fingerprint too");
    impostor.heard_nothing();

    // The true one comes back, and nobody has to press anything.
    impostor.task.abort();
    let _ended = (&mut { impostor.task }).await;
    story.switch().start_node(0).await.expect("the node comes back");
    company.online(&story).await;
    whole_call(&story, &company).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_is_switched_off_is_said_on_every_tab_and_at_every_connection() {
    let (story, mut company) = Story::with_company().await;
    let address = story.switch().base_url(0);
    let said = "the certificate of the switch is not checked";
    assert_eq!(story.warned(said), 0);
    let registers = story.switch().registers();
    save(&mut company, &address, &[("tls", "off")]).await;
    story.switch().wait_registers(registers + 1).await.expect("a new connection");
    company.online(&story).await;
    assert_eq!(story.warned(said), 1);
    for tab in ["ecss", "bitrix", "employees", "calls", "diagnostics"] {
        let path = format!("/company?tab={tab}");
        assert!(page(&company, "ru", &path).await.contains("Сертификат ECSS-10 не проверяется"), "{tab}");
        let english = page(&company, "en", &path).await;
        assert!(english.contains("The certificate of ECSS-10 is not checked") && english.contains("<time"), "{tab}");
    }
    whole_call(&story, &company).await;
    story.switch().restart();
    story.switch().wait_registers(registers + 2).await.expect("a new connection");
    company.online(&story).await;
    assert_eq!(story.warned(said), 2);
    save(&mut company, &address, &[("tls", "system")]).await;
    story.switch().wait_registers(registers + 3).await.expect("a new connection");
    company.online(&story).await;
    assert!(!page(&company, "en", "/company").await.contains("is not checked"));
    assert_eq!(story.warned(said), 2);
    assert!(story.warned(company.simulated.api_key.expose_secret()) == 0);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_with_a_certificate_nobody_trusts_is_told_nothing_until_its_authority_is_named() {
    let (mut story, mut company) = Story::with_company().await;
    let sha256 = fingerprint(&story.environment().certs);
    // The switch stays trusted by its pin.
    let address = story.switch().base_url(0);
    save(&mut company, &address, &[("tls", "pinned"), ("tls_sha256", &sha256)]).await;
    company.online(&story).await;
    story.stop_daemon().await;
    let known = story.town_mut().settings.ca_file.take();
    story.start_daemon(1).await;
    let asked = company.portal.requests().len();

    let call = company.incoming(CLIENT, "1001").await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    company.portal_is_not_well(&story).await;
    let page = page(&company, "en", "/company?tab=bitrix").await;
    let named = [sha256.as_str(), "its certificate is not trusted", "ca_file of config.toml"];
    assert!(named.iter().all(|words| page.contains(words)), "{page}");
    assert_eq!(company.portal.requests().len(), asked, "nothing has been told");

    story.stop_daemon().await;
    story.town_mut().settings.ca_file = known;
    story.start_daemon(1).await;
    assert_eq!(only(company.finished(&story, 1).await).code, "200", "what waited is told");
    story.end().await;
}
