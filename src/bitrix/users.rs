//! The portal's users.

use super::error::ApiError;
use super::lenient;
use super::portal::Portal;
use crate::domain::UserId;
use crate::domain::directory::PortalUser;
use crate::domain::written::AsWritten;
use serde_json::{Value, json};

/// A portal with more users than this is taken for one that never stops paging.
const MAX_PAGES: usize = 2_000;
/// A page has fifty users (bitrix24/b24restdocs, api-reference/user/user-get.md); a portal that sends more at once does
/// not get past this number, which is that of the pages above.
const MOST_USERS: usize = 100_000;
/// Characters of a name; the portal's own fields are shorter than half of it.
const LONGEST_NAME: usize = 120;

/// Users as the portal lists them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserList {
    /// Those that could be read.
    pub users: Vec<PortalUser>,
    /// Whether as many were listed as the portal has counted, on every page. Only then does it mean something that
    /// somebody is missing.
    pub complete: bool,
}

impl Portal {
    /// All active users that our grant's owner may see, in pages of fifty, less urgent than anything about calls.
    ///
    /// The list can be empty or short for reasons that have nothing to do with the users (rights of the owner), so
    /// nobody should be deleted because of it.
    pub async fn users(&self) -> Result<UserList, ApiError> {
        let list = self.employees(true).await?;
        // Somebody has given us the grant, so nobody at all is no answer.
        Ok(UserList { complete: list.complete && !list.users.is_empty(), ..list })
    }

    /// The users who may no longer work in the portal, as far as our grant's owner may see them.
    pub async fn former_users(&self) -> Result<UserList, ApiError> {
        self.employees(false).await
    }

    /// Guests of the portal's extranet among its users, as far as it says who is one: they work for others.
    pub async fn guests(&self) -> Result<Vec<PortalUser>, ApiError> {
        let listed =
            self.listed(&json!({ "ACTIVE": true, "USER_TYPE": GUEST }), |row| type_of(row) == Some(GUEST)).await;
        listed.map(|list| list.users)
    }

    /// Employees only, as the documentation shows it: the portal lists guests as well who share a work group with our
    /// grant's owner (`FILTER {"ACTIVE": true, "USER_TYPE": "employee"}`, bitrix24/b24restdocs,
    /// api-reference/user/user-get.md). A portal that does not take this condition is asked without it.
    async fn employees(&self, active: bool) -> Result<UserList, ApiError> {
        let works_here = |row: &Value| type_of(row).is_none_or(|kind| kind == EMPLOYEE);
        let listed = self.listed(&json!({ "ACTIVE": active, "USER_TYPE": EMPLOYEE }), works_here).await;
        match listed {
            Err(ApiError::Refused { .. }) => self.listed(&json!({ "ACTIVE": active }), works_here).await,
            other => other,
        }
    }

    async fn listed(&self, filter: &Value, wanted: impl Fn(&Value) -> bool) -> Result<UserList, ApiError> {
        let active = filter["ACTIVE"] == true;
        let (mut users, mut rows_seen, mut totals) = (Vec::new(), 0, Vec::new());
        let mut start = 0;
        for _ in 0..MAX_PAGES {
            let answer = self.call("user.get", &page(filter, start)).await?;
            let rows = lenient::list(answer.result);
            rows_seen += rows.len();
            // An empty page comes without a total.
            totals.push(answer.total.or_else(|| rows.is_empty().then_some(0)));
            users.extend(rows.iter().filter(|row| wanted(row)).filter_map(|row| read(row, active)));
            match answer.next {
                // Not complete, so that nobody counts as missing.
                _ if users.len() > MOST_USERS => return Ok(UserList { users, complete: false }),
                Some(next) if next > start => start = next,
                _ => break,
            }
        }
        let complete = totals.iter().all(|total| total.and_then(|t| usize::try_from(t).ok()) == Some(rows_seen));
        Ok(UserList { users, complete })
    }
}

/// `USER_TYPE` of those who work for the company, and of guests.
const EMPLOYEE: &str = "employee";
const GUEST: &str = "extranet";

/// What the portal takes somebody for, where it says so.
fn type_of(row: &Value) -> Option<&str> {
    row.get("USER_TYPE").and_then(Value::as_str).filter(|kind| !kind.is_empty())
}

fn page(filter: &Value, start: i64) -> Value {
    json!({
        "FILTER": filter,
        "SELECT": ["ID", "NAME", "LAST_NAME", "SECOND_NAME", "ACTIVE", "UF_PHONE_INNER", "USER_TYPE"],
        "SORT": "ID",
        "ORDER": "ASC",
        "start": start,
    })
}

/// `UF_PHONE_INNER`: a text of people, a number, nothing, or a list of these where the field was made multiple.
fn inner(value: &Value) -> AsWritten {
    let lines: Vec<String> = match value {
        Value::Array(items) => items.iter().filter_map(lenient::text).collect(),
        Value::Object(items) => items.values().filter_map(lenient::text).collect(),
        other => lenient::text(other).into_iter().collect(),
    };
    AsWritten::new(&lines.join("\n"))
}

/// One row; any field but the id may be missing or null, and a user without a word whether they are active is what was
/// asked for.
fn read(row: &Value, active: bool) -> Option<PortalUser> {
    let text = |key: &str| row.get(key).and_then(lenient::text).unwrap_or_default();
    let names = [text("NAME"), text("LAST_NAME")];
    let name = names.iter().map(|n| n.trim()).filter(|n| !n.is_empty()).collect::<Vec<_>>().join(" ");
    let name = name.chars().take(LONGEST_NAME).collect();
    Some(PortalUser {
        user: UserId(row.get("ID").and_then(lenient::int).filter(|id| *id > 0)?),
        name,
        active: row.get("ACTIVE").and_then(lenient::flag).unwrap_or(active),
        inner: row.get("UF_PHONE_INNER").map(inner),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitrix::portal::tests::World;
    use crate::bitrix::testing::{FakeAnswer, FakeRequest};

    #[test]
    fn rows_are_read_whatever_is_missing() {
        let full =
            json!({"ID": "7", "NAME": " Anna ", "LAST_NAME": "Orlova", "ACTIVE": true, "UF_PHONE_INNER": "1 001"});
        let inner = Some(AsWritten::new("1 001"));
        assert_eq!(
            read(&full, true),
            Some(PortalUser { user: UserId(7), name: "Anna Orlova".into(), active: true, inner })
        );
        let poor = json!({"ID": 8, "NAME": null, "UF_PHONE_INNER": null});
        let inner = Some(AsWritten::default());
        assert_eq!(read(&poor, true), Some(PortalUser { user: UserId(8), name: String::new(), active: true, inner }));
        let number = read(&json!({"ID": "9", "UF_PHONE_INNER": 1002, "ACTIVE": "N"}), true).expect("a user");
        assert_eq!((number.inner, number.active), (Some(AsWritten::new("1002")), false));
        for (value, want) in [
            (json!(["1001", 1002]), "1001\n1002"),
            (json!({"0": "доб. 5"}), "доб. 5"),
            (json!([]), ""),
            (json!(false), ""),
            (json!("ask\u{202e} Anna"), "ask Anna"),
        ] {
            assert_eq!(super::inner(&value).as_str(), want, "{value}");
        }
        assert_eq!(read(&json!({"ID": "9"}), true).expect("a user").inner, None, "not told is not empty");
        for nobody in [json!({}), json!({"ID": ""}), json!({"ID": "0"}), json!(null)] {
            assert_eq!(read(&nobody, true), None, "{nobody}");
        }
    }

    #[test]
    fn the_question_is_what_the_portal_documents() {
        assert_eq!(
            page(&json!({"ACTIVE": true, "USER_TYPE": "employee"}), 50),
            json!({"FILTER": {"ACTIVE": true, "USER_TYPE": "employee"}, "SORT": "ID", "ORDER": "ASC", "start": 50,
                   "SELECT": ["ID", "NAME", "LAST_NAME", "SECOND_NAME", "ACTIVE", "UF_PHONE_INNER", "USER_TYPE"]})
        );
    }

    /// A portal with `count` users whose paging is answered by `next`.
    async fn portal(count: i64, next: fn(i64, i64) -> Value) -> World {
        World::new(move |hit: &FakeRequest| {
            let start = hit.json()["start"].as_i64().expect("an offset");
            let rows: Vec<_> = (start..count.min(start + 50)).map(|n| json!({"ID": (n + 1).to_string()})).collect();
            let mut answer = json!({"result": rows, "total": count.to_string()});
            if !next(start, count).is_null() {
                answer["next"] = next(start, count);
            }
            FakeAnswer::json(200, &answer)
        })
        .await
    }

    #[tokio::test]
    async fn all_pages_are_read_with_next_as_text_or_number() {
        let as_text =
            |start: i64, count| if start + 50 < count { json!((start + 50).to_string()) } else { Value::Null };
        let as_number = |start: i64, count| if start + 50 < count { json!(start + 50) } else { Value::Null };
        for next in [as_text, as_number] {
            let world = portal(120, next).await;
            let list = world.portal.users().await.expect("users");
            assert_eq!((list.users.len(), list.users[119].user, list.complete), (120, UserId(120), true));
            assert_eq!(world.rest.hits().len(), 3);
        }
    }

    #[tokio::test]
    async fn a_next_that_does_not_advance_ends_the_list() {
        for stuck in [|_: i64, _: i64| json!(50), |_: i64, _: i64| json!("0")] {
            let world = portal(200, stuck).await;
            let list = world.portal.users().await.expect("users");
            assert!(list.users.len() <= 100 && !list.complete, "{}", list.users.len());
            assert!(world.rest.hits().len() <= 2);
        }
    }

    #[tokio::test]
    async fn guests_are_left_out_by_a_portal_that_filters_ignores_or_refuses_it() {
        for mode in ["filters", "ignores", "refuses", "knows no types"] {
            let world = World::new(move |hit: &FakeRequest| {
                let filter = hit.json()["FILTER"].clone();
                if mode == "refuses" && filter.get("USER_TYPE").is_some() {
                    return FakeAnswer::error(400, "ERROR_ARGUMENT", "Unknown field");
                }
                let mut rows = vec![json!({"ID": "7", "USER_TYPE": "employee"}), json!({"ID": "8"})];
                if mode == "knows no types" {
                    rows = vec![json!({"ID": "7"}), json!({"ID": "8"}), json!({"ID": "50"})];
                } else if mode != "filters" || filter["USER_TYPE"] == "extranet" {
                    rows.push(json!({"ID": "50", "USER_TYPE": "extranet"}));
                }
                FakeAnswer::json(200, &json!({"result": rows, "total": rows.len()}))
            })
            .await;
            let list = world.portal.users().await.expect("users");
            let ids: Vec<_> = list.users.iter().map(|u| u.user.0).collect();
            let wanted: &[i64] = if mode == "knows no types" { &[7, 8, 50] } else { &[7, 8] };
            assert_eq!((ids.as_slice(), list.complete), (wanted, true), "{mode}");
            let guests = world.portal.guests().await.map(|all| all.iter().map(|u| u.user.0).collect::<Vec<_>>());
            match mode {
                "refuses" => assert!(guests.is_err()),
                "knows no types" => assert_eq!(guests, Ok(vec![])),
                _ => assert_eq!(guests, Ok(vec![50]), "{mode}"),
            }
        }
    }

    #[tokio::test]
    async fn whoever_does_not_say_whether_he_is_active_is_what_was_asked_for() {
        let world = World::new(|_| FakeAnswer::json(200, &json!({"result": [{"ID": "7"}], "total": 1}))).await;
        assert!(world.portal.users().await.expect("users").users[0].active);
        assert!(!world.portal.former_users().await.expect("users").users[0].active);
    }

    #[tokio::test]
    async fn an_empty_page_is_an_empty_list_and_a_fault_is_none() {
        let world = World::new(|_| FakeAnswer::json(200, &json!({"result": []}))).await;
        assert_eq!(world.portal.users().await, Ok(UserList::default()));
        assert_eq!(world.portal.former_users().await, Ok(UserList { users: vec![], complete: true }));
        let world = World::new(|_| FakeAnswer::error(403, "insufficient_scope", "")).await;
        assert!(matches!(world.portal.users().await, Err(ApiError::NeedsLogin(_))));
    }

    #[tokio::test]
    async fn a_list_that_is_not_as_long_as_the_portal_says_is_not_complete() {
        let row = |id: i64| json!({"ID": id.to_string()});
        for (answer, complete) in [
            (json!({"result": [row(1), row(2)], "total": 2}), true),
            (json!({"result": [row(1), {"ID": null}], "total": "2"}), true),
            (json!({"result": [row(1)], "total": 2}), false),
            (json!({"result": [row(1), row(2)], "total": 1}), false),
            (json!({"result": [row(1), row(2)]}), false),
            (json!({"result": null}), false),
        ] {
            let said = answer.clone();
            let world = World::new(move |_| FakeAnswer::json(200, &said)).await;
            assert_eq!(world.portal.users().await.expect("a list").complete, complete, "{answer}");
        }
    }
}
