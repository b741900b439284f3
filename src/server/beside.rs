//! The name a Unix socket is bound under before it is renamed to its own.
//!
//! A socket never forgets that name, so it also shows whose socket a path leads to: see [`super::inherit`].

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

/// `~` and three letters or digits: as much as the longest path we allow leaves room for.
const MARK: u8 = b'~';
const MARKED: usize = 4;
const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A name beside `path` that was not used lately, after removing what earlier attempts have left there.
pub fn beside(path: &Path) -> io::Result<PathBuf> {
    remove_left(path)?;
    let mut random = [0; MARKED - 1];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random)
        .map_err(|_| io::Error::other("the system gives no random numbers"))?;
    let mut name = path.as_os_str().as_bytes().to_vec();
    name.push(MARK);
    name.extend(random.map(|byte| LETTERS[usize::from(byte) % LETTERS.len()]));
    Ok(OsString::from_vec(name).into())
}

/// The path that a socket bound under `name` was renamed to; `name` itself if it is not one of ours.
pub fn own_path(name: &Path) -> PathBuf {
    let bytes = name.as_os_str().as_bytes();
    let own = bytes.len().checked_sub(MARKED).filter(|length| is_mark(&bytes[*length..]));
    own.map_or_else(|| name.to_owned(), |length| OsString::from_vec(bytes[..length].to_vec()).into())
}

fn is_mark(end: &[u8]) -> bool {
    end.first() == Some(&MARK) && end[1..].iter().all(|letter| LETTERS.contains(letter))
}

fn remove_left(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let is_left = entry.file_name() != path.file_name().unwrap_or_default()
            && own_path(Path::new(&entry.file_name())).file_name() == path.file_name();
        if is_left && entry.file_type()?.is_socket() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("http");
        let name = beside(&path).unwrap();
        assert_eq!(own_path(&name), path);
        assert_eq!(name.as_os_str().len(), path.as_os_str().len() + MARKED);
        for other in ["/run/http", "/run/http.new", "/run/http~ab", "/run/http~abcd", "/run/http~a/b", "~ab", ""] {
            assert_eq!(own_path(Path::new(other)), Path::new(other), "{other}");
        }
    }
}
