//! A portal "in a box" as it is seen from outside, and what its administrator alone can see.

pub mod nginx;
pub mod page;
pub mod public_address;

use super::Severity;
use nginx::{WebServerSetting, WebServerVerdict};
use page::{PageAnswer, PortalPage};
use public_address::AddressVerdict;

/// See [`super::Finding`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoxedPortalFinding {
    /// Whether messengers can reach this address at all, by its spelling.
    PublicAddress { address: String, verdict: AddressVerdict },
    /// Whether a connection comes about and its certificate is trusted.
    Connection(ConnectionOutcome),
    /// What answers at one of the portal's paths.
    Page { page: PortalPage, path: &'static str, answer: PageAnswer },
    /// What only the administrator sees, with the lines or places to compare it with.
    Unseen { setting: UnseenSetting, copy: &'static [&'static str] },
    /// What the portal's nginx is told, by the configuration that its administrator has given.
    WebServer { setting: WebServerSetting, verdict: WebServerVerdict },
}

/// How the first connection went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionOutcome {
    /// Something answered.
    Made,
    /// TLS failed, in the library's words; nothing was sent.
    TlsFailed(String),
    /// Nobody answered in time, or the address may not be contacted; in the library's words.
    Failed(String),
}

/// What cannot be seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnseenSetting {
    Licence,
    OutgoingConnections,
    ProxyClientAbort,
    FastcgiClientAbort,
    ChatBotModule,
    ConnectorModule,
    OpenLinesModule,
    ExternalUsers,
}

impl UnseenSetting {
    /// Each of them, in the order in which they are worked through.
    pub const ALL: [Self; 8] = [
        Self::Licence,
        Self::OutgoingConnections,
        Self::ProxyClientAbort,
        Self::FastcgiClientAbort,
        Self::ChatBotModule,
        Self::ConnectorModule,
        Self::OpenLinesModule,
        Self::ExternalUsers,
    ];
}

impl BoxedPortalFinding {
    /// See [`super::Finding::id`].
    pub const fn id(&self) -> &'static str {
        match self {
            Self::PublicAddress { .. } => "boxed_portal.public_address",
            Self::Connection(_) => "boxed_portal.connection",
            Self::Page { page, .. } => match page {
                PortalPage::Connector => "boxed_portal.connector_page",
                PortalPage::ChatBot => "boxed_portal.chat_bot_page",
                PortalPage::LiveChat => "boxed_portal.live_chat_page",
                PortalPage::PushPublish => "boxed_portal.push_publish",
                PortalPage::PushSubscribe => "boxed_portal.push_subscribe",
                PortalPage::Rest => "boxed_portal.rest",
            },
            Self::Unseen { setting, .. } => match setting {
                UnseenSetting::Licence => "boxed_portal.licence",
                UnseenSetting::OutgoingConnections => "boxed_portal.outgoing_connections",
                UnseenSetting::ProxyClientAbort => "boxed_portal.proxy_client_abort",
                UnseenSetting::FastcgiClientAbort => "boxed_portal.fastcgi_client_abort",
                UnseenSetting::ChatBotModule => "boxed_portal.chat_bot_module",
                UnseenSetting::ConnectorModule => "boxed_portal.connector_module",
                UnseenSetting::OpenLinesModule => "boxed_portal.open_lines_module",
                UnseenSetting::ExternalUsers => "boxed_portal.external_users",
            },
            Self::WebServer { setting, .. } => setting.id(),
        }
    }

    /// See [`super::Finding::severity`].
    pub const fn severity(&self) -> Severity {
        match self {
            Self::PublicAddress { verdict: AddressVerdict::Public, .. }
            | Self::Connection(ConnectionOutcome::Made)
            | Self::Page { answer: PageAnswer::Expected, .. } => Severity::Good,
            Self::PublicAddress { verdict: AddressVerdict::NotEncrypted, .. } => Severity::Warning,
            Self::Page { answer: PageAnswer::NotAsked, .. } | Self::Unseen { .. } => Severity::Unknown,
            Self::WebServer { verdict, .. } => verdict.severity(),
            Self::PublicAddress { .. } | Self::Connection(_) | Self::Page { .. } => Severity::Fault,
        }
    }
}
