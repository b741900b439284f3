//! The configuration of nginx in front of a portal, as `nginx -T` prints it, and what of it open lines depend on.

mod blocks;
mod judgement;
mod locations;
mod pattern;
mod redirects;
mod servers;
#[cfg(test)]
mod tests;
mod tokens;

use crate::domain::checks::Severity;
use thiserror::Error;

pub use judgement::judge_configuration;

/// The portal's address, as browsers and messengers spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebAddress<'a> {
    pub scheme: &'a str,
    pub host: &'a str,
    pub port: u16,
}

/// Why a text is not understood as a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}line {line}: {kind}")]
pub struct ConfigurationFault {
    /// The file that `nginx -T` names, with ", "; empty where it names none.
    file: String,
    /// Counted from 1 in that file.
    line: usize,
    kind: FaultKind,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum FaultKind {
    #[error("this is no text")]
    NoText,
    #[error("the quotation mark that begins here is not closed")]
    OpenQuote,
    #[error("the block that begins here is not closed")]
    OpenBlock,
    #[error("the directive that begins here ends without ; or a block")]
    NoEnd,
    #[error("{0} is unexpected here")]
    Unexpected(&'static str),
    #[error("blocks are nested too deeply, or files include each other")]
    TooDeep,
    #[error("this is too long for a configuration")]
    TooLong,
    #[error("the included file {0} is missing; give the whole output of nginx -T")]
    NotIncluded(String),
    #[error("there is no server block; give the whole output of nginx -T")]
    NoServer,
}

impl FaultKind {
    const fn at(self, line: usize) -> ConfigurationFault {
        ConfigurationFault { file: String::new(), line, kind: self }
    }
}

impl ConfigurationFault {
    fn of_file(self, file: &str) -> Self {
        Self { file: format!("{file}, "), ..self }
    }
}

/// What is looked at in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebServerSetting {
    ServerBlock,
    ProxyClientAbort,
    FastcgiClientAbort,
    LiveChatHeaders,
    ConnectorRedirects,
    PushLocations,
}

/// What was found of a setting, with the directives it was seen by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebServerVerdict {
    /// As it should be.
    AsNeeded(Vec<String>),
    /// It concerns nothing that this nginx does.
    NotUsed,
    /// To be changed.
    Wrong(Vec<String>),
    /// It depends on something that cannot be judged here.
    Undecided(Vec<String>),
}

impl WebServerSetting {
    /// See [`crate::domain::checks::Finding::id`].
    pub const fn id(self) -> &'static str {
        match self {
            Self::ServerBlock => "boxed_portal.server_block",
            Self::ProxyClientAbort => "boxed_portal.proxy_client_abort",
            Self::FastcgiClientAbort => "boxed_portal.fastcgi_client_abort",
            Self::LiveChatHeaders => "boxed_portal.live_chat_headers",
            Self::ConnectorRedirects => "boxed_portal.connector_redirects",
            Self::PushLocations => "boxed_portal.push_locations",
        }
    }
}

impl WebServerVerdict {
    /// See [`crate::domain::checks::Finding::severity`].
    pub const fn severity(&self) -> Severity {
        match self {
            Self::AsNeeded(_) | Self::NotUsed => Severity::Good,
            Self::Wrong(_) => Severity::Fault,
            Self::Undecided(_) => Severity::Unknown,
        }
    }
}
