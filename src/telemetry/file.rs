//! A log file that can be opened again while it is written to, so that `logrotate` may move it away.
//!
//! When it cannot be written (a full disk), lines are lost and counted, the trouble is reported on standard error,
//! which the system's journal keeps, and work goes on.

use crate::ownership::{flags, give_to_owner_of_folder, make_folder};
use crate::regular_file;
use rustix::fs::{major, minor};
use std::fmt::Display;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A log file, shared by its writer and by those who have it reopened.
#[derive(Debug, Clone)]
pub struct LogFile(Arc<FileInner>);

#[derive(Debug)]
struct FileInner {
    path: PathBuf,
    state: Mutex<State>,
    options: FileOptions,
}

/// What to do where the file is of no use.
#[derive(Debug, Clone, Copy, Default)]
pub struct FileOptions {
    /// Whether lines go to standard error while there is no file.
    pub stand_in: bool,
    /// Whether standard error is read by the system's journal: mark priorities.
    pub journal: bool,
}

#[derive(Debug)]
struct State {
    file: Option<File>,
    /// Lines lost since writing began to fail.
    lost: Option<u64>,
}

impl LogFile {
    /// Opens the file, or goes on without it; the error then says why.
    pub fn open(path: &Path, options: FileOptions) -> (Self, Option<io::Error>) {
        let (file, fault) = match open(path) {
            Ok(file) => (Some(file), None),
            Err(e) => (None, Some(e)),
        };
        let state = Mutex::new(State { file, lost: None });
        (Self(Arc::new(FileInner { path: path.to_owned(), state, options })), fault)
    }

    /// Opens the file again. If that fails, the one that is open stays in use.
    pub fn reopen(&self) -> io::Result<()> {
        let file = open(&self.0.path)?;
        self.state().file = Some(file);
        Ok(())
    }

    /// Whether lines have somewhere to go.
    pub fn is_open(&self) -> bool {
        self.state().file.is_some()
    }

    pub fn path(&self) -> &Path {
        &self.0.path
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Complains on standard error: the log itself is what does not work.
    fn report(&self, priority: u8, what: impl Display) {
        let mark = if self.0.options.journal { format!("<{priority}>") } else { String::new() };
        let _ = writeln!(io::stderr(), "{mark}the log file {} {what}", self.0.path.display());
    }
}

fn open(path: &Path) -> io::Result<File> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_folder(parent, 0o750)?;
    }
    refuse_unfit(path)?;
    // Somebody may put a FIFO there now, and opening that must not wait for a reader.
    let flags = flags(path)? | regular_file::flags();
    let file = OpenOptions::new().append(true).create(true).mode(0o640).custom_flags(flags).open(path)?;
    fit(&file.metadata()?)?;
    give_to_owner_of_folder(&file, path)?;
    Ok(file)
}

/// Refuses a device or a pipe, without opening it. That nothing is there is no fault.
pub fn refuse_unfit(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(found) if !found.is_dir() => fit(&found),
        // A folder in the way, or whatever else is wrong, is reported when the file is opened, and stops nobody.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A log is a regular file. Who wants none names `/dev/null`; `/dev/full` is as honest about losing lines. A FIFO would
/// wait for its reader, and other devices swallow lines or do something with them.
fn fit(found: &Metadata) -> io::Result<()> {
    /// Memory devices of the kernel (`Documentation/admin-guide/devices.txt`).
    const MEMORY: u32 = 1;
    const NULL_AND_FULL: [u32; 2] = [3, 7];
    let device = found.rdev();
    let harmless = major(device) == MEMORY && NULL_AND_FULL.contains(&minor(device));
    if found.file_type().is_char_device() && harmless { Ok(()) } else { regular_file::regular(found) }
}

impl Write for LogFile {
    /// Takes a whole line, and never fails: there is nobody who could do better.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        let failing = state.lost.is_some();
        let Some(file) = state.file.as_mut() else {
            drop(state);
            if self.0.options.stand_in {
                let _ = io::stderr().write_all(line);
            }
            return Ok(line.len());
        };
        // What was written last may have ended in the middle of a line.
        let written = if failing { file.write_all(b"\n") } else { Ok(()) }.and_then(|()| file.write_all(line));
        match (written, state.lost) {
            (Ok(()), None) => {}
            (Ok(()), Some(lost)) => {
                state.lost = None;
                drop(state);
                self.report(4, format_args!("is written again; {lost} lines were lost"));
            }
            (Err(_), Some(lost)) => state.lost = Some(lost + 1),
            (Err(error), None) => {
                state.lost = Some(1);
                drop(state);
                self.report(3, format_args!("cannot be written ({error}); its lines are lost until that is put right"));
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.state().file.as_mut() {
            Some(file) => file.flush(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ownership::{folder_of_another, strangers};
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    const PLAIN: FileOptions = FileOptions { stand_in: false, journal: false };

    #[test]
    fn a_file_moved_away_is_followed_by_a_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/deep/default.log");
        let (mut file, fault) = LogFile::open(&path, PLAIN);
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
    fn a_log_that_root_begins_in_a_folder_of_the_services_is_the_services() {
        let Some(dir) = folder_of_another() else { return };
        let (_, fault) = LogFile::open(&dir.path().join("new/default.log"), PLAIN);
        assert!(fault.is_none());
        assert_eq!(strangers(dir.path()), Vec::<PathBuf>::new());
    }

    #[test]
    fn what_is_there_is_appended_to() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        fs::write(&path, "old\n").unwrap();
        let (mut file, _) = LogFile::open(&path, PLAIN);
        file.write_all(b"new\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old\nnew\n");
    }

    #[test]
    fn a_file_that_cannot_be_opened_swallows_lines_until_it_can() {
        let dir = tempfile::tempdir().unwrap();
        let blocked = dir.path().join("plain");
        fs::write(&blocked, "").unwrap();
        let (mut file, fault) = LogFile::open(&blocked.join("a.log"), PLAIN);
        assert!(fault.is_some());
        file.write_all(b"lost\n").unwrap();
        assert!(file.reopen().is_err());
        fs::remove_file(&blocked).unwrap();
        file.reopen().unwrap();
        file.write_all(b"kept\n").unwrap();
        assert_eq!(fs::read_to_string(blocked.join("a.log")).unwrap(), "kept\n");
    }

    #[test]
    fn only_files_become_logs_and_nothing_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let (file, fault) = LogFile::open(&path, PLAIN);
        assert!(!file.is_open() && fault.unwrap().to_string().contains("a named pipe"));
        for (other, fits) in [("/dev/zero", false), ("/dev", true), ("/dev/null", true), ("/none/at/all", true)] {
            assert_eq!(refuse_unfit(Path::new(other)).is_ok(), fits, "{other}");
        }
        fs::remove_file(&path).unwrap();
        file.reopen().unwrap();
        assert!(file.is_open());
    }

    #[test]
    fn a_full_disk_costs_lines_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        symlink("/dev/full", &path).unwrap();
        let (mut file, fault) = LogFile::open(&path, PLAIN);
        assert!(fault.is_none());
        for _ in 0..3 {
            file.write_all(b"lost\n").unwrap();
        }
        assert_eq!(file.state().lost, Some(3));
        fs::remove_file(&path).unwrap();
        file.reopen().unwrap();
        file.write_all(b"kept\n").unwrap();
        assert_eq!(file.state().lost, None);
        assert_eq!(fs::read_to_string(&path).unwrap(), "\nkept\n");
    }
}
