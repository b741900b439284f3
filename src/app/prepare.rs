//! Files that the settings name and that must be readable before anything starts.

use crate::config::{Fault, Settings};
use crate::ecss::Dialect;
use crate::http::Trusted;
use crate::{regular_file, telemetry};
use jiff::tz::TimeZone;
use std::io;
use std::sync::Arc;

/// What was read from them.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The system's CAs and those of `ca_file`.
    pub trusted: Trusted,
    /// How the switch spells things.
    pub dialect: Arc<Dialect>,
    /// The zone of the switch's times.
    pub zone: TimeZone,
}

/// Reads them all; the error holds all faults at once.
pub fn prepare(settings: &Settings) -> Result<Prepared, Vec<Fault>> {
    let mut faults = Vec::new();
    let fault = |key: &str, problem: String, remedy: &str| Fault {
        file: String::new(),
        line: None,
        column: None,
        key: Some(key.to_owned()),
        problem,
        remedy: remedy.to_owned(),
    };
    for (key, path) in [("defaultLogFile", &settings.default_log_file), ("errorLogFile", &settings.error_log_file)] {
        if let Err(error) = telemetry::refuse_unfit(path) {
            let remedy = "name a file; logToConsole = true sends the lines to standard output too";
            faults.push(fault(key, format!("{} cannot be a log ({error})", path.display()), remedy));
        }
    }
    for (key, path) in
        [("sslCertFilename", &settings.ssl_cert_filename), ("sslKeyFilename", &settings.ssl_key_filename)]
    {
        if let Err(error) = regular_file::check(path).or_else(unless_denied) {
            faults.push(fault(key, format!("{} cannot be used ({error})", path.display()), "name a PEM file"));
        }
    }
    if settings.state_dir.metadata().is_ok_and(|found| !found.is_dir()) {
        let problem = format!("{} is not a folder", settings.state_dir.display());
        faults.push(fault("state_dir", problem, "name a folder; it is made where there is none"));
    }
    let trusted = Trusted::load(settings.ca_file.as_deref());
    if let Err(error) = &trusted {
        faults.push(fault("ca_file", error.to_string(), "name a file of PEM certificates that the service may read"));
    }
    let dialect = settings.dialect_file.as_deref().map_or_else(|| Ok(Dialect::default()), Dialect::load);
    if let Err(error) = &dialect {
        faults.extend(error.faults.iter().cloned());
    }
    let zone = match &settings.switch_time_zone {
        Some(name) => TimeZone::get(name),
        None => Ok(TimeZone::system()),
    };
    if let Err(error) = &zone {
        faults.push(fault("switch_time_zone", error.to_string(), "write an IANA name such as Asia/Novosibirsk"));
    }
    match (trusted, dialect, zone) {
        (Ok(trusted), Ok(dialect), Ok(zone)) if faults.is_empty() => Ok(Prepared { trusted, dialect, zone }),
        _ => Err(faults),
    }
}

/// Who checks the settings may see less than the service.
fn unless_denied(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::PermissionDenied { Ok(()) } else { Err(error) }
}
