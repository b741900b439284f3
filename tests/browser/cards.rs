//! Calls as an employee sees them: the portal's card with ours inside, the telephones beside it.

use crate::scene::{CLIENT, CLIENT_ON_THE_WIRE, IVAN, IVAN_NUMBER, Scene};
use crate::webdriver::{Browser, By, Options};
use ecss_crm_server::sandbox::switch::PhoneStatus;

/// The lines of the list of calls.
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
    browser.says("#number", CLIENT_ON_THE_WIRE).await;
    browser.says("#name", "Сергей Клиентов").await;
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
    card_goes(browser).await;
    browser.says(RECORDS, "успешный").await;
    browser.says(RECORDS, "Сергей Клиентов").await;
    let finished = scene.portal().finished_calls();
    assert_eq!(finished.len(), 1);
    assert!(finished[0].succeeded() && finished[0].user == IVAN, "{finished:?}");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employee_rejects_in_the_card() {
    let scene = Scene::with_ringing_card().await;
    let browser = &scene.browser;
    browser.click(&By::word("Отклонить")).await;
    card_goes(browser).await;
    browser.says(RECORDS, "отклонён").await;
    assert_eq!(scene.portal().finished_calls()[0].code, "603");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_that_has_given_way_to_newer_ones_says_so_and_goes_on_when_it_is_clicked() {
    let scene = Scene::with_ringing_card().await;
    let browser = &scene.browser;
    let others = "const { base, ticket } = document.getElementById('card').dataset;
        window.others = [1, 2, 3, 4].map(() => new EventSource(`${base}/call/stream?${new URLSearchParams({ ticket })}`));";
    browser.run(others, &[]).await;
    browser.says("#link", "Открыто слишком много карточек").await;
    browser.run("window.others.forEach((other) => other.close());", &[]).await;
    browser.leave_frames().await;
    scene.press_phone(IVAN_NUMBER, "Снять трубку").await;

    scene.enter_card().await;
    browser.says("#phase", "Входящий вызов").await;
    browser.click(&By::css("#phase")).await;
    browser.says("#phase", "Разговор").await;
    browser.click(&By::word("Завершить")).await;
    card_goes(browser).await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_follows_a_call_that_is_answered_on_the_telephone() {
    let scene = Scene::with_ringing_card().await;
    let browser = &scene.browser;
    browser.leave_frames().await;

    scene.press_phone(IVAN_NUMBER, "Снять трубку").await;
    scene.enter_card().await;
    browser.says("#phase", "Разговор").await;
    browser.says("#timer", "00:01").await;
    browser.click(&By::word("Удержать")).await;
    browser.says("#phase", "На удержании").await;
    browser.click(&By::word("Вернуть")).await;
    browser.says("#phase", "Разговор").await;

    let call = scene.environment.switch.wait_phone(IVAN_NUMBER, PhoneStatus::Talking).await.expect("Ivan talks");
    scene.environment.switch.remote_hangs_up(call.expect("in a call")).await.expect("the client hangs up");
    card_goes(browser).await;
    browser.says(RECORDS, "успешный").await;
    browser.says("#handsets li", "свободен").await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_on_a_number_dials_from_the_telephone() {
    let scene = Scene::ready(&Options::default()).await;
    let browser = &scene.browser;
    scene.portal_page(IVAN).await;
    browser.click(&By::within("#client-list li", "Сергей Клиентов", CLIENT)).await;
    browser.says("#card-direction", "Исходящий звонок").await;
    scene.enter_card().await;
    browser.says("#number", CLIENT_ON_THE_WIRE).await;
    browser.leave_frames().await;
    // The employee's own telephone rings first, as for any click in the field.
    scene.press_phone(IVAN_NUMBER, "Снять трубку").await;
    scene.enter_card().await;
    browser.says("#phase", "Ждём ответа").await;
    browser.leave_frames().await;
    scene.press_phone(IVAN_NUMBER, "Собеседник ответил").await;
    scene.enter_card().await;
    browser.says("#phase", "Разговор").await;
    browser.says("#timer", "00:01").await;
    browser.leave_frames().await;
    scene.press_phone(IVAN_NUMBER, "Положить трубку").await;
    card_goes(browser).await;
    browser.says(RECORDS, "исходящий").await;
    browser.says(RECORDS, "успешный").await;
    assert_eq!(scene.portal().finished_calls().len(), 1);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_outlives_a_restart_of_the_daemon() {
    let mut scene = Scene::with_ringing_card().await;
    scene.environment.stop_daemon().await;
    scene.browser.says("#link", "Связь с сервером прервалась").await;
    scene.browser.picture("card-reconnecting").await;
    scene.environment.start_daemon().await.expect("the daemon starts again");
    let browser = &scene.browser;
    browser.gone(&By::css("#link:not(:empty)")).await;
    browser.click(&By::word("Принять")).await;
    browser.says("#phase", "Разговор").await;
    browser.click(&By::word("Завершить")).await;
    card_goes(browser).await;
    browser.says(RECORDS, "успешный").await;
    // The connections that nobody answered are all that was wrong.
    let lines = browser.console().await;
    let loud: Vec<_> = lines.iter().filter(|l| l.level == "SEVERE" && !l.message.contains("net::ERR_")).collect();
    assert!(loud.is_empty(), "{loud:#?}");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_of_the_card_is_heard() {
    let scene = Scene::with_ringing_card().await;
    let browser = &scene.browser;
    scene.quiet_console().await;
    // Without this the silence that all other stories end with would prove nothing.
    let smuggle = "const s = document.createElement('script'); s.textContent = '1'; document.body.append(s);";
    browser.run(smuggle, &[]).await;
    browser.run("setTimeout(() => { document.title = 'late'; throw new Error('from within the card'); });", &[]).await;
    browser.until("the error", "return document.title === 'late'", &[]).await;
    let lines = browser.console().await;
    for part in ["Content Security Policy", "from within the card"] {
        assert!(lines.iter().any(|l| l.level == "SEVERE" && l.message.contains(part)), "{part}: {lines:#?}");
    }
    browser.click(&By::word("Отклонить")).await;
    card_goes(browser).await;
    scene.end().await;
}

/// Back on the portal's page, waits for the card to go.
async fn card_goes(browser: &Browser) {
    browser.leave_frames().await;
    browser.gone(&By::css("#card")).await;
}
