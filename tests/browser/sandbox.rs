//! What a newcomer does with the command that the README names first, in the order it is described.

use crate::webdriver::{Browser, By, Options};
use ecss_crm_server::domain::Trust;
use ecss_crm_server::http::{ClientOptions, Trusted, client, tls_config};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The running command (ended with the test) and the address it says to open.
async fn sandbox(place: &Path) -> (Child, String) {
    let mut running = Command::new(env!("CARGO_BIN_EXE_ecss-crm-server"))
        .args(["sandbox", "--port", "0"])
        // Killed, it cannot take its files away.
        .env("TMPDIR", place)
        .env("LC_ALL", "C")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the sandbox starts");
    let mut lines = BufReader::new(running.stdout.take().expect("piped")).lines();
    let first = lines.next_line().await.expect("it speaks").expect("it speaks before it ends");
    // It goes on speaking when it ends.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let (_, address) = first.split_once("Open ").expect("it says what to open");
    (running, address.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_takes_a_call_and_makes_one() {
    let trusted = Trusted::load(None).expect("the system's authorities");
    let tls = tls_config(&trusted, &Trust::System).expect("usable");
    let patient = client(&tls, ClientOptions { timeout: Duration::from_secs(40), ..ClientOptions::default() });
    let place = tempfile::tempdir().expect("a place for its files");
    let (mut running, address) = sandbox(place.path()).await;
    let browser = Browser::start(&patient, &Options { language: "en-US,en", ..Options::default() }).await;

    browser.open(&address).await;
    browser.click(&By::css("#people a[href='/?user=7']")).await;
    browser.says("#people a[aria-current]", "Иван Иванов").await;
    // The telephone of the chosen employee is what is called unless somebody chooses another.
    browser.click(&By::word("Call the company")).await;
    browser.says("#card-direction", "Incoming call").await;
    browser.enter(&By::css("#tab-frames iframe")).await;
    browser.says("#phase", "Incoming call").await;
    browser.says("#name", "Сергей Клиентов").await;
    browser.click(&By::word("Answer")).await;
    browser.says("#phase", "Talking").await;
    browser.says("#timer", "00:01").await;
    browser.picture("sandbox-1-talking").await;
    browser.click(&By::word("Hang up")).await;
    browser.leave_frames().await;
    browser.gone(&By::css("#card")).await;
    browser.says("#record-list li", "successful").await;
    browser.picture("sandbox-2-record").await;

    browser.click(&By::within("#client-list li", "Елена Покупателева", "+79139000077")).await;
    browser.says("#card-direction", "Outgoing call").await;
    browser.click(&By::within("#handsets li", "1001", "Pick up")).await;
    browser.click(&By::within("#handsets li", "1001", "The other side answers")).await;
    browser.enter(&By::css("#tab-frames iframe")).await;
    browser.says("#phase", "Talking").await;
    browser.says("#name", "Елена Покупателева").await;
    browser.picture("sandbox-3-outgoing").await;
    browser.leave_frames().await;
    browser.click(&By::within("#handsets li", "1001", "Hang up")).await;
    browser.gone(&By::css("#card")).await;
    browser.says("#record-list li", "outgoing").await;
    browser.picture("sandbox-4-records").await;

    let loud: Vec<_> = browser.console().await.into_iter().filter(|l| l.level == "SEVERE").collect();
    assert!(loud.is_empty(), "{loud:#?}");
    running.kill().await.expect("the sandbox ends");
}
