//! An administrator registers their company, in the words of the manual.

use crate::scene::Scene;
use crate::webdriver::{By, Options};
use secrecy::ExposeSecret as _;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_company_is_registered_connected_and_gets_its_numbers() {
    // The portal's authorize page comes over HTTPS with a certificate that no browser knows.
    let scene = Scene::new(&Options { any_certificate: true, ..Options::default() }).await;
    let (browser, company) = (&scene.browser, &scene.company);
    let keys = company.portal.keys().expect("the portal has an application");

    browser.open(&scene.environment.base()).await;
    browser.fill(&By::label("Домен компании"), &company.portal.domain()).await;
    browser.click(&By::word("дополнительные параметры")).await;
    browser.fill(&By::label("Идентификатор клиента"), &keys.client_id).await;
    browser.fill(&By::label("Секретный ключ"), &keys.client_secret).await;
    browser.picture("registration-1-form").await;
    browser.click(&By::word("Вход")).await;

    browser.says("h1", "Вход в Битрикс24").await;
    assert!(browser.address().await.starts_with(&format!("https://{}/", company.portal.domain())));
    browser.picture("registration-2-authorize").await;
    browser.click(&By::word("Анна Орлова администратор")).await;
    browser.says("h1", &company.portal.domain()).await;
    browser.says(".status", "Не настроено").await;
    assert!(browser.address().await.starts_with(&format!("{}/company", scene.environment.base())));

    browser.fill(&By::label("Идентификатор клиента"), &company.client_id).await;
    browser.fill(&By::label("Ключ API"), "wrong").await;
    browser.fill(&By::label("Адрес Call API"), &scene.environment.switch.base_urls()[0]).await;
    browser.fill(&By::label("Домен"), &company.domain).await;
    browser.click(&By::word("Сохранить и проверить")).await;
    browser.says("[role=alert]", "Ключ не подошёл").await;
    browser.picture("registration-3-wrong-key").await;
    browser.fill(&By::label("Ключ API"), company.api_key.expose_secret()).await;
    browser.click(&By::word("Сохранить и проверить")).await;
    browser.says("[role=status]", "Подключение работает").await;
    browser.picture("registration-4-connected").await;
    browser.click(&By::word("Проверить подключение")).await;
    browser.says("[role=status]", "Подключение работает").await;

    browser.click(&By::word("Настройки подключения к Битрикс-24")).await;
    browser.says("dd", "Действует ещё").await;
    browser.click(&By::word("пользователи")).await;
    browser.says("dialog", "Номера телефонов пользователей").await;
    browser.fill(&By::label("Иван Иванов"), "1001, 1011").await;
    browser.picture("registration-5-users").await;
    browser.click(&By::word("Закрыть")).await;
    browser.gone(&By::css("dialog")).await;
    browser.says("#employees-result", "Сохранено.").await;
    browser.reload().await;
    browser.click(&By::word("пользователи")).await;
    let field = browser.find(&By::label("Иван Иванов")).await;
    assert_eq!(field.property("value").await, "1001, 1011");

    // A number can have one owner only; the dialog stays and says where the other one is.
    browser.fill(&By::label("Пётр Петров"), "1001").await;
    browser.click(&By::word("Закрыть")).await;
    browser.says("#employees-fault", "уже у").await;
    browser.picture("registration-6-conflict").await;
    browser.fill(&By::label("Пётр Петров"), "1002").await;
    browser.click(&By::word("Закрыть")).await;
    browser.gone(&By::css("dialog")).await;
    let console = browser.console().await;
    let loud: Vec<_> = console.iter().filter(|l| l.level == "SEVERE" && !l.message.contains("422")).collect();
    assert!(loud.is_empty(), "only the refused numbers may be mentioned: {loud:#?}");
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employee_without_rights_is_told_whom_to_ask() {
    let scene = Scene::new(&Options { any_certificate: true, ..Options::default() }).await;
    let browser = &scene.browser;
    scene.company.portal.install(1).await;
    scene.environment.register(&scene.company).await.expect("the company registers");
    browser.open(&scene.environment.base()).await;
    browser.fill(&By::label("Домен компании"), &scene.company.portal.domain()).await;
    browser.click(&By::word("Вход")).await;
    browser.click(&By::word("Иван Иванов")).await;
    browser.says("main", "Нужны права администратора").await;
    browser.picture("registration-no-rights").await;
    scene.environment.stop().await;
}
