//! The administrator reads why the card does not open; what was seen to work is green, and nothing else is.

use crate::support::{CLIENT, Card, IVAN, Story, TestCompany, talk};
use ecss_crm_server::sandbox::environment::Admin;
use ecss_crm_server::sandbox::portal::PortalSpec;
use ecss_crm_server::sandbox::switch::PhoneStatus;
use serde_json::Value;
use std::fs;

/// A check as the page shows it: its name, and how it is (`good`, `idle`, `busy`, `bad`).
type Shown = (String, String);

/// All checks of the page, in its order; those that only the set-up shows have no name there.
async fn checks(admin: &mut Admin) -> Vec<Shown> {
    let page = admin.page("/company?tab=diagnostics").await.expect("the tab");
    let check = |part: &str| {
        let (tone, rest) = part.split_once('"')?;
        let id = rest.strip_prefix(" id=\"")?.split('"').next()?;
        Some((id.to_owned(), tone.to_owned()))
    };
    page.split("<li class=\"finding ").skip(1).filter_map(check).collect()
}

/// Those of the company that are not good. The gateway is looked at when somebody asks, and the sandbox's is of this
/// machine only.
async fn open_checks(admin: &mut Admin) -> Vec<Shown> {
    let open = |(id, tone): &Shown| tone != "good" && !id.starts_with("gateway.");
    checks(admin).await.into_iter().filter(open).collect()
}

/// Waits until this check is so.
async fn is_so(story: &Story, company: &mut TestCompany, id: &str, tone: &str) {
    let admin = &mut company.admin;
    let wanted = (id.to_owned(), tone.to_owned());
    story.until_asked(&format!("{id} is {tone}"), async || checks(admin).await.contains(&wanted).then_some(())).await;
}

/// Everything that there is to see has happened once.
async fn all_is_seen(story: &Story, company: &mut TestCompany) {
    let before = company.portal.finished_calls().len();
    company.incoming(CLIENT, "1001").await;
    company.cards_at(story, &[IVAN]).await;
    let card = Card::open(story, company, IVAN).await;
    let mut live = card.stream().await;
    live.phase("ringing").await;
    company.phone("1001").reject().await.expect("it rings");
    company.finished(story, before + 1).await;
    let (_, status) = company.click(IVAN, CLIENT).await;
    assert_eq!(status, Some(200));
    company.phone_is("1001", PhoneStatus::Ringing).await;
    company.phone("1001").reject().await.expect("it rings");
    company.finished(story, before + 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_seen_to_work_is_green_also_after_a_restart_and_nothing_else_is() {
    let (mut story, mut company) = Story::with_company().await;
    company.settled(&story).await;
    is_so(&story, &mut company, "portal.card_placement", "good").await;
    for unseen in ["switch.events", "portal.cards"] {
        assert!(open_checks(&mut company.admin).await.contains(&(unseen.to_owned(), "idle".to_owned())), "{unseen}");
    }
    all_is_seen(&story, &mut company).await;
    let unseen = [("switch.unseen_numbers".to_owned(), "idle".to_owned())];
    assert_eq!(open_checks(&mut company.admin).await, unseen, "colleagues have not called yet");
    story.stop_daemon().await;
    story.start_daemon(1).await;
    company.online(&story).await;
    // Cards are counted since the start.
    let counted = ("calls.cards_not_opened".to_owned(), "idle".to_owned());
    let open = open_checks(&mut company.admin).await;
    assert_eq!(open, [unseen[0].clone(), counted], "what was seen is not forgotten");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unfinished_installation_is_the_first_thing_that_is_read() {
    let (mut story, mut company) = Story::with_company().await;
    company.portal.edit_app(|app| app.installed = false);
    story.stop_daemon().await;
    story.start_daemon(1).await;
    is_so(&story, &mut company, "portal.installation", "bad").await;
    assert_eq!(checks(&mut company.admin).await[0].0, "portal.installation");
    let page = company.admin.page("/company?tab=diagnostics").await.expect("the tab");
    assert!(page.contains("Использует только API"), "what to tick");
    company.portal.edit_app(|app| app.installed = true);
    company.portal.install(1).await.expect("an installation path");
    is_so(&story, &mut company, "portal.installation", "good").await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_bindings_are_the_first_thing_that_is_read_until_they_are_taken() {
    let story = Story::begin().await;
    let mut company = story.newcomer("firma.local", PortalSpec::default()).await;
    company.portal.refuse_bindings();
    company.admin = story.environment().register(&company.simulated).await.expect("the registration");
    for id in ["portal.click_event", "portal.card_placement"] {
        is_so(&story, &mut company, id, "bad").await;
    }
    let first = checks(&mut company.admin).await.remove(0).0;
    assert!(first == "portal.click_event" || first == "portal.card_placement", "{first}");
    company.portal.heal();
    for id in ["portal.click_event", "portal.card_placement", "portal.outgoing_line"] {
        is_so(&story, &mut company, id, "good").await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_the_integration_does_not_serve_is_named_with_the_command_that_mends_it() {
    let (story, mut company) = Story::with_company().await;
    company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").reject().await.expect("it rings");
    company.finished(&story, 1).await;
    is_so(&story, &mut company, "switch.unseen_numbers", "idle").await;
    let page = company.admin.page("/company?tab=diagnostics").await.expect("the tab");
    assert!(page.contains("/integrations/set"), "the command with this company's own names");
    story.pass(std::time::Duration::from_secs(4 * 24 * 3600));
    company.admin = story.environment().register(&company.simulated).await.expect("logged in again");
    is_so(&story, &mut company, "switch.unseen_numbers", "busy").await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_nobody_has_is_listed_with_its_time() {
    let (story, mut company) = Story::with_company().await;
    let (status, _) = company.save_numbers(&[(IVAN, &[])]).await;
    assert!(status.is_success());
    let call = company.incoming(CLIENT, "1001").await;
    company.phone_is("1001", PhoneStatus::Ringing).await;
    talk(0.1).await;
    story.switch().remote_hangs_up(call).await.expect("it rings");
    is_so(&story, &mut company, "switch.nobodys_numbers", "busy").await;
    is_so(&story, &mut company, "calls.cards_not_opened", "busy").await;
    let page = company.admin.page("/company?tab=diagnostics").await.expect("the tab");
    assert!(page.contains("1001: меньше минуты назад"), "{page}");
    company.save_numbers(&[(IVAN, &["1001"])]).await;
    is_so(&story, &mut company, "switch.nobodys_numbers", "good").await;
    story.end().await;
}

/// What the command says, as an administrator of the server runs it.
async fn doctor(story: &Story, arguments: &[&str]) -> (Option<i32>, Value) {
    let place = tempfile::tempdir().expect("a folder");
    let config = place.path().join("config.toml");
    let settings = &story.environment().settings;
    let (state, base) = (settings.state_dir.display(), settings.public_base());
    fs::write(&config, format!("state_dir = \"{state}\"\nproxyGatewayURL = \"{base}\"\n")).expect("the settings");
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_ecss-crm-server"));
    command.arg("doctor").arg("--config").arg(&config).arg("--json").args(arguments);
    let output = command.output().await.expect("it runs");
    let said = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    });
    (output.status.code(), said)
}

/// Name and severity of each finding.
fn found(report: &Value) -> Vec<(&str, &str)> {
    let findings = report["findings"].as_array().expect("findings").iter();
    findings.map(|f| (f["id"].as_str().expect("a name"), f["severity"].as_str().expect("a severity"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_says_within_seconds_what_the_page_says_and_how_the_server_is() {
    let (mut story, mut company) = Story::with_company().await;
    company.settled(&story).await;
    all_is_seen(&story, &mut company).await;
    let id = company.portal.member_id().to_owned();
    let (code, report) = doctor(&story, &["--company", &id, "--lang", "en"]).await;
    let all = found(&report);
    for (id, severity) in [
        ("machine.daemon", "good"),
        ("machine.database", "good"),
        ("machine.certificate", "good"),
        ("machine.disk_room", "good"),
        ("gateway.answers", "good"),
        ("gateway.stream", "good"),
        ("gateway.post_size", "good"),
        ("gateway.frame_headers", "good"),
        ("portal.installation", "good"),
        ("portal.cards", "good"),
        ("switch.events", "good"),
        // The sandbox is on this machine, and nobody else can open it.
        ("gateway.address", "fault"),
    ] {
        assert!(all.contains(&(id, severity)), "{id}: {report:#}");
    }
    assert_eq!((all[0], code), (("gateway.address", "fault"), Some(2)), "the worst first");
    assert!(report["findings"][0]["remedy"][0].as_str().expect("what to do").contains("proxyGatewayURL"));
    let (_, everybody) = doctor(&story, &["--lang", "ru"]).await;
    let of_company: Vec<_> =
        everybody["findings"].as_array().expect("findings").iter().filter(|f| !f["company"].is_null()).collect();
    assert!(of_company.iter().all(|f| f["severity"] != "good"), "of all companies only what is not good");
    story.stop_daemon().await;
    let (code, report) = doctor(&story, &[]).await;
    assert_eq!((found(&report)[0], code), (("machine.daemon", "fault"), Some(2)), "{report:#}");
    story.start_daemon(1).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_that_says_nothing_of_calls_is_told_apart_from_one_without_calls_after_days() {
    let (story, mut company) = Story::with_company().await;
    story.switch().set_quirks(|quirks| quirks.csta_off = true);
    company.incoming(CLIENT, "1001").await;
    company.phone("1001").reject().await.expect("it rings");
    is_so(&story, &mut company, "switch.events", "idle").await;
    let page = company.admin.page("/company?tab=diagnostics").await.expect("the tab");
    for said in ["/api/csta/set enabled true", "vats_type", "/integrations/set", "api\\call\\enabled true"] {
        assert!(page.contains(said), "{said}");
    }
    story.pass(std::time::Duration::from_secs(4 * 24 * 3600));
    company.admin = story.environment().register(&company.simulated).await.expect("logged in again");
    is_so(&story, &mut company, "switch.events", "bad").await;
    let first = open_checks(&mut company.admin).await.remove(0);
    assert_eq!(first, ("switch.events".to_owned(), "bad".to_owned()), "the first thing that is read");
    story.end().await;
}
