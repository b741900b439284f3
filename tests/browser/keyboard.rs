//! Calls without a mouse, and for people who listen to the page.

use crate::scene::{CLIENT, IVAN, IVAN_NUMBER, Scene};
use crate::webdriver::{Browser, By, Key, Options};
use serde_json::json;

/// More stops than any of the pages has.
const MANY: usize = 80;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_answered_and_ended_with_the_keyboard() {
    let scene = Scene::with_ringing_card().await;
    let browser = &scene.browser;
    assert_eq!(browser.run("return document.getElementById('phase').ariaLive", &[]).await, json!("polite"));
    assert_eq!(browser.run("return document.getElementById('message').role", &[]).await, json!("alert"));
    browser.leave_frames().await;
    // Assistive technology is told of the card although the focus stays where it was.
    browser.until("the announcement", "return document.getElementById('announce').textContent", &[]).await;

    tab_to(browser, "Принять").await;
    browser.press(Key::Enter).await;
    scene.enter_card().await;
    browser.says("#phase", "Разговор").await;
    browser.leave_frames().await;
    tab_to(browser, "Завершить").await;
    browser.press(Key::Space).await;
    browser.gone(&By::css("#card")).await;
    browser.says("#record-list li", "успешный").await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_transfer_form_opens_closes_and_transfers_with_the_keyboard() {
    let scene = Scene::ready(&Options::default()).await;
    let browser = &scene.browser;
    scene.portal_page(IVAN).await;
    scene.outside_calls(CLIENT, IVAN_NUMBER).await;
    scene.press_phone(IVAN_NUMBER, "Снять трубку").await;
    scene.enter_card().await;
    browser.says("#phase", "Разговор").await;
    browser.leave_frames().await;
    tab_to(browser, "Перевести").await;
    browser.press(Key::Enter).await;
    scene.enter_card().await;
    browser.until("the focus in the field", "return document.activeElement.id === 'to'", &[]).await;
    browser.press(Key::Escape).await;
    browser.until("the form gone", "return document.getElementById('transfer-form').hidden", &[]).await;
    browser.until("the focus back", "return document.activeElement.id === 'transfer'", &[]).await;
    browser.press(Key::Enter).await;
    browser.fill(&By::label("На какой номер перевести"), "1002").await;
    browser.press(Key::Enter).await;
    browser.leave_frames().await;
    scene.press_phone("1002", "Снять трубку").await;
    browser.gone(&By::css("#card")).await;
    scene.press_phone("1002", "Положить трубку").await;
    browser.says("#record-list li", "Пётр Петров").await;
    scene.eventually("both records", || scene.portal().finished_calls().len() == 2).await;
    scene.end().await;
}

/// Presses Tab from the top of the page until the element that says `word` has the focus, in the page or the card.
async fn tab_to(browser: &Browser, word: &str) {
    browser.run("document.activeElement.blur()", &[]).await;
    let mut seen = Vec::new();
    for _ in 0..MANY {
        browser.press(Key::Tab).await;
        let at = focused(browser).await;
        if at == word {
            return;
        }
        seen.push(at);
    }
    panic!("Tab never comes to \"{word}\" but to {seen:?}");
}

/// What the focused element says.
async fn focused(browser: &Browser) -> String {
    let script = "const e = document.activeElement; return e.tagName === 'IFRAME' ? null : e.textContent.trim()";
    let outside = browser.run(script, &[]).await;
    if !outside.is_null() {
        return outside.as_str().unwrap_or_default().to_owned();
    }
    browser.enter(&By::css("#tab-frames iframe")).await;
    let inside = browser.run(script, &[]).await;
    browser.leave_frames().await;
    inside.as_str().unwrap_or_default().to_owned()
}
