//! All pages in both languages and schemes, on a desk and on a narrow screen: legible, nothing sticks out.

use crate::scene::{CLIENT, CLIENT_ON_THE_WIRE, IVAN, IVAN_NUMBER, Scene};
use crate::webdriver::{Browser, By, Options};
use ecss_crm_server::sandbox::portal::{ClickedIn, FramePost, User};
use serde_json::json;

const ENGLISH: &str = "en-US,en";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_narrow_card_is_legible_in_every_phase() {
    card_in_every_phase("ru,ru-RU", &["Входящий вызов", "Разговор", "На удержании", "Вызов завершён"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_speaks_english() {
    card_in_every_phase(ENGLISH, &["Incoming call", "Talking", "On hold", "The call is over"]).await;
}

async fn card_in_every_phase(language: &'static str, phases: &[&str; 4]) {
    let scene = Scene::ready(&Options { language, ..Options::default() }).await;
    let (browser, lang) = (&scene.browser, &language[..2]);
    browser.screen(320, 480).await;
    let domain = scene.environment.switch.domain(&scene.company.domain);
    let call = domain.external_call(CLIENT, IVAN_NUMBER).await;
    scene.eventually("a card", || !scene.portal().visible().is_empty()).await;
    let mut frame = scene.portal().card_frames(IVAN).remove(0);
    frame.url = frame.url.replace("LANG=ru", &format!("LANG={lang}"));
    post(browser, &frame).await;
    browser.says("#number", CLIENT_ON_THE_WIRE).await;
    browser.says("#phase", phases[0]).await;
    both_schemes(browser, &format!("card-{lang}-1-ringing")).await;
    domain.phone(IVAN_NUMBER).pick_up().await.expect("Ivan picks up");
    browser.says("#phase", phases[1]).await;
    both_schemes(browser, &format!("card-{lang}-2-talking")).await;
    browser.click(&By::css("#transfer")).await;
    browser.find(&By::css("#to")).await;
    both_schemes(browser, &format!("card-{lang}-3-transfer")).await;
    domain.phone(IVAN_NUMBER).hold().await.expect("Ivan holds");
    browser.says("#phase", phases[2]).await;
    both_schemes(browser, &format!("card-{lang}-4-held")).await;
    scene.environment.switch.remote_hangs_up(call).await.expect("the client hangs up");
    browser.says("#phase", phases[3]).await;
    both_schemes(browser, &format!("card-{lang}-5-over")).await;
    scene.eventually("the record", || scene.portal().finished_calls().len() == 1).await;
    // A card that is opened for a call nobody knows any more, on a telephone that is idle.
    let options = frame.fields.iter_mut().find(|(name, _)| name == "PLACEMENT_OPTIONS").expect("a card has options");
    "{}".clone_into(&mut options.1);
    post(browser, &frame).await;
    browser.find(&By::css("#note")).await;
    both_schemes(browser, &format!("card-{lang}-6-nothing")).await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_are_legible_in_russian() {
    all_pages("ru,ru-RU", "Вход", "Анна Орлова администратор").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_are_legible_in_english() {
    all_pages(ENGLISH, "Log in", "Анна Орлова administrator").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_of_a_click_tells_in_russian_what_was_clicked() {
    card_of_a_click("ru,ru-RU", "добавочный 12", &["обзвон № 31", "лид №", "из мобильного приложения"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_card_of_a_click_tells_in_english_what_was_clicked() {
    card_of_a_click(ENGLISH, "extension 12", &["call campaign 31", "lead", "from the mobile application"]).await;
}

async fn card_of_a_click(language: &'static str, extension: &str, rest: &[&str; 3]) {
    let scene = Scene::ready(&Options { language, ..Options::default() }).await;
    let (browser, lang) = (&scene.browser, &language[..2]);
    browser.screen(320, 480).await;
    let place = ClickedIn { mobile: true, campaign: Some(31) };
    scene.portal().click_in(IVAN, "+7 383 555-00-16 доб. 12", place).await.expect("a click");
    scene.eventually("a card", || !scene.portal().visible().is_empty()).await;
    let mut frame = scene.portal().card_frames(IVAN).remove(0);
    frame.url = frame.url.replace("LANG=ru", &format!("LANG={lang}"));
    post(browser, &frame).await;
    for _ in ["drawn by the server", "drawn by the script"] {
        browser.says("#number", "73835550016").await;
        browser.says("#extension", extension).await;
        for fact in rest {
            browser.says("#click", fact).await;
        }
    }
    both_schemes(browser, &format!("card-{lang}-7-click")).await;
    let domain = scene.environment.switch.domain(&scene.company.domain);
    domain.phone(IVAN_NUMBER).reject().await.expect("it rings");
    scene.eventually("the record", || scene.portal().finished_calls().len() == 1).await;
    scene.end().await;
}

/// Profiles as people write them: one with a number more than our table has, one that cannot be read.
fn odd_profiles(scene: &Scene) {
    scene.portal().set_user(User::new(8, "Пётр", "Петров").inner("1002 / 1042 (моб. +7 913 555-11-22)"));
    scene.portal().set_user(User::new(9, "Мария", "Сидорова").inner("1003, вечером 1050-1055 или спросить у Анны"));
    scene.portal().set_user(User::new(31, "Зоя", "Новая").inner("спросить в приёмной"));
}

async fn all_pages(language: &'static str, submit: &str, admin: &str) {
    let scene = Scene::ready(&Options { language, any_certificate: true, ..Options::default() }).await;
    let (browser, lang) = (&scene.browser, &language[..2]);
    let base = scene.environment.base();
    desk_and_pocket(browser, &base, &format!("page-{lang}-login")).await;
    scene.log_in(submit, admin).await;
    odd_profiles(&scene);
    let domain = scene.environment.switch.domain(&scene.company.domain);
    let over = domain.external_call(CLIENT, "1002").await;
    scene.environment.switch.remote_hangs_up(over).await.expect("the client hangs up");
    scene.eventually("the record", || scene.portal().finished_calls().len() == 1).await;
    let call = domain.external_call(CLIENT, "600").await;
    scene.eventually("a card", || !scene.portal().visible().is_empty()).await;
    for tab in ["ecss", "bitrix", "employees", "calls", "diagnostics"] {
        let address = format!("{base}/company?tab={tab}");
        desk_and_pocket(browser, &address, &format!("page-{lang}-{tab}")).await;
    }
    for (width, height) in [(1280, 800), (320, 640)] {
        browser.screen(width, height).await;
        browser.open(&format!("{base}/company?tab=bitrix")).await;
        browser.click(&By::css("#open-employees")).await;
        browser.find(&By::css("#employees-rows .warn")).await;
        both_schemes(browser, &format!("page-{lang}-dialog-{width}")).await;
    }
    desk_and_pocket(browser, &format!("{base}/nowhere"), &format!("page-{lang}-nowhere")).await;
    desk_and_pocket(browser, &format!("{base}/call/call.html"), &format!("page-{lang}-explain")).await;
    let portal = format!("{}?user={IVAN}", scene.portal().page_url());
    desk_and_pocket(browser, &portal, &format!("portal-{lang}")).await;
    scene.environment.switch.remote_hangs_up(call).await.expect("the client gives up");
    scene.eventually("both records", || scene.portal().finished_calls().len() == 2).await;
    // The page that is nowhere answers 404, and the browser says so.
    let lines = browser.console().await;
    let loud: Vec<_> = lines.iter().filter(|l| l.level == "SEVERE" && !l.message.contains("/nowhere")).collect();
    assert!(loud.is_empty(), "{loud:#?}");
    scene.end().await;
}

/// Posts a frame's form from an empty page, as the portal's page does into a frame.
async fn post(browser: &Browser, frame: &FramePost) {
    browser.open("about:blank").await;
    let script = "const [url, fields] = arguments; const form = document.createElement('form'); \
         form.method = 'post'; form.action = url; \
         for (const [name, value] of fields) { const i = document.createElement('input'); i.name = name; i.value = value; form.append(i); } \
         document.body.append(form); form.submit();";
    browser.run(script, &[json!(frame.url), json!(frame.fields)]).await;
    browser.find(&By::css("#card #phase")).await;
}

pub async fn desk_and_pocket(browser: &Browser, address: &str, name: &str) {
    browser.screen(1280, 800).await;
    browser.open(address).await;
    both_schemes(browser, name).await;
    browser.screen(320, 640).await;
    browser.fits(&format!("{name} at 320 pixels")).await;
    browser.picture(&format!("{name}-narrow")).await;
}

async fn both_schemes(browser: &Browser, name: &str) {
    for scheme in ["light", "dark"] {
        browser.scheme(scheme).await;
        browser.picture(&format!("{name}-{scheme}")).await;
        let what = format!("{name} {scheme}");
        browser.legible(&what).await;
        browser.fits(&what).await;
    }
    browser.scheme("light").await;
}
