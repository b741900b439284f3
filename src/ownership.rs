//! Whose the files are that root makes: an administrator's command leaves nothing in a directory of the service that
//! the service, which is not root, could not use.

use rustix::fs::{Gid, OFlags, Uid};
use rustix::process::{getegid, geteuid, getgroups};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use std::fs::{DirBuilder, File};
use std::io;
use std::marker::PhantomData;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, fchown};
use std::path::Path;

const ROOT: u32 = 0;

/// Whose something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// Number of the user.
    pub user: u32,
    /// Number of the group.
    pub group: u32,
}

impl Owner {
    /// The user, as the kernel is told.
    pub fn user(self) -> Uid {
        Uid::from_raw(self.user)
    }

    /// The group, as the kernel is told.
    pub fn group(self) -> Gid {
        Gid::from_raw(self.group)
    }
}

/// This thread has somebody else's rights until this is dropped. Threads that it begins meanwhile keep them: a runtime
/// or a connection that is to work with them is made while this lives.
///
/// Root working in a folder of the service's as the service can be led by a link no further than the service itself.
#[derive(Debug)]
pub struct ActingAs {
    before: Option<(Gid, Vec<Gid>)>,
    /// The rights are this thread's.
    _of_this_thread: PhantomData<*const ()>,
}

impl ActingAs {
    /// Changes nothing.
    pub fn oneself() -> Self {
        Self { before: None, _of_this_thread: PhantomData }
    }

    /// Only for root: takes on this user's rights and those of the group, and no others.
    pub fn this(owner: Owner) -> io::Result<Self> {
        // From here on, whatever fails is taken back.
        let acting = Self { before: Some((getegid(), getgroups()?)), _of_this_thread: PhantomData };
        set_thread_groups(&[])?;
        set_thread_res_gid(None, Some(owner.group()), None)?;
        set_thread_res_uid(None, Some(owner.user()), None)?;
        Ok(acting)
    }
}

impl Drop for ActingAs {
    fn drop(&mut self) {
        let Some((group, groups)) = self.before.take() else { return };
        // Real and saved user are still root, so that the first cannot be refused, and then neither can the others.
        let _ = set_thread_res_uid(None, Some(Uid::ROOT), None);
        let _ = set_thread_res_gid(None, Some(group), None);
        let _ = set_thread_groups(&groups);
    }
}

/// Gives a file or folder of root's, open as `file` and named `path`, to owner and group of the folder it lies in.
///
/// Does nothing with what belongs to anybody else, and nothing where this process may not give away: who is not root
/// need not.
pub fn give_to_owner_of_folder(file: &File, path: &Path) -> io::Result<()> {
    let above = above(path).metadata()?;
    let (open, named) = (file.metadata()?, path.symlink_metadata()?);
    // The folder's owner may have put a link there to get a file of root's.
    let lies_there = (open.dev(), open.ino()) == (named.dev(), named.ino()) && (open.is_dir() || open.nlink() == 1);
    if !lies_there || open.uid() != ROOT || above.uid() == ROOT {
        return Ok(());
    }
    match fchown(file, Some(above.uid()), Some(above.gid())) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

/// The flags to open a file with that is to be written: root follows no link there that the folder's owner, who is not
/// root, may have put. Other users open with their own rights, and may follow.
pub fn flags(path: &Path) -> io::Result<i32> {
    let guarded = geteuid().is_root() && above(path).metadata()?.uid() != ROOT;
    let flags = if guarded { OFlags::NOFOLLOW | OFlags::NONBLOCK } else { OFlags::empty() };
    Ok(i32::try_from(flags.bits()).unwrap_or_default())
}

/// Refuses a folder that is a link in a folder of somebody else's, if this process is root.
pub fn refuse_planted_link(path: &Path) -> io::Result<()> {
    let is_link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    if is_link && geteuid().is_root() && above(path).metadata()?.uid() != ROOT {
        let why = "it is a link in a folder that is not root's, which root does not follow: name the folder itself";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(())
}

/// Makes a folder of this mode with those above it, as far as they are missing; each belongs to whom the one above it
/// belongs.
pub fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    let missing: Vec<&Path> =
        path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists()).collect();
    DirBuilder::new().recursive(true).mode(mode).create(path)?;
    for made in missing.into_iter().rev() {
        // Somebody else may have been quicker, and may have closed it to us.
        if let Ok(folder) = File::open(made) {
            give_to_owner_of_folder(&folder, made)?;
        }
    }
    Ok(())
}

/// The folder in which a path lies.
fn above(path: &Path) -> &Path {
    path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A folder of somebody else's, as only root can make one; elsewhere `None`, and a line that says so.
#[cfg(test)]
pub fn folder_of_another() -> Option<tempfile::TempDir> {
    let dir = tempfile::tempdir().unwrap();
    let given = std::os::unix::fs::chown(dir.path(), Some(ANOTHER), Some(ANOTHER));
    if given.is_err() {
        eprintln!("skipped: only root can make files of another user");
    }
    given.ok().map(|()| dir)
}

/// A user who is neither root nor in any test of ours.
#[cfg(test)]
pub const ANOTHER: u32 = 65_534;

/// Everything below a folder that does not belong to [`ANOTHER`].
#[cfg(test)]
pub fn strangers(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = path.symlink_metadata().unwrap();
        if meta.is_dir() {
            found.extend(strangers(&path));
        }
        if (meta.uid(), meta.gid()) != (ANOTHER, ANOTHER) {
            found.push(path);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{OpenOptionsExt as _, chown, symlink};

    type Link = fn(&Path, &Path) -> io::Result<()>;

    #[test]
    fn what_root_makes_belongs_to_the_owner_of_the_folder() {
        let Some(dir) = folder_of_another() else { return };
        let deep = dir.path().join("a/b");
        make_folder(&deep, 0o750).unwrap();
        let path = deep.join("file");
        give_to_owner_of_folder(&File::create(&path).unwrap(), &path).unwrap();
        assert_eq!(strangers(dir.path()), Vec::<std::path::PathBuf>::new());
    }

    #[test]
    fn files_of_a_third_user_and_folders_that_were_there_stay_as_they_are() {
        let Some(dir) = folder_of_another() else { return };
        let path = dir.path().join("file");
        let file = File::create(&path).unwrap();
        chown(&path, Some(7), Some(7)).unwrap();
        give_to_owner_of_folder(&file, &path).unwrap();
        fs::create_dir(dir.path().join("roots")).unwrap();
        make_folder(&dir.path().join("roots"), 0o750).unwrap();
        assert_eq!(path.metadata().unwrap().uid(), 7);
        assert_eq!(dir.path().join("roots").metadata().unwrap().uid(), ROOT);
    }

    #[test]
    fn root_writes_through_no_link_of_somebody_elses() {
        let Some(dir) = folder_of_another() else { return };
        let elsewhere = tempfile::tempdir().unwrap();
        let (file, folder) = (dir.path().join("lock"), dir.path().join("db"));
        symlink(elsewhere.path().join("made"), &file).unwrap();
        symlink(elsewhere.path(), &folder).unwrap();
        let open = |path: &Path| {
            fs::OpenOptions::new().append(true).create(true).custom_flags(flags(path).unwrap()).open(path)
        };
        assert!(open(&file).is_err());
        assert!(refuse_planted_link(&folder).is_err());
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
        let own = elsewhere.path().join("link");
        symlink("target", &own).unwrap();
        open(&own).unwrap();
        refuse_planted_link(&own).unwrap();
    }

    #[test]
    fn a_link_brings_the_owner_of_the_folder_no_file_of_roots() {
        let Some(dir) = folder_of_another() else { return };
        let elsewhere = tempfile::tempdir().unwrap();
        let precious = elsewhere.path().join("precious");
        fs::write(&precious, "").unwrap();
        for link in [|a, b| symlink(a, b), |a, b| fs::hard_link(a, b)] as [Link; 2] {
            let place = dir.path().join("lock");
            link(&precious, &place).unwrap();
            give_to_owner_of_folder(&File::open(&place).unwrap(), &place).unwrap();
            assert_eq!(precious.metadata().unwrap().uid(), ROOT);
            fs::remove_file(&place).unwrap();
        }
    }
}
