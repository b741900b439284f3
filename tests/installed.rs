//! The installed package between simulated worlds: calls outlive a restart, an upgrade and a kill of the service.
//!
//! Changes the installation it finds, so it waits to be asked for: `tests/packaging/run` starts it as root in a
//! throw-away system.

use ecss_crm_server::sandbox::environment::{Admin, Environment, EnvironmentPlan, SimulatedCompany};
use ecss_crm_server::sandbox::portal::PortalSpec;
use ecss_crm_server::sandbox::switch::{CallId, TrueLeg};
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

/// How the scenario's nginx leads to the service.
const GATEWAY: &str = "http://127.0.0.1:9080/bitrix";
const ETC: &str = "/etc/ecss/ecss-crm-server";
const SERVICE: &str = "ecss-crm-server";
const PATIENCE: Duration = Duration::from_secs(60);
/// Employees' numbers; number 1004 does not pick up on command.
const NUMBERS: [&str; 3] = ["1001", "1002", "1003"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "changes the installation it runs on: tests/packaging/run"]
async fn no_call_is_dropped_while_the_service_is_replaced() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut environment = Environment::build(dir.path(), &EnvironmentPlan::default()).await.expect("a town");
    // The town's own daemon makes way for the installed one.
    environment.stop_daemon().await;
    environment.settings.proxy_gateway_url = Some(GATEWAY.to_owned());
    move_in(&environment);
    let company = environment.add_company("firma.local", PortalSpec::default()).await.expect("a company");
    company.portal.install(1).await.expect("an installation path");
    let admin = environment.register(&company).await.expect("the registration");
    settle(&environment, &company, admin).await;

    let replacements: [(&str, &[&str]); 3] = [
        ("restart", &["systemctl", "restart", SERVICE]),
        ("package upgrade", &["dpkg", "-i", "/debs/next.deb"]),
        ("kill -9", &["systemctl", "kill", "--signal=KILL", "--kill-who=main", SERVICE]),
    ];
    for (name, command) in replacements {
        let calls = talking(&environment, &company).await;
        let before = environment.switch.registers();
        run(command);
        environment.switch.wait_registers(before + 1).await.expect("the service is back at the switch");
        environment.switch.wait_linked(1).await.expect("and connected");
        // Talking goes on: the record must hold both halves.
        tokio::time::sleep(Duration::from_millis(1500)).await;
        hang_up(&environment, &company, &calls).await;
        println!("NOTE: {name}: 0 of {} calls dropped or told wrongly", calls.len());
    }
    company.portal.assert_silent();
    assert_eq!(environment.switch.violations(), Vec::<String>::new(), "what the switch was asked wrongly");
    environment.stop().await;
}

/// Leads the installed service into the town, as an administrator would.
fn move_in(environment: &Environment) {
    let ca = environment.settings.ca_file.as_ref().expect("the town has an authority");
    fs::copy(ca, format!("{ETC}/town.pem")).expect("a copy of its certificate");
    run(&["chmod", "0644", &format!("{ETC}/town.pem")]);
    let toml = format!("ca_file = \"{ETC}/town.pem\"\nreconnect_grace = 10\nportal_networks = \"local\"\n");
    fs::write(format!("{ETC}/config.toml"), toml).expect("the settings");
    for (key, value) in [("proxyGatewayURL", GATEWAY), ("bitrixTokenHost", &environment.settings.bitrix_token_host)] {
        run(&[SERVICE, "config", "set", key, value]);
    }
    run(&["systemctl", "restart", SERVICE]);
}

/// Waits until a call would find everything in place.
async fn settle(environment: &Environment, company: &SimulatedCompany, mut admin: Admin) {
    environment.switch.wait_linked(1).await.expect("the service connects to the switch");
    let portal = &company.portal;
    let bound = || (!portal.placements().is_empty() && !portal.handlers().is_empty()).then_some(());
    environment.portals.until(PATIENCE, bound).await.expect("the card is embedded");
    // Looking at the number table fetches the users.
    let table = admin.page("/company/employees").await.expect("the number table");
    assert!(NUMBERS.iter().all(|number| table.contains(number)), "{table}");
}

/// Every employee talks to a client, and sees it.
async fn talking(environment: &Environment, company: &SimulatedCompany) -> Vec<(CallId, &'static str)> {
    let domain = environment.switch.domain(&company.domain);
    let mut calls = Vec::new();
    for (index, number) in NUMBERS.into_iter().enumerate() {
        calls.push((domain.external_call(&format!("+7383200001{index}"), number).await, number));
    }
    let portal = &company.portal;
    let shown = || (portal.visible().len() == NUMBERS.len()).then_some(());
    environment.portals.until(PATIENCE, shown).await.expect("every employee sees a card");
    for number in NUMBERS {
        domain.phone(number).pick_up().await.expect("it rings");
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    calls
}

/// The clients hang up; every call has one true record, and no card is left.
async fn hang_up(environment: &Environment, company: &SimulatedCompany, calls: &[(CallId, &str)]) {
    let portal = &company.portal;
    let before = portal.finished_calls().len();
    assert_eq!(portal.open_calls().len(), calls.len(), "calls the portal knows of");
    let mut talked = Vec::new();
    for (call, number) in calls {
        environment.switch.remote_hangs_up(*call).await.expect("it talks");
        let truth = environment.switch.wait_over(*call).await.expect("the call ends");
        let leg = truth.legs_of(number).find_map(TrueLeg::talked).expect("the employee talked");
        talked.push(leg.as_secs_f64());
    }
    let over = || {
        let all = portal.finished_calls().len() - before == calls.len();
        (all && portal.visible().is_empty()).then_some(())
    };
    let began = Instant::now();
    environment.portals.until(PATIENCE, over).await.unwrap_or_else(|| {
        panic!("waited {:?} for the records: {:?}", began.elapsed(), portal.finished_calls());
    });
    let mut recorded: Vec<f64> = portal.finished_calls()[before..]
        .iter()
        .map(|record| {
            assert_eq!(record.code, "200", "{record:?}");
            record.duration as f64
        })
        .collect();
    talked.sort_by(f64::total_cmp);
    recorded.sort_by(f64::total_cmp);
    for (talked, recorded) in talked.iter().zip(&recorded) {
        assert!((talked - recorded).abs() <= 1.5, "talked {talked} s, recorded {recorded} s");
    }
}

fn run(command: &[&str]) {
    let output = Command::new(command[0]).args(&command[1..]).output().expect("the command");
    assert!(output.status.success(), "{command:?}: {output:?}");
}
