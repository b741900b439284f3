//! Writes a file so that everybody sees either the old one or the new one, also after a power failure.

use crate::ownership::give_to_owner_of_folder;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// Replaces the contents of the file behind `path`; mode, owner, and links to it stay as they are.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let real = path.canonicalize()?;
    let old = real.metadata()?;
    write_beside(&real, contents, |new, _| {
        // Only root may give a file away; who is not root mostly need not.
        let made = new.metadata()?;
        if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
            fchown(new, Some(old.uid()), Some(old.gid()))?;
        }
        new.set_permissions(Permissions::from_mode(old.mode() & 0o7777))
    })
}

/// Writes a new file of mode 0640, the folder's owner's if root makes it; one that is there is only replaced if `over`.
pub fn create(path: &Path, contents: &[u8], over: bool) -> io::Result<()> {
    if path.exists() {
        return if over { replace(path, contents) } else { Err(io::ErrorKind::AlreadyExists.into()) };
    }
    write_beside(path, contents, |new, beside| {
        give_to_owner_of_folder(new, beside)?;
        new.set_permissions(Permissions::from_mode(0o640))
    })
}

fn write_beside(path: &Path, contents: &[u8], prepare: impl FnOnce(&File, &Path) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = name_beside(path);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // May hold a secret: nobody else reads it before it has its mode.
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written = new.write_all(contents).and_then(|()| prepare(&new, &beside)).and_then(|()| new.sync_all());
    written.and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })?;
    File::open(folder)?.sync_all()
}

fn name_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o7777
    }

    #[test]
    fn mode_and_link_stay_and_what_a_crash_left_goes() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real.js"), dir.path().join("link.js"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o604)).unwrap();
        fs::write(name_beside(&real), "half").unwrap();
        symlink("real.js", &link).unwrap();
        replace(&link, b"new").unwrap();
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
        assert!(replace(&dir.path().join("none"), b"").is_err());
    }
}
