//! The disk is full, the database damaged, a row unreadable; a backup is made in the middle of it all.
//!
//! A real full disk is a small file system of the test's own, which only root may mount; others see such a story
//! skipped. The same faults are put to the parts, for everybody, in the tests of `store`.

use crate::support::{CLIENT, IVAN, PYOTR, Story, TestCompany, assert_true, only, talk, talked_leg, told};
use ecss_crm_server::domain::CompanyId;
use ecss_crm_server::sandbox::portal::Fault;
use ecss_crm_server::sandbox::switch::PhoneStatus;
use ecss_crm_server::store::Store;
use secrecy::ExposeSecret as _;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ILL: &str = "the database cannot be written";
const WELL: &str = "the database can be written again";
const KEPT: &str = "kept in memory until they can be stored";
const CAUGHT_UP: &str = "everything that waited in memory is stored";

/// A small file system of our own; vanishes with this.
struct Disk(PathBuf);

impl Disk {
    /// `None` if we are not allowed to.
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).expect("a directory");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4m,mode=0700", "story"]).arg(at);
        let mounted = mount.output().is_ok_and(|done| done.status.success());
        if !mounted {
            let _ = writeln!(std::io::stderr(), "1 story skipped: only root may mount a file system");
        }
        mounted.then(|| Self(at.to_owned()))
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let mut ballast = fs::File::create(self.0.join("ballast")).expect("a file");
        for size in [65_536, 4_096, 1] {
            while ballast.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join("ballast")).expect("it was full");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// A company whose daemon keeps its state on a disk of its own.
async fn on_a_small_disk() -> Option<(Disk, Story, TestCompany)> {
    let mut story = Story::begin().await;
    let disk = Disk::mount(&story.environment().dir().join("disk"))?;
    story.stop_daemon().await;
    story.town_mut().settings.state_dir = disk.0.join("db");
    story.start_daemon(0).await;
    let company = story.company("firma.local").await;
    story.forgive_errors(ILL);
    Some((disk, story, company))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_go_on_while_the_disk_is_full_and_are_stored_when_there_is_room_again() {
    let Some((disk, story, company)) = on_a_small_disk().await else { return };
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    disk.fill();
    company.phone("1001").pick_up().await.expect("it rings");
    story.until_said(ILL).await;
    story.until_said(KEPT).await;
    talk(1.2).await;
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let truth = story.truth(call).await;
    assert_true(&only(company.finished(&story, 1).await), &talked_leg(&truth, "1001"));
    // A call that the full disk sees from its first ring to its end, and one that outlasts it.
    let next = company.incoming("+73832000010", "1002").await;
    company.cards_at(&story, &[PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(next).await.expect("it talks");
    company.finished(&story, 2).await;
    let last = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    assert_eq!((story.said(WELL), story.said(CAUGHT_UP)), (0, 0));
    disk.free();
    story.until_said(WELL).await;
    story.until_said(CAUGHT_UP).await;
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(last).await.expect("it talks");
    company.finished(&story, 3).await;
    assert_eq!((told(&company.portal, "register").len(), told(&company.portal, "finish").len()), (3, 3));
    assert_eq!((story.said(ILL), story.said(KEPT)), (1, 1), "told once, not with every step");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_is_dialled_while_the_disk_is_full() {
    let Some((disk, story, company)) = on_a_small_disk().await else { return };
    disk.fill();
    let (crm, status) = company.click(IVAN, CLIENT).await;
    assert_eq!(status, Some(200));
    company.phone_is("1001", PhoneStatus::Ringing).await;
    let call = company.phone("1001").state().and_then(|p| p.call).expect("a call");
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_answers(call).await.expect("it rings there");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    let record = only(company.finished(&story, 1).await);
    assert_eq!((record.call.id, record.code.as_str()), (crm, "200"));
    disk.free();
    story.until_said(CAUGHT_UP).await;
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_started_on_a_full_disk_says_what_is_wrong_and_starts_when_there_is_room() {
    let Some((disk, mut story, company)) = on_a_small_disk().await else { return };
    story.stop_daemon().await;
    disk.fill();
    let refused = story.town_mut().start_daemon().await.expect_err("there is no room for the log");
    let words = format!("{refused:#}");
    assert!(words.contains("no space left") && words.contains("disk/db"), "{words}");
    disk.free();
    story.start_daemon(1).await;
    let call = company.incoming(CLIENT, "1001").await;
    story.switch().remote_hangs_up(call).await.expect("it rings");
    only(company.finished(&story, 1).await);
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_bought_while_the_disk_is_full_are_used_once_they_are_stored() {
    let Some((disk, story, company)) = on_a_small_disk().await else { return };
    story.forgive_errors("new tokens cannot be stored");
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    disk.fill();
    company.portal.expire_tokens();
    company.phone("1001").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    story.until_said("new tokens cannot be stored").await;
    assert!(company.portal.finished_calls().is_empty());
    disk.free();
    only(company.finished(&story, 1).await);
    story.until_said(WELL).await;
    let bought = story.environment().portals.auth_requests();
    assert_eq!(bought.iter().filter(|r| r.params["grant_type"] == "refresh_token").count(), 1);
    story.end().await;
}

/// Runs the real program's `backup`, as an administrator would beside the running service.
fn back_up(story: &Story, file: &Path, options: &[&str]) -> Output {
    let config = story.environment().dir().join("backup.toml");
    let state = story.environment().settings.state_dir.display();
    fs::write(&config, format!("state_dir = \"{state}\"\nproxyGatewayURL = \"https://crm.example/bitrix\"\n"))
        .expect("a file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecss-crm-server"));
    command.arg("backup").arg(file).args(options).arg("--config").arg(config).env("LANG", "C");
    command.output().expect("the program runs")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_in_mid_traffic_disturbs_nobody_and_brings_everything_back() {
    let (mut story, company) = Story::with_company().await;
    let call = company.incoming(CLIENT, "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    company.phone("1001").pick_up().await.expect("it rings");
    company.portal.standing(Fault::Outage);
    let waits = company.incoming("+73832000010", "1002").await;
    let asked = || (company.portal.requests_of("telephony.externalcall.register").len() >= 2).then_some(());
    story.until("the portal has been asked in vain", asked).await;

    let copy = story.environment().dir().join("copy.db");
    let done = back_up(&story, &copy, &["--with-key"]);
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("1 companies") && said.contains("copy.db.key"), "{said}");
    let again = back_up(&story, &copy, &[]);
    let complaint = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(1), "{complaint}");
    assert!(complaint.contains("--force"), "{complaint}");

    // What a store finds in the copy is what the daemon had at that moment.
    let twin = story.environment().dir().join("twin");
    fs::create_dir(&twin).expect("a directory");
    fs::copy(&copy, twin.join("store.db")).expect("the copy");
    fs::copy(story.environment().dir().join("copy.db.key"), twin.join("key")).expect("the key");
    let id = CompanyId::new(company.portal.member_id());
    let store = Store::open_with(&twin, None).await.expect("a store");
    assert_eq!(store.companies().await.expect("companies").0.len(), 1);
    let tokens = store.tokens(&id).await.expect("readable").expect("tokens");
    assert!(!tokens.refresh.expose_secret().is_empty());
    assert_eq!(store.open_calls(&id).await.expect("calls").len(), 2);
    assert!(!store.pending_intents(&id).await.expect("the outbox").is_empty());
    store.close().await;
    drop(store);

    // The database is damaged; the daemon says so and touches nothing; the backup takes its place.
    story.stop_daemon().await;
    let file = story.environment().settings.state_dir.join("store.db");
    let mut torn = fs::read(&file).expect("the database");
    torn[4096..16384].fill(0x5a);
    fs::write(&file, &torn).expect("the database");
    let refused = story.town_mut().start_daemon().await.expect_err("a damaged database");
    let words = format!("{refused:#}");
    assert!(
        words.contains("damaged") && words.contains("ecss-crm-server backup") && words.contains("store.db"),
        "{words}"
    );
    assert_eq!(fs::read(&file).expect("the database"), torn);
    for left in ["store.db-wal", "store.db-shm"] {
        let _ = fs::remove_file(story.environment().settings.state_dir.join(left));
    }
    fs::copy(&copy, &file).expect("the backup");
    company.portal.heal();
    story.start_daemon(1).await;
    for call in [call, waits] {
        story.switch().remote_hangs_up(call).await.expect("it goes on");
    }
    let mut records = company.finished(&story, 2).await;
    records.sort_by_key(|r| r.user);
    let told: Vec<_> = records.iter().map(|r| (r.user, r.code.as_str())).collect();
    assert_eq!(told, [(IVAN, "200"), (PYOTR, "304")]);
    story.end().await;
}

/// Reaches into the database of a stopped daemon.
async fn sql(story: &Story, statement: &str) {
    let options = SqliteConnectOptions::new().filename(story.environment().settings.state_dir.join("store.db"));
    let mut conn = options.connect().await.expect("the database");
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut conn).await.expect("a statement");
    assert!(done.rows_affected() > 0, "{statement}");
    conn.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_cannot_be_read_costs_that_row_only() {
    let (mut story, company) = Story::with_company().await;
    let other = story.company("other.local").await;
    company.portal.standing(Fault::Outage);
    let lost = company.incoming(CLIENT, "1001").await;
    let kept = company.incoming("+73832000010", "1002").await;
    let asked = || (company.portal.requests_of("telephony.externalcall.register").len() >= 2).then_some(());
    story.until("the portal has been asked in vain", asked).await;
    story.stop_daemon().await;
    sql(&story, &format!("UPDATE outbox SET body = 'rubbish' WHERE call = '{lost}'")).await;
    sql(&story, &format!("UPDATE calls SET body = '{{}}' WHERE key = '{lost}'")).await;
    sql(&story, &format!("UPDATE tokens SET access = x'00' WHERE company = '{}'", other.portal.member_id())).await;
    for text in ["a stored call cannot be read", "a stored step cannot be read", "until an administrator logs in again"]
    {
        story.forgive_errors(text);
    }
    company.portal.heal();
    story.start_daemon(2).await;
    story.switch().remote_hangs_up(lost).await.expect("it rings");
    story.switch().remote_hangs_up(kept).await.expect("it rings");
    // The switch reports the call whose row is unreadable, as of one that is new.
    let mut records = company.finished(&story, 2).await;
    records.sort_by_key(|r| r.user);
    assert_eq!(records.iter().map(|r| (r.user, r.code.as_str())).collect::<Vec<_>>(), [(IVAN, "304"), (PYOTR, "304")]);
    // The other company follows its calls, and records them once its administrator has logged in again.
    let unheard = other.incoming(CLIENT, "1001").await;
    story.switch().remote_hangs_up(unheard).await.expect("it rings");
    story.truth(unheard).await;
    let other = other.register(&story).await;
    assert_eq!(only(other.finished(&story, 1).await).code, "304");
    story.stop_daemon().await;
    sql(&story, "DELETE FROM outbox WHERE body = 'rubbish'").await;
    story.start_daemon(2).await;
    story.end().await;
}
