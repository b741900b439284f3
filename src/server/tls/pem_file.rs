//! Writes certificates and keys: whole or not at all, and never readable for too many, not even for a moment.

use super::TlsError;
use crate::ownership::{give_to_owner_of_folder, make_folder};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// Writes a file of this mode, replacing one that is there. Links are followed, missing folders are made.
///
/// The owner of a file that is replaced stays; what is new gets the group of its folder where that is allowed, and in a
/// folder of the service's its owner, so that the service may read what root has made.
pub fn write(path: &Path, mode: u32, text: &str) -> Result<(), TlsError> {
    let path = &behind_link(path);
    put(path, mode, text).map_err(|source| TlsError::Unwritable { path: path.clone(), source })
}

fn put(path: &Path, mode: u32, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(folder, 0o750)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| own(&file, &beside, path, folder, mode))
        .and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

fn own(file: &File, beside: &Path, path: &Path, folder: &Path, mode: u32) -> io::Result<()> {
    let _ = match path.metadata() {
        Ok(old) => fchown(file, Some(old.uid()), Some(old.gid())),
        Err(_) => {
            give_to_owner_of_folder(file, beside)?;
            fchown(file, None, Some(folder.metadata()?.gid()))
        }
    };
    // The process's mask has been at work.
    file.set_permissions(fs::Permissions::from_mode(mode))
}

/// The file that a link stands for, be it there or not.
fn behind_link(path: &Path) -> PathBuf {
    match fs::read_link(path) {
        Ok(target) => path.parent().map_or(target.clone(), |parent| parent.join(&target)),
        Err(_) => path.to_owned(),
    }
}
