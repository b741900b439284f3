//! The table of employees.

use super::*;
use crate::domain::directory::PortalUser;
use crate::domain::profile::{Profile, Remark};
use crate::domain::written::AsWritten;
use crate::store::employees::NumberConflict;

fn user(id: i64, name: &str, inner: &str) -> PortalUser {
    PortalUser { user: UserId(id), name: name.to_owned(), active: true, inner: Some(AsWritten::new(inner)) }
}

/// `user: numbers` of everybody, for reading at a glance.
async fn table(store: &Store, company: &CompanyId) -> Vec<String> {
    let employees = store.employees(company).await.unwrap();
    let written = |numbers: &[Phone]| numbers.iter().map(Phone::as_str).collect::<Vec<_>>().join(",");
    employees.iter().map(|e| format!("{} {}: {}", e.user, e.name, written(&e.numbers))).collect()
}

#[tokio::test]
async fn new_users_bring_their_numbers_and_known_ones_keep_the_admins() {
    let (dir, store, id) = store().await;
    let first = [user(2, "Борис", "1002"), user(1, "Анна", "1001"), user(3, "Вера", "")];
    let report = store.import_employees(&id, &first).await.unwrap();
    assert_eq!((report.added, report.updated, report.conflicts.len()), (3, 0, 0));

    store.save_numbers(&id, &[(UserId(1), vec![phone("2001"), phone("+79130000000")])]).await.unwrap();
    let second = [user(1, "Анна Иванова", "7777"), user(2, "Борис", "8888")];
    let report = store.import_employees(&id, &second).await.unwrap();
    assert_eq!((report.added, report.updated), (0, 1));
    let store = reopen(&dir, store).await;
    let want = ["1 Анна Иванова: 2001,+79130000000", "2 Борис: 1002", "3 Вера: "];
    assert_eq!(table(&store, &id).await, want);
}

#[tokio::test]
async fn a_list_that_came_short_takes_nothing_away() {
    let (_dir, store, id) = store().await;
    store.import_employees(&id, &[user(1, "Анна", "1001"), user(2, "Борис", "1002")]).await.unwrap();
    assert_eq!(store.import_employees(&id, &[]).await.unwrap(), ImportReport::default());
    store.import_employees(&id, &[user(2, "Борис", "1002")]).await.unwrap();
    assert_eq!(table(&store, &id).await.len(), 2);
}

#[tokio::test]
async fn a_dismissed_user_is_shown_as_such_and_brings_no_number() {
    let (_dir, store, id) = store().await;
    store.import_employees(&id, &[user(1, "Анна", "1001")]).await.unwrap();
    let gone = |u: PortalUser| PortalUser { active: false, ..u };
    let report =
        store.import_employees(&id, &[gone(user(1, "Анна", "")), gone(user(2, "Борис", "1002"))]).await.unwrap();
    assert_eq!((report.added, report.updated), (1, 1));
    let employees = store.employees(&id).await.unwrap();
    assert!(employees.iter().all(|e| !e.active));
    assert_eq!(table(&store, &id).await, ["1 Анна: 1001", "2 Борис: "]);
}

#[tokio::test]
async fn a_profile_number_that_is_taken_is_reported_and_not_given() {
    let (_dir, store, id) = store().await;
    store.import_employees(&id, &[user(1, "Анна", "1001")]).await.unwrap();
    let report = store.import_employees(&id, &[user(2, "Борис", "+1001"), user(3, "Вера", "1003")]).await.unwrap();
    let want = NumberConflict { number: phone("1001"), user: UserId(2), holder: UserId(1) };
    assert_eq!(report.conflicts, [want]);
    assert_eq!(table(&store, &id).await, ["1 Анна: 1001", "2 Борис: ", "3 Вера: 1003"]);
}

#[tokio::test]
async fn a_table_is_saved_as_it_is_shown_and_numbers_may_change_hands() {
    let (_dir, store, id) = store().await;
    store.import_employees(&id, &[user(1, "А", "1001"), user(2, "Б", "1002"), user(3, "В", "1003")]).await.unwrap();
    let swapped = [(UserId(1), vec![phone("1002"), phone("1009"), phone("1002")]), (UserId(2), vec![phone("1001")])];
    store.save_numbers(&id, &swapped).await.unwrap();
    assert_eq!(table(&store, &id).await, ["1 А: 1002,1009", "2 Б: 1001", "3 В: 1003"]);
    store.save_numbers(&id, &[(UserId(1), vec![])]).await.unwrap();
    assert_eq!(table(&store, &id).await, ["1 А: ", "2 Б: 1001", "3 В: 1003"]);
}

#[tokio::test]
async fn a_number_for_two_is_refused_by_name_and_changes_nothing() {
    let (_dir, store, id) = store().await;
    store.import_employees(&id, &[user(1, "Анна", "1001"), user(2, "Борис", "1002")]).await.unwrap();
    let before = table(&store, &id).await;
    let fault = store.save_numbers(&id, &[(UserId(2), vec![phone("1003"), phone("+1001")])]).await.unwrap_err();
    let text = fault.to_string();
    let want = Conflict::Number {
        number: phone("+1001"),
        wanted_by: UserId(2),
        holder: UserId(1),
        holder_name: "Анна".to_owned(),
    };
    assert!(matches!(fault, StoreError::Conflict(c) if c == want));
    assert!(text.contains("+1001") && text.contains("Анна"), "{text}");
    let both = [(UserId(1), vec![phone("5")]), (UserId(2), vec![phone("5")])];
    store.save_numbers(&id, &both).await.unwrap_err();
    assert_eq!(table(&store, &id).await, before);

    let stranger = store.save_numbers(&id, &[(UserId(1), vec![]), (UserId(9), vec![])]).await;
    assert!(matches!(stranger, Err(StoreError::Conflict(Conflict::UnknownEmployee(UserId(9))))), "{stranger:?}");
    assert_eq!(table(&store, &id).await, before);
}

#[tokio::test]
async fn companies_do_not_share_numbers() {
    let (_dir, store, one) = store().await;
    let two = new_company("member-2", "two.example");
    store.register_company(&two, &tokens(2), Timestamp(1)).await.unwrap();
    for id in [&one, &two.id] {
        let report = store.import_employees(id, &[user(1, "Анна", "1001")]).await.unwrap();
        assert!(report.conflicts.is_empty());
    }
    store.save_numbers(&two.id, &[(UserId(1), vec![])]).await.unwrap();
    assert_eq!(table(&store, &one).await, ["1 Анна: 1001"]);
}

#[tokio::test]
async fn all_numbers_of_a_new_users_profile_are_taken_and_what_is_unclear_is_kept_as_it_stands() {
    let (dir, store, id) = store().await;
    let first = [
        user(1, "Анна", "1001 / 1040"),
        user(2, "Борис", "доб. 1002, 1040, 1041"),
        user(3, "Вера", "спросить Анну"),
        user(4, "Глеб", "1050-1055, 1060"),
    ];
    let report = store.import_employees(&id, &first).await.unwrap();
    let taken = NumberConflict { number: phone("1040"), user: UserId(2), holder: UserId(1) };
    assert_eq!((report.added, report.conflicts), (4, vec![taken]));
    assert_eq!(report.unclear, [UserId(3), UserId(4)]);
    let store = reopen(&dir, store).await;
    assert_eq!(table(&store, &id).await, ["1 Анна: 1001,1040", "2 Борис: 1002,1041", "3 Вера: ", "4 Глеб: 1060"]);
    assert_eq!(remarks(&store, &id).await, ["2 Differs", "3 Unclear", "4 Unclear"]);
    assert_eq!(store.import_employees(&id, &first).await.unwrap(), ImportReport::default(), "nothing is news twice");
}

#[tokio::test]
async fn a_profile_changed_later_is_shown_and_not_taken_over_until_the_admin_decides() {
    let (_dir, store, id) = store().await;
    store.import_employees(&id, &[user(1, "Анна", "1001")]).await.unwrap();
    assert_eq!(remarks(&store, &id).await, [""; 0]);
    let report = store.import_employees(&id, &[user(1, "Анна", "1001 или 10…")]).await.unwrap();
    assert_eq!((report.updated, report.unclear), (0, vec![UserId(1)]));
    assert_eq!(
        (table(&store, &id).await, remarks(&store, &id).await),
        (vec!["1 Анна: 1001".into()], vec!["1 Unclear".into()])
    );
    store.save_numbers(&id, &[(UserId(1), vec![phone("1001"), phone("1009")])]).await.unwrap();
    assert_eq!(remarks(&store, &id).await, ["1 Differs"], "it is decided");
    store.import_employees(&id, &[user(1, "Анна", "10…")]).await.unwrap();
    assert_eq!(remarks(&store, &id).await, ["1 Unclear"], "about another text it is not");
    let unreported = PortalUser { inner: None, ..user(1, "Анна", "") };
    store.import_employees(&id, &[unreported]).await.unwrap();
    assert_eq!(remarks(&store, &id).await, ["1 Unclear"], "what is not told erases nothing");
    store.import_employees(&id, &[user(1, "Анна", "")]).await.unwrap();
    assert_eq!(store.profiles(&id).await.unwrap(), [], "an empty profile has nothing to say");
}

/// `user: remark` of everybody whose profile is worth a look.
async fn remarks(store: &Store, company: &CompanyId) -> Vec<String> {
    let employees = store.employees(company).await.unwrap();
    let numbers = |user: UserId| &employees.iter().find(|e| e.user == user).unwrap().numbers;
    let profiles: Vec<Profile> = store.profiles(company).await.unwrap();
    let remark = |p: &Profile| p.remark(numbers(p.user)).map(|r: Remark| format!("{} {r:?}", p.user));
    profiles.iter().filter_map(remark).collect()
}
