//! The machine, in English.

use crate::domain::checks::Severity;
use crate::domain::checks::machine::{CertificateFound, DaemonFound, MachineFinding};
use crate::domain::link::DiskState;
use crate::lang::checks::FindingText;
use crate::lang::en;
use crate::lang::when::moment;

pub(in crate::lang) fn text(finding: &MachineFinding) -> FindingText {
    let good = finding.severity() == Severity::Good;
    match finding {
        MachineFinding::Daemon(DaemonFound::Answers { version }) => {
            FindingText::new("The service runs.").seen(format!("Version {version}."))
        }
        MachineFinding::Daemon(DaemonFound::Silent { socket, why }) => {
            FindingText::new("The service does not run or does not answer.")
                .seen(format!("{socket}: {why}"))
                .todo("See why it does not run, and start it.")
                .copy(["systemctl status ecss-crm-server".to_owned(), "journalctl -u ecss-crm-server -n 50".to_owned()])
        }
        MachineFinding::Settings(doubts) if doubts.is_empty() => {
            FindingText::new("The settings were read without remarks.")
        }
        MachineFinding::Settings(doubts) => with_all("There are doubtful settings.", doubts)
            .todo("Correct them and test with ecss-crm-server check-config."),
        MachineFinding::Certificate(CertificateFound::Valid { ends_at, .. }) => {
            let text = FindingText::new(if good {
                "The service's certificate is good."
            } else {
                "The service's certificate ends soon or has ended."
            });
            let text = text.seen(format!("Good until {}.", moment(*ends_at)));
            text.todo_unless(
                good,
                "Replace the files sslCertFilename and sslKeyFilename and reload: systemctl reload ecss-crm-server.",
            )
        }
        MachineFinding::Certificate(CertificateFound::Unusable(why)) => FindingText::new(
            "The service's certificate cannot be used.",
        )
        .seen(why.clone())
        .todo("Check the files sslCertFilename and sslKeyFilename; ecss-crm-server gen-cert --force makes a new pair."),
        MachineFinding::Database(DiskState::Ok) => FindingText::new("The database is written."),
        MachineFinding::Database(state) => {
            let (text, why) = match state {
                DiskState::Ok | DiskState::Full { .. } => (en::EN.state.disk_full, String::new()),
                DiskState::ReadOnly { .. } => (en::EN.state.disk_read_only, String::new()),
                DiskState::Failing { why, .. } => (en::EN.state.disk_failing, why.clone()),
            };
            FindingText::new(format!("{}.", text.title)).seen(text.what).seen(why).todo(text.todo)
        }
        MachineFinding::Room { folder, free } => {
            let text =
                FindingText::new(if good { "There is room on the disk." } else { "The disk is running out of room." });
            let text = text.seen(format!("{folder}: {} MiB free.", free >> 20));
            text.todo_unless(good, "Free some: without room new events are kept in memory only.")
        }
        MachineFinding::OpenFiles { limit, wanted } => {
            let text = FindingText::new(if good {
                "The limit of open files is sufficient."
            } else {
                "The limit of open files is small for the number of connections."
            });
            let text = text.seen(format!("Limit {limit}, connections there may be {wanted}."));
            text.todo_unless(good, "Raise LimitNOFILE with systemctl edit ecss-crm-server and restart the service.")
        }
        MachineFinding::SecretFiles(doubts) if doubts.is_empty() => {
            FindingText::new("Only the service can read the files with keys.")
        }
        MachineFinding::SecretFiles(doubts) => with_all("Somebody else can read files with keys.", doubts)
            .todo("Leave rights to the owner only: chmod 600."),
        MachineFinding::Sockets(faults) if faults.is_empty() => FindingText::new("The service's sockets are in place."),
        MachineFinding::Sockets(faults) => with_all("A gateway cannot reach the service.", faults)
            .todo("Restart the service and see that nginx names the same sockets."),
    }
}

fn with_all(sentence: &str, lines: &[String]) -> FindingText {
    lines.iter().fold(FindingText::new(sentence), |text, line| text.seen(line.clone()))
}
