//! The stage: a town whose daemon runs as a process of its own, and what must hold when the curtain falls.

use super::company::TestCompany;
use super::expect::Truth;
use super::judge::{Judgement, Question, judge, lost_so_far};
use super::process::{Process, Settings};
use super::{figures, scale};
use ecss_crm_server::domain::CompanyId;
use ecss_crm_server::sandbox::environment::{DaemonPlace, Environment, EnvironmentPlan};
use ecss_crm_server::sandbox::portal::Limits;
use ecss_crm_server::sandbox::switch::{CauseStyle, Pace};
use ecss_crm_server::store::Store;
use secrecy::ExposeSecret as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

/// How long anything awaited may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// A telephone nobody picks up rings this long.
const RING_OUT: Duration = Duration::from_secs(15);

pub struct Stage {
    pub environment: Environment,
    pub daemon: Process,
    dir: TempDir,
}

impl Stage {
    /// A town without companies, its daemon ready.
    pub async fn begin(settings: Settings) -> Self {
        let dir = place().expect("a temporary directory");
        let plan = EnvironmentPlan { daemon: DaemonPlace::Elsewhere, ..EnvironmentPlan::default() };
        let environment = Environment::build(dir.path(), &plan).await.expect("a town");
        environment.switch.keep_shown();
        environment.switch.set_quirks(|q| q.cause = CauseStyle::Words);
        environment.switch.set_pace(Pace { ring_timeout: Some(RING_OUT), ..Pace::manual() });
        let mut daemon = Process::prepare(&environment, settings);
        daemon.start();
        daemon.ready().await;
        Self { environment, daemon, dir }
    }

    /// A company of sixty.
    pub async fn company(&self, domain: &str, limits: Limits) -> TestCompany {
        TestCompany::settle(self, domain, 60, limits).await
    }

    /// Waits until everything that must be recorded is, and nothing is left open or waits; at most this long.
    pub async fn settle(&self, company: &TestCompany, question: &Question, patience: Duration) {
        let settling = async {
            // The pages and the judge can only be asked, so they are asked now and then.
            let mut often = tokio::time::interval(Duration::from_millis(250));
            loop {
                often.tick().await;
                let open = question.left_open(company);
                if open == 0 && lost_so_far(company, question) == 0 && company.is_quiet().await {
                    return;
                }
            }
        };
        // Whether it came to rest in time is shown better by the verdict.
        let _ = tokio::time::timeout(patience, settling).await;
    }

    /// Ends the story of one company: lets it come to rest, stops the daemon in good order, passes the verdict and
    /// writes its line.
    pub async fn end(self, name: &str, company: TestCompany, question: Question, patience: Duration) -> Judgement {
        self.end_all(name, vec![(company, question)], patience).await
    }

    /// The same for several companies; one line for all of them.
    pub async fn end_all(
        mut self,
        name: &str,
        companies: Vec<(TestCompany, Question)>,
        patience: Duration,
    ) -> Judgement {
        for (company, question) in &companies {
            self.settle(company, question, patience).await;
        }
        self.daemon.stop().await;
        let mut verdict = Judgement::default();
        for (company, question) in &companies {
            verdict.add(judge(company, question));
        }
        figures::publish(&format!("{name} {verdict} seed={}", scale::seed()));
        let mut wrong = verdict.problems();
        wrong.extend(self.complaints(&companies).await);
        if !wrong.is_empty() {
            let shown = wrong.len().min(60);
            let kept = self.dir.keep();
            panic!("{name}: {} problems, see {}\n{}", wrong.len(), kept.display(), wrong[..shown].join("\n"));
        }
        self.environment.stop().await;
        verdict
    }

    /// What was done wrong on the way: against the portal or the switch, in the log, in the database.
    async fn complaints(&self, companies: &[(TestCompany, Question)]) -> Vec<String> {
        let mut wrong: Vec<String> = self.daemon.log("error.log");
        wrong.extend(self.daemon.log("stderr.log"));
        wrong.extend(self.environment.switch.violations());
        wrong.extend(self.environment.portals.auth_violations().iter().map(|v| format!("{}: {}", v.method, v.text)));
        let log = self.daemon.log("default.log");
        let store = Store::open(&self.environment.settings.state_dir).await.expect("the database");
        for (company, question) in companies {
            wrong.extend(company.portal.violations().iter().map(|v| format!("{}: {}", v.method, v.text)));
            let keys = company.portal.keys().expect("the application");
            let api_key = company.simulated.api_key.expose_secret().to_owned();
            for secret in [keys.client_secret, keys.application_token, api_key] {
                wrong.extend(log.iter().filter(|line| line.contains(&secret)).cloned());
            }
            for number in question.numbers() {
                // Only the first: one wrong format repeats itself in every call.
                wrong.extend(log.iter().find(|line| line.contains(number)).cloned());
            }
            let id = CompanyId::new(company.portal.member_id());
            let waiting = store.pending_intents(&id).await.expect("the outbox").len();
            let open = store.open_calls(&id).await.expect("open calls").len();
            if (waiting, open) != (0, 0) {
                wrong.push(format!("{waiting} steps left in the outbox, {open} calls left open in the database"));
            }
        }
        store.close().await;
        if std::env::var_os("ECSS_CRM_LOG").is_some() {
            // The administrator has asked for more than the default promises.
            wrong.retain(|line| !line.contains(" debug ") && !line.contains(" silly ") && !line.contains(" verbose "));
        }
        wrong
    }
}

/// In memory where there is such a place: other work on the disk must not look like a slow daemon. A killed
/// process leaves the same behind there. `TMPDIR` has the last word.
fn place() -> std::io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    if std::env::var_os("TMPDIR").is_none() && memory.is_dir() {
        return tempfile::tempdir_in(memory);
    }
    tempfile::tempdir()
}

/// All that truly happened in a company so far.
pub fn truth(company: &TestCompany) -> Truth {
    let calls = company.switch.calls().into_iter().filter(|call| call.domain == company.simulated.domain);
    Truth { calls: calls.collect(), owners: company.owners.clone() }
}

/// Says something to people who watch.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
