//! What a killed process has left behind in the journal's files, and which of them are this database's.

use super::file::{FORMAT, Head, JournalProgress, Line, numbers, path};
use crate::domain::CompanyId;
use crate::regular_file;
use crate::store::TimedRecord;
use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

/// Files that belong to another state of the database are called so, with their number: they are read no more.
const SET_ASIDE: &str = "set-aside-journal.";

/// What a directory holds.
#[derive(Debug, Default)]
pub(super) struct LeftBehind {
    /// In order.
    pub steps: Vec<(CompanyId, TimedRecord)>,
    /// The last file whose steps these are, or the one in the database.
    pub last: JournalProgress,
    /// How long the files are.
    pub bytes: u64,
    /// Whether the very last line is incomplete, as a kill leaves it.
    pub cut_off: bool,
    /// Other lines nobody can read: a disk has spoilt them.
    pub unreadable: usize,
    /// Files that do not go on where the database ends, as happens when it was replaced by a backup, and files of another
    /// version: under these names nobody reads them.
    pub set_aside: Vec<PathBuf>,
}

/// A file as it was found.
struct FoundFile {
    head: Option<Head>,
    steps: Vec<(CompanyId, TimedRecord)>,
    bytes: u64,
    cut_off: bool,
    unreadable: usize,
}

impl FoundFile {
    fn read(path: &Path) -> io::Result<Self> {
        let mut found = Self { head: None, steps: Vec::new(), bytes: 0, cut_off: false, unreadable: 0 };
        let mut reader = BufReader::new(regular_file::open(path)?);
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = reader.read_until(b'\n', &mut line)?;
            if length == 0 {
                break;
            }
            found.bytes += length as u64;
            found.take(&line);
        }
        Ok(found)
    }

    fn take(&mut self, line: &[u8]) {
        let whole = line.ends_with(b"\n");
        if let Ok(head) = serde_json::from_slice::<Head>(line) {
            // Repeated where what was written before was torn.
            self.head.get_or_insert(head);
        } else if let (true, Ok(line)) = (self.head.is_some(), serde_json::from_slice::<Line<'_>>(line)) {
            self.steps.push((line.company.into_owned(), line.step.into_owned()));
        } else if !whole {
            self.cut_off = true;
        } else {
            self.unreadable += 1;
        }
    }

    /// Its head, if it can be read at all: of a file with nothing but a piece of a line there is nothing to lose.
    fn head(&self) -> Option<&Head> {
        self.head.as_ref().filter(|head| head.journal == FORMAT)
    }

    fn holds_nothing(&self) -> bool {
        self.head.is_none() && self.unreadable == 0
    }
}

/// Reads the files that go on behind `progress`, and removes those whose contents are in the database for certain.
pub(super) fn left_behind(dir: &Path, progress: &JournalProgress) -> io::Result<LeftBehind> {
    let mut left = LeftBehind { last: progress.clone(), ..LeftBehind::default() };
    let (known, later): (Vec<i64>, Vec<i64>) = numbers(dir)?.into_iter().partition(|number| *number <= progress.number);
    let mut expected = progress.id.clone();
    for number in known.into_iter().rev() {
        let found = FoundFile::read(&path(dir, number))?;
        match found.head() {
            Some(head) if head.id == expected => {
                expected.clone_from(&head.after);
                fs::remove_file(path(dir, number))?;
            }
            None if found.holds_nothing() => fs::remove_file(path(dir, number))?,
            _ => left.set_aside.push(set_aside(dir, number)?),
        }
    }
    for number in later {
        let found = FoundFile::read(&path(dir, number))?;
        let goes_on = number == left.last.number + 1;
        match found.head() {
            Some(head) if goes_on && head.after == left.last.id => {
                left.last = JournalProgress { number, id: head.id.clone() };
                left.bytes += found.bytes;
                left.unreadable += found.unreadable + usize::from(left.cut_off);
                left.cut_off = found.cut_off;
                left.steps.extend(found.steps);
            }
            None if found.holds_nothing() => {
                left.cut_off |= found.cut_off;
                fs::remove_file(path(dir, number))?;
            }
            _ => left.set_aside.push(set_aside(dir, number)?),
        }
    }
    Ok(left)
}

fn set_aside(dir: &Path, number: i64) -> io::Result<PathBuf> {
    let name = |again: u32| match again {
        0 => dir.join(format!("{SET_ASIDE}{number}")),
        again => dir.join(format!("{SET_ASIDE}{number}.{again}")),
    };
    let mut again = 0;
    let free = loop {
        let path = name(again);
        if !path.exists() {
            break path;
        }
        again += 1;
    };
    fs::rename(path(dir, number), &free)?;
    Ok(free)
}

/// Removes the files set aside that hold something of this company; tells which.
pub(super) fn forget_set_aside(dir: &Path, company: &CompanyId) -> io::Result<Vec<PathBuf>> {
    let mut gone = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let is_set_aside = path.file_name().and_then(|name| name.to_str()).is_some_and(|n| n.starts_with(SET_ASIDE));
        // Nobody reads these files any more: what else is in them is not worth keeping somebody's data for.
        if is_set_aside && FoundFile::read(&path)?.steps.iter().any(|(owner, _)| owner == company) {
            fs::remove_file(&path)?;
            gone.push(path);
        }
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::super::file::line;
    use super::super::file::tests::{first, tear};
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

    fn steps(numbers: impl IntoIterator<Item = i64>) -> Vec<(CompanyId, TimedRecord)> {
        numbers.into_iter().map(|n| ("m".into(), step(n))).collect()
    }

    /// Three files of two steps each; returns how far the database would be after each.
    fn three_files(dir: &Path) -> Vec<JournalProgress> {
        let mut file = first(dir);
        let mut after = Vec::new();
        for n in 0..6 {
            file.append(&line(&"m".into(), &step(n))).unwrap();
            if n % 2 == 1 {
                after.push(file.next());
            }
        }
        file.close();
        after
    }

    fn files(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_was_written_is_read_again_in_its_order_and_what_is_in_the_database_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let after = three_files(dir.path());
        let left = left_behind(dir.path(), &JournalProgress::default()).unwrap();
        assert_eq!((said(&left.steps), &left.last), (said(&steps(0..6)), &after[2]));
        assert_eq!((left.unreadable, left.cut_off, left.set_aside.len()), (0, false, 0));
        assert!(left.bytes > 0);
        let left = left_behind(dir.path(), &after[1]).unwrap();
        assert_eq!((said(&left.steps), files(dir.path())), (said(&steps(4..6)), vec!["journal.3".into()]));
        assert!(left_behind(dir.path(), &after[2]).unwrap().steps.is_empty());
        assert!(files(dir.path()).is_empty());
    }

    #[test]
    fn a_line_that_was_cut_off_costs_nobody_else_anything() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = first(dir.path());
        let whole = line(&"m".into(), &step(2));
        file.append(&line(&"m".into(), &step(1))).unwrap();
        tear(&mut file, &whole[..whole.len() / 2]);
        file.append(&line(&"m".into(), &step(3))).unwrap();
        file.append(&whole[..40]).unwrap();
        let left = left_behind(dir.path(), &JournalProgress::default()).unwrap();
        assert_eq!(said(&left.steps), said(&steps([1, 3])));
        assert_eq!((left.unreadable, left.cut_off), (1, true), "the last one is what a kill leaves");
    }

    #[test]
    fn files_of_another_life_of_the_database_are_neither_read_nor_removed() {
        let other = || JournalProgress { number: 2, id: "other".into() };
        for progress in [other(), JournalProgress { number: 100, ..other() }, JournalProgress { number: 0, ..other() }]
        {
            let dir = tempfile::tempdir().unwrap();
            three_files(dir.path());
            let left = left_behind(dir.path(), &progress).unwrap();
            assert!(left.steps.is_empty() && left.last == progress, "{progress:?}");
            assert_eq!(left.set_aside.len(), 3, "{progress:?}");
            assert!(files(dir.path()).iter().all(|name| name.starts_with(SET_ASIDE)), "{progress:?}");
        }
    }

    #[test]
    fn files_behind_a_gap_and_files_of_another_version_are_set_aside_under_names_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let after = three_files(dir.path());
        fs::remove_file(path(dir.path(), 2)).unwrap();
        fs::write(path(dir.path(), 4), "{\"journal\":99,\"id\":\"x\",\"after\":\"y\"}\n").unwrap();
        fs::write(dir.path().join(format!("{SET_ASIDE}3")), "older").unwrap();
        let left = left_behind(dir.path(), &JournalProgress::default()).unwrap();
        assert_eq!((said(&left.steps), left.last), (said(&steps(0..2)), after[0].clone()));
        let names = ["journal.1", "set-aside-journal.3", "set-aside-journal.3.1", "set-aside-journal.4"];
        assert_eq!(files(dir.path()), names);
    }

    #[test]
    fn what_was_set_aside_goes_with_the_company_that_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        three_files(dir.path());
        left_behind(dir.path(), &JournalProgress { number: 0, id: "other".into() }).unwrap();
        assert_eq!(forget_set_aside(dir.path(), &"stranger".into()).unwrap().len(), 0);
        assert_eq!(forget_set_aside(dir.path(), &"m".into()).unwrap().len(), 3);
        assert!(files(dir.path()).is_empty());
    }

    #[test]
    fn a_file_with_nothing_but_a_piece_of_its_head_is_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(path(dir.path(), 1), "{\"journal\":1,\"id\":\"x").unwrap();
        fs::write(path(dir.path(), 2), "").unwrap();
        let left = left_behind(dir.path(), &JournalProgress::default()).unwrap();
        assert!(left.cut_off && left.unreadable == 0 && left.set_aside.is_empty() && files(dir.path()).is_empty());
    }
}
