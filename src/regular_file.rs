//! Reading a small file that somebody names: a FIFO that nobody writes to, a device that never ends, a folder or a file of
//! many gigabytes is refused with its reason, and never waited for.

use rustix::fs::OFlags;
use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The contents of the regular file behind `path` (links are followed), if they are not longer than `most` bytes.
///
/// What is found out before opening keeps devices untouched; what counts is asked of the open file, as another one may
/// stand there by then.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_open(open(path)?, most)
}

/// The contents of an open file, if it is a regular one and not longer than `most` bytes.
pub fn read_open(file: File, most: u64) -> io::Result<Vec<u8>> {
    let found = file.metadata()?;
    regular(&found)?;
    read_measured(file, found.len(), most)
}

/// The regular file behind `path`, open for reading, however long it is.
pub fn open(path: &Path) -> io::Result<File> {
    regular(&path.metadata()?)?;
    let file = OpenOptions::new().read(true).custom_flags(flags()).open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// Refuses what is there and no regular file, without opening it; that nothing is there is no fault.
pub fn check(path: &Path) -> io::Result<()> {
    match path.metadata() {
        Ok(found) => regular(&found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// As [`read`], for text in UTF-8.
pub fn read_text(path: &Path, most: u64) -> io::Result<String> {
    String::from_utf8(read(path, most)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// Opening a FIFO waits for its other end, and a terminal may become the process's own, unless one says otherwise.
pub fn flags() -> i32 {
    i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC).bits()).unwrap_or_default()
}

fn read_measured(file: File, length: u64, most: u64) -> io::Result<Vec<u8>> {
    let too_long = || io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {most} bytes"));
    if length > most {
        return Err(too_long());
    }
    // It may grow meanwhile, and files of /proc give no length.
    let mut contents = Vec::new();
    file.take(most + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > most { Err(too_long()) } else { Ok(contents) }
}

/// Refuses everything else; the error says what it is.
pub fn regular(found: &Metadata) -> io::Result<()> {
    let kind = found.file_type();
    if kind.is_file() {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {}, not a regular file", name_of(kind))))
}

fn name_of(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a named pipe (FIFO)"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType as Kind, Mode, mknodat};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    #[test]
    fn only_regular_files_of_a_sane_length_are_read_and_nothing_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("fits"), "1234").unwrap();
        fs::write(at("long"), "12345").unwrap();
        File::create(at("huge")).unwrap().set_len(1 << 40).unwrap();
        fs::write(at("latin"), b"\xe4").unwrap();
        mknodat(CWD, at("pipe"), Kind::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        symlink("fits", at("link")).unwrap();
        symlink("pipe", at("link to a pipe")).unwrap();
        symlink("/dev/zero", at("link to a device")).unwrap();
        assert_eq!(read(&at("fits"), 4).unwrap(), b"1234");
        assert_eq!(read(&at("link"), 4).unwrap(), b"1234");
        for (name, why) in [
            ("long", "longer than 4 bytes"),
            ("huge", "longer than 4 bytes"),
            ("pipe", "a named pipe"),
            ("link to a pipe", "a named pipe"),
            ("link to a device", "a device"),
            ("socket", "a socket"),
            (".", "a folder"),
            ("none", "No such file"),
        ] {
            let error = read(&at(name), 4).unwrap_err().to_string();
            assert!(error.contains(why), "{name}: {error}");
        }
        for (name, good) in [("huge", true), ("link", true), ("pipe", false), ("link to a device", false), (".", false)]
        {
            assert_eq!((open(&at(name)).is_ok(), check(&at(name)).is_ok()), (good, good), "{name}");
        }
        assert!(check(&at("none")).is_ok() && open(&at("none")).is_err());
        assert!(read_text(&at("latin"), 4).unwrap_err().to_string().contains("UTF-8"));
    }

    #[test]
    fn a_file_without_a_known_length_is_measured_as_it_is_read() {
        assert!(read(Path::new("/proc/self/status"), 1 << 20).unwrap().len() > 4);
        assert_eq!(read(Path::new("/proc/self/status"), 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
