//! What a portal says of itself, of our application and of what it holds of ours: all in one request.

use super::{WantedBindings, events, line, placement};
use crate::bitrix::answer::RestAnswer;
use crate::bitrix::batch::BatchCommand;
use crate::bitrix::error::ApiError;
use crate::bitrix::lenient;
use crate::bitrix::oauth::AppInfo;
use crate::bitrix::portal::Portal;
use crate::bitrix::scopes::missing_scopes;
use crate::bitrix::token_owner;
use crate::domain::binding::Binding;
use crate::domain::evidence::{GrantOwner, PortalReport};
use serde_json::Value;

/// What is asked, in this order.
const ASKED: [&str; 5] = ["app.info", "profile", "event.get", "placement.get", "telephony.externalLine.get"];

/// The portal's word, and the language that it names on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalWord {
    pub report: PortalReport,
    /// The code of the portal's language (`LANGUAGE_ID` of `app.info`, bitrix24/b24restdocs,
    /// api-reference/common/system/app-info.md).
    pub language: Option<String>,
}

impl Portal {
    /// Asks the portal how it is and what it holds of ours. What it does not answer stays unknown; the error is of the
    /// request as a whole.
    ///
    /// `app.info` names `INSTALLED`, `PAYMENT_EXPIRED`, `LICENSE` and the scopes (same page as above); before
    /// `INSTALLED` is true the portal sends no events and shows no placements (installation-finish.md there).
    pub async fn word(&self, wanted: &WantedBindings) -> Result<PortalWord, ApiError> {
        self.wait_for_budget().await;
        let commands = ASKED.map(|method| BatchCommand::new(method, Value::Null));
        let mut answers = self.send(&commands, false).await?.into_iter();
        let mut next = || answers.next().and_then(Result::ok).map(|answer: RestAnswer| answer.result);
        let (app, profile, events, placements, lines) = (next(), next(), next(), next(), next());
        let mut bindings = std::collections::BTreeMap::new();
        let rows = |list: Value| lenient::list(list);
        if let Some(list) = events {
            let is_ours = |bound: events::Bound| {
                bound.event.eq_ignore_ascii_case(events::CLICK) && bound.handler == wanted.event_handler
            };
            bindings.insert(Binding::Click, rows(list).iter().filter_map(events::read).any(is_ours));
        }
        if let Some(list) = placements {
            let mut cards = rows(list).into_iter().filter_map(|row| placement::handler_of_card(&row));
            bindings.insert(Binding::Card, cards.any(|handler| handler == wanted.card_handler));
        }
        if let Some(list) = lines {
            bindings.insert(Binding::Line, rows(list).iter().any(|row| line::ours(row).is_some()));
        }
        let app = app.map(|app| (AppInfo::read(&app), app));
        let word = |name: &str| app.as_ref().and_then(|(_, app)| app.get(name));
        let report = PortalReport {
            at: self.now(),
            bindings,
            installed: app.as_ref().and_then(|(info, _)| info.installed),
            licence: word("LICENSE").and_then(lenient::text),
            payment_expired: word("PAYMENT_EXPIRED").and_then(lenient::flag),
            missing_rights: app.as_ref().and_then(|(info, _)| info.scope.as_deref()).map(missing_scopes),
            owner: profile
                .as_ref()
                .and_then(token_owner::read_profile)
                .and_then(|(_, admin, name)| Some(GrantOwner { name, admin: admin? })),
        };
        let language = app.and_then(|(info, _)| info.language);
        Ok(PortalWord { report, language })
    }
}
