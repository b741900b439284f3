//! Settings files, replaced so that everybody sees either the old one or the new one.

use crate::folder::Folder;
use rustix::fs::{Gid, Uid, fchown, fstat};
use std::ffi::OsStr;
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Replaces the contents of a file in a folder; mode and owner stay as they are.
pub fn replace(folder: &Folder, name: &OsStr, contents: &[u8]) -> io::Result<()> {
    folder.write(name, contents, |new, old| {
        let (old, made) = (old.ok_or(io::ErrorKind::NotFound)?, fstat(new)?);
        // Only root may give a file away; who is not root mostly need not.
        if (made.st_uid, made.st_gid) != (old.st_uid, old.st_gid) {
            fchown(new, Some(Uid::from_raw(old.st_uid)), Some(Gid::from_raw(old.st_gid)))?;
        }
        new.set_permissions(Permissions::from_mode(old.st_mode & 0o777))
    })
}

/// Writes a new file of mode 0640, the folder's owner's if root makes it; one that is there is only replaced if `over`.
pub fn create(path: &Path, contents: &[u8], over: bool) -> io::Result<()> {
    let (folder, name) = Folder::of(path)?;
    if folder.look(&name)?.is_some() {
        return if over { replace(&folder, &name, contents) } else { Err(io::ErrorKind::AlreadyExists.into()) };
    }
    folder.write(&name, contents, |new, _| {
        folder.give(new)?;
        new.set_permissions(Permissions::from_mode(0o640))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o7777
    }

    #[test]
    fn mode_and_link_stay_and_what_a_crash_left_goes() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real.js"), dir.path().join("link.js"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o604)).unwrap();
        fs::write(dir.path().join("real.js.new"), "half").unwrap();
        symlink("real.js", &link).unwrap();
        let (folder, name) = Folder::of(&link).unwrap();
        replace(&folder, &name, b"new").unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("real.js"));
        assert_eq!(mode(&real), 0o604);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_new_file_is_not_for_everybody_and_an_old_one_is_only_replaced_on_demand() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.js");
        create(&path, b"one", false).unwrap();
        assert_eq!(mode(&path), 0o640);
        assert_eq!(create(&path, b"two", false).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        create(&path, b"two", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert!(replace(&Folder::open(dir.path()).unwrap(), OsStr::new("none"), b"").is_err());
    }
}
