//! Answers that no portal gives, and questions that many ask at once.

use crate::support::{CLIENT, IVAN, PYOTR, Story, TestCompany, asked_whose_token, told};
use ecss_crm_server::domain::Budget;
use ecss_crm_server::sandbox::portal::{Fault, Limits, Odd};
use futures_util::future::join_all;
use reqwest::StatusCode;
use std::time::Duration;

async fn whole_call(story: &Story, company: &TestCompany) {
    let before = company.portal.finished_calls().len();
    let call = company.incoming(CLIENT, "1002").await;
    company.cards_at(story, &[PYOTR]).await;
    company.phone("1002").pick_up().await.expect("it rings");
    story.switch().remote_hangs_up(call).await.expect("it talks");
    assert_eq!(company.finished(story, before + 1).await[before].code, "200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_no_portal_gives_are_named_and_delay_nobody_else() {
    let mut story = Story::begin_with(|s| s.portal_budget = Budget::Unlimited).await;
    let (mut ill, well) = (story.company("odin.local").await, story.company("dva.local").await);
    for company in [&ill, &well] {
        company.portal.set_limits(Limits { bucket: None, operating: None });
    }
    let mut calls = 0;
    for (odd, named) in [
        (Odd::Endless, Some("an answer of more than 64 KiB")),
        (Odd::Compressed, Some("HTTP 200 with")),
        (Odd::Trickling, None),
    ] {
        ill.portal.standing(Fault::Odd(odd));
        ill.incoming(CLIENT, "1001").await;
        ill.phone("1001").reject().await.expect("it rings");
        calls += 1;
        if let Some(named) = named {
            let seen = async || {
                let page = ill.admin.page("/company?tab=bitrix").await.ok()?;
                page.contains(named).then_some(())
            };
            story.until_asked(&format!("the page says {named}"), seen).await;
        }
        whole_call(&story, &well).await;
        assert_eq!(told(&ill.portal, "finish").len(), calls - 1, "all this while the other portal has not answered");
        ill.portal.heal();
        if odd == Odd::Trickling {
            // A new process does not wait for the answers of the old one.
            story.stop_daemon().await;
            story.start_daemon(2).await;
        }
        let records = ill.finished(&story, calls).await;
        assert!(records.iter().all(|r| r.call.registrations == 1), "{records:?}");
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_shows_the_same_token_at_once_shares_one_question() {
    let (story, company) = Story::with_company().await;
    let client = story.environment().client();
    let asked = || asked_whose_token(&company.portal);
    let (before, frame) = (asked(), company.portal.app_frame(1));
    company.portal.standing_for("profile", Fault::Latency(Duration::from_secs(1)));
    let opened = join_all((0..12).map(|_| frame.send(client))).await;
    for answer in opened {
        assert_eq!(answer.expect("an answer").status(), StatusCode::OK);
    }
    assert_eq!(asked() - before, 1);
    // Nor is it asked again for visitors who come later, nor does somebody else's token profit from it.
    assert_eq!(frame.send(client).await.expect("an answer").status(), StatusCode::OK);
    assert_eq!(asked() - before, 1);
    let employee = company.portal.app_frame(IVAN).send(client).await.expect("an answer");
    assert_eq!(employee.status(), StatusCode::FORBIDDEN, "only administrators set something");
    assert_eq!(asked() - before, 2);
    story.end().await;
}
