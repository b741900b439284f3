//! What a portal answers beside calls: tokens, who somebody is, its employees, what is bound in it. None of it is asked
//! often, so that it may cost something.

use super::reading::field;
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Employees of each company, and the internal number of the first.
pub const EMPLOYEES: usize = 50;
pub const FIRST_NUMBER: usize = 1001;
/// The portal's number of the first employee.
const FIRST_USER: usize = 11;
/// Begins a company's name everywhere; its number follows.
pub const COMPANY: &str = "bench";
/// Begins the access token of an employee; the portal's number of the employee follows. Any other is the administrator's.
pub const EMPLOYEE_TOKEN: &str = "employee-";

/// The employee who has the internal number that rings for this call.
pub fn employee_of(call: usize) -> usize {
    FIRST_USER + call % EMPLOYEES
}

#[derive(Debug, Default)]
pub struct PortalSetup {
    addresses: OnceLock<Arc<[String]>>,
    employees_fetched: AtomicBool,
    events: Mutex<Vec<Value>>,
    placements: Mutex<Vec<Value>>,
}

/// A token pair, asked of the authorization server with a company's own keys; it says where that company's portal is.
pub fn token(form: &str, addresses: &[String]) -> Option<String> {
    let company: usize = field(form, "client_id")?.strip_prefix("local.")?.parse().ok()?;
    let pair = json!({
        "access_token": "administrator", "refresh_token": format!("refresh-{company}"), "expires_in": 3600,
        "member_id": format!("{COMPANY}{company}"), "client_endpoint": format!("https://{}/rest/", addresses.get(company)?),
        "server_endpoint": format!("https://{}/rest/", addresses.first()?), "user_id": 1,
        "scope": "placement,user,telephony,call",
    });
    Some(pair.to_string())
}

impl PortalSetup {
    pub fn know(&self, addresses: Arc<[String]>) {
        let _ = self.addresses.set(addresses);
    }

    pub fn addresses(&self) -> Arc<[String]> {
        self.addresses.get().cloned().unwrap_or_default()
    }

    pub fn employees_fetched(&self) -> bool {
        self.employees_fetched.load(Ordering::Relaxed)
    }

    /// The whole answer to a method that goes alone.
    pub fn answer(&self, method: &str, body: &str) -> String {
        match method.to_ascii_lowercase().as_str() {
            "user.get" => {
                let employees = self.employees(body);
                json!({ "total": employees.len(), "result": employees }).to_string()
            }
            "profile" => json!({ "result": profile(field(body, "auth").unwrap_or_default()) }).to_string(),
            _ => format!("{{\"result\":{}}}", self.result(method, body)),
        }
    }

    /// The result of a method whose parameters are JSON or a form.
    pub fn result(&self, method: &str, parameters: &str) -> String {
        let given = read(parameters);
        let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (events, placements) = (&self.events, &self.placements);
        match method.to_ascii_lowercase().as_str() {
            "event.get" => list(events),
            "placement.get" => list(placements),
            "event.bind" => bind(
                events,
                json!({ "event": text("event"), "handler": text("handler"), "auth_type": "0", "offline": 0 }),
            ),
            "placement.bind" => {
                let (placement, handler) = (text("placement"), text("handler"));
                bind(placements, json!({ "placement": placement, "handler": handler, "userId": 0, "options": [] }))
            }
            "event.unbind" => unbind(events, "event", &text("event"), &text("handler")),
            "placement.unbind" => unbind(placements, "placement", &text("placement"), &text("handler")),
            "telephony.externalline.get" => "[]".to_owned(),
            "app.info" => json!({ "LANGUAGE_ID": "ru" }).to_string(),
            _ => "true".to_owned(),
        }
    }

    /// Employees only, and none beyond the first page.
    fn employees(&self, body: &str) -> Vec<Value> {
        let former_or_guests = body.contains("\"ACTIVE\":false") || body.contains("extranet");
        if former_or_guests || field(body, "start").is_some_and(|start| start != "0") {
            return Vec::new();
        }
        self.employees_fetched.store(true, Ordering::Relaxed);
        let employee = |n: usize| {
            json!({
                "ID": (FIRST_USER + n).to_string(), "ACTIVE": true, "NAME": format!("Имя{n}"),
                "LAST_NAME": format!("Фамилия{n}"), "USER_TYPE": "employee",
                "UF_PHONE_INNER": (FIRST_NUMBER + n).to_string(),
            })
        };
        (0..EMPLOYEES).map(employee).collect()
    }
}

fn profile(access: &str) -> Value {
    match access.strip_prefix(EMPLOYEE_TOKEN) {
        Some(user) => json!({ "ID": user, "ADMIN": false, "NAME": "Имя" }),
        None => json!({ "ID": "1", "ADMIN": true, "NAME": "Имя" }),
    }
}

/// Fields by their names in lower case, as both spellings are used.
fn read(parameters: &str) -> Map<String, Value> {
    let lower = |(name, value): (String, Value)| (name.to_ascii_lowercase(), value);
    if let Ok(Value::Object(fields)) = serde_json::from_str(parameters) {
        return fields.into_iter().map(lower).collect();
    }
    let pairs = url::form_urlencoded::parse(parameters.as_bytes());
    pairs.map(|(name, value)| lower((name.into_owned(), value.into_owned().into()))).collect()
}

fn list(bound: &Mutex<Vec<Value>>) -> String {
    Value::from(bound.lock().unwrap_or_else(PoisonError::into_inner).clone()).to_string()
}

fn bind(bound: &Mutex<Vec<Value>>, entry: Value) -> String {
    bound.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    "true".to_owned()
}

fn unbind(bound: &Mutex<Vec<Value>>, kind: &str, name: &str, handler: &str) -> String {
    let mut bound = bound.lock().unwrap_or_else(PoisonError::into_inner);
    let before = bound.len();
    bound.retain(|entry| entry[kind] != name || !handler.is_empty() && entry["handler"] != handler);
    json!({ "count": before - bound.len() }).to_string()
}
