//! One setting read or changed from the command line.

use super::export::value_of;
use super::fault::{Fault, FaultPlace};
use super::file::replace;
use super::keys::{self, Key, KeyKind};
use super::layer::FoundValue;
use super::settings_js::{self, Written};
use super::typed::TypedValues;
use super::{Sources, check, examine};
use crate::folder::Folder;
use crate::regular_file;
use config::ValueKind;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

/// The value in force of the key that is spelt so; empty for one that is not set. Faults of other keys do not matter.
pub fn get(sources: &Sources, spelling: &str) -> Result<String, Vec<Fault>> {
    let key = known(spelling)?;
    let examined = examine(sources)?;
    if examined.broken || examined.values.is_suspect(key.name) {
        return Err(examined.faults);
    }
    Ok(value_of(&examined.settings, key).map(|value| value.plain()).unwrap_or_default())
}

/// Sets one key in a `settings.js` and keeps everything else there as it is; returns whether anything had to change.
/// `environment` is what the file itself may ask for.
pub fn set(path: &Path, environment: &[(String, String)], spelling: &str, value: &str) -> Result<bool, Vec<Fault>> {
    let key = known(spelling)?;
    let name = path.display().to_string();
    if !key.in_settings_js {
        let problem = format!("cannot stand in {name}, which the former package reads too");
        return Err(vec![
            FaultPlace::file("command line").of(key.name).fault(problem, "write it into config.toml by hand"),
        ]);
    }
    let value = typed(key, value)?;
    // What is read and what is replaced must be the same file, even if somebody changes links meanwhile.
    let read = Folder::of(path).and_then(|(folder, file)| {
        let bytes = regular_file::read_open(folder.read(&file)?, super::LONGEST_FILE)?;
        Ok((folder, file, bytes))
    });
    let (folder, file, bytes) = read.map_err(|error| vec![super::unreadable(&name, &error)])?;
    let changed = settings_js::set(&bytes, &name, environment, key, &value)?;
    if changed == bytes {
        return Ok(false);
    }
    replace(&folder, &file, &changed).map_err(|error| vec![unwritable(&name, &error)])?;
    Ok(true)
}

/// The fault of a file that cannot be written.
pub fn unwritable(name: &str, error: &io::Error) -> Fault {
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied => "run this command as root",
        io::ErrorKind::ReadOnlyFilesystem => "see that its file system is mounted for writing",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free some space; the file is as it was",
        io::ErrorKind::AlreadyExists => "name another file, or add --force to have it replaced",
        io::ErrorKind::NotFound => "make its folder first",
        io::ErrorKind::InvalidInput => "the file is as it was",
        _ => "see that its folder can be written to; the file is as it was",
    };
    FaultPlace::file(name).fault(format!("cannot be written ({error})"), remedy)
}

fn known(spelling: &str) -> Result<Key, Vec<Fault>> {
    keys::find_spelt(spelling).ok_or_else(|| {
        vec![FaultPlace::file("command line").of(spelling).fault("is not a setting", keys::did_you_mean(spelling))]
    })
}

/// The value of this key, checked as if it stood in a file.
fn typed(key: Key, text: &str) -> Result<Written, Vec<Fault>> {
    let place = FaultPlace::file("command line").of(key.name);
    let found = FoundValue { kind: ValueKind::from(text), place };
    let one = || TypedValues::new(BTreeMap::from([(keys::canonical(key.name), found.clone())]), BTreeSet::new());
    let mut values = one();
    check::settings(&mut values);
    if !values.faults.is_empty() {
        return Err(values.faults);
    }
    let mut values = one();
    let written = match key.kind {
        KeyKind::Text => values.text(key.name).map(Written::Text),
        // The former package, which reads the file too, needs one.
        KeyKind::Retired => values.path(key.name).map(|path| Written::Text(path.display().to_string())),
        KeyKind::Flag => values.flag(key.name).map(Written::Flag),
        KeyKind::Number => values.number(key.name, &(0..=u32::MAX)).map(Written::Number),
    };
    written.ok_or(values.faults)
}
