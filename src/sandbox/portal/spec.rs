//! What a simulated portal is made of: the words a test or the sandbox describes it in.

use super::ids;
use std::collections::BTreeSet;

/// A portal before it is started.
#[derive(Debug, Clone)]
pub struct PortalSpec {
    /// The name that survives renames of the portal; unique in the world.
    pub member_id: String,
    /// Shown in the page's header.
    pub title: String,
    /// Loopback name the portal is reached by; its domain is `host:port`.
    pub host: String,
    /// TCP port; 0 takes a free one.
    pub port: u16,
    /// People (and other accounts) of the portal.
    pub users: Vec<User>,
    /// Contacts and companies of its CRM.
    pub clients: Vec<Client>,
    /// The one local application.
    pub app: AppSpec,
    /// Request limits.
    pub limits: Limits,
}

impl Default for PortalSpec {
    /// A company of seven: an admin, four with telephones, one without, one dismissed.
    fn default() -> Self {
        let users = vec![
            User { admin: true, ..User::new(1, "Анна", "Орлова").inner("1000") },
            User::new(7, "Иван", "Иванов").inner("1001"),
            User::new(8, "Пётр", "Петров").inner("1002"),
            User::new(9, "Мария", "Сидорова").inner("1003"),
            User::new(10, "Олег", "Кузнецов").inner("1004"),
            User { name: None, ..User::new(11, "", "Новикова") },
            User { active: false, ..User::new(12, "Глеб", "Уволенный").inner("1005") },
            User { kind: UserKind::Bot, ..User::new(13, "Марта", "Бот") },
        ];
        let clients = vec![
            Client::new(21, "Сергей Клиентов", "+79835551122"),
            Client { entity: "COMPANY", ..Client::new(22, "ООО «Вектор»", "+73832000010") },
            Client::new(23, "Елена Покупателева", "+79139000077"),
        ];
        Self {
            member_id: ids::hex(16),
            title: "Ромашка".to_owned(),
            host: "127.0.0.1".to_owned(),
            port: 0,
            users,
            clients,
            app: AppSpec::default(),
            limits: Limits::cloud(),
        }
    }
}

/// What the portal returns for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserKind {
    /// Somebody of the company.
    Employee,
    /// A guest of a work group.
    Extranet,
    /// Knows the portal by mail only; never listed.
    Email,
    /// A chat bot; never listed.
    Bot,
    /// The hidden account integrations may run as; never listed.
    System,
}

impl UserKind {
    /// Whether user lists and telephony know the account.
    pub fn is_real(self) -> bool {
        matches!(self, Self::Employee | Self::Extranet)
    }
}

/// An account of the portal.
#[derive(Debug, Clone)]
pub struct User {
    /// The user id.
    pub id: i64,
    /// First name; `None` is sent as null.
    pub name: Option<String>,
    pub last_name: String,
    /// Portal administrator.
    pub admin: bool,
    /// Not dismissed.
    pub active: bool,
    /// The profile's internal number (`UF_PHONE_INNER`).
    pub inner: Option<String>,
    /// What sort of account.
    pub kind: UserKind,
    /// Work groups; a guest of the extranet is seen by those who share one with them.
    pub groups: Vec<i64>,
}

impl User {
    /// An active employee without a telephone and without special rights.
    pub fn new(id: i64, name: &str, last_name: &str) -> Self {
        Self {
            id,
            name: Some(name.to_owned()),
            last_name: last_name.to_owned(),
            admin: false,
            active: true,
            inner: None,
            kind: UserKind::Employee,
            groups: vec![1],
        }
    }

    /// The same account with an internal number in its profile.
    pub fn inner(mut self, number: &str) -> Self {
        self.inner = Some(number.to_owned());
        self
    }

    /// The internal number as telephony keeps it: `(int)preg_replace("/[^0-9]/", "", …)`, from 1 to 9999, so that
    /// "доб. 1031" is 1031 (`SynchronizeUserPhones`, bitrix modules, voximplant/classes/general/vi_phone.php).
    pub fn kept_inner(&self) -> Option<String> {
        let digits: String = self.inner.as_deref()?.chars().filter(char::is_ascii_digit).collect();
        let number = digits.parse::<u64>().ok().filter(|n| (1..10_000).contains(n))?;
        Some(number.to_string())
    }

    /// First and last name as people write them.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.name.as_deref().unwrap_or_default(), self.last_name).trim().to_owned()
    }
}

/// Somebody the CRM knows by number.
#[derive(Debug, Clone)]
pub struct Client {
    /// Id within its entity type.
    pub id: i64,
    /// `CONTACT`, `COMPANY` or `LEAD`.
    pub entity: &'static str,
    /// Shown in the card and in lists.
    pub name: String,
    /// As stored in the CRM.
    pub number: String,
    /// Responsible employee.
    pub assigned: i64,
}

impl Client {
    /// A contact assigned to the first user.
    pub fn new(id: i64, name: &str, number: &str) -> Self {
        Self { id, entity: "CONTACT", name: name.to_owned(), number: number.to_owned(), assigned: 1 }
    }
}

/// The form of a local application, as an admin fills it in.
#[derive(Debug, Clone)]
pub struct AppSpec {
    /// Shown in menus and as the default title of its tab.
    pub name: String,
    /// Handler path of the form: where authorization returns to and what is opened in the portal.
    pub handler_url: String,
    /// Path for the initial installation; empty sends no installation call.
    pub install_url: String,
    /// Ticked scopes.
    pub scopes: Vec<String>,
    /// Installation completed; until then no event is delivered, no tab is shown, nobody is authorized.
    pub installed: bool,
    /// Employees the application is limited to; `None` means everybody.
    pub allowed: Option<BTreeSet<i64>>,
    /// Line offered for outgoing calls; empty when the application itself is the default number.
    pub outgoing_line: String,
}

impl Default for AppSpec {
    fn default() -> Self {
        Self {
            name: "ECSS-10".to_owned(),
            handler_url: "https://127.0.0.1:8802/bitrix".to_owned(),
            install_url: String::new(),
            scopes: ["placement", "user", "telephony", "call"].map(str::to_owned).to_vec(),
            installed: true,
            allowed: None,
            outgoing_line: String::new(),
        }
    }
}

/// The keys the portal shows after the form is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppKeys {
    /// `local.…`
    pub client_id: String,
    /// The application's secret.
    pub client_secret: String,
    /// What makes events authentic.
    pub application_token: String,
}

/// Request limits of a portal.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bucket of requests; `None` on a box.
    pub bucket: Option<Bucket>,
    /// Limit of operating time per method; `None` on a box.
    pub operating: Option<Operating>,
}

/// A leaking bucket: each HTTP request adds one, over the brim is refused with 503.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    /// Requests that fit before the first refusal.
    pub burst: f64,
    /// Requests that leak out per second.
    pub leak: f64,
}

/// Seconds of work allowed per method in ten minutes, over it is refused with 429.
#[derive(Debug, Clone, Copy)]
pub struct Operating {
    /// Allowed seconds.
    pub limit: f64,
    /// What one call is said to have taken, in seconds; under 0.1 it is not counted.
    pub per_call: f64,
}

impl Limits {
    /// An ordinary cloud plan: 50 requests at once, 2 per second; 480 s of work per method.
    pub fn cloud() -> Self {
        let operating = Operating { limit: 480.0, per_call: 0.1 };
        Self { bucket: Some(Bucket { burst: 50.0, leak: 2.0 }), operating: Some(operating) }
    }

    /// An enterprise cloud plan: 250 requests at once, 5 per second.
    pub fn enterprise() -> Self {
        Self { bucket: Some(Bucket { burst: 250.0, leak: 5.0 }), ..Self::cloud() }
    }

    /// A box: no limits.
    pub fn none() -> Self {
        Self { bucket: None, operating: None }
    }
}
