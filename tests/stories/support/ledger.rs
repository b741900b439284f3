//! What the CRM has recorded, added up: for stories in which one conversation may rightly be one record or several.

use super::company::{no_active_call, nothing_waits};
use super::{Story, TestCompany};
use ecss_crm_server::sandbox::portal::FinishedCall;
use ecss_crm_server::sandbox::switch::TrueLeg;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::fs;

/// Durations are whole seconds, and a conversation is never shorter than one: each record may be off by this much.
const PER_RECORD: f64 = 1.0;

/// An employee's conversations with one number, as the CRM has them.
pub fn talks<'a>(records: &'a [FinishedCall], user: i64, number: &str) -> Vec<&'a FinishedCall> {
    let mine = |r: &&FinishedCall| r.user == user && r.code == "200" && same(&r.call.number, number);
    records.iter().filter(mine).collect()
}

/// An employee's conversations with this number add up to `seconds`, each second counted once.
#[track_caller]
pub fn assert_talked(records: &[FinishedCall], user: i64, number: &str, seconds: f64) {
    let mine = talks(records, user, number);
    assert!(!mine.is_empty(), "user {user} has talked with {number} for {seconds:.1} s: {records:#?}");
    let recorded: i64 = mine.iter().map(|r| r.duration).sum();
    let tolerance = PER_RECORD * mine.len() as f64;
    let off = recorded as f64 - seconds.max(1.0);
    assert!(
        off.abs() <= tolerance,
        "user {user} talked with {number} {seconds:.1} s, recorded {recorded} s: {mine:#?}"
    );
    assert_no_second_twice(&mine);
}

/// Nobody talked but these: every answered record belongs to one of them. What was not answered has no seconds.
#[track_caller]
pub fn assert_nobody_else_talked(records: &[FinishedCall], talkers: &[(i64, &str)]) {
    for record in records {
        let known = talkers.iter().any(|(user, number)| record.user == *user && same(&record.call.number, number));
        if record.code == "200" {
            assert!(known, "a conversation that never was: {record:#?}");
        } else {
            assert_eq!(record.duration, 0, "seconds of a call that nobody answered: {record:#?}");
        }
    }
}

/// Beginnings and lengths of an employee's conversations do not overlap.
#[track_caller]
fn assert_no_second_twice(records: &[&FinishedCall]) {
    // A record begins when its call began to ring, so that only its end is the end of the talk.
    let mut spans: Vec<(i64, i64)> = records.iter().map(|r| (r.call.started.millis(), r.duration * 1000)).collect();
    spans.sort_unstable();
    for pair in spans.windows(2) {
        let apart = pair[1].0 - pair[0].0;
        assert!(apart + 1_100 >= pair[0].1, "the same seconds twice: {records:#?}");
    }
}

/// Truly talked seconds of a leg in one call.
pub fn seconds(leg: &TrueLeg) -> f64 {
    leg.talked().map_or(0.0, |talked| talked.as_secs_f64())
}

/// The same subscriber's number, whatever the spelling: the last seven digits decide, or all of a shorter one.
pub fn same(one: &str, other: &str) -> bool {
    let tail = |number: &str| {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        digits[digits.len().saturating_sub(7)..].to_owned()
    };
    tail(one) == tail(other)
}

impl TestCompany {
    /// Saves how calls are recorded, as the page's form does; what is not named is set to its default.
    pub async fn choose(&mut self, choices: &[(&str, &str)]) {
        let request = self.admin.request(Method::POST, "/company/calls").form(choices);
        let response = self.admin.send(request).await.expect("an answer");
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        assert!(status == StatusCode::SEE_OTHER || status == StatusCode::OK, "{status} {text}");
    }

    /// The list of calls as the page gets it: active and recent ones.
    pub async fn calls_list(&self) -> Value {
        let request = self.admin.request(Method::GET, "/company/calls").header("accept", "application/json");
        request.send().await.expect("the list of calls").json().await.expect("JSON")
    }

    /// Waits until every call is over and told, with no card left; what the CRM has recorded so far.
    pub async fn over(&self, story: &Story) -> Vec<FinishedCall> {
        let over = async || {
            let told = no_active_call(&self.admin).await && nothing_waits(&self.admin).await;
            (told && self.portal.open_calls().is_empty() && self.portal.visible().is_empty()).then_some(())
        };
        story.until_asked("every call is over and told, and no card left", over).await;
        self.portal.finished_calls()
    }

    /// Waits until the list of calls has an active one of which something reads exactly like this: its phase, a
    /// number, a name.
    pub async fn lists_active(&self, story: &Story, text: &str) {
        let what = format!("an active call with {text} stands in the list");
        let listed = async || says(&self.calls_list().await["active"], text).then_some(());
        story.until_asked(&what, listed).await;
    }

    /// Every page of the company that shows calls, one text.
    pub async fn pages_about_calls(&mut self) -> String {
        let list = self.calls_list().await;
        let mut all = list.to_string();
        let ids = ["active", "recent"].into_iter().flat_map(|part| list[part].as_array().into_iter().flatten());
        let ids: Vec<String> = ids.filter_map(find_id).collect();
        for path in ["/company/calls", "/company?tab=calls", "/company?tab=diagnostics"] {
            all.push_str(&self.admin.page(path).await.unwrap_or_default());
        }
        for id in ids {
            let request = self.admin.request(Method::GET, &format!("/company/calls/{}", id.replace('/', "%2F")));
            all.push_str(&self.admin.send(request).await.expect("a call's page").text().await.unwrap_or_default());
        }
        all
    }
}

fn says(part: &Value, text: &str) -> bool {
    match part {
        Value::String(said) => said == text,
        Value::Array(parts) => parts.iter().any(|part| says(part, text)),
        Value::Object(parts) => parts.values().any(|part| says(part, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn find_id(call: &Value) -> Option<String> {
    ["id", "key", "call"].into_iter().find_map(|name| call[name].as_str()).map(str::to_owned)
}

impl Story {
    /// These digits stand nowhere: in no request to the portal, no line of the log at any level, no page, and not in
    /// the database, the files of which are read as they are.
    pub async fn assert_unknown(&self, company: &mut TestCompany, digits: &[&str]) {
        let pages = company.pages_about_calls().await;
        let mut places: Vec<(String, Vec<u8>)> = vec![("the pages".to_owned(), pages.into_bytes())];
        for request in company.portal.requests() {
            places.push((format!("{} {}", request.method, request.params), request.params.to_string().into_bytes()));
        }
        for file in fs::read_dir(&self.environment().settings.state_dir).expect("the state directory") {
            let path = file.expect("an entry").path();
            places.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
        }
        for secret in digits {
            for (place, content) in &places {
                let found = content.windows(secret.len()).any(|part| part == secret.as_bytes());
                assert!(!found, "{secret} stands in {place}");
            }
            self.secret(secret);
        }
    }
}
