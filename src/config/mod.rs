//! The configuration: `settings.js` of the former package, our own `config.toml`, the environment.
//!
//! The environment wins over `settings.js`, which wins over `config.toml`. All faults are found in one go,
//! each with file, line, key, problem and remedy; secrets never show in them.

mod change;
mod check;
mod environment;
mod export;
mod fault;
mod file;
mod keys;
mod layer;
mod ops_listen;
mod settings;
mod settings_js;
mod together;
mod toml_file;
mod typed;
mod url;

pub(crate) use crate::domain::budget::Budget;
pub use crate::domain::reach::Networks;
pub(crate) use change::{get, set};
pub(crate) use export::{export, save, without_secrets};
pub(crate) use fault::Fault;
pub(crate) use ops_listen::OpsListen;
pub use settings::Settings;

use crate::regular_file;
use fault::FaultPlace;
use layer::Layer;
use std::path::{Path, PathBuf};
use typed::TypedValues;

/// Where `config.toml` is looked for if the command line names none.
pub(crate) const CONFIG_FILE: &str = "/etc/ecss/ecss-crm-server/config.toml";

/// Where `settings.js` is looked for if the command line names none: the former package's own place.
pub(crate) const SETTINGS_FILE: &str = "/usr/share/ecss/ecss-crm-server/src/settings.js";

/// What the settings are read from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources {
    /// `config.toml`; must exist if named.
    pub config: Option<PathBuf>,
    /// `settings.js`; must exist if named.
    pub settings_js: Option<PathBuf>,
    /// Environment variables: ours (`ECSS_CRM__…`), and those that `settings.js` asks for.
    pub env: Vec<(String, String)>,
}

impl Sources {
    /// The files that were named, or else the standard ones as far as they exist.
    pub fn locate(config: Option<PathBuf>, settings_js: Option<PathBuf>, env: Vec<(String, String)>) -> Self {
        // A dangling link is there, and is reported as a fault: somebody has meant something by it.
        let standard = |path: &str| Some(PathBuf::from(path)).filter(|path| path.symlink_metadata().is_ok());
        Self {
            config: config.or_else(|| standard(CONFIG_FILE)),
            settings_js: settings_js.or_else(|| standard(SETTINGS_FILE)),
            env,
        }
    }
}

/// Settings that are fit for use, and what is doubtful about them.
#[derive(Debug, Clone)]
pub(crate) struct Loaded {
    pub settings: Settings,
    /// To be logged once at start.
    pub warnings: Vec<Fault>,
}

/// Reads and checks everything. The error holds all faults at once, in the order of files and lines.
pub(crate) fn load(sources: &Sources) -> Result<Loaded, Vec<Fault>> {
    let Examined { settings, faults, warnings, .. } = examine(sources)?;
    if faults.is_empty() { Ok(Loaded { settings, warnings }) } else { Err(faults) }
}

/// Settings as far as they could be read, and everything that is wrong with them.
struct Examined {
    settings: Settings,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
    /// Knows which keys were set but could not be read.
    values: TypedValues,
    /// Whether a source could be read so little that nothing is certain about keys that seem to be missing.
    broken: bool,
}

fn examine(sources: &Sources) -> Result<Examined, Vec<Fault>> {
    let toml = sources.config.as_deref().map_or_else(Layer::default, toml_layer);
    let script = sources.settings_js.as_deref().map_or_else(Layer::default, |path| script_layer(path, &sources.env));
    let environment = environment::read(&sources.env);
    let layers = [&toml, &script, &environment];

    let mut faults: Vec<Fault> = layers.iter().flat_map(|layer| layer.faults.clone()).collect();
    let mut warnings: Vec<Fault> = layers.iter().flat_map(|layer| layer.warnings.clone()).collect();
    warnings.extend(layer::shadowed(&toml, &script));
    let found = layer::overlay(&layers).map_err(|e| {
        vec![FaultPlace::file("configuration").fault(e.to_string(), "report this: every source was readable by itself")]
    })?;
    let suspect = layers.iter().flat_map(|layer| layer.unreadable.clone()).collect();

    let mut values = TypedValues::new(found, suspect);
    let settings = check::settings(&mut values);
    let broken = layers.iter().any(|layer| layer.broken);
    if !broken {
        together::contradictions(&mut values, &settings);
        together::doubts(&mut values, &settings);
    }
    faults.append(&mut values.faults);
    warnings.append(&mut values.warnings);
    for list in [&mut faults, &mut warnings] {
        list.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    }
    Ok(Examined { settings, faults, warnings, values, broken })
}

/// The longest file of settings, in bytes. The manual's has 2 KiB, and with every comment of every version it stays
/// below 10 KiB.
const LONGEST_FILE: u64 = 64 * 1024;

fn toml_layer(path: &Path) -> Layer {
    let file = path.display().to_string();
    match regular_file::read(path, LONGEST_FILE) {
        Err(e) => Layer::broken(unreadable(&file, &e)),
        Ok(bytes) => match std::str::from_utf8(&bytes) {
            Ok(text) => toml_file::read(text, &file),
            Err(_) => Layer::broken(FaultPlace::file(file).fault("is not UTF-8 text", "save it as UTF-8")),
        },
    }
}

fn script_layer(path: &Path, env: &[(String, String)]) -> Layer {
    let file = path.display().to_string();
    match regular_file::read(path, LONGEST_FILE) {
        Err(e) => Layer::broken(unreadable(&file, &e)),
        Ok(bytes) => settings_js::read(&bytes, &file, env),
    }
}

fn unreadable(file: &str, error: &std::io::Error) -> Fault {
    let remedy = match error.kind() {
        std::io::ErrorKind::NotFound => "create it, or name another file",
        std::io::ErrorKind::PermissionDenied => "let the service's user read it (chgrp ecss-crm, chmod 0640)",
        std::io::ErrorKind::FileTooLarge => "a settings file has a few kilobytes: see what else stands in it",
        _ => "see that it is a readable file",
    };
    FaultPlace::file(file).fault(format!("cannot be read ({error})"), remedy)
}

#[cfg(test)]
mod tests;
