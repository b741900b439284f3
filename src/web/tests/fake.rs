//! A service that lives in memory: one company, one administrator, a few employees and calls.

use crate::domain::audit::AuditEntry;
use crate::domain::binding::Refusals;
use crate::domain::card::{CallView, CardCommand, CommandRefused, LegView, Phase};
use crate::domain::checks::Finding;
use crate::domain::company::{Backend, CallSettings, Trust};
use crate::domain::directory::Employee;
use crate::domain::leg::{Capabilities, Direction};
use crate::domain::link::{Backlog, DiskState, LinkState, PortalState};
use crate::domain::profile::Profile;
use crate::domain::tokens::REFRESH_LIFE;
use crate::domain::{CallKey, CompanyId, CrmCallId, LegId, Phone, UserId};
use crate::lang::Lang;
use crate::metrics::Exposition;
use crate::web::service::{
    Admin, Authorize, BeginError, Board, CallCursor, CallPage, CallRecord, CardOpened, Checked, CheckedPart,
    CompanyHealth, Employees, Health, Import, LoginError, LoginRequest, LoginReturn, NewSession, NumbersError,
    OpenError, Overview, PortalAnswer, PortalOpened, PortalRequest, SaveError, ServiceFault, SwitchInput, SwitchShown,
    TakenNumber, TestCallError, TokenLife, TraceText, WebService, Work,
};
use secrecy::ExposeSecret as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;

/// The company's id.
pub(super) const COMPANY: &str = "a223c6b3710f85df22e9377d6c4f7553";
/// The employee whose card is opened.
pub(super) const ME: UserId = UserId(7);
/// The mark of the browser in which log-ins begin.
pub(super) const BROWSER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// What the service knows and what it was asked to do.
pub(super) struct World {
    pub(super) overview: Option<Overview>,
    pub(super) findings: Vec<Finding>,
    pub(super) deeds: Vec<AuditEntry>,
    pub(super) employees: Vec<Employee>,
    pub(super) profiles: Vec<Profile>,
    pub(super) import: Import,
    pub(super) calls: Vec<Arc<CallView>>,
    pub(super) recent: Vec<CallView>,
    pub(super) can: Capabilities,
    pub(super) online: bool,
    pub(super) served: bool,
    pub(super) checked: Checked,
    pub(super) test_call: Result<(), TestCallError>,
    pub(super) login_error: Option<LoginError>,
    pub(super) open_error: Option<OpenError>,
    pub(super) act_error: Option<CommandRefused>,
    pub(super) fault: Option<ServiceFault>,
    pub(super) health: Health,
    /// Everything that was asked for, one line each.
    pub(super) log: Vec<String>,
}

pub(super) struct FakeOffice {
    world: Arc<Mutex<World>>,
    changes: Arc<Mutex<watch::Sender<()>>>,
}

impl FakeOffice {
    pub(super) fn new() -> Self {
        let world = World {
            overview: Some(overview()),
            findings: vec![],
            deeds: vec![],
            employees: vec![employee(7, "Иван Петров", &["1001"]), employee(8, "Анна Смирнова", &["1002", "1003"])],
            profiles: vec![],
            import: Import::Done { added: 0, taken: vec![] },
            calls: vec![],
            recent: vec![],
            can: Capabilities { make: true, answer: true, release: true, hold: true, transfer: true },
            online: true,
            served: true,
            checked: Checked::Works,
            test_call: Ok(()),
            login_error: None,
            open_error: None,
            act_error: None,
            fault: None,
            health: Health::default(),
            log: vec![],
        };
        Self { world: Arc::new(Mutex::new(world)), changes: Arc::default() }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no test panics with the lock held")
    }

    /// Changes the world and wakes the boards.
    pub(super) fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world());
        let mut changes = self.changes.lock().expect("no test panics with the lock held");
        if self.world().served {
            changes.send_replace(());
        } else {
            *changes = watch::Sender::default();
        }
    }

    fn note(&self, line: String) -> Result<(), ServiceFault> {
        let mut world = self.world();
        world.log.push(line);
        world.fault.clone().map_or(Ok(()), Err)
    }

    /// How many streams are open.
    pub(super) fn watchers(&self) -> usize {
        self.changes.lock().expect("no test panics with the lock held").receiver_count()
    }
}

pub(super) fn employee(user: i64, name: &str, numbers: &[&str]) -> Employee {
    let numbers = numbers.iter().map(|n| Phone::parse(n).expect("number")).collect();
    Employee { user: UserId(user), name: name.to_owned(), active: true, numbers }
}

pub(super) fn overview() -> Overview {
    Overview {
        id: COMPANY.into(),
        name: String::new(),
        domain: "firma.bitrix24.ru".to_owned(),
        client_id: "local.abc".to_owned(),
        switch: Some(switch()),
        calls: CallSettings::default(),
        link: LinkState::Online { since: super::NOW, address: "https://10.0.3.90:8088".to_owned() },
        portal: PortalState::Ok,
        token: Some(TokenLife {
            obtained_at: super::NOW,
            expires_at: super::NOW + Duration::from_secs(3600),
            grant_ends_at: super::NOW + REFRESH_LIFE,
            owner: Some("Иван Петров".to_owned()),
        }),
        refusals: Refusals::default(),
        install: None,
        events_proved: true,
        removal: None,
        unknown_numbers: 0,
        excess: crate::domain::excess::Excess::default(),
        unrecorded: crate::domain::excess::Unrecorded::default(),
        backlog: Backlog::default(),
        dropped: 0,
        disk: DiskState::Ok,
        setup: None,
    }
}

pub(super) fn switch() -> SwitchShown {
    SwitchShown {
        backend: Backend::CallApi,
        client_id: "MyCompanyBitrix24".to_owned(),
        addresses: vec!["https://10.0.3.90:8088".to_owned()],
        domain: "nick".to_owned(),
        trust: Trust::System,
    }
}

/// A call with one leg, from or to a caller with a hidden name.
pub(super) fn call(key: &str, owner: UserId, phase: Phase, crm: &[&str]) -> CallView {
    let leg = LegView {
        leg: Some(format!("{key}-leg").as_str().into()),
        owner: Some(owner),
        own: Phone::parse("1001").expect("number"),
        remote: Phone::parse("+79831234567").ok(),
        party: crate::domain::numbers::Party::Client,
        display_name: Some("Пётр".to_owned()),
        direction: Direction::In,
        phase,
        answered_at: (phase == Phase::Talking).then_some(super::NOW),
    };
    CallView {
        key: key.into(),
        crm: crm.iter().map(|id| (*id).into()).collect(),
        started_at: super::NOW,
        internal: false,
        ended: phase == Phase::Ended,
        legs: vec![leg],
        click: None,
    }
}

fn session() -> NewSession {
    NewSession { token: "good".into(), lasts: Duration::from_secs(8 * 3600) }
}

struct FakeBoard {
    world: Arc<Mutex<World>>,
    changes: Arc<Mutex<watch::Sender<()>>>,
}

impl FakeBoard {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no test panics with the lock held")
    }
}

impl Board for FakeBoard {
    fn running(&self) -> Vec<Arc<CallView>> {
        self.world().calls.iter().filter(|call| !call.ended).cloned().collect()
    }

    fn calls_of(&self, _: UserId, _: Option<&CrmCallId>) -> Vec<Arc<CallView>> {
        self.world().calls.clone()
    }

    fn call(&self, name: &str) -> Option<Arc<CallView>> {
        let named =
            |call: &&Arc<CallView>| call.key.as_str() == name || call.crm.iter().any(|crm| crm.as_str() == name);
        self.world().calls.iter().find(named).cloned()
    }

    fn can(&self) -> Capabilities {
        self.world().can
    }

    fn online(&self) -> bool {
        self.world().online
    }

    fn changes(&self, _: UserId) -> watch::Receiver<()> {
        self.changes.lock().expect("no test panics with the lock held").subscribe()
    }
}

/// An answer that is ready.
fn ready<'a, T: Send + 'a>(answer: T) -> Work<'a, T> {
    Box::pin(std::future::ready(answer))
}

impl WebService for FakeOffice {
    fn begin_login(&self, login: LoginRequest) -> Work<'_, Result<Authorize, BeginError>> {
        let keys = login.keys.map(|(id, secret)| format!("{id}/{}", secret.expose_secret()));
        ready(self.note(format!("login {} {keys:?}", login.domain)).map_err(BeginError::from).and_then(|()| {
            if login.domain == "new.bitrix24.ru" && keys.is_none() {
                return Err(BeginError::KeysNeeded);
            }
            if login.domain == "again.bitrix24.ru" && keys.is_none() {
                return Err(BeginError::KeysStale);
            }
            assert_eq!(login.browser.len(), 43, "256 bits in base64");
            let url = format!("https://{}/oauth/authorize/?client_id=local.abc&state=s1", login.domain);
            Ok(Authorize { url })
        }))
    }

    fn complete_login(&self, back: LoginReturn) -> Work<'_, Result<NewSession, LoginError>> {
        let noted = self.note(format!("return {} {}", back.code.expose_secret(), back.state));
        let wrong = self.world().login_error.clone();
        ready(noted.map_err(LoginError::from).and_then(|()| match wrong {
            Some(error) => Err(error),
            None if back.state == "s1" && back.browser.as_deref() == Some(BROWSER) => Ok(session()),
            None => Err(LoginError::BadState),
        }))
    }

    fn session<'a>(&'a self, token: &'a str) -> Work<'a, Result<Option<Admin>, ServiceFault>> {
        assert_ne!(token, "panic", "a handler that panics");
        let admin = Admin { company: COMPANY.into(), user: ME, name: "Иван Петров".to_owned() };
        ready(Ok((token == "good").then_some(admin)))
    }

    fn end_session<'a>(&'a self, token: &'a str) -> Work<'a, Result<(), ServiceFault>> {
        ready(self.note(format!("end {token}")))
    }

    fn company<'a>(&'a self, company: &'a CompanyId) -> Work<'a, Result<Option<Overview>, ServiceFault>> {
        assert_eq!(company.as_str(), COMPANY);
        let world = self.world();
        ready(world.fault.clone().map_or_else(|| Ok(world.overview.clone()), Err))
    }

    fn findings<'a>(&'a self, company: &'a CompanyId) -> Work<'a, Result<Option<Vec<Finding>>, ServiceFault>> {
        assert_eq!(company.as_str(), COMPANY);
        ready(Ok(Some(self.world().findings.clone())))
    }

    fn deeds<'a>(&'a self, _: &'a CompanyId) -> Work<'a, Result<Vec<AuditEntry>, ServiceFault>> {
        ready(Ok(self.world().deeds.clone()))
    }

    fn checks<'a>(
        &'a self,
        company: Option<&'a CompanyId>,
    ) -> Work<'a, Result<Option<Vec<CheckedPart>>, ServiceFault>> {
        let part =
            CheckedPart { company: Some("firma.bitrix24.ru".to_owned()), findings: self.world().findings.clone() };
        ready(Ok(company.is_none_or(|id| id.as_str() == COMPANY).then(|| vec![part])))
    }

    fn rename<'a>(&'a self, _: &'a Admin, name: &'a str) -> Work<'a, Result<(), SaveError>> {
        ready(self.note(format!("rename {name}")).map_err(SaveError::from))
    }

    fn save_switch<'a>(&'a self, _: &'a Admin, input: SwitchInput) -> Work<'a, Result<(), SaveError>> {
        let key = input.api_key.as_ref().map(|key| key.expose_secret().to_owned());
        let line = format!("switch {key:?} {:?}", input.shown);
        let keyless = key.is_none() && self.world().overview.as_ref().is_some_and(|o| o.switch.is_none());
        if keyless {
            return ready(Err(SaveError::KeyNeeded));
        }
        if let Some(overview) = &mut self.world().overview {
            overview.switch = Some(input.shown);
        }
        ready(self.note(line).map_err(SaveError::from))
    }

    fn save_calls<'a>(&'a self, _: &'a Admin, calls: CallSettings) -> Work<'a, Result<(), SaveError>> {
        ready(self.note(format!("calls {calls:?}")).map_err(SaveError::from))
    }

    fn check_switch<'a>(&'a self, _: &'a CompanyId) -> Work<'a, Result<Checked, ServiceFault>> {
        let checked = self.world().checked.clone();
        ready(self.note("check".to_owned()).map(|()| checked))
    }

    fn test_call<'a>(&'a self, _: &'a Admin, from: &'a Phone, to: &'a Phone) -> Work<'a, Result<(), TestCallError>> {
        let noted = self.note(format!("test call {} {}", from.as_str(), to.as_str())).map_err(TestCallError::from);
        let outcome = self.world().test_call.clone();
        ready(noted.and(outcome))
    }

    fn employees<'a>(&'a self, _: &'a CompanyId, import: bool) -> Work<'a, Result<Employees, ServiceFault>> {
        let noted = if import { self.note("import".to_owned()) } else { Ok(()) };
        let world = self.world();
        let import = if import { world.import.clone() } else { Import::NotAsked };
        ready(noted.map(|()| Employees { rows: world.employees.clone(), profiles: world.profiles.clone(), import }))
    }

    fn save_numbers<'a>(&'a self, _: &'a Admin, rows: Vec<(UserId, Vec<Phone>)>) -> Work<'a, Result<(), NumbersError>> {
        let known = self.world().employees.clone();
        for (user, numbers) in &rows {
            if !known.iter().any(|e| e.user == *user) {
                return ready(Err(NumbersError::NoSuchEmployee(*user)));
            }
            let untouched = known.iter().filter(|e| !rows.iter().any(|(u, _)| *u == e.user));
            for holder in untouched {
                if let Some(number) = numbers.iter().find(|n| holder.numbers.contains(n)) {
                    let taken = TakenNumber { number: number.clone(), user: *user, holder: holder.user };
                    return ready(Err(NumbersError::Taken(taken)));
                }
            }
        }
        let text: Vec<String> = rows
            .iter()
            .map(|(user, numbers)| {
                format!("{user}={}", numbers.iter().map(Phone::as_str).collect::<Vec<_>>().join("+"))
            })
            .collect();
        ready(self.note(format!("numbers {}", text.join(" "))).map_err(NumbersError::from))
    }

    fn recent_calls<'a>(
        &'a self,
        _: &'a CompanyId,
        limit: u32,
        before: Option<CallCursor>,
    ) -> Work<'a, Result<CallPage, ServiceFault>> {
        let world = self.world();
        let (from, limit) = (before.map_or(0, |cursor| usize::try_from(cursor.0).expect("an index")), limit as usize);
        let calls: Vec<_> = world.recent.iter().skip(from).take(limit).cloned().collect();
        let older = (calls.len() == limit).then(|| CallCursor(i64::try_from(from + limit).expect("few calls")));
        ready(Ok(CallPage { calls, older }))
    }

    fn call<'a>(
        &'a self,
        _: &'a CompanyId,
        key: &'a CallKey,
        lang: Lang,
    ) -> Work<'a, Result<Option<CallRecord>, ServiceFault>> {
        let view = self.world().recent.iter().find(|c| c.key == *key).cloned();
        let text = if lang == Lang::En { "The phone rang" } else { "Телефон зазвонил" };
        let line = TraceText { at: super::NOW, text: text.to_owned(), detail: "{\"a\":\"<b>\"}".to_owned() };
        ready(Ok(view.map(|view| CallRecord { view, trace: vec![line] })))
    }

    fn board(&self, company: &CompanyId) -> Option<Box<dyn Board>> {
        assert_eq!(company.as_str(), COMPANY);
        let board = || FakeBoard { world: self.world.clone(), changes: self.changes.clone() };
        self.world().served.then(|| Box::new(board()) as Box<dyn Board>)
    }

    fn act<'a>(
        &'a self,
        _: &'a CompanyId,
        user: UserId,
        call: &'a CallKey,
        leg: Option<&'a LegId>,
        command: CardCommand,
    ) -> Work<'a, Result<(), CommandRefused>> {
        let mut world = self.world();
        world.log.push(format!("act {user} {call} {leg:?} {command:?}"));
        ready(world.act_error.clone().map_or(Ok(()), Err))
    }

    fn portal_post(&self, post: PortalRequest) -> Work<'_, Result<PortalAnswer, OpenError>> {
        let body = String::from_utf8_lossy(&post.body).into_owned();
        let noted = self.note(format!("post {} {body}", post.query));
        let wrong = self.world().open_error.clone();
        let opened = |admin| PortalOpened {
            domain: "firma.bitrix24.ru".to_owned(),
            plain_http: post.query.contains("PROTOCOL=0"),
            name: "Иван <b>".to_owned(),
            admin,
        };
        ready(noted.map_err(OpenError::from).and_then(|()| match wrong {
            Some(error) => Err(error),
            None if body.contains("AUTH_ID=admin") => Ok(PortalAnswer::Opened(opened(true))),
            None if body.contains("PLACEMENT=") => Ok(PortalAnswer::Opened(opened(false))),
            None => Ok(PortalAnswer::Accepted),
        }))
    }

    fn card_opened(&self, post: PortalRequest) -> Work<'_, Result<CardOpened, OpenError>> {
        let body = String::from_utf8_lossy(&post.body).into_owned();
        let noted = self.note(format!("card {} {body}", post.query));
        let wrong = self.world().open_error.clone();
        ready(noted.map_err(OpenError::from).and_then(|()| {
            wrong.map_or(Ok(()), Err)?;
            Ok(CardOpened {
                company: COMPANY.into(),
                user: ME,
                domain: "firma.bitrix24.ru".to_owned(),
                plain_http: post.query.contains("PROTOCOL=0"),
                call: body.split('&').find_map(|p| p.strip_prefix("CALL_ID=")).map(Into::into),
                number: Some("+7 983 123-45-67".to_owned()),
            })
        }))
    }

    fn health(&self) -> Work<'_, Health> {
        ready(self.world().health.clone())
    }

    fn metrics(&self, out: &mut Exposition) {
        out.gauge("ecss_crm_extra", "More.", 1);
    }
}

/// A company's health.
pub(super) fn company_health(link: LinkState) -> CompanyHealth {
    let domain = "firma.bitrix24.ru".to_owned();
    CompanyHealth {
        domain,
        link,
        portal: PortalState::Ok,
        calls: 0,
        backlog: Backlog::default(),
        dropped: 0,
        grant_ends_at: None,
        unknown_numbers: 0,
        excess: crate::domain::excess::Excess::default(),
        unrecorded: crate::domain::excess::Unrecorded::default(),
        refused_bindings: vec![],
        seen: vec![],
    }
}
