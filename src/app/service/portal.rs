//! What portals and browsers inside them post to us. Nothing is believed before it is proved.

use super::{DaemonService, fault};
use crate::bitrix::TokenOwner;
use crate::bitrix::hook::{CallStart, MissingField, Opened, PortalPost, Sender, authentic};
use crate::domain::company::Company;
use crate::domain::evidence::EvidenceKind;
use crate::domain::source::Source;
use crate::domain::{CompanyId, Timestamp};
use crate::session::{CompanyHandle, Removal, Visit, VisitFault};
use crate::telemetry::company_span;
use crate::web::service::{CardOpened, OpenError, PortalAnswer, PortalOpened, PortalRequest};
use secrecy::SecretString;
use std::net::IpAddr;
use std::time::Duration;
use tracing::{Instrument as _, Span};

/// A click older than this is not dialled any more: a phone that rings out of the blue helps nobody.
const STALE: Duration = Duration::from_secs(300);

impl DaemonService {
    pub(super) async fn posted(&self, post: PortalRequest) -> Result<PortalAnswer, OpenError> {
        let PortalRequest { source, events_only, .. } = post;
        let received = read(&post)?;
        // What it was read from is not needed any more, however long the rest takes.
        drop(post);
        match received {
            PortalPost::Install(notice) => {
                let span = company_span(notice.from.company().map_err(missing)?);
                self.companies.install_notified(*notice, source.map(Source::from)).await.map_err(|full| {
                    span.in_scope(|| tracing::debug!(%full, "an installation was turned away"));
                    OpenError::Fault(crate::web::service::ServiceFault::Busy(full.to_string()))
                })?;
                Ok(PortalAnswer::Accepted)
            }
            PortalPost::Uninstall { from, clean } => {
                let id = from.company().map_err(missing)?;
                // Also from a portal that has removed the application before.
                let removal = self.companies.uninstalled(&from, clean).instrument(company_span(id)).await;
                match removal.map_err(|e| fault(&e))? {
                    // It was taken in, whatever comes of it: a portal says it once.
                    Removal::Done | Removal::Doubted => Ok(PortalAnswer::Accepted),
                    Removal::Unproved => Err(OpenError::Forbidden),
                    Removal::Unknown => Err(OpenError::UnknownPortal),
                }
            }
            PortalPost::CallStart(click) => {
                let span = span_of(click.from.member_id.as_ref());
                self.clicked(&click, source).instrument(span).await
            }
            PortalPost::UserAdded { from } => {
                let company = self.proved(&from).await?;
                let handle = self.running(&company.id)?;
                handle.saw(EvidenceKind::UserAdded);
                handle.users_changed();
                Ok(PortalAnswer::Accepted)
            }
            PortalPost::TestEvent { from, secret } => {
                let span = span_of(from.member_id.as_ref());
                self.tested(&from, secret.as_ref()).instrument(span).await
            }
            PortalPost::OtherEvent { name, from } => {
                let company = self.proved(&from).await?;
                company_span(&company.id).in_scope(|| tracing::debug!(name, "an event nothing is done about"));
                Ok(PortalAnswer::Accepted)
            }
            PortalPost::Opened(_) if events_only => {
                Err(OpenError::Unreadable("a page was opened where events are taken".into()))
            }
            PortalPost::Opened(opened) => {
                let span = span_of(opened.member_id.as_ref());
                self.opened(&opened, source).instrument(span).await.map(PortalAnswer::Opened)
            }
        }
    }

    pub(super) async fn opened_card(&self, post: PortalRequest) -> Result<CardOpened, OpenError> {
        let source = post.source;
        let PortalPost::Opened(opened) = read(&post)? else {
            return Err(OpenError::Unreadable("the form is an event, not an opened page".into()));
        };
        drop(post);
        let span = span_of(opened.member_id.as_ref());
        let (handle, company, who) = self.visitor(&opened, source).instrument(span).await?;
        handle.saw(EvidenceKind::CardOpened);
        Ok(CardOpened {
            company: handle.id().clone(),
            user: who.user,
            domain: company.domain,
            plain_http: !opened.https,
            call: opened.call(),
            number: opened.number(),
        })
    }

    /// The company an event comes from, by its application token.
    async fn proved(&self, from: &Sender) -> Result<Company, OpenError> {
        let proved = async {
            let company = self.sender(from).await?;
            // Says in the log whose event it refuses.
            Self::prove(&company, from).map(|()| company)
        };
        proved.instrument(span_of(from.member_id.as_ref())).await
    }

    /// A test event with our secret proves its application token; any other is proved by it.
    async fn tested(&self, from: &Sender, secret: Option<&SecretString>) -> Result<PortalAnswer, OpenError> {
        let company = self.sender(from).await?;
        if !self.companies.proved_by_test_event(&company, from.application_token.as_ref(), secret).await {
            Self::prove(&company, from)?;
        }
        if let Some(handle) = self.companies.get(&company.id) {
            handle.saw(EvidenceKind::TestEvent);
        }
        Ok(PortalAnswer::Accepted)
    }

    async fn clicked(&self, click: &CallStart, source: Option<IpAddr>) -> Result<PortalAnswer, OpenError> {
        let company = self.sender(&click.from).await?;
        if company.application_token.is_some() {
            Self::prove(&company, &click.from)?;
        } else {
            self.prove_clicker(&company, click, source).await?;
        }
        let user = click.user.ok_or(MissingField::Clicker).map_err(missing)?;
        let handle = self.running(&company.id)?;
        handle.saw(EvidenceKind::Click);
        let Some(crm) = click.call.clone() else {
            let to = click.reached().ok_or(MissingField::Number).map_err(missing)?.number;
            // A portal of old has not registered the call: it is dialled, and becomes a CRM call by its legs.
            tracing::info!(%user, "a click without a CRM call");
            return handle.dial_plain(user, to).map(|()| PortalAnswer::Accepted).map_err(busy);
        };
        let late = click.sent_at.is_some_and(|at: Timestamp| self.clock.now().since(at) > STALE);
        let click = click.click(crm, user, late);
        // A restart dials no click again, so that what is stored need not say more than may be kept.
        let body = serde_json::to_string(&click.clone().kept()).expect("a click is plain data");
        let key = format!("click/{}", click.crm);
        let event = match self.store.push_event(&company.id, &key, &body, self.clock.now()).await {
            Ok(Some(event)) => Some(event),
            Ok(None) => {
                tracing::info!(call = %click.crm, "the portal has told a click twice");
                return Ok(PortalAnswer::Accepted);
            }
            // A failing disk keeps nobody from dialling: the actor knows its clicks, and a restart would dial none.
            Err(error) if error.concerns_disk() => {
                tracing::warn!(call = %click.crm, %error, "a click is dialled without being stored");
                None
            }
            Err(error) => return Err(fault(&error).into()),
        };
        match handle.dial(click, event) {
            // It is stored: the company takes it up when it runs again.
            Err(error) if event.is_some() => tracing::warn!(%error, "a click has to wait"),
            other => other.map_err(busy)?,
        }
        Ok(PortalAnswer::Accepted)
    }

    async fn opened(&self, opened: &Opened, source: Option<IpAddr>) -> Result<PortalOpened, OpenError> {
        let (handle, company, who) = self.visitor(opened, source).await?;
        if who.admin
            && let Some(code) = opened.language.as_deref().filter(|_| company.language.is_none())
        {
            handle.learn_language(code).await;
        }
        Ok(PortalOpened { domain: company.domain, plain_http: !opened.https, name: who.name, admin: who.admin })
    }

    /// Who opened one of our pages, by the word of the portal that is registered here.
    async fn visitor(
        &self,
        opened: &Opened,
        source: Option<IpAddr>,
    ) -> Result<(CompanyHandle, Company, TokenOwner), OpenError> {
        let id = opened.member_id.as_ref().ok_or(MissingField::Portal).map_err(missing)?;
        let access = opened.auth_id.as_ref().ok_or(MissingField::Access).map_err(missing)?;
        // The database is asked about those only whom the portal knows, and about portals that nobody serves.
        let Some(handle) = self.companies.get(id) else {
            self.known(id).await?;
            return Err(not_served());
        };
        let visit =
            Visit { call: opened.call(), source: source.map(Source::from), life: opened.expires_in, is_click: false };
        let who = handle.visitor(access, &visit).await.map_err(|fault| {
            tracing::debug!(%fault, "a visitor could not be recognised");
            match fault {
                VisitFault::NotGood => OpenError::Forbidden,
                VisitFault::TooMany => OpenError::TooMany,
                VisitFault::Unreachable(why) => OpenError::Unreachable(why),
            }
        })?;
        let company = self.known(id).await?;
        // Whatever an administrator opens, also a card: it makes good for an installation that was never told to us.
        if who.admin
            && let Some(token) = &opened.application_token
        {
            self.companies.learn_application_token(&company, token).await;
        }
        Ok((handle, company, who))
    }

    async fn sender(&self, from: &Sender) -> Result<Company, OpenError> {
        self.known(from.company().map_err(missing)?).await
    }

    async fn known(&self, id: &CompanyId) -> Result<Company, OpenError> {
        self.store.company(id).await.map_err(|e| fault(&e))?.ok_or_else(|| {
            tracing::warn!("a portal that is not registered here has posted something");
            OpenError::UnknownPortal
        })
    }

    /// An event is authentic only with the portal's application token.
    fn prove(company: &Company, from: &Sender) -> Result<(), OpenError> {
        let known = company.application_token.as_ref();
        if known.is_some_and(|known| authentic(known, from.application_token.as_ref())) {
            return Ok(());
        }
        tracing::warn!(domain = company.domain, "an event with a wrong application token was refused");
        Err(OpenError::Forbidden)
    }

    /// A portal whose installation was never told to us: a click is believed if it carries an access token of the
    /// very employee who is said to have clicked.
    async fn prove_clicker(
        &self,
        company: &Company,
        click: &CallStart,
        source: Option<IpAddr>,
    ) -> Result<(), OpenError> {
        let who = match &click.from.access {
            Some(access) => {
                let visit = Visit { source: source.map(Source::from), is_click: true, ..Visit::default() };
                match self.running(&company.id)?.visitor(access, &visit).await {
                    Err(VisitFault::TooMany) => return Err(OpenError::TooMany),
                    who => who.ok(),
                }
            }
            None => None,
        };
        if let Some(who) = who.filter(|who| Some(who.user) == click.user) {
            if who.admin
                && let Some(token) = &click.from.application_token
            {
                self.companies.learn_application_token(company, token).await;
            }
            return Ok(());
        }
        tracing::warn!(
            domain = company.domain,
            "a click was refused: the portal's application token is not known yet; an administrator can open the application inside the portal once"
        );
        Err(OpenError::Forbidden)
    }

    fn running(&self, id: &CompanyId) -> Result<CompanyHandle, OpenError> {
        self.companies.get(id).ok_or_else(not_served)
    }
}

/// Of whoever says that he is this portal: what is refused names it as well.
fn span_of(member_id: Option<&CompanyId>) -> Span {
    member_id.map_or_else(Span::none, company_span)
}

fn not_served() -> OpenError {
    OpenError::Fault(crate::web::service::ServiceFault::Busy("the company is not being served".into()))
}

fn read(post: &PortalRequest) -> Result<PortalPost, OpenError> {
    let query = Some(post.query.as_str()).filter(|q| !q.is_empty());
    PortalPost::parse(query, &post.body).map_err(|e| OpenError::Unreadable(e.to_string()))
}

fn missing(field: MissingField) -> OpenError {
    OpenError::Unreadable(field.to_string())
}

fn busy(error: crate::session::Busy) -> OpenError {
    OpenError::Fault(crate::web::service::ServiceFault::Busy(error.to_string()))
}
