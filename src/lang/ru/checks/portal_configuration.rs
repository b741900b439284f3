//! The configuration of nginx in front of a portal, in Russian.

use crate::domain::checks::boxed_portal::nginx::{WebServerSetting, WebServerVerdict};
use crate::lang::checks::FindingText;

pub(super) fn text(setting: WebServerSetting, verdict: &WebServerVerdict) -> FindingText {
    match verdict {
        WebServerVerdict::AsNeeded(seen) => FindingText::of(as_needed(setting), seen.clone(), ""),
        WebServerVerdict::NotUsed => FindingText::new(not_used(setting)),
        WebServerVerdict::Wrong(seen) => {
            let (sentence, remedy) = wrong(setting);
            FindingText::of(sentence, seen.clone(), remedy).copy(lines(setting).iter().map(|line| (*line).to_owned()))
        }
        WebServerVerdict::Undecided(seen) => {
            let (sentence, remedy) = undecided(setting);
            FindingText::of(sentence, seen.clone(), remedy)
        }
    }
}

const fn lines(setting: WebServerSetting) -> &'static [&'static str] {
    match setting {
        WebServerSetting::ProxyClientAbort => &["proxy_ignore_client_abort on;"],
        WebServerSetting::FastcgiClientAbort => &["fastcgi_ignore_client_abort on;"],
        WebServerSetting::LiveChatHeaders => &["add_header X-Frame-Options SAMEORIGIN;"],
        WebServerSetting::ServerBlock | WebServerSetting::ConnectorRedirects | WebServerSetting::PushLocations => &[],
    }
}

const fn as_needed(setting: WebServerSetting) -> &'static str {
    match setting {
        WebServerSetting::ServerBlock => "Портал обслуживает этот блок server.",
        WebServerSetting::ProxyClientAbort => "Запрос дорабатывает и тогда, когда клиент закрыл соединение.",
        WebServerSetting::FastcgiClientAbort => {
            "Запрос к php-fpm дорабатывает и тогда, когда клиент закрыл соединение."
        }
        WebServerSetting::LiveChatHeaders => "nginx не мешает показывать онлайн-чат во фрейме.",
        WebServerSetting::ConnectorRedirects => "nginx не перенаправляет запросы коннекторов.",
        WebServerSetting::PushLocations => "Запросы push-сервера передаются ему.",
    }
}

const fn not_used(setting: WebServerSetting) -> &'static str {
    match setting {
        WebServerSetting::ServerBlock => "В настройке нет блока server.",
        WebServerSetting::ProxyClientAbort => "Запросы коннекторов через proxy_pass не передаются.",
        WebServerSetting::FastcgiClientAbort => "Запросы коннекторов через fastcgi_pass не передаются.",
        WebServerSetting::LiveChatHeaders => "Онлайн-чат этот nginx не обслуживает.",
        WebServerSetting::ConnectorRedirects => "Запросов коннекторов этот nginx не обслуживает.",
        WebServerSetting::PushLocations => "Запросов push-сервера этот nginx не обслуживает.",
    }
}

const fn wrong(setting: WebServerSetting) -> (&'static str, &'static str) {
    match setting {
        WebServerSetting::ServerBlock => {
            ("Ни один блок server не обслуживает портал.", "Проверьте server_name и listen.")
        }
        WebServerSetting::ProxyClientAbort => (
            "Если клиент закроет соединение, nginx прервёт запрос, и сообщение может потеряться.",
            "Добавьте строку в указанные location и выполните nginx -s reload.",
        ),
        WebServerSetting::FastcgiClientAbort => (
            "Если клиент закроет соединение, nginx прервёт запрос к php-fpm, и сообщение может потеряться.",
            "Добавьте строку в указанные location и выполните nginx -s reload.",
        ),
        WebServerSetting::LiveChatHeaders => (
            "nginx запрещает показывать онлайн-чат во фрейме.",
            "Замените указанный заголовок в location, который обслуживает /online/. Учтите: add_header в location отменяет все add_header внешних блоков.",
        ),
        WebServerSetting::ConnectorRedirects => {
            ("nginx перенаправляет запросы коннекторов.", "Исключите эти пути из перенаправления.")
        }
        WebServerSetting::PushLocations => (
            "Запросы push-сервера ему не передаются.",
            "Добавьте для /bitrix/pub/ и /bitrix/sub/ отдельные location с proxy_pass на push-сервер.",
        ),
    }
}

const fn undecided(setting: WebServerSetting) -> (&'static str, &'static str) {
    match setting {
        WebServerSetting::ServerBlock => (
            "Имени портала нет ни в одном server_name: его обслуживает блок по умолчанию.",
            "Проверьте, тот ли это сервер; если тот, добавьте имя в server_name.",
        ),
        WebServerSetting::ProxyClientAbort => (
            "По настройке не определить, какой location обслуживает запросы коннекторов.",
            "Проверьте указанное регулярное выражение; в нужном location должна быть строка proxy_ignore_client_abort on.",
        ),
        WebServerSetting::FastcgiClientAbort => (
            "По настройке не определить, какой location обслуживает запросы коннекторов.",
            "Проверьте указанное регулярное выражение; в нужном location должна быть строка fastcgi_ignore_client_abort on.",
        ),
        WebServerSetting::LiveChatHeaders => (
            "По настройке не определить, какой location обслуживает онлайн-чат.",
            "Проверьте указанное регулярное выражение и заголовок X-Frame-Options в нужном location.",
        ),
        WebServerSetting::ConnectorRedirects => (
            "По настройке не определить, перенаправляются ли запросы коннекторов.",
            "Проверьте указанные условия: эти пути под них попадать не должны.",
        ),
        WebServerSetting::PushLocations => (
            "Запросы push-сервера передаются туда же, куда и остальные.",
            "Если push-сервер подключён к следующему прокси, всё в порядке; если нет, добавьте отдельные location.",
        ),
    }
}
