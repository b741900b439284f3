//! What pages are made of: the shell around them, static files, moments in time.

mod assets;
mod shell;
mod when;

pub(crate) use assets::serve as serve_asset;
pub(crate) use shell::{Shell, html};
pub(crate) use when::{Moment, span};
