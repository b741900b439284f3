//! An administrator who knows nothing is led from the log-in to the first card.

use crate::scene::{CLIENT, CLIENT_ON_THE_WIRE, IVAN, IVAN_NUMBER, Scene};
use crate::webdriver::{By, Options};
use secrecy::ExposeSecret as _;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_leads_to_the_first_card_and_says_so_without_being_reloaded() {
    let scene = Scene::new(&Options { any_certificate: true, ..Options::default() }).await;
    let (browser, company) = (&scene.browser, &scene.company);
    let keys = company.portal.keys().expect("the portal has an application");
    browser.open(&scene.environment.base()).await;
    browser.fill(&By::label("Домен компании"), &company.portal.domain()).await;
    browser.click(&By::word("дополнительные параметры")).await;
    browser.fill(&By::label("Идентификатор клиента"), &keys.client_id).await;
    browser.fill(&By::label("Секретный ключ"), &keys.client_secret).await;
    browser.click(&By::word("Вход")).await;
    browser.click(&By::word("Анна Орлова администратор")).await;
    // What the portal has to do it does by itself, and the page learns of it by itself.
    browser.says("#setup [aria-current=step]", "Есть связь с ECSS-10").await;
    browser.picture("setup-1-switch").await;
    browser.screen(320, 900).await;
    browser.picture("setup-2-switch-narrow").await;
    browser.screen(1280, 900).await;
    browser.click(&By::word("Настройки ECSS-10")).await;
    browser.fill(&By::label("Идентификатор клиента"), &company.client_id).await;
    browser.fill(&By::label("Ключ API"), company.api_key.expose_secret()).await;
    browser.fill(&By::label("Адрес Call API"), &scene.environment.switch.base_urls()[0]).await;
    browser.fill(&By::label("Домен"), &company.domain).await;
    browser.click(&By::word("Сохранить и проверить")).await;
    browser.says("#setup [aria-current=step]", "ECSS-10 сообщает о вызовах").await;
    browser.picture("setup-3-first-call").await;

    browser.click(&By::word("Сделать проверочный вызов")).await;
    browser.fill(&By::label("Чей телефон зазвонит"), IVAN_NUMBER).await;
    browser.fill(&By::label("Какой номер набрать"), CLIENT).await;
    browser.click(&By::word("Позвонить")).await;
    browser.says("[role=status]", "телефон 1001 звонит").await;
    browser.says("#seen", "ни один браузер ещё не показал карточку").await;
    browser.picture("setup-4-rings").await;

    // Meanwhile the portal is open elsewhere, as the employee.
    let page = browser.address().await;
    scene.eventually("a card", || !scene.portal().visible().is_empty()).await;
    scene.environment.show_phones(company);
    scene.portal_page(IVAN).await;
    scene.enter_card().await;
    browser.says("#number", CLIENT_ON_THE_WIRE).await;
    browser.open(&page).await;
    browser.says("#seen", "Карточка вызова открывается в браузерах").await;
    browser.picture("setup-5-seen").await;
    browser.click(&By::word("Диагностика")).await;
    browser.find(&By::css("#checks")).await;
    browser.gone(&By::css("#setup .panel")).await;
    scene.environment.switch.domain(&company.domain).phone(IVAN_NUMBER).reject().await.expect("it rings");
    scene.eventually("the record", || scene.portal().finished_calls().len() == 1).await;
    scene.end().await;
}
