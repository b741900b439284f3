//! Only root in somebody else's folder has anything to fear: most of this is skipped for others.

use super::*;
use crate::ownership::{ANOTHER, folder_of_another, strangers};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

fn write(path: &Path, contents: &str) -> io::Result<()> {
    let (folder, name) = Folder::of(path)?;
    folder.write(&name, contents.as_bytes(), |_, _| Ok(()))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn links_of_ones_own_are_followed_to_their_end() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("real/deep")).unwrap();
    symlink("real", at("relative")).unwrap();
    symlink(at("relative"), at("absolute")).unwrap();
    symlink("../../absolute/deep/file", at("real/deep/chain")).unwrap();
    write(&at("real/deep/chain"), "1").unwrap();
    assert_eq!(fs::read_to_string(at("real/deep/file")).unwrap(), "1");
    write(&at("absolute/deep/../deep/./file"), "2").unwrap();
    assert_eq!(fs::read_to_string(at("real/deep/file")).unwrap(), "2");
    assert!(at("real/deep/chain").is_symlink());
    assert_eq!(names(&at("real/deep")), ["chain", "file"], "no draft is left");
}

#[test]
fn what_is_no_way_to_a_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("file"), "").unwrap();
    symlink("b", at("a")).unwrap();
    symlink("a", at("b")).unwrap();
    for (path, kind) in [
        ("none/file", io::ErrorKind::NotFound),
        ("file/file", io::ErrorKind::NotADirectory),
        ("..", io::ErrorKind::IsADirectory),
    ] {
        assert_eq!(write(&at(path), "").unwrap_err().kind(), kind, "{path}");
    }
    assert!(write(&at("a"), "").unwrap_err().to_string().contains("symbolic links"));
}

#[test]
fn root_follows_no_link_that_somebody_else_may_have_put() {
    let Some(dir) = folder_of_another() else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(elsewhere.path().join("sub")).unwrap();
    // Root's folder below, with a link of root's: the whole may have been moved there.
    fs::create_dir(at("roots")).unwrap();
    fs::create_dir(at("own")).unwrap();
    chown(at("own"), Some(ANOTHER), Some(ANOTHER)).unwrap();
    for link in ["link", "roots/link", "own/link"] {
        symlink(elsewhere.path(), at(link)).unwrap();
    }
    symlink(elsewhere.path().join("made"), at("file")).unwrap();
    std::os::unix::fs::lchown(at("link"), Some(ANOTHER), Some(ANOTHER)).unwrap();
    for path in ["file", "link/file", "link/sub/file", "roots/link/file", "own/link/file", "own/../link/file"] {
        let refused = write(&at(path), "x").unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{path}: {refused}");
        let made = Folder::made_of(&at(path).join("deep/file"), 0o750).map(drop).unwrap_err();
        assert_eq!(made.kind(), io::ErrorKind::InvalidInput, "{path}: {made}");
    }
    assert_eq!(names(elsewhere.path()), ["sub"]);
    assert_eq!(names(&elsewhere.path().join("sub")), Vec::<String>::new());
}

#[test]
fn a_folder_that_a_group_may_write_to_is_not_roots_alone() {
    let Some(_) = folder_of_another() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (shared, target) = (dir.path().join("shared"), dir.path().join("target"));
    fs::create_dir(&shared).unwrap();
    symlink(&target, shared.join("link")).unwrap();
    for (mode, followed) in [(0o755, true), (0o775, false), (0o757, false), (0o1777, true)] {
        fs::set_permissions(&shared, Permissions::from_mode(mode)).unwrap();
        assert_eq!(write(&shared.join("link"), "x").is_ok(), followed, "{mode:o}");
        assert_eq!(Folder::open(&shared).unwrap().is_in_others_hands(), !followed, "{mode:o}");
    }
    std::os::unix::fs::lchown(shared.join("link"), Some(ANOTHER), Some(ANOTHER)).unwrap();
    assert!(write(&shared.join("link"), "x").is_err(), "anybody's link in /tmp");
}

#[test]
fn an_open_folder_is_the_same_when_another_is_put_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let (place, away, elsewhere) = (dir.path().join("place"), dir.path().join("away"), dir.path().join("elsewhere"));
    fs::create_dir(&place).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    let (folder, name) = Folder::of(&place.join("file")).unwrap();
    fs::rename(&place, &away).unwrap();
    symlink(&elsewhere, &place).unwrap();
    folder.write(&name, b"x", |_, _| Ok(())).unwrap();
    folder.create(OsStr::new("other")).unwrap();
    assert_eq!((names(&away), names(&elsewhere)), (vec!["file".to_owned(), "other".to_owned()], vec![]));
    folder.remove(&name).unwrap();
    assert_eq!(names(&away), ["other"]);
}

#[test]
fn a_link_in_place_of_a_draft_or_a_file_is_replaced_and_not_written_through() {
    let dir = tempfile::tempdir().unwrap();
    let precious = dir.path().join("precious");
    fs::write(&precious, "as it was").unwrap();
    symlink("precious", dir.path().join("file.new")).unwrap();
    symlink("precious", dir.path().join("other")).unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    for name in ["file", "other"] {
        folder.write(OsStr::new(name), b"x", |_, _| Ok(())).unwrap();
        assert!(dir.path().join(name).symlink_metadata().unwrap().is_file());
    }
    assert!(folder.read(OsStr::new("other")).is_ok());
    symlink("precious", dir.path().join("link")).unwrap();
    assert!(folder.read(OsStr::new("link")).is_err());
    assert_eq!(fs::read_to_string(&precious).unwrap(), "as it was");
}

#[test]
fn what_fails_leaves_the_old_file_and_no_draft() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    fs::write(&path, "old").unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let failed = folder.write(OsStr::new("file"), b"new", |_, _| Err(io::ErrorKind::StorageFull.into()));
    assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!((names(dir.path()), fs::read_to_string(&path).unwrap().as_str()), (vec!["file".to_owned()], "old"));
}

#[test]
fn what_root_makes_in_somebodys_folder_is_his() {
    let Some(dir) = folder_of_another() else { return };
    let (folder, name) = Folder::made_of(&dir.path().join("new/deep/file"), 0o750).unwrap();
    folder.write(&name, b"x", |file, _| folder.give(file)).unwrap();
    assert_eq!(strangers(dir.path()), Vec::<PathBuf>::new());
    assert_eq!(dir.path().join("new/deep").metadata().unwrap().mode() & 0o777, 0o750);
}

#[test]
fn acting_as_the_owner_opens_what_is_his_and_nothing_of_roots() {
    let Some(dir) = folder_of_another() else { return };
    let precious = tempfile::NamedTempFile::new().unwrap();
    let owned = dir.path().join("owned");
    {
        let _as_owner = Folder::open(dir.path()).unwrap().act_as_owner().unwrap();
        fs::write(&owned, "x").unwrap();
        assert_eq!(fs::read(precious.path()).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        // A thread that is begun meanwhile has no other rights.
        let path = precious.path().to_owned();
        let read = std::thread::spawn(move || fs::read(path)).join().unwrap();
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    }
    let owner = owned.metadata().unwrap();
    assert_eq!((owner.uid(), owner.gid()), (ANOTHER, ANOTHER));
    assert!(fs::read(precious.path()).is_ok(), "root is root again");
    let own = tempfile::tempdir().unwrap();
    let _oneself = Folder::open(own.path()).unwrap().act_as_owner().unwrap();
    assert!(fs::read(precious.path()).is_ok(), "in root's own folder it stays root");
}
