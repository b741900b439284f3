//! What every request passes before and after its handler: prefix, request id, log line, panics, error
//! pages, headers.

pub(crate) mod access;
pub(crate) mod error;
pub(crate) mod headers;
pub(crate) mod prefix;
pub(crate) mod request_context;
pub(crate) mod request_span;
