//! One portal in a test's hands: drive it, break it. What it has seen is read in `judging`.

use super::fault::Fault;
use super::frames::{self, FramePost};
use super::grants::{Holder, Pair};
use super::ids;
use super::judge::Delivery;
use super::limits::Meter;
use super::network::Network;
use super::outgoing::{self, ClickRefused, Clicked, ClickedIn};
use super::server;
use super::spec::{AppKeys, Client, Limits, User};
use super::state::{EventAuth, Portal};
use super::world::{PortalWorld, State};
use std::io;
use tokio::net::TcpListener;

/// How employees see a portal unless somebody's browser says otherwise.
const USUAL: frames::View = frames::View { secure: true, russian: true };

/// A portal of a world; clones are the same portal.
#[derive(Clone)]
pub struct SimPortal {
    world: PortalWorld,
    member_id: String,
}

impl SimPortal {
    pub(super) fn new(world: PortalWorld, member_id: String) -> Self {
        Self { world, member_id }
    }

    /// The name that survives renames.
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// `host:port`; changes with a rename.
    pub fn domain(&self) -> String {
        self.read(|p| p.domain.clone())
    }

    /// Base of REST calls, with a slash at the end.
    pub fn rest_url(&self) -> String {
        format!("https://{}/rest/", self.domain())
    }

    /// The page to open in a browser.
    pub fn page_url(&self) -> String {
        format!("http://{}/", self.domain())
    }

    /// The world it stands in.
    pub fn world(&self) -> &PortalWorld {
        &self.world
    }

    // The application's form.

    /// Keys of the application; `None` after it was uninstalled.
    pub fn keys(&self) -> Option<AppKeys> {
        self.read(|p| p.keys.clone())
    }

    /// Fills in the handler and installation paths.
    pub fn set_handler(&self, handler_url: &str, install_url: &str) {
        self.change(|p| {
            handler_url.clone_into(&mut p.app.handler_url);
            install_url.clone_into(&mut p.app.install_url);
        });
    }

    /// Changes the application's form.
    pub fn edit_app(&self, edit: impl FnOnce(&mut super::spec::AppSpec)) {
        self.change(|p| edit(&mut p.app));
    }

    /// Deletes the application and adds it again: new keys, old tokens and bindings are dead.
    pub fn reissue_app(&self) -> AppKeys {
        self.world.change(|state| {
            state.grants.revoke(&self.member_id);
            portal(state, &self.member_id).renew_keys()
        })
    }

    /// A webhook's base URL (no application context), with a slash at the end.
    pub fn webhook(&self, user: i64) -> String {
        let secret = ids::hex(8);
        self.change(|p| p.webhooks.insert(secret.clone(), user));
        format!("{}{user}/{secret}/", self.rest_url())
    }

    // People and the CRM.

    /// All accounts.
    pub fn users(&self) -> Vec<User> {
        self.read(|p| p.users.clone())
    }

    /// Adds an account or replaces the one with its id.
    pub fn set_user(&self, user: User) {
        self.change(|p| {
            p.users.retain(|u| u.id != user.id);
            p.users.push(user);
            p.users.sort_by_key(|u| u.id);
        });
    }

    /// Dismisses an employee, whose tokens stop working.
    pub fn dismiss(&self, user: i64) {
        self.change(|p| p.users.iter_mut().filter(|u| u.id == user).for_each(|u| u.active = false));
    }

    /// Adds a client to the CRM.
    pub fn add_client(&self, client: Client) {
        self.change(|p| p.clients.push(client));
    }

    // Authorization.

    /// Tokens of an employee, as if the employee had gone through the authorization.
    pub fn issue(&self, user: i64) -> Pair {
        let now = self.world.now();
        self.world.change(|state| {
            let holder = holder(state, &self.member_id, user);
            state.grants.issue(&holder, now)
        })
    }

    /// What the authorize page redirects an employee's browser to.
    pub fn authorize(&self, user: i64, opaque: &str) -> Option<String> {
        server::redirect(&self.world, &self.member_id, user, opaque)
    }

    /// A `Cookie` header of an employee's browser session.
    pub fn log_in(&self, user: i64) -> String {
        server::log_in(&self.world, &self.member_id, user)
    }

    /// Ends the hour of all access tokens now.
    pub fn expire_tokens(&self) {
        let now = self.world.now();
        self.world.change(|state| state.grants.expire(&self.member_id, now));
    }

    /// Kills all codes, access and refresh tokens: only a new authorization helps.
    pub fn revoke_grants(&self) {
        self.world.change(|state| state.grants.revoke(&self.member_id));
    }

    // Misfortunes.

    /// The next REST request meets `fault`; several queue up.
    pub fn next(&self, fault: Fault) {
        self.change(|p| p.faults.next(None, fault));
    }

    /// The next request of a method (alone or inside a batch) meets `fault`.
    pub fn next_for(&self, method: &str, fault: Fault) {
        self.change(|p| p.faults.next(Some(method), fault));
    }

    /// Every REST request meets `fault` until [`SimPortal::heal`].
    pub fn standing(&self, fault: Fault) {
        self.change(|p| p.faults.standing(None, fault));
    }

    /// Every request of a method meets `fault` until [`SimPortal::heal`].
    pub fn standing_for(&self, method: &str, fault: Fault) {
        self.change(|p| p.faults.standing(Some(method), fault));
    }

    /// The next command of a method inside a batch is refused with `fault`; the batch itself goes through.
    pub fn next_inside(&self, method: &str, fault: Fault) {
        self.change(|p| p.faults.next_inside(method, fault));
    }

    /// The portal refuses whatever an application wants to have bound: events and lines with a status of their own,
    /// placements with status 200, as it does with several of their errors. Until [`SimPortal::heal`].
    pub fn refuse_bindings(&self) {
        let refuse = |http, code: &str, text: &str| Fault::Refuse(http, code.to_owned(), text.to_owned());
        self.change(|p| {
            p.faults.standing(Some("event.bind"), refuse(403, "ACCESS_DENIED", "Access denied!"));
            p.faults.standing(Some("placement.bind"), refuse(200, "ERROR_PLACEMENT_MAX_COUNT", "Placement max count"));
            p.faults.standing(Some("telephony.externalline.add"), refuse(400, "", "DB error"));
        });
    }

    /// A box that knows no test events.
    pub fn refuse_test_events(&self) {
        let unknown = Fault::Refuse(404, "ERROR_METHOD_NOT_FOUND".to_owned(), "Method not found!".to_owned());
        self.standing_for("event.test", unknown);
    }

    /// An older box, whose lines know nothing of `CRM_AUTO_CREATE`.
    pub fn forget_crm_auto_create(&self) {
        self.change(|p| p.lines_know_crm = false);
    }

    /// The language that installation notices and `app.info` name.
    pub fn set_language(&self, language: &str) {
        self.change(|p| language.clone_into(&mut p.language));
    }

    /// Ends all faults.
    pub fn heal(&self) {
        self.change(|p| p.faults.heal());
    }

    /// How long requests are under way from now on, until it is called again.
    pub fn set_network(&self, network: Network) {
        self.change(|p| p.carrier.set(network));
    }

    /// Drops all open calls without a record, as when the application they belong to is deleted.
    pub fn forget_open_calls(&self) {
        self.change(|p| {
            let users: Vec<i64> = p.calls.drain(..).flat_map(|call| call.shown).collect();
            for user in users {
                p.screens.close(user);
            }
        });
    }

    /// Replaces the limits; the limiters start empty.
    pub fn set_limits(&self, limits: Limits) {
        self.change(|p| p.meter = Meter::new(limits));
    }

    /// Moves the portal to a new port; the old one answers 302 from now on. Returns the new domain.
    pub async fn rename(&self) -> io::Result<String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let old = self.domain();
        let host = old.rsplit_once(':').map_or(old.as_str(), |(host, _)| host);
        let domain = format!("{host}:{}", listener.local_addr()?.port());
        self.change(|p| p.domain.clone_from(&domain));
        self.world.serve(listener, server::portal_router(self.world.clone(), &self.member_id, &domain));
        Ok(domain)
    }

    // What the portal sends.

    /// Completes the installation and posts ONAPPINSTALL as the given admin; `None` without an installation
    /// path.
    pub async fn install(&self, admin: i64) -> Option<Delivery> {
        outgoing::install(&self.world, &self.member_id, admin).await
    }

    /// Deletes the application and posts ONAPPUNINSTALL to the handlers bound to it (else to the installation
    /// path). `clean` asks the application to delete its data.
    pub async fn uninstall(&self, clean: bool) -> Vec<Delivery> {
        outgoing::uninstall(&self.world, &self.member_id, clean).await
    }

    /// An employee clicks a number: registers the call, shows the card, posts the event and waits for its
    /// answer.
    pub async fn click(&self, user: i64, number: &str) -> Result<Clicked, ClickRefused> {
        self.click_in(user, number, ClickedIn::default()).await
    }

    /// The same from somewhere else than a page with the client's number.
    pub async fn click_in(&self, user: i64, number: &str, place: ClickedIn) -> Result<Clicked, ClickRefused> {
        let clicked = outgoing::click(&self.world, &self.member_id, user, number, place)?;
        Ok(clicked.sent(&self.world, &self.member_id).await)
    }

    /// Sends a delivery of the log once more, unchanged.
    pub async fn redeliver(&self, number: usize) -> Option<Delivery> {
        outgoing::redeliver(&self.world, &self.member_id, number).await
    }

    /// How much of the `auth` block events carry.
    pub fn set_event_auth(&self, auth: EventAuth) {
        self.change(|p| p.event_auth = auth);
    }

    // The employee's browser.

    /// The frames of the card on an employee's screen: one for each application tab.
    pub fn card_frames(&self, user: i64) -> Vec<FramePost> {
        frames::card(&self.world, &self.member_id, user, USUAL)
    }

    /// The application opened in the portal (`PLACEMENT=DEFAULT`).
    pub fn app_frame(&self, user: i64) -> FramePost {
        frames::app(&self.world, &self.member_id, user, USUAL)
    }

    /// The employee closes the card.
    pub fn close_card(&self, user: i64) {
        self.change(|p| {
            p.screens.close(user);
        });
    }

    pub(super) fn read<R>(&self, look: impl FnOnce(&mut Portal) -> R) -> R {
        self.world.with(|state| look(portal(state, &self.member_id)))
    }

    fn change<R>(&self, work: impl FnOnce(&mut Portal) -> R) -> R {
        self.world.change(|state| work(portal(state, &self.member_id)))
    }
}

pub(super) fn portal<'a>(state: &'a mut State, member_id: &str) -> &'a mut Portal {
    state.portals.get_mut(member_id).expect("a portal stays in its world")
}

pub(super) fn holder(state: &State, member_id: &str, user: i64) -> Holder {
    let keys = state.portals.get(member_id).and_then(|p| p.keys.as_ref());
    let client_id = keys.map(|k| k.client_id.clone()).unwrap_or_default();
    Holder { member_id: member_id.to_owned(), client_id, user }
}
