//! The company's pages at work: opened from the portal, showing calls as they happen.

use crate::scene::{CLIENT, IVAN_NUMBER, Scene};
use crate::webdriver::{By, Options};

const ANNA: i64 = 1;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_settings_open_from_the_portal_in_a_tab_of_their_own() {
    let scene = Scene::ready(&Options { any_certificate: true, ..Options::default() }).await;
    let browser = &scene.browser;
    scene.portal_page(ANNA).await;
    let known = browser.windows().await;
    browser.click(&By::word("Настройки приложения")).await;
    let opened = browser.new_window(&known).await;
    browser.look_at(&opened).await;
    browser.says("h1", "Приложение подключено").await;
    browser.picture("inside").await;
    let known = browser.windows().await;
    browser.click(&By::word("Открыть настройки компании")).await;
    let opened = browser.new_window(&known).await;
    browser.look_at(&opened).await;
    browser.click(&By::word("Анна Орлова администратор")).await;
    browser.says(".status", "Подключено").await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_appear_move_and_can_be_explained() {
    let scene = Scene::ready(&Options { any_certificate: true, ..Options::default() }).await;
    let browser = &scene.browser;
    scene.log_in("Вход", "Анна Орлова администратор").await;
    browser.click(&By::word("Вызовы")).await;
    browser.says("#active", "Сейчас никто не разговаривает.").await;
    browser.picture("calls-empty").await;

    let domain = scene.environment.switch.domain(&scene.company.domain);
    let call = domain.external_call(CLIENT, IVAN_NUMBER).await;
    browser.says("#active", "Иван Иванов").await;
    domain.phone(IVAN_NUMBER).pick_up().await.expect("Ivan picks up");
    browser.says("#active", "Разговор").await;
    browser.picture("calls-active").await;
    scene.environment.switch.remote_hangs_up(call).await.expect("the client hangs up");
    browser.says("#active", "Сейчас никто не разговаривает.").await;
    browser.says("#recent", "Иван Иванов").await;
    browser.click(&By::word("Подробно")).await;
    browser.says("h2", "История вызова").await;
    browser.says(".story", "1001").await;
    browser.picture("call-story").await;
    scene.eventually("the record", || scene.portal().finished_calls().len() == 1).await;
    scene.end().await;
}
