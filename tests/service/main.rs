//! The daemon as a service: what it reports to its manager, and how its sockets outlive it.

mod manager;

use ecss_crm_server::sandbox::environment::free_port;
use manager::{Manager, PATIENCE, inode};
use rustix::process::Signal;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

const FRONT_PAGE: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

fn with_sockets(manager: &Manager, http: &str) {
    let (http, https) = (manager.path(http), manager.path("https"));
    let (http, https) = (http.display(), https.display());
    manager.configure(&format!("httpUnixSocket = '{http}'\nhttpsUnixSocket = '{https}'\n"));
}

fn ask(path: &Path) -> UnixStream {
    let mut stream = UnixStream::connect(path).expect("somebody listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    stream.write_all(FRONT_PAGE).expect("the queue takes it");
    stream
}

fn answer(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text
}

fn assert_served(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 200") && answer.trim_end().ends_with("</html>"), "{answer}");
}

#[test]
fn a_killed_daemon_loses_nobody_who_connects_meanwhile() {
    let mut manager = Manager::new();
    with_sockets(&manager, "http");
    let path = manager.path("http");
    let run = manager.start(&[]);
    manager.reports_until("READY=1");
    assert_eq!(manager.names(), ["http", "https"]);
    assert_eq!(fs::metadata(&path).expect("the socket").permissions().mode() & 0o777, 0o660);
    assert_served(&answer(ask(&path)));
    let before = inode(&path);
    run.kill();

    let waiting: Vec<UnixStream> = (0..50).map(|_| ask(&path)).collect();
    let run = manager.start(&[]);
    manager.reports_until("READY=1");
    for waiting in waiting {
        assert_served(&answer(waiting));
    }
    assert_eq!(inode(&path), before, "it is the same socket");
    assert_eq!(manager.names(), ["http", "https"], "and kept once");

    run.signal(Signal::TERM);
    manager.reports_until("STOPPING=1");
    assert!(run.end().success());
    assert!(path.exists(), "clients of the next run find it");
}

#[test]
fn a_socket_that_the_settings_name_no_longer_is_closed_for_good() {
    let mut manager = Manager::new();
    with_sockets(&manager, "http");
    let run = manager.start(&[]);
    manager.reports_until("READY=1");
    run.kill();

    with_sockets(&manager, "new/http");
    let run = manager.start(&[]);
    let reports = manager.reports_until("READY=1");
    assert!(reports.iter().any(|report| *report == ["FDSTOREREMOVE=1", "FDNAME=http"]), "{reports:?}");
    assert_eq!(manager.names(), ["http", "https"]);
    assert!(!manager.path("http").exists(), "nobody may wait there in vain");
    assert_served(&answer(ask(&manager.path("new/http"))));
    run.signal(Signal::TERM);
    assert!(run.end().success());
    let log = manager.read("default.log");
    assert!(log.contains("no longer in the settings"), "{log}");
}

#[test]
fn a_socket_whose_file_is_gone_is_bound_anew() {
    let mut manager = Manager::new();
    with_sockets(&manager, "http");
    let run = manager.start(&[]);
    manager.reports_until("READY=1");
    run.kill();
    fs::remove_file(manager.path("http")).expect("the socket was there");
    let _run = manager.start(&[]);
    manager.reports_until("READY=1");
    assert_served(&answer(ask(&manager.path("http"))));
    assert_eq!(manager.names(), ["http", "https"]);
}

#[test]
fn ports_outlive_the_daemon_too() {
    let mut manager = Manager::new();
    let (http, https) = (free_port().expect("a free port"), free_port().expect("a free port"));
    manager.configure(&format!("useUnixSockets = false\nhttpPort = {http}\nhttpsPort = {https}\n"));
    let run = manager.start(&[]);
    manager.reports_until("READY=1");
    assert_eq!(manager.names(), ["tcp-http", "tcp-https"]);
    run.kill();
    let mut waiting = TcpStream::connect(("127.0.0.1", http)).expect("the queue is open");
    waiting.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    waiting.write_all(FRONT_PAGE).expect("the queue takes it");
    let _run = manager.start(&[]);
    manager.reports_until("READY=1");
    assert_served(&answer(waiting));
}

#[test]
fn sockets_of_a_socket_unit_are_told_apart_by_their_paths() {
    let mut manager = Manager::new();
    with_sockets(&manager, "http");
    for path in ["https", "http"] {
        let socket = UnixListener::bind(manager.path(path)).expect("the path is free");
        manager.kept.push(("ecss-crm-server.socket".to_owned(), socket.into()));
    }
    let before = inode(&manager.path("http"));
    let _run = manager.start(&[]);
    let reports = manager.reports_until("READY=1");
    assert_served(&answer(ask(&manager.path("http"))));
    assert_eq!(inode(&manager.path("http")), before);
    assert!(reports.iter().flatten().all(|line| line != "FDSTORE=1"), "the manager has them already: {reports:?}");
}

#[test]
fn the_manager_hears_of_reloads_and_of_well_being() {
    let mut manager = Manager::new();
    with_sockets(&manager, "http");
    let run = manager.start(&[("WATCHDOG_USEC", "400000")]);
    let reports = manager.reports_until("READY=1");
    let last = reports.last().expect("a report");
    assert!(last.iter().any(|line| line.starts_with("STATUS=0 of 0 companies")), "{last:?}");
    let well = manager.reports_until("WATCHDOG=1");
    assert!(well.last().expect("a report").iter().any(|line| line.contains("0 running calls")), "{well:?}");

    run.signal(Signal::HUP);
    let reloading = manager.reports_until("RELOADING=1");
    let last = reloading.last().expect("a report");
    let moment = last.iter().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).expect("the moment");
    assert!(moment.parse::<u64>().is_ok_and(|moment| moment > 0), "{moment}");
    manager.reports_until("READY=1");
}

#[test]
fn a_broken_certificate_is_kept_out_at_a_reload() {
    let mut manager = Manager::new();
    with_sockets(&manager, "http");
    let run = manager.start(&[]);
    manager.reports_until("READY=1");
    let good = manager.read("cert.pem");
    fs::write(manager.path("cert.pem"), "nothing").expect("it is ours");
    run.signal(Signal::HUP);
    manager.reports_until("RELOADING=1");
    manager.reports_until("READY=1");
    // Served with the pair that was good; the next start would refuse.
    assert_served(&answer(ask(&manager.path("http"))));
    run.signal(Signal::TERM);
    assert!(run.end().success());
    let log = manager.read("error.log");
    assert!(log.contains("the certificate in use stays") && log.contains("holds no certificate"), "{log}");
    fs::write(manager.path("cert.pem"), good).expect("it is ours");
}

#[test]
fn the_journal_stands_in_for_a_log_that_cannot_be_opened() {
    let mut manager = Manager::new();
    with_sockets(&manager, "http");
    fs::create_dir(manager.path("default.log")).expect("something in the way");
    let journal = [("JOURNAL_STREAM", "8:1")];
    let run = manager.start(&journal);
    manager.reports_until("READY=1");
    run.signal(Signal::TERM);
    assert!(run.end().success());
    let said = manager.read("output");
    assert!(said.lines().any(|line| line.starts_with("<4>") && line.contains("cannot be opened")), "{said}");
    assert!(said.lines().any(|line| line.starts_with("<6>") && line.ends_with("stopped")), "{said}");

    fs::remove_dir(manager.path("default.log")).expect("it is empty");
    fs::remove_file(manager.path("output")).expect("it is there");
    let run = manager.start(&journal);
    manager.reports_until("READY=1");
    run.signal(Signal::TERM);
    assert!(run.end().success());
    assert!(!manager.read("output").contains("<6>"), "only warnings and worse, as the file has everything");
    assert!(manager.read("default.log").contains("stopped"));
}

#[test]
fn a_full_disk_is_told_once_and_stops_nobody() {
    let mut manager = Manager::new();
    with_sockets(&manager, "http");
    std::os::unix::fs::symlink("/dev/full", manager.path("default.log")).expect("a link");
    let run = manager.start(&[("JOURNAL_STREAM", "8:1")]);
    manager.reports_until("READY=1");
    assert_served(&answer(ask(&manager.path("http"))));
    run.signal(Signal::TERM);
    assert!(run.end().success());
    let said = manager.read("output");
    assert_eq!(said.matches("<3>the log file ").count(), 1, "{said}");
    assert!(said.contains("cannot be written") && said.contains("until that is put right"), "{said}");
}
