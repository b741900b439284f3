//! Deeds are kept in their order, and go with their company.

use super::*;
use crate::domain::audit::{AuditAction, AuditActor, AuditDeed};

fn deed(name: &str) -> AuditDeed {
    AuditDeed { actor: AuditActor::Portal, action: AuditAction::Renamed { name: name.into() } }
}

#[tokio::test]
async fn deeds_are_kept_the_newest_first_and_go_with_their_company() {
    let (dir, store, id) = store().await;
    for n in 0..3 {
        store.keep_deed(&id, &deed(&n.to_string()), Timestamp(n)).await.unwrap();
    }
    store.keep_deed(&"stranger".into(), &deed("x"), Timestamp(1)).await.unwrap();
    let store = reopen(&dir, store).await;
    let kept = store.deeds(&id, 2).await.unwrap();
    assert_eq!(kept.iter().map(|e| (e.at.0, e.deed.clone())).collect::<Vec<_>>(), [(2, deed("2")), (1, deed("1"))]);
    assert_eq!(count(&store, "audit").await, 3);
    store.begin_deletion(&id, Timestamp(9)).await.unwrap();
    store.keep_deed(&id, &deed("late"), Timestamp(9)).await.unwrap();
    store.delete_company(&id, |_| ()).await.unwrap();
    assert_eq!(count(&store, "audit").await, 0);
}
