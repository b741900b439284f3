//! Tests of the whole log: events in, files out.

use super::*;
use crate::domain::Timestamp;
use std::fs;
use std::path::Path;
use tracing::{debug, error, error_span, field, info, info_span, trace};

fn settings(dir: &Path, level: LogLevel) -> LogSettings {
    LogSettings {
        level,
        default_file: dir.join("default.log"),
        error_file: dir.join("error.log"),
        console: false,
        journal: false,
    }
}

/// Lines that `speak` leaves in the default and in the error file.
fn logged(level: LogLevel, speak: impl FnOnce(&Telemetry)) -> (Vec<String>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let (subscriber, telemetry, faults) =
        prepare(&settings(dir.path(), level), &Clock::manual(Timestamp(1_795_415_424_123)));
    assert!(faults.is_empty());
    tracing::subscriber::with_default(subscriber, || speak(&telemetry));
    drop(telemetry);
    let lines = |name| fs::read_to_string(dir.path().join(name)).unwrap().lines().map(str::to_owned).collect();
    (lines("default.log"), lines("error.log"))
}

fn speak_at_every_level() {
    error!("e");
    warn!("w");
    info!("i");
    info!(target: "http", "h");
    debug!(target: "verbose::session", "v");
    debug!("d");
    trace!("s");
    tracing::warn!(target: "hyper::proto", "lw");
    tracing::info!(target: "hyper::proto", "li");
    tracing::debug!(target: "hyper::proto", "ld");
}

fn messages(lines: &[String]) -> String {
    lines.iter().map(|line| line.rsplit(' ').next().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_level_lets_one_more_kind_of_event_pass() {
    for (level, wanted) in [
        (LogLevel::Error, "e"),
        (LogLevel::Warn, "e w lw"),
        (LogLevel::Info, "e w i lw"),
        (LogLevel::Http, "e w i h lw"),
        (LogLevel::Verbose, "e w i h v lw"),
        (LogLevel::Debug, "e w i h v d lw"),
        (LogLevel::Silly, "e w i h v d s lw li ld"),
    ] {
        let (all, errors) = logged(level, |_| speak_at_every_level());
        assert_eq!(messages(&all), wanted, "{level}");
        assert_eq!(messages(&errors), "e", "{level}");
    }
}

#[test]
fn the_level_can_be_changed_while_it_runs() {
    let (all, _) = logged(LogLevel::Warn, |telemetry| {
        let speak = |word: &str| debug!("{word}");
        speak("before");
        telemetry.set_level(LogLevel::Debug);
        assert_eq!(telemetry.level(), LogLevel::Debug);
        speak("during");
        telemetry.set_level(LogLevel::Error);
        speak("after");
    });
    assert_eq!(messages(&all), "during");
}

#[test]
fn a_line_can_be_read_alone() {
    let (all, errors) = logged(LogLevel::Info, |_| {
        let span = info_span!(target: "ecss_crm_server::session", "company", company = "7", link = field::Empty);
        let _entered = span.enter();
        span.record("link", "up");
        warn!(target: "ecss_crm_server::session::actor", after = 30, why = "no answer", "the link is down");
        let cause = io::Error::other("reset");
        error!(target: "ecss_crm_server::bitrix", error = &cause as &dyn std::error::Error, phone = ?"+7913", "refused");
    });
    assert_eq!(
        all,
        [
            "2026-11-23T06:30:24.123Z warn  session company=7 link=up the link is down after=30 why=\"no answer\"",
            "2026-11-23T06:30:24.123Z error bitrix company=7 link=up refused error=reset phone=\"+7913\"",
        ]
    );
    assert_eq!(errors, all[1..]);
}

#[test]
fn context_is_kept_below_the_configured_level() {
    let (all, _) = logged(LogLevel::Error, |_| {
        info_span!("i", company = 7).in_scope(|| error_span!("e", leg = "a b").in_scope(|| error!("gone")));
    });
    assert!(all[0].ends_with("company=7 leg=\"a b\" gone"), "{all:?}");
}

#[test]
fn nobody_can_write_lines_of_his_own() {
    let (all, _) = logged(LogLevel::Info, |_| {
        let name = "x\n2026-11-23T06:30:24.123Z error forged\u{1b}[31m";
        info!(name, "caller {name}");
    });
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(!all[0].contains('\u{1b}'));
}

#[test]
fn a_log_that_cannot_be_opened_is_told_and_nothing_else_happens() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let blocked =
        LogSettings { default_file: dir.path().join("file/default.log"), ..settings(dir.path(), LogLevel::Warn) };
    let (subscriber, telemetry, faults) = prepare(&blocked, &Clock::system());
    assert_eq!(faults.len(), 1);
    tracing::subscriber::with_default(subscriber, || {
        faults.iter().for_each(Unopened::tell);
        error!("still heard");
        fs::remove_file(dir.path().join("file")).unwrap();
        telemetry.reopen();
        warn!("heard in the file");
    });
    drop(telemetry);
    assert!(fs::read_to_string(dir.path().join("file/default.log")).unwrap().contains("heard in the file"));
    assert!(fs::read_to_string(dir.path().join("error.log")).unwrap().contains("still heard"));
}

#[test]
fn a_panic_is_one_error_line() {
    let (all, errors) = logged(LogLevel::Error, |_| {
        panics::log_panics();
        let _ = std::panic::catch_unwind(|| panic!("no\nway"));
        drop(std::panic::take_hook());
    });
    assert_eq!(all, errors);
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all[0].contains("telemetry internal fault: no\\nway"), "{all:?}");
    assert!(all[0].contains("telemetry/tests.rs"), "{all:?}");
}

#[test]
fn whatever_is_said_a_line_has_its_length() {
    let (all, _) = logged(LogLevel::Silly, |_| {
        let long = "ж".repeat(500_000);
        warn!(member_id = long, a = ?vec![long.clone(); 3], error = %long, "{long}");
        info_span!("s", long).in_scope(|| warn!("short"));
        warn!("{}", "\u{1}".repeat(100_000));
    });
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|line| line.len() < 14_000), "{:?}", all.iter().map(String::len).collect::<Vec<_>>());
    assert!(all[0].contains("…(+997952 bytes) member_id=жж") && all[0].contains(" error=жж"), "{}", all[0]);
}

#[test]
fn nothing_unseen_stands_in_a_line() {
    let (all, _) = logged(LogLevel::Info, |_| {
        let name = "a\u{202e}b\u{2028}c\u{85}d\u{200b}e";
        info!(name, shown = %name, "caller {name}");
    });
    assert_eq!(all.len(), 1);
    assert!(!all[0].chars().any(bounded::is_unseen), "{:?}", all[0]);
    assert_eq!(all[0].matches("\\u{202e}b").count(), 3, "{:?}", all[0]);
}

#[test]
fn a_flood_leaves_its_beginning_and_a_number() {
    let (all, errors) = logged(LogLevel::Info, |telemetry| {
        for n in 0..1000 {
            warn!("the portal is not known: {n}");
            error!(company = n % 2, "broken {n}");
        }
        warn!("another place");
        let mut figures = Exposition::default();
        telemetry.counts().tell(&mut figures);
        let figures = figures.finish();
        assert!(figures.contains("\necss_crm_log_lines_merged_total 1700\n"), "{figures}");
        assert!(figures.contains("\necss_crm_log_lines_dropped_total 0\n"), "{figures}");
    });
    assert_eq!(all.iter().filter(|line| line.contains("web the portal") || line.contains(" not known: ")).count(), 101);
    assert!(all.iter().any(|line| line.contains("… 900 more lines like this one: the portal is not known: 100")));
    assert_eq!(all.iter().filter(|line| line.contains("another place")).count(), 1);
    assert_eq!(errors.iter().filter(|line| line.contains("… 400 more lines like this one: broken")).count(), 2);
    assert_eq!(errors.len(), 202);
}

#[test]
fn a_flood_that_goes_on_is_told_every_ten_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Timestamp(1_795_415_424_123));
    let (subscriber, telemetry, _) = prepare(&settings(dir.path(), LogLevel::Info), &clock);
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..3 {
            (0..150).for_each(|_| warn!("again"));
            clock.advance(std::time::Duration::from_secs(11));
        }
        warn!("something else");
    });
    drop(telemetry);
    let text = fs::read_to_string(dir.path().join("default.log")).unwrap();
    assert_eq!(text.matches("… 50 more lines like this one: again").count(), 3, "{text}");
    assert_eq!(text.lines().count(), 3 * 101 + 1);
}

#[test]
fn invented_companies_are_told_apart_only_up_to_a_number() {
    let (all, _) = logged(LogLevel::Info, |_| (0..20_000).for_each(|n| warn!(company = n, "who")));
    assert!(all.len() < 1024 + 100 + 10, "{}", all.len());
}

#[test]
fn the_access_log_of_a_busy_server_is_whole_whatever_is_refused_beside_it() {
    let asked = |path: &str, status: u16| info!(target: "http", path, status, "GET {path} {status}");
    let (all, _) = logged(LogLevel::Http, |_| {
        for n in 0..2_000 {
            asked("/call/call.html", 200);
            (0..3).for_each(|_| asked("/forged", 403));
            if n % 100 == 0 {
                asked("/events", 500);
            }
        }
    });
    let lines = |word: &str| all.iter().filter(|line| line.contains(word) && !line.contains(" more lines ")).count();
    assert_eq!((lines("/call/call.html"), lines("/forged"), lines("/events")), (2_000, 3_000, 20));
    assert!(all.iter().any(|line| line.contains("… 3000 more lines like this one: GET /forged 403")));
}
