//! The portal is away: people who look at the company's pages are told so, and open cards do not mind.

use crate::scene::{CLIENT, IVAN_NUMBER, Scene};
use crate::views::desk_and_pocket;
use crate::webdriver::{By, Options};
use ecss_crm_server::sandbox::portal::Fault;
use std::time::Duration;

/// The longer a portal was away, the later it is asked again: after a minute at most, and some for a busy machine.
const LONGEST_PAUSE: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_is_told_while_it_lasts_and_no_longer() {
    let scene = Scene::ready(&Options { any_certificate: true, ..Options::default() }).await;
    let browser = &scene.browser;
    scene.log_in("Вход", "Анна Орлова администратор").await;
    browser.says(".status", "Подключено").await;
    browser.gone(&By::css("#state h2")).await;

    scene.portal().standing(Fault::DropBefore);
    let domain = scene.environment.switch.domain(&scene.company.domain);
    let call = domain.external_call(CLIENT, IVAN_NUMBER).await;
    // The page is not touched.
    browser.says("#state h2", "Портал не отвечает").await;
    browser.says("#state", "вызов").await;
    browser.says("#state", "Всё сохранено и будет передано само, ничего не потеряется").await;
    browser.says("#state-news", "Портал не отвечает").await;
    scene.environment.switch.remote_hangs_up(call).await.expect("the client gives up");
    let base = scene.environment.base();
    for tab in ["ecss", "bitrix", "employees", "calls", "diagnostics"] {
        desk_and_pocket(browser, &format!("{base}/company?tab={tab}"), &format!("outage-{tab}")).await;
        browser.says("#state h2", "Портал не отвечает").await;
    }

    scene.portal().heal();
    told(&scene).await;
    browser.gone(&By::css("#state h2")).await;
    browser.says("#state-news", "Всё снова в порядке.").await;
    browser.says("#portal", "Отвечает").await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_card_goes_on_without_the_portal() {
    let scene = Scene::with_ringing_card().await;
    let browser = &scene.browser;

    scene.portal().standing(Fault::DropBefore);
    browser.click(&By::word("Принять")).await;
    browser.says("#phase", "Разговор").await;
    browser.click(&By::word("Завершить")).await;
    browser.says("#phase", "Вызов завершён").await;
    scene.portal().heal();
    told(&scene).await;
    scene.end().await;
}

/// Waits until the portal has the call's record.
async fn told(scene: &Scene) {
    let told = || (scene.portal().finished_calls().len() == 1).then_some(());
    assert!(scene.environment.portals.until(LONGEST_PAUSE, told).await.is_some(), "{}", scene.portal().verdict());
}
