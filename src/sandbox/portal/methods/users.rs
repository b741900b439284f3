//! Users: lists of fifty, ids as text, fields that may be null or missing.

use super::{Context, Method, method};
use crate::sandbox::portal::answer::{Answer, Done};
use crate::sandbox::portal::php;
use crate::sandbox::portal::spec::{User, UserKind};
use serde_json::{Value, json};
use std::cmp::Ordering;

/// Rows per page of every list.
pub const PAGE: usize = 50;

pub const METHODS: &[Method] = &[
    method("profile", "", profile),
    method("user.current", "user", current),
    method("user.admin", "user", admin),
    method("user.get", "user", get),
    method("user.search", "user", search),
];

fn profile(context: &mut Context<'_>) -> Answer {
    let user = context.portal.user(context.caller.user);
    let profile = user.map(|u| {
        json!({
            "ID": u.id.to_string(),
            "ADMIN": u.admin,
            "NAME": u.name,
            "LAST_NAME": u.last_name,
            "PERSONAL_GENDER": "",
            "TIME_ZONE": "",
        })
    });
    Ok(profile.unwrap_or_default().into())
}

fn current(context: &mut Context<'_>) -> Answer {
    Ok(context.portal.user(context.caller.user).map(row).unwrap_or_default().into())
}

fn admin(context: &mut Context<'_>) -> Answer {
    Ok(Value::from(context.is_admin()).into())
}

fn get(context: &mut Context<'_>) -> Answer {
    let read = |(name, value): (&String, &Value)| Condition::read(name, value);
    // Filter keys may stand at the top level; where there is a FILTER they count no more
    // (`userGet`, bitrix modules, rest/lib/api/user.php). An empty one is a PHP array as well.
    let conditions: Vec<Condition> = match context.params.get("FILTER").or_else(|| context.params.get("filter")) {
        Some(Value::Object(filter)) => filter.iter().filter_map(read).collect(),
        Some(Value::Array(_)) => Vec::new(),
        _ => context.params.entries().filter_map(read).collect(),
    };
    list(context, |user| conditions.iter().all(|c| c.holds(user)))
}

fn search(context: &mut Context<'_>) -> Answer {
    let wanted = |name: &str| context.params.text(name).map(|t| t.to_lowercase()).filter(|t| !t.is_empty());
    let (find, name, last_name) = (wanted("FIND"), wanted("NAME"), wanted("LAST_NAME"));
    let begins = |text: &str, wanted: &Option<String>| {
        wanted.as_ref().is_none_or(|w| text.to_lowercase().starts_with(w.trim_end_matches('%')))
    };
    list(context, |user| {
        let first = user.name.as_deref().unwrap_or_default();
        let anywhere = find.as_ref().is_none_or(|w| user.full_name().to_lowercase().contains(w.as_str()));
        user.active && anywhere && begins(first, &name) && begins(&user.last_name, &last_name)
    })
}

/// An empty page is `[]` without a total; `start = -1` does not count either.
fn list(context: &Context<'_>, mut wanted: impl FnMut(&User) -> bool) -> Answer {
    let start = context.params.int("start");
    let caller = context.portal.user(context.caller.user);
    let seen =
        |user: &User| user.kind != UserKind::Extranet || caller.is_some_and(|caller| share_a_group(caller, user));
    let mut users: Vec<&User> =
        context.portal.users.iter().filter(|u| u.kind.is_real() && seen(u) && wanted(u)).collect();
    sort(&mut users, context);
    let offset = usize::try_from(start).unwrap_or(0);
    let rows: Vec<Value> = users.iter().skip(offset).take(PAGE).map(|u| row(u)).collect();
    let counted = start >= 0 && !rows.is_empty();
    let next = (counted && offset + PAGE < users.len()).then_some(offset + PAGE);
    Ok(Done { result: rows.into(), total: counted.then_some(users.len()), next })
}

/// Employees see those guests of the extranet whom they meet in a work group.
fn share_a_group(caller: &User, guest: &User) -> bool {
    caller.groups.iter().any(|group| guest.groups.contains(group))
}

fn sort(users: &mut [&User], context: &Context<'_>) {
    let by = context.params.text_of(["SORT", "sort"]).unwrap_or_default().to_ascii_uppercase();
    let order = context.params.text_of(["ORDER", "order"]).unwrap_or_default();
    users.sort_by(|a, b| match by.as_str() {
        "NAME" => a.name.cmp(&b.name),
        "LAST_NAME" => a.last_name.cmp(&b.last_name),
        "" | "ID" => a.id.cmp(&b.id),
        _ => Ordering::Equal,
    });
    if order.eq_ignore_ascii_case("desc") {
        users.reverse();
    }
}

/// An account as lists show it. Without an internal number the field is null or missing, by turns, as
/// both are met in the wild.
fn row(user: &User) -> Value {
    let mut row = json!({
        "ID": user.id.to_string(),
        "XML_ID": user.id.to_string(),
        "ACTIVE": user.active,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "EMAIL": format!("user{}@portal.example", user.id),
        "IS_ONLINE": "N",
        "WORK_POSITION": "",
        "UF_DEPARTMENT": [1],
        "USER_TYPE": kind(user.kind),
    });
    if user.inner.is_some() || user.id % 2 == 0 {
        row["UF_PHONE_INNER"] = json!(user.inner);
    }
    row
}

fn kind(kind: UserKind) -> &'static str {
    match kind {
        UserKind::Extranet => "extranet",
        UserKind::Email => "email",
        UserKind::Employee | UserKind::Bot | UserKind::System => "employee",
    }
}

/// One condition of a filter, such as `"!UF_PHONE_INNER": ""`.
struct Condition {
    field: String,
    not: bool,
    values: Vec<Value>,
}

impl Condition {
    fn read(name: &str, value: &Value) -> Option<Self> {
        let field = name.trim_start_matches(['!', '=', '@', '%', '?']).to_ascii_uppercase();
        let known = ["ID", "ACTIVE", "NAME", "LAST_NAME", "UF_PHONE_INNER", "USER_TYPE", "ADMIN"];
        if !known.contains(&field.as_str()) {
            return None;
        }
        let values = match value {
            Value::Array(list) => list.clone(),
            other => vec![other.clone()],
        };
        Some(Self { field, not: name.starts_with('!'), values })
    }

    fn holds(&self, user: &User) -> bool {
        self.values.iter().any(|value| self.equals(user, value)) != self.not
    }

    fn equals(&self, user: &User, value: &Value) -> bool {
        // `($value && $value !== 'N') ? 'Y' : 'N'`: the text "false" is a yes.
        let yes = php::truth(value) && value.as_str() != Some("N");
        let text = php::text(value).unwrap_or_default();
        match self.field.as_str() {
            "ID" => php::int(value) == user.id,
            "ACTIVE" => yes == user.active,
            "ADMIN" => yes == user.admin,
            "NAME" => user.name.as_deref().unwrap_or_default().eq_ignore_ascii_case(&text),
            "LAST_NAME" => user.last_name.eq_ignore_ascii_case(&text),
            "UF_PHONE_INNER" => user.inner.as_deref().unwrap_or_default() == text,
            _ => kind(user.kind) == text,
        }
    }
}
