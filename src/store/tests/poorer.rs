//! Newer but poorer news takes nothing away: every write of what a portal's answer says.

use super::*;
use crate::domain::directory::PortalUser;
use crate::domain::written::AsWritten;

/// All that a portal has said of itself, in one line each.
async fn known(store: &Store, id: &CompanyId) -> Vec<String> {
    let company = store.company(id).await.unwrap().unwrap();
    let tokens = store.tokens(id).await.unwrap().unwrap();
    let anna = store.employees(id).await.unwrap().remove(0);
    let numbers: Vec<_> = anna.numbers.iter().map(|n| n.as_str().to_owned()).collect();
    vec![
        format!("domain {}", company.domain),
        format!("endpoint {}", company.client_endpoint),
        format!("application token {:?}", company.application_token.as_ref().map(shown)),
        format!("language {:?}", company.language),
        format!("owner {:?}", tokens.user_id),
        format!("authorization server {:?}", tokens.server_endpoint),
        format!("scope {}", tokens.scope),
        format!("name {} numbers {numbers:?} active {}", anna.name, anna.active),
    ]
}

/// A pair that comes with nothing beside it.
fn bare(n: i64) -> Tokens {
    Tokens { user_id: None, server_endpoint: None, scope: String::new(), ..tokens(n) }
}

#[tokio::test]
async fn whatever_a_portal_leaves_out_stays_as_it_was() {
    let (_dir, store, id) = store().await;
    let full = NewCompany {
        application_token: Some("application-token".into()),
        language: Some("en".into()),
        ..new_company(id.as_str(), "one.example")
    };
    store.register_company(&full, &tokens(1), Timestamp(1_000)).await.unwrap();
    let anna =
        PortalUser { user: UserId(1), name: "Анна".to_owned(), active: true, inner: Some(AsWritten::new("1001")) };
    store.import_employees(&id, std::slice::from_ref(&anna)).await.unwrap();
    let before = known(&store, &id).await;

    let poor = NewCompany { application_token: None, language: None, ..full.clone() };
    let poorest = NewCompany { domain: String::new(), client_endpoint: String::new(), ..poor.clone() };
    for (what, company) in [("a log-in without an installation", poor), ("a notice without an address", poorest)] {
        store.register_company(&company, &bare(2), Timestamp(2_000)).await.unwrap();
        assert_eq!(known(&store, &id).await, before, "{what}");
    }
    store.save_tokens(&id, &bare(3)).await.unwrap();
    assert_eq!(known(&store, &id).await, before, "a renewal that names nobody");
    assert!(store.tokens(&id).await.unwrap().unwrap().is_pair(&tokens(3)), "and is the pair all the same");
    for inner in [None, Some(AsWritten::new("1077"))] {
        let nameless = PortalUser { name: String::new(), inner, ..anna.clone() };
        store.import_employees(&id, &[nameless]).await.unwrap();
        assert_eq!(known(&store, &id).await, before, "a user without a name, or with another profile number");
    }
    assert!(!store.learn_language(&id, "ru").await.unwrap());
    assert_eq!(known(&store, &id).await, before, "a language is learnt once");

    // What is said is taken over.
    let richer = NewCompany { language: Some("de".into()), domain: "two.example".into(), ..full };
    store.register_company(&richer, &tokens(4), Timestamp(3_000)).await.unwrap();
    let after = known(&store, &id).await;
    assert_eq!(
        (after[0].as_str(), after[3].as_str(), after[4].as_str()),
        ("domain two.example", "language Some(\"de\")", "owner Some(u4)")
    );
}

#[test]
fn a_pair_is_filled_in_from_the_one_before_and_never_the_other_way() {
    let filled = bare(2).filled_from(&tokens(1));
    assert_eq!((filled.user_id, filled.scope.as_str()), (Some(UserId(1)), "telephony,user"));
    assert!(filled.server_endpoint.is_some() && filled.is_pair(&tokens(2)));
    let own = tokens(2).filled_from(&bare(1));
    assert_eq!((own.user_id, own.scope.as_str()), (Some(UserId(2)), "telephony,user"));
}
