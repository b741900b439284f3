//! The settings: sessions, the company's name, the switch connection, the choices for calls.

use super::fake::{COMPANY, switch};
use super::{Ask, NOW, Site};
use crate::domain::company::Trust;
use crate::domain::link::{Backlog, Distrust, LinkFault, LinkState, PortalState};
use crate::domain::reach::{AddressClass, Forbidden};
use crate::telemetry::{LogLevel, logged};
use crate::web::service::{Checked, ServiceFault};
use axum::http::StatusCode;

const FORM: &str = "backend=callapi&client_id=Acme&api_key=k%2B1&addresses=https%3A%2F%2F10.0.0.1%3A8088&domain=nick";

#[tokio::test]
async fn without_a_session_there_are_no_settings() {
    let site = Site::new();
    for uri in ["/company", "/company?tab=calls", "/company/employees", "/company/calls", "/company/calls/x"] {
        let reply = site.send(Ask::get(uri).html()).await;
        assert_eq!(
            (reply.status, reply.header("location")),
            (StatusCode::SEE_OTHER, "https://pbx.example:8802/bitrix/")
        );
        assert_eq!(site.send(Ask::get(uri).json()).await.status, StatusCode::UNAUTHORIZED, "{uri}");
        let forged = Ask::get(uri).json().header("cookie", "ecss_crm_session=forged");
        assert_eq!(site.send(forged).await.status, StatusCode::UNAUTHORIZED, "{uri}");
    }
    for uri in ["/company", "/company/ecss", "/company/ecss/check", "/company/calls", "/company/employees"] {
        let reply = site.send(Ask::post(uri, FORM).html()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{uri}");
        reply.shows(&["Нужно войти"]);
    }
    let huge = format!("ecss_crm_session={}", "x".repeat(5000));
    assert_eq!(site.send(Ask::get("/company").json().header("cookie", &huge)).await.status, StatusCode::UNAUTHORIZED);
    assert!(site.service.world().log.is_empty());
}

#[tokio::test]
async fn a_company_that_is_gone_says_so() {
    let site = Site::new();
    site.service.world().overview = None;
    assert_eq!(site.send(Ask::get("/company").admin()).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn the_first_tab_uses_the_words_of_the_manual() {
    let reply = Site::new().send(Ask::get("/company").admin()).await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.shows(&[
        "Настройки подключения к ECSS-10",
        "Настройки подключения к Битрикс-24",
        "Идентификатор клиента",
        "Ключ API",
        "Адрес Call API",
        "Домен",
        "value=\"MyCompanyBitrix24\"",
        "https://10.0.3.90:8088",
        "Ключ сохранён",
        "Подключено",
        "firma.bitrix24.ru",
    ]);
}

#[tokio::test]
async fn a_company_can_be_named() {
    let site = Site::new();
    let reply =
        site.send(Ask::post("/company", "name=%D0%A0%D0%BE%D0%B3%D0%B0+%26+%D0%9A%D0%BE&tab=bitrix").admin()).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "https://pbx.example:8802/bitrix/company?tab=bitrix&saved=1");
    assert_eq!(site.service.world().log, ["rename Рога & Ко"]);
    let reply = site.send(Ask::get("/company?tab=bitrix&saved=1").admin()).await;
    reply.shows(&["Сохранено."]);
}

#[tokio::test]
async fn a_name_that_is_too_long_comes_back() {
    let site = Site::new();
    let form = format!("name={}", "%D1%8F".repeat(256));
    for tab in ["ecss", "bitrix", "diagnostics", "calls"] {
        let reply = site.send(Ask::post("/company", &format!("{form}&tab={tab}")).admin()).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        reply.shows(&["не больше 255 знаков", "id=\"name-fault\"", &"я".repeat(256)]);
    }
    let reply = site.send(Ask::post("/company", &form).admin().json()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(reply.json()["fields"]["name"].is_string());
    assert!(site.service.world().log.is_empty());
}

#[tokio::test]
async fn switch_settings_are_saved() {
    let site = Site::new();
    let reply = site.send(Ask::post("/company/ecss", FORM).admin()).await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER);
    assert_eq!(reply.header("location"), "https://pbx.example:8802/bitrix/company?tab=ecss&saved=1");
    let log = site.service.world().log.clone();
    assert!(log[0].starts_with("switch Some(\"k+1\")") && log[0].contains("https://10.0.0.1:8088"), "{log:?}");
    let reply = site.send(Ask::post("/company/ecss", FORM).admin().json()).await;
    assert_eq!(reply.json()["ok"], true);
}

#[tokio::test]
async fn an_empty_key_keeps_the_stored_one_if_there_is_one() {
    let site = Site::new();
    let form = FORM.replace("k%2B1", "");
    assert_eq!(site.send(Ask::post("/company/ecss", &form).admin()).await.status, StatusCode::SEE_OTHER);
    assert!(site.service.world().log[0].starts_with("switch None"));
    site.service.world().overview.as_mut().expect("company").switch = None;
    let reply = site.send(Ask::post("/company/ecss", &form).admin()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    reply.shows(&["Ключ ещё не сохранён", "value=\"Acme\""]);
}

#[tokio::test]
async fn faulty_settings_come_back_without_the_key() {
    let site = Site::new();
    let form = "client_id=Acme&api_key=hush&addresses=http://169.254.169.254/&domain=&tls=pinned&tls_sha256=zz";
    let reply = site.send(Ask::post("/company/ecss", form).admin()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    reply.shows(&["к этому адресу сервер не обращается", "domain-fault", "64 шестнадцатеричные", "value=\"Acme\""]);
    reply.hides(&["hush"]);
    let reply = site.send(Ask::post("/company/ecss", form).admin().json().english()).await;
    let fields = &reply.json()["fields"];
    assert_eq!(fields["domain"], "Fill in this field.");
    assert!(fields["addresses"].is_string() && fields["tls_sha256"].is_string());
    assert!(site.service.world().log.is_empty());
}

#[tokio::test]
async fn a_check_says_what_failed_and_what_to_do() {
    let x = || "tcp 10.0.0.1:8088".to_owned();
    for (checked, words, code) in [
        (Checked::Works, &["Подключение работает"][..], None),
        (Checked::NotConfigured, &["не настроено", "Заполните"], Some("not_configured")),
        (Checked::Failed(LinkFault::WrongKey), &["не приняла", "integrations/list"], Some("wrong_key")),
        (Checked::Failed(LinkFault::UnknownHost(x())), &["DNS", "tcp 10.0.0.1:8088"], Some("unknown_host")),
        (
            Checked::Failed(LinkFault::Forbidden(Forbidden {
                host: "pbx.corp".to_owned(),
                place: AddressClass::Private,
            })),
            &["pbx.corp → частная сеть", "switch_networks"],
            Some("forbidden"),
        ),
        (
            Checked::Failed(LinkFault::Forbidden(Forbidden {
                host: "pbx.corp".to_owned(),
                place: AddressClass::Metadata,
            })),
            &["pbx.corp → служба метаданных облака", "не обращается никогда"],
            Some("forbidden"),
        ),
        (Checked::Failed(LinkFault::Unreachable(x())), &["ecss-call-api.service"], Some("unreachable")),
        (Checked::Failed(LinkFault::Protocol(x())), &["logLevel"], Some("protocol")),
        (Checked::Failed(LinkFault::Lost(x())), &["восстановится само"], Some("lost")),
    ] {
        let site = Site::new();
        site.service.world().checked = checked;
        let reply = site.send(Ask::post("/company/ecss/check", "").admin()).await;
        assert_eq!(reply.status, StatusCode::OK);
        reply.shows(words);
        let json = site.send(Ask::post("/company/ecss/check", "").admin().json()).await.json();
        assert_eq!(json["ok"], code.is_none());
        assert_eq!(json.get("code").and_then(|c| c.as_str()), code);
        assert_eq!(site.service.world().log, ["check", "check"]);
    }
}

#[tokio::test]
async fn an_unknown_certificate_can_be_accepted() {
    let site = Site::new();
    let sha256 = "ab".repeat(32);
    let fault =
        LinkFault::Untrusted { why: Distrust::Authority, reason: "UnknownIssuer".to_owned(), sha256: sha256.clone() };
    site.service.world().checked = Checked::Failed(fault.clone());
    let reply = site.send(Ask::post("/company/ecss/check", "").admin()).await;
    reply.shows(&["Доверять ему?", &sha256, &["AB"; 32].join(":"), "value=\"pinned\"", "Доверять этому сертификату"]);
    let json = site.send(Ask::post("/company/ecss/check", "").admin().json()).await.json();
    assert_eq!(json["detail"]["sha256"], sha256.as_str());

    site.service.world().overview.as_mut().expect("company").link = LinkState::NeedsAdmin { since: NOW, why: fault };
    site.send(Ask::get("/company").admin()).await.shows(&["Доверять ему?"]);

    site.service.world().checked = Checked::Works;
    site.service.world().log.clear();
    let form = "backend=callapi&client_id=Acme&addresses=https://a:1,+https://b:2&domain=nick";
    let form = format!("{form}&tls=pinned&tls_sha256={}&then=check", sha256.to_uppercase());
    let reply = site.send(Ask::post("/company/ecss", &form).admin()).await;
    assert_eq!(reply.status, StatusCode::OK);
    reply.shows(&["Сохранено.", "Подключение работает"]);
    let log = site.service.world().log.clone();
    assert!(log[0].starts_with("switch None") && log[0].contains(&sha256), "{log:?}");
    assert_eq!(log[1], "check");
}

#[tokio::test]
async fn checking_nothing_is_marked_loudly() {
    let site = Site::new();
    let mut off = switch();
    off.trust = Trust::Off { since: None };
    site.service.world().overview.as_mut().expect("company").switch = Some(off);
    site.send(Ask::get("/company").admin()).await.shows(&["не проверяется"]);
}

#[tokio::test]
async fn the_bitrix_tab_shows_the_tokens_life() {
    let site = Site::new();
    site.clock.advance(std::time::Duration::from_secs(600));
    let reply = site.send(Ask::get("/company?tab=bitrix").admin()).await;
    reply.shows(&[
        "<meter",
        "value=\"3000\"",
        "Действует ещё 50 мин.",
        "Продлевается автоматически",
        ">пользователи</a>",
    ]);
    site.clock.advance(std::time::Duration::from_secs(3600));
    site.send(Ask::get("/company?tab=bitrix").admin()).await.shows(&["value=\"0\"", "идёт продление"]);
    {
        let mut world = site.service.world();
        let overview = world.overview.as_mut().expect("company");
        overview.token = None;
        overview.portal = PortalState::NeedsLogin { since: NOW, why: "invalid_grant".to_owned() };
    }
    let reply = site.send(Ask::get("/company?tab=bitrix").admin()).await;
    reply.shows(&["Токена нет", "Войти заново", "invalid_grant"]);
}

#[tokio::test]
async fn choices_for_calls_are_saved() {
    let site = Site::new();
    let form = "crm_create=incoming&internal=card&responsible=8&budget=5/225";
    let reply = site.send(Ask::post("/company/calls", form).admin()).await;
    assert_eq!(reply.header("location"), "https://pbx.example:8802/bitrix/company?tab=bitrix&saved=1");
    assert!(site.service.world().log[0].contains("Incoming"), "{:?}", site.service.world().log);
    let reply = site.send(Ask::post("/company/calls", "budget=fast&responsible=99").admin()).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    reply.shows(&["value=\"fast\"", "2/45", "Такого сотрудника нет"]);
    let reply = site.send(Ask::post("/company/calls", "budget=fast").admin().json()).await;
    assert!(reply.json()["fields"]["budget"].is_string());
}

#[tokio::test]
async fn diagnostics_name_what_to_do() {
    let site = Site::new();
    {
        let mut world = site.service.world();
        let overview = world.overview.as_mut().expect("company");
        overview.unknown_numbers = 17;
        overview.backlog = Backlog { calls: 4, since: Some(NOW) };
        overview.dropped = 3;
        overview.link =
            LinkState::Waiting { since: NOW, until: NOW, why: LinkFault::Unreachable("refused".to_owned()) };
        overview.portal = PortalState::Limited { since: NOW };
    }
    let reply = site.send(Ask::get("/company?tab=diagnostics").admin()).await;
    reply.shows(&["17", "Впишите эти номера", "Следующая попытка", "refused", "Лимит запросов"]);
    reply.shows(&["https://pbx.example:8802/bitrix/call/call.html", "https://pbx.example:8802/bitrix/events"]);
}

#[tokio::test]
async fn a_save_that_fails_is_not_called_saved() {
    let site = Site::new();
    site.service.world().fault = Some(ServiceFault::Busy("locked".to_owned()));
    for (uri, form) in [("/company", "name=x"), ("/company/ecss", FORM), ("/company/ecss/check", "")] {
        let reply = site.send(Ask::post(uri, form).admin()).await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{uri}");
    }
}

#[test]
fn what_the_log_says_of_an_administrators_request_names_his_company() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (lines, _) = logged(LogLevel::Http, |_| {
        runtime.block_on(async {
            let site = Site::new();
            site.service.world().fault = Some(ServiceFault::Busy("locked".to_owned()));
            site.send(Ask::post("/company", "name=x").admin()).await;
        });
    });
    assert!(lines.len() == 2 && lines[0].contains(" put off: "), "{lines:?}");
    assert!(lines[0].contains(&format!(" company={COMPANY} request=")), "{lines:?}");
    assert!(lines[1].contains("POST /company 503") && !lines[1].contains(COMPANY), "{lines:?}");
}
