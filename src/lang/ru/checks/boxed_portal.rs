//! A portal "in a box", in Russian.

use super::portal_configuration;
use crate::domain::checks::boxed_portal::page::{PageAnswer, PortalPage};
use crate::domain::checks::boxed_portal::public_address::AddressVerdict;
use crate::domain::checks::boxed_portal::{BoxedPortalFinding, ConnectionOutcome, UnseenSetting};
use crate::lang::checks::FindingText;

pub(in crate::lang) fn text(finding: &BoxedPortalFinding) -> FindingText {
    match finding {
        BoxedPortalFinding::PublicAddress { address, verdict } => {
            let (sentence, remedy) = public_address(*verdict);
            FindingText::of(sentence, vec![address.clone()], remedy)
        }
        BoxedPortalFinding::Connection(outcome) => match outcome {
            ConnectionOutcome::Made => FindingText::of("Портал отвечает.", Vec::new(), ""),
            ConnectionOutcome::TlsFailed(words) => FindingText::of(
                "Защищённое соединение с порталом не установлено.",
                vec![words.clone()],
                "Установите на портале действующий сертификат на его имя, со всей цепочкой промежуточных.",
            ),
            ConnectionOutcome::Failed(words) => FindingText::of(
                "Портал не отвечает.",
                vec![words.clone()],
                "Проверьте имя в DNS, порт и межсетевой экран перед порталом.",
            ),
        },
        BoxedPortalFinding::Page { page, path, answer } => {
            let (state, remedy, seen) = page_answer(answer);
            let evidence = std::iter::once(format!("GET {path}")).chain(seen).collect();
            FindingText::of(&format!("{}: {state}.", page_name(*page)), evidence, remedy)
        }
        BoxedPortalFinding::Unseen { setting, copy } => {
            let (sentence, remedy) = unseen(*setting);
            let copy = copy.iter().map(|line| (*line).to_owned()).collect();
            FindingText { copy, ..FindingText::of(sentence, Vec::new(), remedy) }
        }
        BoxedPortalFinding::WebServer { setting, verdict } => portal_configuration::text(*setting, verdict),
    }
}

const fn public_address(verdict: AddressVerdict) -> (&'static str, &'static str) {
    const REMEDY: &str = "Укажите публичным адресом портала имя или адрес, доступные из интернета.";
    match verdict {
        AddressVerdict::Public => ("Адрес годится как публичный.", ""),
        AddressVerdict::NotEncrypted => (
            "Адрес без шифрования: переписку можно прочитать по дороге, и большинству мессенджеров нужен HTTPS.",
            "Настройте на портале HTTPS и укажите адрес с https://.",
        ),
        AddressVerdict::NoDomain => ("В имени портала нет точки: портал не примет такой публичный адрес.", REMEDY),
        AddressVerdict::Private => ("Адрес внутренний: портал не примет его как публичный.", REMEDY),
        AddressVerdict::PrivateUnnoticed => {
            ("Адрес внутренний, хотя проверка самого портала его пропускает: из интернета он недоступен.", REMEDY)
        }
    }
}

const fn page_name(page: PortalPage) -> &'static str {
    match page {
        PortalPage::Connector => "Страница коннекторов",
        PortalPage::ChatBot => "Страница чат-ботов",
        PortalPage::LiveChat => "Страница онлайн-чата",
        PortalPage::PushPublish => "Push-сервер, публикация",
        PortalPage::PushSubscribe => "Push-сервер, подписка",
        PortalPage::Rest => "REST",
    }
}

fn page_answer(answer: &PageAnswer) -> (&'static str, &'static str, Option<String>) {
    match answer {
        PageAnswer::Expected => ("отвечает как должно", "", None),
        PageAnswer::NotAsked => ("не проверено, соединения с порталом нет", "Сначала устраните причину.", None),
        PageAnswer::NoAnswer(words) => ("ответа нет", "Проверьте журнал веб-сервера портала.", Some(words.clone())),
        PageAnswer::Redirected { status, location } => (
            "перенаправляет в другое место",
            "Отключите для этого пути перенаправления и вход; если адрес http, укажите https.",
            Some(format!("{status}, Location: {location}")),
        ),
        PageAnswer::Closed { status } => (
            "закрыто для посторонних",
            "Разрешите доступ к этому пути без входа и с любого адреса.",
            Some(status.to_string()),
        ),
        PageAnswer::Missing => {
            ("по этому пути ничего нет", "Установите модуль и проверьте location в nginx.", Some("404".to_owned()))
        }
        PageAnswer::BehindIsDown { status } => (
            "за прокси никто не отвечает",
            "Запустите службу, к которой обращается nginx, и сверьте адрес и порт.",
            Some(status.to_string()),
        ),
        PageAnswer::OtherStatus { status } => {
            ("неожиданный ответ", "Проверьте журнал веб-сервера портала.", Some(status.to_string()))
        }
        PageAnswer::OtherContent => {
            ("отвечает что-то другое", "Проверьте, какой location в nginx обслуживает этот путь.", None)
        }
        PageAnswer::ModuleAbsent => ("модуль не установлен", "Установите модуль в разделе «Модули» портала.", None),
        PageAnswer::FramesForbidden { header } => (
            "показ во фрейме запрещён",
            "Разрешите для этого пути X-Frame-Options SAMEORIGIN в nginx и в «Проактивной защите».",
            Some(header.clone()),
        ),
    }
}

const fn unseen(setting: UnseenSetting) -> (&'static str, &'static str) {
    match setting {
        UnseenSetting::Licence => (
            "Снаружи не видно, действует ли лицензионный ключ.",
            "Проверьте ключ в настройках главного модуля: им подписаны запросы коннекторов.",
        ),
        UnseenSetting::OutgoingConnections => (
            "Снаружи не видно, может ли портал обращаться к сервисам мессенджеров.",
            "Разрешите серверу портала исходящие соединения HTTP и HTTPS.",
        ),
        UnseenSetting::ProxyClientAbort => (
            "Снаружи не видно, дорабатывает ли запрос, если клиент закрыл соединение.",
            "Если nginx передаёт запросы через proxy_pass, добавьте строку в location портала.",
        ),
        UnseenSetting::FastcgiClientAbort => (
            "Снаружи не видно, дорабатывает ли php-fpm запрос, если клиент закрыл соединение.",
            "Если nginx передаёт запросы через fastcgi_pass, добавьте строку в location портала.",
        ),
        UnseenSetting::ChatBotModule => (
            "Снаружи не видно, как настроен модуль «Чат-боты Битрикс24».",
            "Установите и настройте модуль; если сообщения теряются, включите в нём долгое ожидание ответа.",
        ),
        UnseenSetting::ConnectorModule => (
            "Снаружи не видно, как настроен модуль «Коннекторы для внешних мессенджеров».",
            "Укажите публичный адрес с протоколом и отметьте нужные коннекторы. В режиме отладки ошибки пишутся в файл.",
        ),
        UnseenSetting::OpenLinesModule => (
            "Снаружи не видно, как настроен модуль «Открытые линии».",
            "Для поиска ошибок включите режим отладки: они пишутся в файл.",
        ),
        UnseenSetting::ExternalUsers => (
            "Снаружи не видно, создаются ли пользователи для внешних клиентов.",
            "Настройки меняет администратор портала. На каждого клиента портал заводит пользователя экстранета.",
        ),
    }
}
