//! What was seen to work survives, each thing with its last moment.

use super::*;
use crate::domain::binding::Binding;
use crate::domain::evidence::{Evidence, EvidenceKind, PortalReport};

fn seen(kind: EvidenceKind, at: i64) -> Evidence {
    Evidence { seen: [(kind, Timestamp(at))].into(), ..Evidence::default() }
}

fn phone(text: &str) -> Phone {
    Phone::parse(text).unwrap()
}

#[tokio::test]
async fn each_kind_keeps_its_last_moment_and_companies_stay_apart() {
    let (dir, store, id) = store().await;
    let two = new_company("member-2", "two.example");
    store.register_company(&two, &tokens(2), Timestamp(1)).await.unwrap();
    let numbers = [(phone("1001"), Timestamp(5)), (phone("*21"), Timestamp(6))].into();
    let report = PortalReport {
        at: Timestamp(7),
        bindings: [(Binding::Card, true), (Binding::Click, false)].into(),
        installed: Some(true),
        licence: Some("ru_project".into()),
        payment_expired: None,
        missing_rights: Some(vec!["telephony".into()]),
        owner: None,
    };
    let first = Evidence { numbers, report: Some(report.clone()), ..seen(EvidenceKind::LegEvent, 5) };
    let gone = ("stranger".into(), first.clone());
    store.keep_evidence(&[(id.clone(), first), (two.id.clone(), seen(EvidenceKind::Click, 9)), gone]).await.unwrap();
    store.keep_evidence(&[(id.clone(), seen(EvidenceKind::LegEvent, 8))]).await.unwrap();
    let store = reopen(&dir, store).await;
    let kept = store.evidence(&id).await.unwrap();
    assert_eq!(kept.seen, [(EvidenceKind::LegEvent, Timestamp(8))].into());
    assert_eq!((kept.numbers.len(), kept.report), (2, Some(report)));
    assert_eq!(store.evidence(&two.id).await.unwrap().last_portal_event(), Some(Timestamp(9)));
    assert_eq!(count(&store, "evidence").await, 3);
}

#[tokio::test]
async fn nothing_is_kept_of_a_company_that_is_being_deleted() {
    let (_dir, store, id) = store().await;
    let both = Evidence { numbers: [(phone("1001"), Timestamp(5))].into(), ..seen(EvidenceKind::LegEvent, 5) };
    store.keep_evidence(&[(id.clone(), both.clone())]).await.unwrap();
    store.begin_deletion(&id, Timestamp(6)).await.unwrap();
    store.keep_evidence(&[(id.clone(), seen(EvidenceKind::Click, 7))]).await.unwrap();
    store.delete_company(&id, |_| ()).await.unwrap();
    assert_eq!((count(&store, "evidence").await, count(&store, "seen_numbers").await), (0, 0));
}
