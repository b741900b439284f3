//! Who changed what can be read afterwards, on the page and in the log.

use crate::support::{IVAN, Story};
use reqwest::Method;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_a_row_of_the_page_and_a_line_of_the_log_without_its_secrets() {
    let (story, mut company) = Story::with_company().await;
    let admin = &mut company.admin;
    let page = admin.page("/company?tab=diagnostics").await.expect("the tab");
    assert!(page.contains("Вход"), "who has logged in: {page}");
    for (path, form) in [
        ("/company", vec![("name", "Ромашка")]),
        ("/company/calls", vec![("service_numbers", "600, 7000"), ("longest_call_h", "5")]),
    ] {
        let request = admin.request(Method::POST, path).form(&form);
        let status = admin.send(request).await.expect("an answer").status();
        assert!(status.is_redirection() || status.is_success(), "{path}: {status}");
    }
    company.save_numbers(&[(IVAN, &["1001", "1099"])]).await;
    // What is saved as it was is no change.
    company.save_numbers(&[(IVAN, &["1001", "1099"])]).await;
    let page = company.admin.page("/company?tab=diagnostics").await.expect("the tab");
    let deeds = page.split("id=\"deeds\"").nth(1).expect("the section");
    for said in ["«Ромашка»", "600", "7000", "1001 → 1001, 1099", "Анна Орлова"] {
        assert!(deeds.contains(said), "{said}: {deeds}");
    }
    assert_eq!(deeds.matches("1001 → 1001, 1099").count(), 1, "{deeds}");
    // The switch was typed in as well.
    for (what, times) in [("renamed", 1), ("settings", 2), ("numbers", 1)] {
        let said = story.warned(&format!("what=\"{what}\"")) + story.warned(&format!("what={what}"));
        assert_eq!(said, times, "{what}");
    }
    story.end().await;
}
