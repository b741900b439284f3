//! Writes certificates and keys: whole or not at all, and never readable for too many, not even for a moment.

use super::TlsError;
use crate::folder::Folder;
use rustix::fs::{Gid, Stat, Uid, fchown};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Mode of folders that are made.
const FOLDER: u32 = 0o750;

/// Writes a file of this mode, replacing one that is there. Links are followed as [`Folder`] does, missing folders made.
///
/// The owner of a file that is replaced stays; what is new gets the group of its folder where that is allowed, and in a
/// folder of the service's its owner, so that the service may read what root has made.
pub fn write(path: &Path, mode: u32, text: &str) -> Result<(), TlsError> {
    let written = Folder::made_of(path, FOLDER)
        .and_then(|(folder, name)| folder.write(&name, text.as_bytes(), |file, old| own(file, old, &folder, mode)));
    written.map_err(|source| TlsError::Unwritable { path: path.to_owned(), source })
}

/// Removes a file that was written just now.
pub fn remove(path: &Path) {
    // What cannot be removed is reported at the next start.
    let _ = Folder::of(path).and_then(|(folder, name)| folder.remove(&name));
}

fn own(file: &File, old: Option<&Stat>, folder: &Folder, mode: u32) -> io::Result<()> {
    let _ = match old {
        Some(old) => fchown(file, Some(Uid::from_raw(old.st_uid)), Some(Gid::from_raw(old.st_gid))),
        None => {
            folder.give(file)?;
            fchown(file, None, Some(Gid::from_raw(folder.group()?)))
        }
    };
    // The process's mask has been at work.
    file.set_permissions(Permissions::from_mode(mode))
}
