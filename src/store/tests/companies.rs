//! Companies, their settings and tokens.

use super::*;
use crate::domain::company::{CallSettings, CrmCreate, InternalCalls};
use crate::domain::directory::PortalUser;
use crate::domain::written::AsWritten;

fn chosen() -> CallSettings {
    CallSettings {
        crm_create: CrmCreate::Incoming,
        internal: InternalCalls::Card,
        responsible: Some(UserId(7)),
        budget: Some("5/225".to_owned()),
        service_numbers: vec!["200".to_owned(), "20x".to_owned()],
        feature_codes: vec!["99x".to_owned()],
        longest_call_h: 8,
    }
}

/// Sets everything an admin can set.
async fn fill(store: &Store, company: &CompanyId) {
    store.rename_company(company, "Рога и копыта").await.unwrap();
    store.save_switch(company, &switch()).await.unwrap();
    store.save_call_settings(company, &chosen()).await.unwrap();
    store.save_application_token(company, &"application-token".into()).await.unwrap();
    let user =
        PortalUser { user: UserId(1), name: "Анна".to_owned(), active: true, inner: Some(AsWritten::new("1001")) };
    store.import_employees(company, &[user]).await.unwrap();
}

async fn assert_filled(store: &Store, id: &CompanyId) {
    let company = store.company(id).await.unwrap().unwrap();
    assert_eq!((company.name.as_str(), &company.calls), ("Рога и копыта", &chosen()));
    let saved = company.switch.unwrap();
    assert_eq!(
        (saved.backend, &saved.client_id, &saved.domain),
        (Backend::Csta, &switch().client_id, &switch().domain)
    );
    assert_eq!((saved.addresses, saved.trust), (switch().addresses, switch().trust));
    assert_eq!(shown(&saved.api_key), "switch-api-key");
    assert_eq!(store.employees(id).await.unwrap()[0].numbers, [phone("1001")]);
}

#[tokio::test]
async fn a_registered_company_is_found_in_every_way() {
    let (_dir, store, id) = store().await;
    for company in [
        store.company(&id).await.unwrap().unwrap(),
        store.company_by_domain("ONE.example").await.unwrap().unwrap(),
        store.companies().await.unwrap().0.remove(0),
    ] {
        assert_eq!((&company.id, company.domain.as_str(), company.name.as_str()), (&id, "one.example", ""));
        assert_eq!(company.client_endpoint, "https://one.example/rest/");
        assert_eq!(
            (company.client_id.as_str(), shown(&company.client_secret)),
            ("local.123", "client-secret-of-member-1")
        );
        assert!(company.application_token.is_none() && company.switch.is_none());
        assert_eq!((company.calls, company.created_at), (CallSettings::default(), Timestamp(1_000)));
    }
    assert!(store.company(&"other".into()).await.unwrap().is_none());
    assert!(store.company_by_domain("other.example").await.unwrap().is_none());
}

#[tokio::test]
async fn everything_an_admin_has_set_survives_a_restart() {
    let (dir, store, id) = store().await;
    fill(&store, &id).await;
    let store = reopen(&dir, store).await;
    assert_filled(&store, &id).await;
    let company = store.company(&id).await.unwrap().unwrap();
    assert_eq!(shown(&company.application_token.unwrap()), "application-token");
    assert_eq!(shown(&store.tokens(&id).await.unwrap().unwrap().refresh), "refresh-token-1");
}

#[tokio::test]
async fn a_second_registration_brings_new_keys_and_keeps_what_was_set() {
    let (_dir, store, id) = store().await;
    fill(&store, &id).await;
    let same = new_company("member-1", "one.example");
    store.register_company(&same, &tokens(1), Timestamp(2_000)).await.unwrap();
    let company = store.company(&id).await.unwrap().unwrap();
    assert_eq!(shown(&company.application_token.unwrap()), "application-token", "the same application");

    let again = NewCompany { client_id: "local.456".to_owned(), ..new_company("member-1", "renamed.example") };
    store.register_company(&again, &tokens(2), Timestamp(2_000)).await.unwrap();
    assert_filled(&store, &id).await;
    let company = store.company(&id).await.unwrap().unwrap();
    assert!(company.application_token.is_none(), "another application has another token");
    assert_eq!((company.domain.as_str(), company.client_id.as_str()), ("renamed.example", "local.456"));
    assert_eq!(company.created_at, Timestamp(1_000));
    assert_eq!(shown(&store.tokens(&id).await.unwrap().unwrap().access), "access-token-2");

    let newer = NewCompany { application_token: Some("newer-token".into()), ..again };
    store.register_company(&newer, &tokens(3), Timestamp(3_000)).await.unwrap();
    let company = store.company(&id).await.unwrap().unwrap();
    assert_eq!(shown(&company.application_token.unwrap()), "newer-token");
    assert_eq!(store.companies().await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn a_domain_that_moves_belongs_to_the_newest_registration() {
    let (_dir, store, first) = store().await;
    let second = new_company("member-0", "one.example");
    store.register_company(&second, &tokens(2), Timestamp(2_000)).await.unwrap();
    assert_eq!(store.company_by_domain("one.example").await.unwrap().unwrap().id, second.id);
    store.mark_uninstalled(&second.id, Timestamp(3_000)).await.unwrap();
    assert_eq!(store.company_by_domain("one.example").await.unwrap().unwrap().id, first);
}

#[tokio::test]
async fn an_uninstalled_company_is_out_of_work_until_it_returns_with_its_settings() {
    let (dir, store, id) = store().await;
    fill(&store, &id).await;
    store.push_event(&id, "e", "{}", Timestamp(1)).await.unwrap();
    store.mark_uninstalled(&id, Timestamp(2_000)).await.unwrap();
    store.mark_uninstalled(&id, Timestamp(2_001)).await.unwrap();
    store.mark_uninstalled(&"never-seen".into(), Timestamp(2_001)).await.unwrap();
    let store = reopen(&dir, store).await;
    assert!(store.company(&id).await.unwrap().is_none());
    assert!(store.company_by_domain("one.example").await.unwrap().is_none());
    assert!(store.companies().await.unwrap().0.is_empty());
    assert!(store.tokens(&id).await.unwrap().is_none());
    assert!(store.pending_events(&id).await.unwrap().is_empty());

    let proof = store.proof_of_removal(&id).await.unwrap().expect("it can still be deleted");
    assert_eq!((shown(&proof.application_token.unwrap()), proof.removed), ("application-token", true));
    assert!(store.proof_of_removal(&"never-seen".into()).await.unwrap().is_none());

    store.register_company(&new_company("member-1", "one.example"), &tokens(2), Timestamp(3_000)).await.unwrap();
    assert_filled(&store, &id).await;
    let proof = store.proof_of_removal(&id).await.unwrap().expect("installed again");
    assert!(proof.application_token.is_none() && !proof.removed);
    assert!(store.company(&id).await.unwrap().unwrap().application_token.is_none());
    store.begin_deletion(&id, Timestamp(4_000)).await.unwrap();
    assert!(store.proof_of_removal(&id).await.unwrap().is_none(), "it is being deleted");
}

#[tokio::test]
async fn a_portal_that_moves_takes_its_company_along() {
    let (_dir, store, id) = store().await;
    store.save_endpoint(&id, "Two.example", "https://two.example/rest/").await.unwrap();
    let company = store.company_by_domain("two.example").await.unwrap().unwrap();
    assert_eq!((company.id, company.client_endpoint.as_str()), (id, "https://two.example/rest/"));
}

#[tokio::test]
async fn settings_of_an_unknown_company_are_refused() {
    let (_dir, store, _) = store().await;
    let other = CompanyId::from("other");
    for got in [
        store.rename_company(&other, "x").await,
        store.save_switch(&other, &switch()).await,
        store.save_call_settings(&other, &chosen()).await,
        store.save_application_token(&other, &"x".into()).await,
        store.save_endpoint(&other, "x", "y").await,
        store.save_tokens(&other, &tokens(1)).await,
        store.push_event(&other, "k", "{}", Timestamp(1)).await.map(drop),
    ] {
        assert!(matches!(got, Err(StoreError::Conflict(Conflict::UnknownCompany))), "{got:?}");
    }
    store.rename_company(&"member-1".into(), "still works").await.unwrap();
}

#[tokio::test]
async fn tokens_are_replaced_as_a_pair() {
    let (dir, store, id) = store().await;
    let bare = Tokens { user_id: None, server_endpoint: None, ..tokens(2) };
    store.save_tokens(&id, &bare).await.unwrap();
    let store = reopen(&dir, store).await;
    let got = store.tokens(&id).await.unwrap().unwrap();
    assert_eq!((shown(&got.access), shown(&got.refresh)), ("access-token-2", "refresh-token-2"));
    assert_eq!((got.expires_at, got.refresh_obtained_at), (Timestamp(3_600_002), Timestamp(2)));
    assert_eq!((got.user_id, got.scope.as_str()), (Some(UserId(1)), "telephony,user"), "what it lacks is kept");
    assert!(store.tokens(&"other".into()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_removal_that_is_not_confirmed_is_kept_until_it_is_forgotten_or_done() {
    let (dir, store, id) = store().await;
    assert_eq!(store.kept_removals().await.unwrap(), []);
    store.keep_removal(&id, Some((Timestamp(5), true))).await.unwrap();
    let store = reopen(&dir, store).await;
    assert_eq!(store.kept_removals().await.unwrap(), [(id.clone(), Timestamp(5), true)]);
    store.keep_removal(&id, Some((Timestamp(5), false))).await.unwrap();
    assert_eq!(store.kept_removals().await.unwrap(), [(id.clone(), Timestamp(5), false)]);
    store.keep_removal(&id, None).await.unwrap();
    assert_eq!(store.kept_removals().await.unwrap(), []);
    store.keep_removal(&id, Some((Timestamp(7), true))).await.unwrap();
    store.mark_uninstalled(&id, Timestamp(9)).await.unwrap();
    assert_eq!(store.kept_removals().await.unwrap(), [], "it is done");
}
