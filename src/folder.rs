//! Folders held open: what is done in one is done there, whatever somebody puts in its place meanwhile.
//!
//! An administrator's command runs as root in folders that belong to the service. A link there would lead root to a
//! file of the service's choice, so the way to a folder is walked piece by piece, and root follows a link only where
//! nobody else can have put it. Other users have their own rights only, and follow all links.

use crate::ownership::{ActingAs, Owner};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fchown, fstat, mkdirat, openat, readlinkat, renameat};
use rustix::fs::{statat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

/// Links on one way, and folders that vanish as soon as they are made: so many, as the kernel follows.
const MOST_TURNS: u32 = 40;
const ROOT: u32 = 0;
/// Others than the owner may write.
const WRITTEN_BY_OTHERS: u32 = 0o022;
/// What lies in such a folder is renamed and removed by its owner only.
const STICKY: u32 = 0o1000;

#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    standing: FolderStanding,
}

/// Who can change what lies in a folder, or on the way to it, beside root.
#[derive(Debug, Clone, Copy)]
enum FolderStanding {
    RootsAlone,
    /// A folder on the way, or this one, belongs to somebody; the nearest counts.
    Owned(Owner),
    /// A group or everybody may write.
    Shared,
}

/// What the last piece of a path names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Folder,
    File,
}

impl Folder {
    /// The folder of this name.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(walk(path, Last::Folder, None)?.0)
    }

    /// The folder in which this file lies or is to lie, and the file's name there: the end of all links that are
    /// followed.
    pub fn of(file: &Path) -> io::Result<(Self, OsString)> {
        Self::of_with(file, None)
    }

    /// The same; folders that are missing are made with this mode, each its neighbours' owner's.
    pub fn made_of(file: &Path, mode: u32) -> io::Result<(Self, OsString)> {
        Self::of_with(file, Some(Mode::from_raw_mode(mode)))
    }

    fn of_with(file: &Path, missing: Option<Mode>) -> io::Result<(Self, OsString)> {
        let (folder, name) = walk(file, Last::File, missing)?;
        Ok((folder, name.ok_or_else(|| io::Error::from(io::ErrorKind::IsADirectory))?))
    }

    /// Whether this process is root, and somebody else could put another thing in the place of what lies here.
    pub fn is_in_others_hands(&self) -> bool {
        geteuid().is_root() && !matches!(self.standing, FolderStanding::RootsAlone)
    }

    /// Works on with the rights of the folder's owner if this process is root and the owner is not.
    pub fn act_as_owner(&self) -> io::Result<ActingAs> {
        match self.standing {
            FolderStanding::Owned(owner) if geteuid().is_root() => ActingAs::this(owner),
            _ => Ok(ActingAs::oneself()),
        }
    }

    /// What lies here under this name; a link is not followed.
    pub fn look(&self, name: &OsStr) -> io::Result<Option<Stat>> {
        match statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => Ok(Some(found)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a file for reading: no link, and nothing that would have to be waited for.
    pub fn read(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        Ok(openat(&self.fd, name, flags, Mode::empty())?.into())
    }

    /// Makes a private file, in place of what lies here under this name.
    pub fn create(&self, name: &OsStr) -> io::Result<File> {
        self.remove(name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(openat(&self.fd, name, flags, Mode::from_raw_mode(0o600))?.into())
    }

    /// Removes a file, if it is there.
    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        match unlinkat(&self.fd, name, AtFlags::empty()) {
            Err(error) if error != Errno::NOENT => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Gives a file another name, on disk when this returns.
    pub fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        renameat(&self.fd, from, &self.fd, to)?;
        match openat(&self.fd, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            Ok(listed) => File::from(listed).sync_all(),
            // Who may write here but not list cannot do more.
            Err(Errno::ACCESS) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes a file so that everybody sees either the old one or the new one, also after a power failure. `prepare`
    /// gives the new one its owner and mode; it is given the one that is replaced.
    pub fn write(
        &self,
        name: &OsStr,
        contents: &[u8],
        prepare: impl FnOnce(&File, Option<&Stat>) -> io::Result<()>,
    ) -> io::Result<()> {
        let draft = with_ending(name, ".new");
        let old = self.look(name)?;
        // May hold a secret: nobody else reads it before it has its mode.
        let mut file = self.create(&draft)?;
        let written =
            file.write_all(contents).and_then(|()| prepare(&file, old.as_ref())).and_then(|()| file.sync_all());
        written.and_then(|()| self.rename(&draft, name)).inspect_err(|_| {
            let _ = self.remove(&draft);
        })
    }

    /// Gives a file that root has made here to owner and group of the folder. Does nothing where there is nothing to
    /// give, or where this process may not.
    pub fn give(&self, file: &File) -> io::Result<()> {
        let (made, mine) = (fstat(file)?, fstat(&self.fd)?);
        if made.st_uid != ROOT || mine.st_uid == ROOT {
            return Ok(());
        }
        match fchown(file, Some(owner_of(&mine).user()), Some(owner_of(&mine).group())) {
            Err(Errno::PERM) => Ok(()),
            other => Ok(other?),
        }
    }

    /// The group of the folder.
    pub fn group(&self) -> io::Result<u32> {
        Ok(fstat(&self.fd)?.st_gid)
    }

    /// Bytes that may still be written to its file system.
    pub fn room(&self) -> io::Result<u64> {
        let found = rustix::fs::fstatvfs(&self.fd)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }

    /// Where a path begins.
    fn beginning(absolute: bool) -> io::Result<Self> {
        let name = if absolute { "/" } else { "." };
        let fd = openat(rustix::fs::CWD, name, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let found = fstat(&fd)?;
        Ok(Self { fd, standing: FolderStanding::RootsAlone.beyond(&found) })
    }

    /// What this folder has under that name, not opened and not followed.
    fn piece(&self, name: &OsStr) -> Result<(OwnedFd, Stat), Errno> {
        let fd = openat(&self.fd, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        let found = fstat(&fd)?;
        Ok((fd, found))
    }

    /// Made with the rights of the owner, so that it is the owner's, and never anything of root's.
    fn make(&self, name: &OsStr, mode: Mode) -> io::Result<()> {
        let _as_owner = self.act_as_owner()?;
        match mkdirat(&self.fd, name, mode) {
            Err(error) if error != Errno::EXIST => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn may_follow(&self, link: &Stat) -> bool {
        !geteuid().is_root() || (matches!(self.standing, FolderStanding::RootsAlone) && link.st_uid == ROOT)
    }
}

impl FolderStanding {
    /// One folder further.
    fn beyond(self, folder: &Stat) -> Self {
        match self {
            _ if folder.st_uid != ROOT => Self::Owned(owner_of(folder)),
            Self::RootsAlone if folder.st_mode & WRITTEN_BY_OTHERS != 0 && folder.st_mode & STICKY == 0 => Self::Shared,
            before => before,
        }
    }
}

fn owner_of(found: &Stat) -> Owner {
    Owner { user: found.st_uid, group: found.st_gid }
}

/// A name with something after it.
pub fn with_ending(name: &OsStr, ending: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(ending);
    name
}

fn pieces(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    path.components().filter_map(|piece| match piece {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    })
}

fn walk(path: &Path, last: Last, missing: Option<Mode>) -> io::Result<(Folder, Option<OsString>)> {
    let mut here = Folder::beginning(path.is_absolute())?;
    let mut rest: VecDeque<OsString> = pieces(path).collect();
    let mut turns = 0;
    while let Some(name) = rest.pop_front() {
        let is_file = last == Last::File && rest.is_empty() && name != "..";
        let (fd, found) = match here.piece(&name) {
            Ok(found) => found,
            Err(Errno::NOENT) if is_file => return Ok((here, Some(name))),
            Err(Errno::NOENT) if missing.is_some() && turns < MOST_TURNS => {
                turns += 1;
                here.make(&name, missing.unwrap_or(Mode::RWXU))?;
                rest.push_front(name);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        match FileType::from_raw_mode(found.st_mode) {
            FileType::Symlink if !here.may_follow(&found) => return Err(planted(path, &name)),
            FileType::Symlink if turns == MOST_TURNS => return Err(Errno::LOOP.into()),
            FileType::Symlink => {
                turns += 1;
                let target = PathBuf::from(OsString::from_vec(readlinkat(&fd, "", Vec::new())?.into_bytes()));
                if target.is_absolute() {
                    // Who can change the link's folder is nobody but root, or we are not root.
                    here = Folder::beginning(true)?;
                }
                pieces(&target).rev().for_each(|piece| rest.push_front(piece));
            }
            _ if is_file => return Ok((here, Some(name))),
            FileType::Directory => here = Folder { fd, standing: here.standing.beyond(&found) },
            _ => return Err(Errno::NOTDIR.into()),
        }
    }
    Ok((here, None))
}

fn planted(path: &Path, name: &OsStr) -> io::Error {
    let (path, name) = (path.display(), name.display());
    let why = format!(
        "on the way to {path}, {name} is a link that somebody else than root may have put there, and root does not \
         follow it: name what it leads to, or run this as the user of the service"
    );
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests;
