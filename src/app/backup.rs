//! A copy of what cannot be had again: the database and its key.

use crate::config::Settings;
use crate::store::{Copied, CopyError, beside, copy_database};
use std::path::{Path, PathBuf};

/// What a backup consists of now.
#[derive(Debug)]
pub struct Backup {
    pub copied: Copied,
    /// The copy of the key, if it was wanted.
    pub key: Option<PathBuf>,
}

/// Copies the database of the settings' state directory to `to`, and on demand the key beside it, to `TO.key`. A
/// daemon that works with the database is not disturbed.
pub async fn backup(settings: &Settings, to: &Path, with_key: bool, force: bool) -> Result<Backup, CopyError> {
    let dir = &settings.state_dir;
    let key = with_key.then(|| beside(to, ".key"));
    let copied = copy_database(dir, to, key.as_deref(), force).await?;
    Ok(Backup { copied, key })
}
