//! The sandbox as a newcomer starts and ends it.
#![cfg(feature = "sandbox")]

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

fn sandbox(port: u16, place: &Path, locale: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecss-crm-server"));
    command.args(["sandbox", "--port", &port.to_string()]).env("TMPDIR", place).env("LC_ALL", locale);
    command
}

fn left_in(place: &Path) -> usize {
    place.read_dir().expect("the place is there").count()
}

/// Starts it, reads what it says until it waits for Ctrl-C, and sends that.
fn said_in(locale: &str) -> String {
    let place = tempfile::tempdir().expect("a place");
    let mut running = sandbox(0, place.path(), locale).stdout(Stdio::piped()).spawn().expect("the sandbox starts");
    let output = BufReader::new(running.stdout.take().expect("piped"));
    let mut lines = output.lines().map_while(Result::ok);
    let said: Vec<String> = lines.by_ref().take_while(|line| !line.contains("Ctrl-C")).collect();
    assert!(left_in(place.path()) > 0);
    let signalled = Command::new("kill").args(["-INT", &running.id().to_string()]).status().expect("kill runs");
    assert!(signalled.success());
    // What it still says must have somebody to read it.
    let rest: Vec<String> = lines.collect();
    let status = running.wait().expect("it ends");
    assert_eq!(status.code(), Some(0), "{rest:?}");
    assert_eq!(left_in(place.path()), 0);
    said.join("\n")
}

#[test]
fn it_says_where_to_look_and_leaves_nothing_behind() {
    let said = said_in("C");
    assert!(said.starts_with("The sandbox is ready. Open http://127.0.0.1:"), "{said}");
    assert!(said.contains("/bitrix"), "{said}");
}

#[test]
fn under_a_russian_locale_it_speaks_russian() {
    let said = said_in("ru_RU.UTF-8");
    assert!(said.starts_with("Песочница готова. Откройте http://127.0.0.1:"), "{said}");
    assert!(said.contains("/bitrix"), "{said}");
}

#[test]
fn a_port_in_use_gets_a_remedy() {
    let place = tempfile::tempdir().expect("a place");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("it has an address").port();
    let output = sandbox(port, place.path(), "C").output().expect("the sandbox runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("port {port} is in use")), "{said}");
    assert!(said.contains("sandbox --port"), "{said}");
    assert_eq!(left_in(place.path()), 0);
}
