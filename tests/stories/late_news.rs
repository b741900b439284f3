//! The switch tells of a call that has been over for minutes, and that the daemon has in memory no longer.

use crate::support::{CLIENT_DIGITS, IVAN, Story, TestCompany, talk};
use ecss_crm_server::config::Settings;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use std::time::Duration;

const CALL: &str = "06510000000000d0";
const OTHER_CALL: &str = "06510000000000c0";

/// Longer than a call stays in memory after its end.
const MINUTES: Duration = Duration::from_secs(300);

/// The switch tells about Ivan's leg.
fn tell(story: &Story, leg: &str, call: &str, status: &str) {
    let mut told = json!({
        "id": leg, "call_id": call, "call_ref": call, "direction": "in", "digits": "1001",
        "remote_digits": CLIENT_DIGITS, "display_name": null, "status": status, "answer_time": null, "workitem_id": null,
    });
    if status != "alerting" {
        told["has_answer_time"] = json!(true);
    }
    story.switch().send_raw(&json!({ "event": "conversations_event", "data": [told] }).to_string());
}

async fn talks(story: &Story, company: &TestCompany, leg: &str, call: &str) {
    tell(story, leg, call, "alerting");
    company.cards_at(story, &[IVAN]).await;
    tell(story, leg, call, "talking");
    company.lists_active(story, "talking").await;
    talk(1.3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_again_minutes_after_the_end_makes_no_second_record() {
    let (story, company) = Story::with_company().await;
    talks(&story, &company, "d1", CALL).await;
    tell(&story, "d1", CALL, "released");
    assert_eq!(company.over(&story).await.len(), 1);
    for (call, status) in [(CALL, "talking"), (CALL, "released"), (OTHER_CALL, "released"), (CALL, "alerting")] {
        story.pass(MINUTES / 4);
        tell(&story, "d1", call, status);
        talk(0.2).await;
    }
    // Whatever those were taken for would be told by the time this call is.
    talks(&story, &company, "e1", "06510000000000e0").await;
    tell(&story, "e1", "06510000000000e0", "released");
    let records = company.over(&story).await;
    assert_eq!(records.len(), 2, "{records:#?}");
    story.end().await;
}

/// A second is short for waiting until a leg is seen again.
const GRACE: fn(&mut Settings) = |s| s.reconnect_grace = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_is_heard_of_again_minutes_later_is_recorded_to_its_end() {
    let story = Story::begin_with(GRACE).await;
    let mut company = story.company("firma.local").await;
    talks(&story, &company, "d1", CALL).await;
    story.switch().drop_links();
    story.switch().wait_registers(2).await.expect("a fresh token");
    company.online(&story).await;
    let records = company.over(&story).await;
    assert_eq!((records.len(), records[0].user), (1, IVAN), "its end is unknown: it lasted as long as we know");
    story.pass(MINUTES);
    talk(0.2).await;
    tell(&story, "d1", CALL, "talking");
    company.lists_active(&story, "talking").await;
    tell(&story, "d1", CALL, "released");
    let records = company.over(&story).await;
    assert_eq!((records.len(), records[1].user), (2, IVAN), "{records:#?}");
    let whole: i64 = records.iter().map(|record| record.duration).sum();
    assert!((300..=306).contains(&whole), "nothing is lost and nothing counted twice: {records:#?}");
    story.end().await;
}

/// What the story does to the database from outside.
async fn sql(story: &Story, statement: &'static str) {
    let file = story.environment().settings.state_dir.join("store.db");
    let mut conn = SqliteConnectOptions::new().filename(file).connect().await.expect("the database");
    sqlx::query(statement).execute(&mut conn).await.expect(statement);
    conn.close().await.expect("closed");
}

/// For a moment the database cannot be read: what is told meanwhile of a call that is over is not lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_news_wait_for_a_database_that_cannot_be_read() {
    let story = Story::begin_with(GRACE).await;
    story.forgive_errors("no such table");
    let mut company = story.company("firma.local").await;
    talks(&story, &company, "d1", CALL).await;
    story.switch().drop_links();
    story.switch().wait_registers(2).await.expect("a fresh token");
    company.online(&story).await;
    company.over(&story).await;
    story.pass(MINUTES);
    talk(1.2).await;
    sql(&story, "ALTER TABLE calls RENAME TO hidden").await;
    tell(&story, "d1", CALL, "talking");
    story.until_said("news of a call that has ended wait").await;
    sql(&story, "ALTER TABLE hidden RENAME TO calls").await;
    company.lists_active(&story, "talking").await;
    tell(&story, "d1", CALL, "released");
    let records = company.over(&story).await;
    assert_eq!((records.len(), records[1].user), (2, IVAN), "{records:#?}");
    story.end().await;
}
