//! Callers who do not show their number.

use crate::support::{IVAN, Story, only, told};
use ecss_crm_server::sandbox::portal::{Client, Fault};

const REGISTER: &str = "telephony.externalcall.register";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withheld_number_gets_a_card_and_one_record_without_a_client() {
    let (story, company) = Story::with_company().await;
    // Somebody has put nonsense into the CRM: it must not become the hidden caller.
    company.portal.add_client(Client::new(77, "Ноль", "00"));
    company.portal.add_client(Client::new(78, "Пусто", "+"));
    for (n, shown) in ["anonymous", ""].into_iter().enumerate() {
        let call = company.incoming(shown, "1001").await;
        company.cards_at(&story, &[IVAN]).await;
        company.phone("1001").pick_up().await.expect("it rings");
        story.switch().remote_hangs_up(call).await.expect("it talks");
        let record = company.finished(&story, n + 1).await.remove(n);
        assert_eq!((record.code.as_str(), record.user, &record.call.bound), ("200", IVAN, &None), "{shown:?}");
    }
    let asked = company.portal.requests_of(REGISTER);
    assert_eq!(asked.len(), 2, "nothing was refused: {asked:?}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withheld_number_that_a_portal_does_not_take_is_not_sent_again() {
    let (story, company) = Story::with_company().await;
    let refused = Fault::Refuse(400, String::new(), "Unsupported phone number format".to_owned());
    company.portal.next_for(REGISTER, refused);
    let call = company.incoming("", "1001").await;
    company.cards_at(&story, &[IVAN]).await;
    story.switch().remote_hangs_up(call).await.expect("it rings");
    assert_eq!(only(company.finished(&story, 1).await).code, "304");
    let numbers: Vec<_> =
        company.portal.requests_of(REGISTER).iter().map(|r| r.params["PHONE_NUMBER"].to_string()).collect();
    assert_eq!(numbers.len(), 2, "{numbers:?}");
    assert_ne!(numbers[0], numbers[1], "the rescue does not repeat what was refused");
    assert_eq!(only(told(&company.portal, "register")).params["CRM_CREATE"], 0);
    story.end().await;
}
