//! Steps as they are written down at once: one line of JSON each, at the end of a file beside the database.
//!
//! Such a line takes microseconds where the database takes a hundred times as long, and a killed process leaves it
//! behind all the same: it is in the kernel's hands when the call returns. The files are numbered, and each says in its
//! first line who it is and after which one it was begun: what stands in those up to the one that the table `progress`
//! names is in the database.

use crate::clock::random_token;
use crate::domain::CompanyId;
use crate::ownership::{flags, give_to_owner_of_folder};
use crate::store::TimedRecord;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The files are called so, with their number.
pub(super) const NAME: &str = "journal.";
/// How the lines are to be read; another version's files are left alone.
pub(super) const FORMAT: u32 = 1;
/// Of what cannot be moved into the database no more is written down than this; the rest waits in memory only.
const MOST_BYTES: u64 = 256 << 20;

/// The first line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// How the others are to be read.
    pub journal: u32,
    /// Given to no other file.
    pub id: String,
    /// The file before it; empty where there was none.
    pub after: String,
}

/// Every other line.
#[derive(Serialize, Deserialize)]
pub(super) struct Line<'a> {
    pub company: Cow<'a, CompanyId>,
    pub step: Cow<'a, TimedRecord>,
}

/// How far the journal is in the database: up to this file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::store) struct JournalProgress {
    pub number: i64,
    /// Empty before the first one.
    pub id: String,
}

/// A step as a line of the file.
pub(super) fn line(company: &CompanyId, step: &TimedRecord) -> Vec<u8> {
    written(&Line { company: Cow::Borrowed(company), step: Cow::Borrowed(step) })
}

fn written(line: &impl Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec(line).expect("heads and steps are plain data");
    text.push(b'\n');
    text
}

/// The file that is written now.
#[derive(Debug)]
pub(super) struct JournalFile {
    dir: PathBuf,
    /// The file before this one, as the database will know it.
    before: JournalProgress,
    id: String,
    /// The first that is still needed.
    oldest: i64,
    state: FileState,
    /// In this file …
    bytes: u64,
    /// … and in those before that are still needed.
    bytes_before: u64,
    /// That a file cannot be removed was said.
    complained: bool,
}

#[derive(Debug)]
enum FileState {
    NotOpen,
    /// Open, and nothing is in it.
    Empty(File),
    /// Its head is in it.
    Begun(File),
    /// Its last line may be incomplete.
    Torn(File),
    /// Nothing more is written.
    Closed,
}

impl JournalFile {
    /// The first one is written after `before`; those from `oldest` on are still needed and hold so many bytes.
    pub fn new(dir: &Path, oldest: i64, before: JournalProgress, bytes_before: u64) -> Self {
        let (id, state) = (random_token(), FileState::NotOpen);
        Self { dir: dir.to_owned(), before, id, oldest, state, bytes: 0, bytes_before, complained: false }
    }

    /// Adds a line made by [`line()`]. Returns at once: only a disk that cannot keep up with the kernel's own writing could
    /// make it wait.
    pub fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.bytes + self.bytes_before > MOST_BYTES {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        self.open()?;
        let (id, after) = (&self.id, &self.before.id);
        let head = || written(&Head { journal: FORMAT, id: id.clone(), after: after.clone() });
        let (mut file, head, gap) = match std::mem::replace(&mut self.state, FileState::NotOpen) {
            FileState::Empty(file) => (file, head(), ""),
            // What is torn may be the head: it stands in front of each new beginning.
            FileState::Torn(file) => (file, head(), "\n"),
            FileState::Begun(file) => (file, Vec::new(), ""),
            closed @ (FileState::Closed | FileState::NotOpen) => {
                self.state = closed;
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        };
        let written = if head.is_empty() {
            file.write_all(line)
        } else {
            file.write_all(&[gap.as_bytes(), &head, line].concat())
        };
        self.state = if written.is_ok() { FileState::Begun(file) } else { FileState::Torn(file) };
        self.bytes += line.len() as u64;
        written
    }

    /// Sees to it that there is a file to write to. An error says that steps are in memory only.
    pub fn open(&mut self) -> io::Result<()> {
        match self.state {
            FileState::NotOpen => self.state = FileState::Empty(create(&path(&self.dir, self.number()))?),
            FileState::Closed => return Err(io::ErrorKind::BrokenPipe.into()),
            FileState::Empty(_) | FileState::Begun(_) | FileState::Torn(_) => {}
        }
        Ok(())
    }

    const fn number(&self) -> i64 {
        self.before.number + 1
    }

    /// From now on the next file is written, if this one was begun; returns the one before. The next one is made now, as no
    /// call should wait for that.
    pub fn next(&mut self) -> JournalProgress {
        if self.bytes > 0 {
            self.bytes_before += std::mem::take(&mut self.bytes);
            self.before =
                JournalProgress { number: self.number(), id: std::mem::replace(&mut self.id, random_token()) };
            if !matches!(self.state, FileState::Closed) {
                self.state = create(&path(&self.dir, self.number())).map_or(FileState::NotOpen, FileState::Empty);
            }
        }
        self.before.clone()
    }

    /// Whether the database would tell by this number that something was moved: where no file could be made, it has had
    /// that number before.
    pub fn is_new(&self, number: i64) -> bool {
        number >= self.oldest
    }

    /// Everything up to this file, which was the one before, is in the database. What cannot be removed now is next time.
    pub fn done(&mut self, number: i64) {
        while self.oldest <= number {
            let path = path(&self.dir, self.oldest);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    if !std::mem::replace(&mut self.complained, true) {
                        let file = path.display();
                        tracing::warn!(%file, %error, "a part of the journal that is in the database cannot be removed");
                    }
                    return;
                }
                _ => self.oldest += 1,
            }
        }
        self.bytes_before = 0;
    }

    /// Nothing more is written; leaves no empty file behind.
    pub fn close(&mut self) {
        let state = std::mem::replace(&mut self.state, FileState::Closed);
        if self.bytes == 0 && !matches!(state, FileState::NotOpen | FileState::Closed) {
            let _ = fs::remove_file(path(&self.dir, self.number()));
        }
    }
}

fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags(path)?).open(path)?;
    give_to_owner_of_folder(&file, path)?;
    Ok(file)
}

/// Where the file with this number is.
pub(super) fn path(dir: &Path, number: i64) -> PathBuf {
    dir.join(format!("{NAME}{number}"))
}

/// The numbers of the files in a directory, in order.
pub(super) fn numbers(dir: &Path) -> io::Result<Vec<i64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.strip_prefix(NAME)?.parse::<i64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The newest file that holds something.
pub(super) fn newest(dir: &Path) -> io::Result<Option<i64>> {
    let holds = |number: &i64| path(dir, *number).metadata().is_ok_and(|file| file.len() > 0);
    Ok(numbers(dir)?.into_iter().rfind(holds))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file in an empty directory.
    pub fn first(dir: &Path) -> JournalFile {
        JournalFile::new(dir, 1, JournalProgress::default(), 0)
    }

    /// Leaves the last line incomplete.
    pub fn tear(file: &mut JournalFile, part: &[u8]) {
        file.append(part).unwrap();
        let FileState::Begun(open) = std::mem::replace(&mut file.state, FileState::NotOpen) else {
            panic!("not begun")
        };
        file.state = FileState::Torn(open);
    }

    #[test]
    fn too_much_is_refused_until_it_is_in_the_database() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = first(dir.path());
        file.append(b"x\n").unwrap();
        file.bytes = MOST_BYTES + 1;
        assert!(file.append(b"x\n").is_err());
        let before = file.next();
        assert_eq!(
            (before.number, file.next()),
            (1, before.clone()),
            "a file that nothing was written to has no number"
        );
        assert!(file.append(b"x\n").is_err(), "it is not in the database yet");
        file.done(before.number);
        file.append(b"x\n").unwrap();
    }

    #[test]
    fn what_was_left_before_counts() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = JournalFile::new(dir.path(), 1, JournalProgress::default(), MOST_BYTES + 1);
        assert!(file.append(b"x\n").is_err());
    }

    #[test]
    fn nothing_is_written_after_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = first(dir.path());
        file.open().unwrap();
        file.close();
        assert!(file.append(b"x\n").is_err() && file.open().is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    /// What stands in its way is as hard to remove as a file of somebody else on a read-only disk.
    #[test]
    fn what_cannot_be_removed_is_tried_again_and_nothing_behind_it_is_removed_before() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = first(dir.path());
        file.append(b"x\n").unwrap();
        fs::remove_file(path(dir.path(), 1)).unwrap();
        fs::create_dir(path(dir.path(), 1)).unwrap();
        let first = file.next();
        file.append(b"x\n").unwrap();
        let second = file.next();
        file.done(first.number);
        file.done(second.number);
        assert_eq!(numbers(dir.path()).unwrap(), [1, 2, 3]);
        fs::remove_dir(path(dir.path(), 1)).unwrap();
        file.done(second.number);
        assert_eq!(numbers(dir.path()).unwrap(), [3]);
    }
}
