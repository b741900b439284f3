//! The machine, in Russian.

use crate::domain::checks::Severity;
use crate::domain::checks::machine::{CertificateFound, DaemonFound, MachineFinding};
use crate::domain::link::DiskState;
use crate::lang::checks::FindingText;
use crate::lang::ru;
use crate::lang::when::moment;

pub(in crate::lang) fn text(finding: &MachineFinding) -> FindingText {
    let good = finding.severity() == Severity::Good;
    match finding {
        MachineFinding::Daemon(DaemonFound::Answers { version }) => {
            FindingText::new("Сервис работает.").seen(format!("Версия {version}."))
        }
        MachineFinding::Daemon(DaemonFound::Silent { socket, why }) => {
            FindingText::new("Сервис не работает или не отвечает.")
                .seen(format!("{socket}: {why}"))
                .todo("Посмотрите, почему он не запущен, и запустите его.")
                .copy(["systemctl status ecss-crm-server".to_owned(), "journalctl -u ecss-crm-server -n 50".to_owned()])
        }
        MachineFinding::Settings(doubts) if doubts.is_empty() => FindingText::new("Настройки прочитаны без замечаний."),
        MachineFinding::Settings(doubts) => with_all("В настройках есть сомнительные места.", doubts)
            .todo("Исправьте их и проверьте командой ecss-crm-server check-config."),
        MachineFinding::Certificate(CertificateFound::Valid { ends_at, .. }) => {
            let text = FindingText::new(if good {
                "Сертификат сервиса действует."
            } else {
                "Срок сертификата сервиса подходит к концу или истёк."
            });
            let text = text.seen(format!("Действует до {}.", moment(*ends_at)));
            text.todo_unless(good, "Замените файлы sslCertFilename и sslKeyFilename и перечитайте настройки: systemctl reload ecss-crm-server.")
        }
        MachineFinding::Certificate(CertificateFound::Unusable(why)) => FindingText::new(
            "Сертификат сервиса нельзя использовать.",
        )
        .seen(why.clone())
        .todo("Проверьте файлы sslCertFilename и sslKeyFilename; новую пару создаёт ecss-crm-server gen-cert --force."),
        MachineFinding::Database(DiskState::Ok) => FindingText::new("База данных записывается."),
        MachineFinding::Database(state) => {
            let (text, why) = match state {
                DiskState::Ok | DiskState::Full { .. } => (ru::RU.state.disk_full, String::new()),
                DiskState::ReadOnly { .. } => (ru::RU.state.disk_read_only, String::new()),
                DiskState::Failing { why, .. } => (ru::RU.state.disk_failing, why.clone()),
            };
            FindingText::new(format!("{}.", text.title)).seen(text.what).seen(why).todo(text.todo)
        }
        MachineFinding::Room { folder, free } => {
            let text = FindingText::new(if good {
                "Места на диске достаточно."
            } else {
                "Место на диске заканчивается."
            });
            let text = text.seen(format!("{folder}: свободно {} МиБ.", free >> 20));
            text.todo_unless(good, "Освободите место: без него новые события хранятся только в памяти.")
        }
        MachineFinding::OpenFiles { limit, wanted } => {
            let text = FindingText::new(if good {
                "Лимит открытых файлов достаточен."
            } else {
                "Лимит открытых файлов мал для числа соединений."
            });
            let text = text.seen(format!("Лимит {limit}, соединений может быть {wanted}."));
            text.todo_unless(
                good,
                "Увеличьте LimitNOFILE командой systemctl edit ecss-crm-server и перезапустите сервис.",
            )
        }
        MachineFinding::SecretFiles(doubts) if doubts.is_empty() => {
            FindingText::new("Файлы с ключами доступны только сервису.")
        }
        MachineFinding::SecretFiles(doubts) => with_all("Файлы с ключами может прочитать кто-то ещё.", doubts)
            .todo("Оставьте права только владельцу: chmod 600."),
        MachineFinding::Sockets(faults) if faults.is_empty() => FindingText::new("Сокеты сервиса на месте."),
        MachineFinding::Sockets(faults) => with_all("Шлюз не сможет подключиться к сервису.", faults)
            .todo("Перезапустите сервис и проверьте, что в конфигурации nginx указаны эти же сокеты."),
    }
}

fn with_all(sentence: &str, lines: &[String]) -> FindingText {
    lines.iter().fold(FindingText::new(sentence), |text, line| text.seen(line.clone()))
}
