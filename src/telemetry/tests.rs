//! Tests of the whole log: events in, files out.

use super::level::LEVELS;
use super::*;
use crate::domain::{CompanyId, Timestamp};
use std::fs;
use std::path::Path;
use tracing::{Instrument as _, debug, error, error_span, field, info, info_span, trace};

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
pub(crate) fn logged(level: LogLevel, speak: impl FnOnce(&Telemetry)) -> (Vec<String>, Vec<String>) {
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
            "2026-11-23T06:30:24.123Z warn  session link=up the link is down company=7 after=30 why=\"no answer\"",
            "2026-11-23T06:30:24.123Z error bitrix link=up refused company=7 error=reset phone=\"+7913\"",
        ]
    );
    assert_eq!(errors, all[1..]);
}

#[test]
fn context_is_kept_below_the_configured_level() {
    let (all, _) = logged(LogLevel::Error, |_| {
        info_span!("i", company = 7).in_scope(|| error_span!("e", leg = "a b").in_scope(|| error!("gone")));
    });
    assert!(all[0].ends_with("leg=\"a b\" gone company=7"), "{all:?}");
}

#[test]
fn a_line_names_the_company_of_its_span_once_in_the_same_place_as_if_it_named_it_itself() {
    let (outer, inner) = (CompanyId::from("7"), CompanyId::from("8"));
    for level in LEVELS {
        let (all, errors) = logged(level, |_| {
            error!(company = %outer, after = 30, "the link is down");
            let of_outer = company_span(&outer);
            of_outer.in_scope(|| error!(after = 30, "the link is down"));
            of_outer.in_scope(|| company_span(&outer).in_scope(|| error!(after = 30, "the link is down")));
            of_outer.in_scope(|| info_span!("request").in_scope(|| error!(after = 30, "the link is down")));
            company_span(&inner).in_scope(|| of_outer.in_scope(|| error!(after = 30, "the link is down")));
            of_outer.in_scope(|| error!(company = %inner, "of another one"));
            error!("of nobody");
        });
        assert_eq!(all, errors);
        let texts: Vec<&str> =
            all.iter().filter_map(|line| line.split_once("telemetry ")).map(|(_, text)| text).collect();
        let mut wanted = vec!["the link is down company=7 after=30"; 5];
        wanted.extend(["of another one company=8", "of nobody"]);
        assert_eq!(texts, wanted, "{level}");
    }
}

#[test]
fn a_span_may_learn_its_company_late() {
    let (all, _) = logged(LogLevel::Info, |_| {
        let span = error_span!("request", company = field::Empty, path = "/");
        span.in_scope(|| info!("who is it?"));
        span.record("company", "a b");
        span.in_scope(|| info!("it is he"));
    });
    assert!(all[0].ends_with(" path=/ who is it?") && all[1].ends_with(" path=/ it is he company=\"a b\""), "{all:?}");
}

#[tokio::test]
async fn what_a_companys_task_sets_going_speaks_for_the_company() {
    let dir = tempfile::tempdir().unwrap();
    let (subscriber, telemetry, _) = prepare(&settings(dir.path(), LogLevel::Info), &Clock::system());
    let _log = tracing::subscriber::set_default(subscriber);
    let task = async {
        tokio::task::yield_now().await;
        tokio::spawn(async { info!("inner") }.in_current_span()).await.unwrap();
        info!("outer");
    };
    let others = async {
        tokio::task::yield_now().await;
        info!("nobody's");
    };
    tokio::join!(task.instrument(company_span(&"7".into())), others);
    drop(telemetry);
    let text = fs::read_to_string(dir.path().join("default.log")).unwrap();
    let named = |word: &str| text.lines().any(|line| line.ends_with(&format!("{word} company=7")));
    assert!(named("inner") && named("outer") && text.lines().any(|line| line.ends_with("nobody's")), "{text}");
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
        faults.iter().for_each(Unopened::report);
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
        telemetry.counts().report(&mut figures);
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
fn a_flood_of_one_company_hides_nothing_of_another_one() {
    let (all, _) = logged(LogLevel::Info, |_| {
        let (flooding, other) = (company_span(&"7".into()), company_span(&"8".into()));
        for n in 0..1000 {
            let span = if n % 100 == 0 { &other } else { &flooding };
            span.in_scope(|| warn!("the switch is not connected"));
        }
    });
    let of = |company: &str| all.iter().filter(|line| line.ends_with(company)).count();
    assert_eq!((of(" company=7"), of(" company=8")), (100, 10));
    assert!(all.iter().any(|line| line.contains("… 890 more lines like this one: the switch is not connected")));
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
