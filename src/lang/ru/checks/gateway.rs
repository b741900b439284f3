//! The public address and what stands in front of the daemon, in Russian.

use crate::domain::Timestamp;
use crate::domain::checks::gateway::{
    APART, AddressPlace, AnswerFound, FrameFound, GatewayFinding, PublicAddress, SizeFound, StreamFound,
};
use crate::domain::link::LinkState;
use crate::domain::reach::AddressClass;
use crate::lang::checks::{FindingText, nginx};
use crate::lang::{ConnectionText, ru};

const NOT_TRIED: &str = "По публичному адресу отвечает не этот сервис, поэтому проверить нельзя.";

pub(in crate::lang) fn text(finding: &GatewayFinding) -> FindingText {
    match finding {
        GatewayFinding::Address(address) => self::address(address),
        GatewayFinding::Answers(answer) => answers(answer),
        GatewayFinding::Stream(StreamFound::Arrived { apart }) if *apart >= APART => {
            FindingText::new("Шлюз передаёт карточке события сразу.")
                .seen(format!("Части пришли с разницей {} мс.", apart.as_millis()))
        }
        GatewayFinding::Stream(StreamFound::NotTried) => {
            FindingText::new("Неизвестно, сразу ли шлюз передаёт события карточке.").seen(NOT_TRIED)
        }
        GatewayFinding::Stream(found) => {
            let seen = match found {
                StreamFound::Arrived { apart } => {
                    format!("Части, отправленные за 600 мс, пришли за {} мс.", apart.as_millis())
                }
                StreamFound::BrokeOff(why) => why.clone(),
                StreamFound::NotTried => String::new(),
            };
            FindingText::new("Шлюз задерживает события карточки: она показывает прошлое.")
                .seen(seen)
                .todo("Отключите буферизацию в location шлюза и перечитайте его настройки.")
                .copy(nginx::stream())
        }
        GatewayFinding::Size(SizeFound::Taken { bytes }) => {
            FindingText::new("Запросы портала проходят через шлюз целиком.").seen(format!("Проверено: {bytes} байт."))
        }
        GatewayFinding::Size(SizeFound::NotTried) => {
            FindingText::new("Неизвестно, пропускает ли шлюз большие запросы портала.").seen(NOT_TRIED)
        }
        GatewayFinding::Size(SizeFound::Refused { bytes, status }) => {
            FindingText::new("Шлюз отклоняет большие запросы портала.")
                .seen(format!("{bytes} байт: HTTP {status}."))
                .todo("Увеличьте client_max_body_size в location шлюза.")
                .copy(nginx::size())
        }
        GatewayFinding::Frame(FrameFound::Untouched) => {
            FindingText::new("Шлюз не мешает показывать карточку внутри портала.")
        }
        GatewayFinding::Frame(FrameFound::NotTried) => {
            FindingText::new("Неизвестно, не мешает ли шлюз показывать карточку внутри портала.").seen(NOT_TRIED)
        }
        GatewayFinding::Frame(FrameFound::Added(headers)) => {
            let text =
                FindingText::new("Шлюз добавляет заголовки, из-за которых браузер не покажет карточку внутри портала.");
            headers
                .iter()
                .fold(text, |text, header| text.seen(header.clone()))
                .todo("Уберите эти заголовки (add_header X-Frame-Options, Content-Security-Policy) из location шлюза.")
        }
    }
}

fn address(PublicAddress { base, place }: &PublicAddress) -> FindingText {
    match place {
        AddressPlace::Leads(AddressClass::Internet) => {
            FindingText::new("Публичный адрес доступен из интернета.").seen(base.clone())
        }
        AddressPlace::Leads(AddressClass::Private) => {
            FindingText::new("Публичный адрес – частный: облачный Битрикс24 не сможет присылать события, например щелчки по номерам.")
                .seen(base.clone())
                .seen("Карточку браузер в той же сети откроет, если сотрудник разрешит порталу доступ к локальной сети: Chromium спрашивает об этом.")
                .todo("Для облачного портала укажите в proxyGatewayURL адрес, доступный из интернета. Для коробочного портала в той же сети частный адрес подходит.")
        }
        AddressPlace::Leads(place) => {
            FindingText::new("По публичному адресу этот сервер виден только самому себе.")
                .seen(format!("{base} ({})", place.words()))
                .todo("Укажите в proxyGatewayURL (или serverHost) адрес, который открывается у сотрудников и из Битрикс24.")
        }
        AddressPlace::Unknown(why) => FindingText::new("Имя из публичного адреса не находится в DNS.")
            .seen(format!("{base}: {why}"))
            .todo("Проверьте proxyGatewayURL (или serverHost) и запись в DNS."),
    }
}

fn answers(answer: &AnswerFound) -> FindingText {
    match answer {
        AnswerFound::Ourselves { took } => {
            FindingText::new("По публичному адресу отвечает этот сервис.").seen(format!("За {} мс.", took.as_millis()))
        }
        AnswerFound::Somebody { status, said } => {
            FindingText::new("По публичному адресу отвечает не этот сервис.")
                .seen(format!("HTTP {status}: {said}"))
                .todo("Проверьте, что шлюз передаёт запросы этому сервису и что префикс в proxyGatewayURL совпадает с location шлюза.")
                .copy(nginx::whole())
        }
        AnswerFound::Redirect { status, to } => FindingText::new("Публичный адрес перенаправляет: запросы портала при этом теряются.")
            .seen(format!("HTTP {status} → {to}"))
            .todo("Укажите в proxyGatewayURL конечный адрес или уберите перенаправление."),
        AnswerFound::GatewayAlone { status } => {
            FindingText::new("Шлюз отвечает, но не достучался до сервиса.")
                .seen(format!("HTTP {status}."))
                .todo("Проверьте, что в конфигурации шлюза указан сокет или порт этого сервиса и что шлюз имеет к нему доступ.")
                .copy(nginx::whole())
        }
        AnswerFound::Nobody(fault) => {
            let state = LinkState::NeedsAdmin { since: Timestamp(0), why: fault.clone() };
            let seen = ConnectionText::of_link(&ru::RU.link, &state).particulars;
            FindingText::new("По публичному адресу никто не отвечает, или браузеры не доверяют его сертификату.")
                .seen(seen)
                .seen(fault.to_string())
                .todo("Проверьте, что шлюз работает, порт открыт и сертификат выдан доверенным центром на это имя.")
        }
    }
}
