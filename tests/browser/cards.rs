//! Calls as an employee sees them: the portal's card with ours inside, the telephones beside it.

use crate::scene::{CLIENT, IVAN, IVAN_NUMBER, Scene};
use crate::webdriver::{By, Options};

/// The first lines of the list of calls.
const RECORDS: &str = "#record-list li";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employee_answers_in_the_card_and_hangs_up() {
    let scene = Scene::ready(&Options::default()).await;
    let browser = &scene.browser;
    browser.open(&scene.portal().page_url()).await;
    browser.click(&By::css(&format!("#people a[href='/?user={IVAN}']"))).await;
    browser.says("#people a[aria-current]", "Иван Иванов").await;

    scene.outside_calls(CLIENT, IVAN_NUMBER).await;
    browser.says("#card-head", "Сергей Клиентов").await;
    scene.enter_card().await;
    browser.says("#phase", "Входящий вызов").await;
    browser.says("#number", CLIENT).await;
    browser.find(&By::word("Отклонить")).await;
    browser.click(&By::word("Принять")).await;
    browser.says("#phase", "Разговор").await;
    browser.gone(&By::word("Принять")).await;
    browser.find(&By::word("Удержать")).await;
    browser.says("#timer", "00:01").await;

    browser.leave_frames().await;
    browser.says("#handsets li", &format!("разговор с {CLIENT}")).await;
    scene.enter_card().await;
    browser.click(&By::word("Завершить")).await;
    browser.leave_frames().await;
    browser.gone(&By::css("#card")).await;
    browser.says(RECORDS, "успешный").await;
    browser.says(RECORDS, "Сергей Клиентов").await;
    let finished = scene.portal().finished_calls();
    assert_eq!(finished.len(), 1);
    assert!(finished[0].succeeded() && finished[0].user == IVAN, "{finished:?}");
    scene.end().await;
}
