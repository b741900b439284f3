//! Where the addresses of a portal and a switch lead: what was allowed once is judged again at every connection.

use crate::support::{CLIENT, IVAN, Story};
use ecss_crm_server::config::Networks;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_led_elsewhere_when_it_was_registered_is_not_contacted_and_the_page_says_why() {
    let (mut story, mut company) = Story::with_company().await;
    let address = story.switch().base_url(0).replace("127.0.0.1", "localhost");
    let form = [
        ("backend", "callapi"),
        ("client_id", company.simulated.client_id.as_str()),
        ("addresses", address.as_str()),
        ("domain", company.simulated.domain.as_str()),
        ("tls", "system"),
    ];
    let request = company.admin.request(Method::POST, "/company/ecss").form(&form);
    assert_eq!(company.admin.send(request).await.expect("an answer").status(), StatusCode::SEE_OTHER);
    company.online(&story).await;

    // The same names and addresses are no longer where they may be: as if they led elsewhere now.
    story.stop_daemon().await;
    (story.town_mut().settings.portal_networks, story.town_mut().settings.switch_networks) =
        (Networks::Private, Networks::Private);
    let (asked, registers) = (company.portal.requests().len(), story.switch().registers());
    story.start_daemon(0).await;
    company.link_is(&story, "busy").await;
    let english = async |path: &str| {
        let request = company.admin.request(Method::GET, path).header("accept-language", "en");
        request.send().await.expect("an answer").text().await.expect("a page")
    };
    let said = async || {
        let page = english("/company?tab=ecss").await;
        page.contains("may not contact by its settings").then_some(page)
    };
    let page = story.until_asked("the page says that the switch is not contacted", said).await;
    assert!(page.contains("localhost → the machine of this server itself"), "{page}");
    let said = async || {
        let page = english("/company?tab=bitrix").await;
        page.contains("in portal_networks of config.toml").then_some(())
    };
    story.until_asked("the page says that the portal is not contacted", said).await;
    assert_eq!((company.portal.requests().len(), story.switch().registers()), (asked, registers), "nothing was sent");
    assert_eq!(story.said(company.simulated.api_key.expose_secret()), 0);

    story.stop_daemon().await;
    (story.town_mut().settings.portal_networks, story.town_mut().settings.switch_networks) =
        (Networks::Local, Networks::Local);
    story.start_daemon(1).await;
    company.online(&story).await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(company.finished(&story, 1).await[0].code, "200");
    story.end().await;
}
