//! A log file that can be opened anew while it is written to, so that `logrotate` may move it away.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A log file, shared by its writer and by whoever has it reopened.
#[derive(Debug, Clone)]
pub struct LogFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    file: Mutex<Option<File>>,
    /// Whether lines go to standard error while there is no file.
    stand_in: bool,
}

impl LogFile {
    /// Opens the file, or goes on without it; the error then says why.
    pub fn open(path: &Path, stand_in: bool) -> (Self, Option<io::Error>) {
        let (file, fault) = match open(path) {
            Ok(file) => (Some(file), None),
            Err(e) => (None, Some(e)),
        };
        (Self(Arc::new(Inner { path: path.to_owned(), file: Mutex::new(file), stand_in })), fault)
    }

    /// Opens the file anew. If that fails, the one that is open stays in use.
    pub fn reopen(&self) -> io::Result<()> {
        let file = open(&self.0.path)?;
        *self.file() = Some(file);
        Ok(())
    }

    /// Whether lines have somewhere to go.
    pub fn is_open(&self) -> bool {
        self.file().is_some()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    fn file(&self) -> MutexGuard<'_, Option<File>> {
        self.0.file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o750).create(parent)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.file().as_mut() {
            Some(file) => file.write(line),
            None if self.0.stand_in => io::stderr().write(line),
            None => Ok(line.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.file().as_mut() {
            Some(file) => file.flush(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_moved_away_is_followed_by_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/deep/default.log");
        let (mut file, fault) = LogFile::open(&path, false);
        assert!(fault.is_none());
        file.write_all(b"one\n").unwrap();
        fs::rename(&path, path.with_extension("1")).unwrap();
        file.write_all(b"two\n").unwrap();
        file.reopen().unwrap();
        file.write_all(b"three\n").unwrap();
        assert_eq!(fs::read_to_string(path.with_extension("1")).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o137, 0);
    }

    #[test]
    fn what_is_there_is_appended_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        fs::write(&path, "old\n").unwrap();
        let (mut file, _) = LogFile::open(&path, false);
        file.write_all(b"new\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\nnew\n");
    }

    #[test]
    fn a_file_that_cannot_be_opened_swallows_lines_until_it_can() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("plain");
        fs::write(&blocked, "").unwrap();
        let (mut file, fault) = LogFile::open(&blocked.join("a.log"), false);
        assert!(fault.is_some());
        file.write_all(b"lost\n").unwrap();
        assert!(file.reopen().is_err());
        fs::remove_file(&blocked).unwrap();
        file.reopen().unwrap();
        file.write_all(b"kept\n").unwrap();
        assert_eq!(fs::read_to_string(blocked.join("a.log")).unwrap(), "kept\n");
    }
}
