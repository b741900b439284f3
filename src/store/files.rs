//! The state directory: private to the daemon whatever the umask and the user who makes its files, and used by one
//! process at a time.

use super::error::StoreError;
use crate::ownership::{flags, give_to_owner_of_folder, make_folder, refuse_planted_link};
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Name of the lock file in the state directory.
const LOCK: &str = "lock";

/// Creates the directory (0700) with its parents, or takes rights of group and others away from an existing one.
pub(super) fn prepare_dir(dir: &Path) -> Result<(), StoreError> {
    refuse_planted_link(dir)
        .and_then(|()| make_folder(dir, 0o700))
        .map_err(|e| StoreError::from_io(&format!("creating {}", dir.display()), &e))?;
    make_private(dir, 0o700)
}

/// Sets the mode if the file grants more to group or others than `mode` does, or less to the owner.
pub(super) fn make_private(path: &Path, mode: u32) -> Result<(), StoreError> {
    let fault = |e: io::Error| StoreError::from_io(&format!("permissions of {}", path.display()), &e);
    let now = fs::metadata(path).map_err(&fault)?.permissions().mode() & 0o777;
    if now == mode {
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(mode)) {
        // Someone else owns it and decides its rights; the files inside are private all the same.
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other.map_err(&fault),
    }
}

/// Makes an empty private file unless there is one; `true` if it was there and holds something.
pub(super) fn ensure_file(path: &Path) -> Result<bool, StoreError> {
    let fault = |e: io::Error| StoreError::from_io(&format!("opening {}", path.display()), &e);
    let flags = flags(path).map_err(&fault)?;
    let file =
        OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path).map_err(&fault)?;
    give_to_owner_of_folder(&file, path).map_err(&fault)?;
    make_private(path, 0o600)?;
    Ok(file.metadata().map_err(&fault)?.len() > 0)
}

/// Writes a private file that must not exist: complete or not at all, and on disk when this returns.
pub(super) fn write_new(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    let draft = path.with_extension("new");
    let write = || {
        match fs::remove_file(&draft) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        give_to_owner_of_folder(&file, &draft)?;
        file.write_all(content)?;
        file.sync_all()?;
        // A link, unlike a rename, never replaces a file that is there.
        fs::hard_link(&draft, path)?;
        fs::remove_file(&draft)?;
        sync_parent(path)
    };
    write().map_err(|e| StoreError::from_io(&format!("writing {}", path.display()), &e))
}

/// Has the name of a file on disk, not only its content.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(dir) if dir.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

/// Takes the directory for this process. The lock ends with the returned file, also when the process is killed.
pub(super) fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join(LOCK);
    let fault = |e: io::Error| StoreError::from_io(&format!("locking {}", path.display()), &e);
    let flags = flags(&path).map_err(&fault)?;
    let file =
        OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(&path).map_err(&fault)?;
    give_to_owner_of_folder(&file, &path).map_err(&fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        // Some network file systems cannot lock; that is no reason not to start.
        Err(TryLockError::Error(e)) if e.kind() == io::ErrorKind::Unsupported => Ok(file),
        Err(TryLockError::Error(e)) => Err(fault(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn an_open_directory_is_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("a/b");
        prepare_dir(&state).unwrap();
        assert_eq!(mode(&state), 0o700);
        fs::set_permissions(&state, Permissions::from_mode(0o755)).unwrap();
        prepare_dir(&state).unwrap();
        assert_eq!(mode(&state), 0o700);
    }

    #[test]
    fn a_file_is_private_from_its_first_moment_and_made_so_if_it_was_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        assert!(!ensure_file(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
        fs::write(&path, "x").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
        assert!(ensure_file(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_new_file_replaces_nothing_and_survives_a_draft_left_by_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        fs::write(path.with_extension("new"), "half").unwrap();
        write_new(&path, b"whole").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert!(!path.with_extension("new").exists());
        write_new(&path, b"other").unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn one_process_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path()).unwrap();
        assert!(matches!(lock(dir.path()), Err(StoreError::InUse)));
        drop(held);
        lock(dir.path()).unwrap();
    }

    #[test]
    fn a_path_that_cannot_be_a_directory_is_said_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("plain");
        fs::write(&file, "").unwrap();
        let fault = prepare_dir(&file.join("state")).unwrap_err().to_string();
        assert!(fault.contains("plain/state"), "{fault}");
    }
}
