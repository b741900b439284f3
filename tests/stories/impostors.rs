//! Somebody else at the door of a company: other administrators, other portals, addresses of somebody's choosing.

use crate::support::{CLIENT, IVAN, Story, TestCompany, only, told};
use ecss_crm_server::sandbox::portal::{EventAuth, Fault, PortalSpec, User};
use ecss_crm_server::sandbox::switch::PhoneStatus;
use reqwest::{Method, StatusCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::net::TcpListener;

async fn click_works(story: &Story, company: &TestCompany) {
    let before = company.portal.finished_calls().len();
    let (_, status) = company.click(IVAN, CLIENT).await;
    assert_eq!(status, Some(200));
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    company.finished(story, before + 1).await;
}

/// An address in this machine at which nobody of ours has anything to say; how often it was contacted.
async fn trap() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound").to_string();
    let contacts = Arc::<AtomicUsize>::default();
    let count = contacts.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            drop(socket);
        }
    });
    (address, contacts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_administrator_of_another_portal_gets_his_own_company_and_nothing_of_this_one() {
    let (story, mut company) = Story::with_company().await;
    assert_eq!(company.save_numbers(&[(IVAN, &["1001", "1077"])]).await.0, StatusCode::OK);
    let other = story.newcomer("andere.local", PortalSpec::default()).await;
    let keys = other.portal.keys().expect("the application");
    // They type in the address of this company with the keys of their own application, and come back with a code of
    // their own portal: once under this company's name, once under none.
    let mut stranger = story.environment().admin();
    let named = format!("domain={:?}", company.portal.domain());
    let logged = story.warned(&named);
    for name in [Some(company.portal.member_id()), None] {
        let state = stranger.begin_log_in(&company.portal, Some(&keys)).await.expect("the form");
        let back = other.portal.authorize(1, &state).expect("authorized");
        let mut url = url::Url::parse(&back).expect("an address");
        let query: Vec<(String, String)> =
            url.query_pairs().filter(|(key, _)| key != "member_id").map(|(k, v)| (k.into(), v.into())).collect();
        url.query_pairs_mut().clear().extend_pairs(query).extend_pairs(name.map(|name| ("member_id", name)));
        let answer = stranger.follow(url.to_string()).await.expect("an answer");
        let wanted = if name.is_some() { StatusCode::FORBIDDEN } else { StatusCode::SEE_OTHER };
        assert_eq!(answer.status(), wanted, "{name:?}");
    }
    assert_eq!(
        story.warned(&named),
        logged + 1,
        "the log names this company where the log-in failed, and nowhere else"
    );
    let page = stranger.page("/company?tab=ecss").await.expect("a company of their own");
    assert!(page.contains(&other.portal.domain()) && !page.contains(&company.portal.domain()), "{page}");
    assert!(!page.contains(&company.simulated.client_id), "nothing of the other's settings: {page}");
    let table = stranger.request(Method::GET, "/company/employees").header("accept", "application/json");
    let table = stranger.send(table).await.expect("an answer").text().await.expect("text");
    assert!(!table.contains("1077"), "{table}");

    // The company of this portal has noticed nothing.
    assert_eq!(company.numbers_of(IVAN).await, ["1001", "1077"]);
    assert!(company.admin.page("/company").await.expect("the page").contains(&company.portal.domain()));
    click_works(&story, &company).await;
    assert_eq!(only(told(&company.portal, "finish")).user, Some(1), "with the grant it had");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_administrator_of_a_portal_takes_over_the_grant_and_changes_nothing_else() {
    let (story, mut company) = Story::with_company().await;
    assert_eq!(company.save_numbers(&[(IVAN, &["1001", "1077"])]).await.0, StatusCode::OK);
    company.portal.set_user(User { admin: true, ..User::new(50, "Борис", "Новый") });
    let mut second = story.environment().admin();
    second.log_in(&company.portal, 50, None).await.expect("an administrator of the portal");
    // The first one is dismissed: their grant would be worth nothing now.
    company.portal.dismiss(1);
    company.admin = second;
    assert_eq!(company.numbers_of(IVAN).await, ["1001", "1077"]);
    let page = company.admin.page("/company?tab=ecss").await.expect("the page");
    assert!(page.contains(&company.simulated.client_id) && page.contains(&story.switch().base_url(0)), "{page}");
    assert_eq!(story.switch().links_of(&company.simulated.client_id), 1, "one company, one connection");
    click_works(&story, &company).await;
    assert_eq!(only(told(&company.portal, "finish")).user, Some(50));
    assert!(story.warned("an administrator has logged in") >= 2, "the people who look after the server can see it");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_events_and_frames_name_are_never_contacted() {
    let (story, company) = Story::with_company().await;
    let (address, contacts) = trap().await;
    let base = story.environment().base();
    let client = story.environment().client();
    click_works(&story, &company).await;
    let mut deliveries = company.portal.deliveries();
    let (click, install) = (deliveries.pop().expect("the click"), deliveries.swap_remove(0));
    let frames = [company.portal.app_frame(1), company.portal.app_frame(IVAN)];
    let hostile = |name: &str, value: String| match name {
        "auth[client_endpoint]" | "auth[server_endpoint]" => format!("http://{address}/rest/"),
        "auth[domain]" | "DOMAIN" => address.clone(),
        "PROTOCOL" => "0".to_owned(),
        _ => value,
    };
    // With tokens that are good, and with others.
    for forged in [false, true] {
        let edit = |form: &[(String, String)]| -> Vec<(String, String)> {
            let token = |name: &str| forged && (name.contains("token") || name.ends_with("_ID"));
            let odd = |(name, value): &(String, String)| {
                let value = hostile(name, value.clone());
                (name.clone(), if token(name) { format!("forged-{value}") } else { value })
            };
            let mut form: Vec<_> = form.iter().map(odd).collect();
            for name in ["auth[client_endpoint]", "auth[server_endpoint]", "auth[domain]"] {
                if !form.iter().any(|(known, _)| known == name) {
                    form.push((name.to_owned(), hostile(name, String::new())));
                }
            }
            form
        };
        for (url, form) in [(&install.url, &install.form), (&click.url, &click.form)] {
            let answer = client.post(url).form(&edit(form)).send().await.expect("an answer");
            assert!(answer.status() != StatusCode::INTERNAL_SERVER_ERROR, "{url}");
        }
        for frame in &frames {
            let query = format!("{base}/?DOMAIN={address}&PROTOCOL=0&SERVER_ENDPOINT=http://{address}/rest/");
            for url in [&frame.url, &query] {
                let fields: Vec<_> = frame.fields.iter().map(|(n, v)| (n.clone(), v.clone())).collect();
                let answer = client.post(url).form(&edit(&fields)).send().await.expect("an answer");
                assert!(answer.status() != StatusCode::INTERNAL_SERVER_ERROR, "{url}");
            }
        }
    }
    // Events and installations are worked on in their order, so what follows them comes later.
    company.portal.set_event_auth(EventAuth::NoTokens);
    click_works(&story, &company).await;
    assert_eq!(contacts.load(Ordering::SeqCst), 0, "somebody else's address was contacted");
    story.end().await;
}

/// Posts this installation as if another portal's application had told it, from that address.
async fn forge_from(story: &Story, form: &[(String, String)], address: &str) {
    let forged = |(name, value): &(String, String)| {
        let is_token = name.ends_with("_token]");
        (name.clone(), if is_token { format!("forged{address}").repeat(3) } else { value.clone() })
    };
    let form: Vec<_> = form.iter().map(forged).collect();
    let post = story.environment().client().post(format!("{}/", story.environment().base()));
    let status = post.header("x-real-ip", address).form(&form).send().await.expect("an answer").status();
    assert!(status == StatusCode::OK || status == StatusCode::SERVICE_UNAVAILABLE, "{status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_notices_from_sixteen_networks_before_and_after_the_true_one_cost_no_click() {
    let story = Story::begin().await;
    let company = story.newcomer("firma.local", PortalSpec::default()).await;
    // What the strangers write is the portal's own notice with other tokens. They know it from elsewhere.
    let mut path = "https://127.0.0.1:9/".to_owned();
    company.portal.edit_app(|app| std::mem::swap(&mut app.install_url, &mut path));
    assert_eq!(company.portal.install(1).await.expect("an installation path").status, None, "nobody is there");
    company.portal.edit_app(|app| app.install_url = path);
    let form = company.portal.deliveries().pop().expect("the installation").form;
    for network in 0..16 {
        forge_from(&story, &form, &format!("198.{network}.0.1")).await;
    }
    company.portal.install(1).await.expect("an installation path");
    for round in 2..4 {
        for network in 0..16 {
            forge_from(&story, &form, &format!("198.{network}.0.{round}")).await;
        }
    }
    let company = company.register(&story).await;
    company.portal.set_event_auth(EventAuth::NoTokens);
    let logged_in = Instant::now();
    story
        .until_asked("a click is taken", async || {
            let (_, status) = company.click(IVAN, CLIENT).await;
            if status != Some(200) {
                company.portal.forget_open_calls();
            }
            (status == Some(200)).then_some(())
        })
        .await;
    assert!(logged_in.elapsed().as_secs() < 20, "clicks are taken within seconds: {:?}", logged_in.elapsed());
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    company.finished(&story, 1).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_event_with_a_guessed_secret_teaches_nothing() {
    let story = Story::begin().await;
    let company = story.newcomer("firma.local", PortalSpec::default()).await;
    company.portal.set_event_auth(EventAuth::NoTokens);
    // The portal is asked for a test event, which does not come: we go on waiting for it.
    company.portal.standing_for("event.test", Fault::Outage);
    let company = company.register(&story).await;
    let asked = || company.portal.requests_of("event.test").pop();
    let secret = story.until("the portal is asked for a test event", asked).await;
    let secret = secret.params["any"].as_str().expect("a secret").to_owned();
    assert!(secret.len() >= 22, "nobody can guess it: {} signs", secret.len());

    let client = story.environment().client();
    let events = format!("{}/events", story.environment().base());
    let forge = async |event: &str, query: Option<&str>| {
        let mut form = vec![
            ("event", event),
            ("data[LANGUAGE_ID]", "ru"),
            ("auth[member_id]", company.portal.member_id()),
            ("auth[application_token]", "forged-forged-forged-forged-forge"),
        ];
        form.extend(query.map(|query| ("data[QUERY][any]", query)));
        client.post(&events).form(&form).send().await.expect("an answer").status()
    };
    let (short, other) = (&secret[1..], secret.to_ascii_uppercase());
    for guess in [None, Some(""), Some("data"), Some(short), Some(other.as_str())] {
        assert_eq!(forge("ONAPPTEST", guess).await, StatusCode::FORBIDDEN, "{guess:?}");
    }
    assert_eq!(forge("ONUSERADD", None).await, StatusCode::FORBIDDEN, "the forged token is nobody's");
    let (_, status) = company.click(IVAN, CLIENT).await;
    assert_eq!(status, Some(403), "nothing proves this click yet");
    company.portal.forget_open_calls();

    // Nor has it kept the true token from being proved, by the event that comes in the end.
    company.portal.heal();
    story.environment().admin().log_in(&company.portal, 1, None).await.expect("an administrator of the portal");
    story.until_said("the portal has proved its application token by a test event").await;
    click_works(&story, &company).await;
    assert_eq!(forge("ONAPPTEST", Some(&secret)).await, StatusCode::FORBIDDEN, "the secret is of no use any more");
    assert_eq!(forge("ONUSERADD", None).await, StatusCode::FORBIDDEN, "nor is any other token");
    story.until_said("an event with a wrong application token was refused").await;
    story.end().await;
}
