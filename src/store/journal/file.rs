//! Steps as they are written down at once: one line of JSON each, at the end of a file beside the database.
//!
//! Such a line takes microseconds where the database takes a hundred times as long, and a killed process leaves it
//! behind all the same: it is in the kernel's hands when the call returns. The files are numbered; what stands in those
//! up to the number in the table `progress` is in the database.

use crate::domain::CompanyId;
use crate::ownership::{flags, give_to_owner_of_folder};
use crate::regular_file;
use crate::store::TimedRecord;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The files are called so, with their number …
const NAME: &str = "journal.";
/// … and those that belong to another state of the database so.
const SET_ASIDE: &str = "set-aside-journal.";
/// Of what cannot be moved into the database no more is written down than this; the rest waits in memory only.
const MOST_BYTES: u64 = 256 << 20;

#[derive(Serialize, Deserialize)]
struct Line<'a> {
    company: Cow<'a, CompanyId>,
    step: Cow<'a, TimedRecord>,
}

/// A step as a line of the file.
pub(super) fn line(company: &CompanyId, step: &TimedRecord) -> Vec<u8> {
    let line = Line { company: Cow::Borrowed(company), step: Cow::Borrowed(step) };
    let mut text = serde_json::to_vec(&line).expect("steps are plain data");
    text.push(b'\n');
    text
}

/// The file that is written now.
#[derive(Debug)]
pub(super) struct JournalFile {
    dir: PathBuf,
    number: i64,
    /// The first that is still needed.
    oldest: i64,
    open: Option<OpenFile>,
    /// In this file …
    bytes: u64,
    /// … and in those before that are still needed.
    bytes_before: u64,
}

#[derive(Debug)]
struct OpenFile {
    file: File,
    /// The last line may be incomplete.
    torn: bool,
}

impl JournalFile {
    /// This file is written first; those from `oldest` on are still needed.
    pub fn new(dir: &Path, oldest: i64, number: i64) -> Self {
        Self { dir: dir.to_owned(), number, oldest, open: None, bytes: 0, bytes_before: 0 }
    }

    /// Adds a line made by [`line()`]. Returns at once: only a disk that cannot keep up with the kernel's own writing could
    /// make it wait.
    pub fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.bytes + self.bytes_before > MOST_BYTES {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let open = match &mut self.open {
            Some(open) => open,
            None => self.open.insert(OpenFile { file: create(&path(&self.dir, self.number))?, torn: false }),
        };
        let written = if open.torn { open.file.write_all(b"\n") } else { Ok(()) };
        let written = written.and_then(|()| open.file.write_all(line));
        open.torn = written.is_err();
        self.bytes += line.len() as u64;
        written
    }

    /// From now on the next file is written, if this one was begun; returns the number of the one before. The next one is
    /// made now, as no call should wait for that.
    pub fn next(&mut self) -> i64 {
        if self.bytes > 0 {
            self.bytes_before += std::mem::take(&mut self.bytes);
            self.number += 1;
            self.open = create(&path(&self.dir, self.number)).ok().map(|file| OpenFile { file, torn: false });
        }
        self.number - 1
    }

    /// Whether the database would tell by this number that something was moved: where no file could be made, it has had
    /// that number before.
    pub fn is_new(&self, number: i64) -> bool {
        number >= self.oldest
    }

    /// Everything up to this file, which was the one before, is in the database.
    pub fn done(&mut self, number: i64) {
        self.bytes_before = 0;
        for number in self.oldest..=number {
            // One that cannot be removed now is at the next start.
            let _ = fs::remove_file(path(&self.dir, number));
        }
        self.oldest = number + 1;
    }

    /// Nothing more is written; leaves no empty file behind.
    pub fn close(&mut self) {
        if self.open.take().is_some() && self.bytes == 0 {
            let _ = fs::remove_file(path(&self.dir, self.number));
        }
    }
}

fn create(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags(path)?).open(path)?;
    give_to_owner_of_folder(&file, path)?;
    Ok(file)
}

fn path(dir: &Path, number: i64) -> PathBuf {
    dir.join(format!("{NAME}{number}"))
}

/// The numbers of the files in a directory, in order.
fn numbers(dir: &Path) -> io::Result<Vec<i64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.strip_prefix(NAME)?.parse::<i64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn remove(dir: &Path, up_to: i64) -> io::Result<()> {
    for number in numbers(dir)?.into_iter().filter(|number| *number <= up_to) {
        fs::remove_file(path(dir, number))?;
    }
    Ok(())
}

/// The newest file that holds something.
pub(super) fn newest(dir: &Path) -> io::Result<Option<i64>> {
    let holds = |number: &i64| path(dir, *number).metadata().is_ok_and(|file| file.len() > 0);
    Ok(numbers(dir)?.into_iter().rfind(holds))
}

/// What a directory holds.
#[derive(Debug, Default)]
pub(super) struct LeftBehind {
    /// In order.
    pub steps: Vec<(CompanyId, TimedRecord)>,
    /// The last file.
    pub last: i64,
    /// Lines nobody can read: the last one a kill has cut off, others a disk has spoilt.
    pub unreadable: usize,
    /// Files that do not go on where the database ends, as happens when it was replaced by a backup: under these names
    /// they are read no more.
    pub set_aside: Vec<PathBuf>,
}

/// Reads the files that go on behind `progress`, and removes those before.
pub(super) fn left_behind(dir: &Path, progress: i64) -> io::Result<LeftBehind> {
    remove(dir, progress)?;
    let mut left = LeftBehind { last: progress, ..LeftBehind::default() };
    for number in numbers(dir)? {
        let path = path(dir, number);
        if number != left.last + 1 {
            let aside = dir.join(format!("{SET_ASIDE}{number}"));
            fs::rename(&path, &aside)?;
            left.set_aside.push(aside);
            continue;
        }
        left.last = number;
        for line in BufReader::new(regular_file::open(&path)?).split(b'\n') {
            match serde_json::from_slice::<Line<'_>>(&line?) {
                Ok(line) => left.steps.push((line.company.into_owned(), line.step.into_owned())),
                Err(_) => left.unreadable += 1,
            }
        }
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CallKey, Timestamp};
    use crate::store::{CallUpdate, EventId, IntentId, NewIntent, Record, TraceLine};

    fn step(n: i64) -> TimedRecord {
        let key = CallKey::new(format!("c{n}"));
        let record = Record {
            calls: vec![CallUpdate { key: key.clone(), body: "{\"a\":\"\\n\"}".into(), ended_at: Some(Timestamp(3)) }],
            intents: vec![NewIntent { lane: "l".into(), call: key.clone(), body: "{}".into() }],
            trace: vec![TraceLine { call: key, at: Timestamp(n), text: "звонок".into() }],
            settled: vec![IntentId(7)],
            crm_ids: vec![("l".into(), "crm".into())],
            handled: vec![EventId(9)],
        };
        TimedRecord { at: Timestamp(n), record, ids: vec![IntentId(n)] }
    }

    fn said(steps: &[(CompanyId, TimedRecord)]) -> Vec<String> {
        steps.iter().map(|(company, step)| format!("{company} {step:?}")).collect()
    }

    #[test]
    fn what_was_written_is_read_again_in_its_order_and_what_is_in_the_database_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = JournalFile::new(dir.path(), 5, 5);
        for n in 0..4 {
            file.append(&line(&"m".into(), &step(n))).unwrap();
            if n % 2 == 1 {
                file.next();
            }
        }
        let left = left_behind(dir.path(), 4).unwrap();
        let all: Vec<_> = (0..4).map(|n| (CompanyId::from("m"), step(n))).collect();
        assert_eq!((said(&left.steps), left.last, left.unreadable), (said(&all), 7, 0), "the last one is empty");
        file.done(5);
        let left = left_behind(dir.path(), 5).unwrap();
        assert_eq!(said(&left.steps), said(&all[2..]));
        assert!(left_behind(dir.path(), 6).unwrap().steps.is_empty());
        file.close();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_line_that_was_cut_off_costs_nobody_else_anything() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = JournalFile::new(dir.path(), 1, 1);
        file.append(&line(&"m".into(), &step(1))).unwrap();
        let whole = line(&"m".into(), &step(2));
        file.append(&whole[..whole.len() / 2]).unwrap();
        file.open.as_mut().unwrap().torn = true;
        file.append(&line(&"m".into(), &step(3))).unwrap();
        file.append(&whole[..40]).unwrap();
        let left = left_behind(dir.path(), 0).unwrap();
        assert_eq!(said(&left.steps), said(&[("m".into(), step(1)), ("m".into(), step(3))]));
        assert_eq!(left.unreadable, 2);
    }

    #[test]
    fn files_of_a_later_time_than_the_database_are_not_taken_for_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = JournalFile::new(dir.path(), 9, 9);
        file.append(&line(&"m".into(), &step(1))).unwrap();
        let left = left_behind(dir.path(), 3).unwrap();
        assert!(left.steps.is_empty() && left.last == 3);
        let aside = dir.path().join("set-aside-journal.9");
        assert!(left.set_aside == [aside.clone()] && aside.exists());
        assert!(left_behind(dir.path(), 8).unwrap().steps.is_empty());
    }

    #[test]
    fn too_much_is_refused_until_it_is_in_the_database() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = JournalFile::new(dir.path(), 1, 1);
        file.append(b"x\n").unwrap();
        file.bytes = MOST_BYTES + 1;
        assert!(file.append(b"x\n").is_err());
        let before = file.next();
        assert_eq!((before, file.next()), (1, 1), "a file that nothing was written to has no number");
        file.done(before);
        file.append(b"x\n").unwrap();
    }
}
