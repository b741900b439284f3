//! Logging in and out.

use super::fake::BROWSER;
use super::{Ask, Site};
use crate::web::service::{LoginError, ServiceFault};
use axum::http::StatusCode;

/// A browser that comes back from the portal, where it began.
fn back(uri: &str) -> Ask {
    Ask::get(uri).header("cookie", &format!("__Host-ecss_crm_login={BROWSER}"))
}

#[tokio::test]
async fn the_page_uses_the_words_of_the_manual() {
    let reply = Site::new().get("/bitrix").await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.shows(&[
        "<html lang=\"ru\">",
        "дополнительные параметры",
        "Идентификатор клиента",
        "Секретный ключ",
        "Домен компании",
        ">Вход</button>",
        "<code>https://pbx.example:8802/bitrix</code>",
    ]);
}

#[tokio::test]
async fn logging_in_leads_to_the_portal() {
    let site = Site::new();
    let form = "domain=https%3A%2F%2FFirma.bitrix24.ru%2Fcrm%2F&client_id=&client_secret=";
    let reply = site.post("/login", form).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    let want = "https://firma.bitrix24.ru/oauth/authorize/?client_id=local.abc&state=s1";
    assert_eq!(reply.header("location"), want);
    assert_eq!(site.service.world().log, ["login firma.bitrix24.ru None"]);
    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("__Host-ecss_crm_login="), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/;", "Max-Age=600"] {
        assert!(cookie.contains(attribute), "{attribute} not in {cookie}");
    }
}

#[tokio::test]
async fn a_browser_keeps_its_mark_while_several_tabs_log_in() {
    let site = Site::new();
    let ask = Ask::post("/login", "domain=firma.bitrix24.ru");
    let reply = site.send(ask.header("cookie", &format!("__Host-ecss_crm_login={BROWSER}"))).await;
    assert!(reply.header("set-cookie").starts_with(&format!("__Host-ecss_crm_login={BROWSER};")));
    let reply =
        site.send(Ask::post("/login", "domain=firma.bitrix24.ru").header("cookie", "__Host-ecss_crm_login=odd")).await;
    assert!(!reply.header("set-cookie").contains("odd"));
}

#[tokio::test]
async fn only_a_page_of_ours_begins_a_log_in() {
    let site = Site::new();
    for site_said in ["cross-site", "same-site"] {
        let ask = Ask::post("/login", "domain=firma.bitrix24.ru").header("sec-fetch-site", site_said);
        assert_eq!(site.send(ask).await.status, StatusCode::FORBIDDEN, "{site_said}");
    }
    let ask = Ask::post("/login", "domain=firma.bitrix24.ru").header("origin", "https://firma.bitrix24.ru");
    assert_eq!(site.send(ask).await.status, StatusCode::FORBIDDEN);
    assert!(site.service.world().log.is_empty());
    let own = Ask::post("/login", "domain=firma.bitrix24.ru").header("origin", "https://pbx.example:8802");
    assert_eq!(site.send(own).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_log_in_ends_only_in_the_browser_that_began_it() {
    let other = format!("__Host-ecss_crm_login={}", "B".repeat(43));
    let two = format!("__Host-ecss_crm_login={BROWSER}; {other}");
    let planted = format!("ecss_crm_login={BROWSER}");
    for cookie in [None, Some(other.as_str()), Some("__Host-ecss_crm_login="), Some(&two), Some(&planted)] {
        let ask = Ask::get("/?code=c1&state=s1").html();
        let site = Site::new();
        let ask = match cookie {
            Some(cookie) => ask.header("cookie", cookie),
            None => ask,
        };
        let reply = site.send(ask).await;
        assert_eq!((reply.status, reply.header("set-cookie")), (StatusCode::FORBIDDEN, ""), "{cookie:?}");
        reply.shows(&["другому браузеру"]);
    }
}

#[tokio::test]
async fn registering_takes_both_keys() {
    let site = Site::new();
    let reply = site.post("/login", "domain=new.bitrix24.ru&client_id=local.1&client_secret=s%2B1").await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert_eq!(site.service.world().log, ["login new.bitrix24.ru Some(\"local.1/s+1\")"]);
}

#[tokio::test]
async fn a_faulty_form_comes_back_with_what_was_typed() {
    let long = format!("domain=firma.ru&client_id={}&client_secret=x", "a".repeat(256));
    for (form, texts) in [
        ("domain=", &["Заполните это поле"][..]),
        ("", &["Заполните это поле"]),
        ("domain=firma", &["не похоже на домен портала", "value=\"firma\""]),
        ("domain=169.254.169.254", &["к этому адресу сервер не обращается"]),
        ("domain=new.bitrix24.ru", &["ещё не зарегистрирована", "<details open>", "value=\"new.bitrix24.ru\""]),
        ("domain=again.bitrix24.ru", &["создали заново", "<details open>", "client_id-fault"]),
        ("domain=f.ru&client_id=local.1", &["Заполните это поле", "value=\"local.1\"", "client_secret-fault"]),
        ("domain=f.ru&client_secret=hush", &["client_id-fault"]),
        (long.as_str(), &["не больше 255 знаков", "client_id-fault"]),
    ] {
        let reply = Site::new().post("/login", form).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        reply.shows(texts);
        reply.hides(&["hush"]);
    }
}

#[tokio::test]
async fn scripts_get_the_fields_at_fault() {
    let reply = Site::new().send(Ask::post("/login", "domain=").json().english()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(reply.json()["fields"]["domain"], "Fill in this field.");
}

#[tokio::test]
async fn the_way_back_opens_a_session() {
    let site = Site::new();
    let reply = site.send(back("/bitrix?code=c1&state=s1&domain=firma.bitrix24.ru&member_id=m&scope=user")).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "https://pbx.example:8802/bitrix/company");
    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("ecss_crm_session=good;"), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/bitrix", "Max-Age=28800"] {
        assert!(cookie.contains(attribute), "{attribute} not in {cookie}");
    }
    assert_eq!(site.service.world().log, ["return c1 s1"]);
}

#[tokio::test]
async fn a_trial_over_plain_http_keeps_its_cookie() {
    let site = Site::under("http://127.0.0.1:8801/", &[]);
    let ask = Ask::get("/?code=c1&state=s1").header("cookie", &format!("ecss_crm_login={BROWSER}"));
    let reply = site.send(ask).await;
    let cookie = reply.header("set-cookie");
    assert!(!cookie.contains("Secure") && cookie.contains("Path=/;"), "{cookie}");
    assert_eq!(reply.header("location"), "http://127.0.0.1:8801/company");
}

#[tokio::test]
async fn a_failed_return_says_what_to_do() {
    let text = String::new;
    for (error, status, words) in [
        (LoginError::BadState, 403, "устарела, уже использована"),
        (LoginError::CodeRefused(text()), 403, "живёт 30 секунд"),
        (LoginError::KeysRefused(text()), 403, "Ключи приложения не подошли"),
        (LoginError::OtherPortal, 403, "Ответил другой портал"),
        (LoginError::NotAdmin, 403, "Нужны права администратора"),
        (LoginError::ScopesMissing(vec!["call".into()]), 403, "<code>call</code>"),
        (LoginError::Unreachable(text()), 503, "Портал не отвечает"),
        (LoginError::Fault(ServiceFault::Busy(text())), 503, "Сервер занят"),
        (LoginError::Fault(ServiceFault::Broken(text())), 500, "Внутренняя ошибка"),
    ] {
        let site = Site::new();
        site.service.world().login_error = Some(error);
        let reply = site.send(back("/?code=c&state=s1")).await;
        assert_eq!(reply.status.as_u16(), status, "{words}");
        reply.shows(&[words, "href=\"https://pbx.example:8802/bitrix/\""]);
        assert_eq!(reply.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn states_that_are_not_ours_open_nothing() {
    for query in ["code=c", "code=c&state=", "state=s2", "code=c&state=forged", "code=&state=%00"] {
        let reply = Site::new().send(back(&format!("/?{query}"))).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{query}");
        assert_eq!(reply.header("set-cookie"), "", "{query}");
    }
}

#[tokio::test]
async fn an_error_of_the_portal_is_explained() {
    let reply = Site::new().get("/?error=access_denied").await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    reply.shows(&["Битрикс24 не подтвердил вход", "access_denied"]);
}

#[tokio::test]
async fn logging_out_ends_the_session_here_and_there() {
    let site = Site::new();
    let reply = site.send(Ask::post("/logout", "").admin()).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "https://pbx.example:8802/bitrix/");
    assert!(
        reply.header("set-cookie").contains("ecss_crm_session=;") && reply.header("set-cookie").contains("Max-Age=0")
    );
    assert_eq!(site.service.world().log, ["end good"]);
    assert_eq!(site.post("/logout", "").await.status, StatusCode::SEE_OTHER, "without a session as well");
}

#[tokio::test]
async fn nobody_begins_log_ins_without_end() {
    let site = Site::new();
    let ask = |ip: &str| Ask::post("/login", "domain=f.ru").header("x-real-ip", ip);
    for _ in 0..30 {
        assert_eq!(site.send(ask("10.0.0.1")).await.status, StatusCode::SEE_OTHER);
    }
    let reply = site.send(ask("10.0.0.1")).await;
    assert_eq!((reply.status, reply.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "60"));
    assert_eq!(site.send(ask("10.0.0.2")).await.status, StatusCode::SEE_OTHER);
    site.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(site.send(ask("10.0.0.1")).await.status, StatusCode::SEE_OTHER);
}
