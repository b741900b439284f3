//! A complete number in a text: where it begins, where it ends, and which of its digits are dialled.
//!
//! Digits are put together only in groups that people use for one number. What is longer than an internal number and
//! in no such groups is [`Reading::Unclear`].

use super::groups::{Group, GroupJoint, runs};
use super::words::{Meaning, meaning};

/// From this many digits on a number is complete.
pub(super) const COMPLETE: usize = 7;
/// Most digits dialled: fifteen of E.164 and a prefix.
const MAX_DIGITS: usize = 20;
/// Longest number: E.164.
const LONGEST: usize = 15;
/// This many digits before a complete number are a room, a place in a list; more are a number.
const MOST_SKIPPED: usize = 4;

/// Country codes whose numbers are all equally long, and that length with the code (ITU-T E.164, national numbering
/// plans): after it something else begins.
const LENGTHS: &[(&str, usize)] = &[
    ("7", 11),
    ("1", 11),
    ("373", 11),
    ("374", 11),
    ("375", 12),
    ("380", 12),
    ("992", 12),
    ("993", 11),
    ("994", 12),
    ("995", 12),
    ("996", 12),
    ("998", 12),
];

/// A number cut out of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundNumber {
    /// Where its first sign stands, in bytes.
    pub start: usize,
    /// Where the rest of the text begins.
    pub end: usize,
    /// What is dialled.
    pub number: String,
}

/// What a text holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reading {
    /// A complete number; of several the first.
    Whole(FoundNumber),
    /// No more digits than an internal number has.
    Short,
    /// One number or several, or another kind of digits.
    Unclear,
    /// More digits than any number has.
    TooLong,
}

/// The number to call, if there is a complete one. A fax is called only if there is nothing else.
pub(super) fn whole(text: &str) -> Reading {
    let (mut fax, mut record) = (None, false);
    for run in runs(text) {
        let start = run[0].start();
        let (before, near) = (label(text, start, " .:-№("), label(text, start, " .-"));
        match read(&run, near.is_some_and(|word| matches!(meaning(word), Meaning::Elsewhere | Meaning::Unit))) {
            Reading::Short => {}
            Reading::Whole(found) => match before.map_or(Meaning::Unknown, meaning) {
                Meaning::Record => record = true,
                Meaning::Fax if !text[..start].contains('/') => fax = fax.or(Some(found)),
                _ => return Reading::Whole(found),
            },
            other => return other,
        }
    }
    fax.map_or(if record { Reading::Unclear } else { Reading::Short }, Reading::Whole)
}

/// The word before a place, with nothing but these signs between.
fn label<'a>(text: &'a str, at: usize, signs: &str) -> Option<&'a str> {
    let before = text[..at].trim_end_matches(|c| signs.contains(c));
    let from = before
        .rfind(|c: char| !c.is_alphabetic())
        .map_or(0, |i| i + before[i..].chars().next().map_or(1, char::len_utf8));
    Some(&before[from..]).filter(|word| !word.is_empty())
}

/// Reads one run. `bound`: the word before it binds its first group, as in `room 305`.
fn read(run: &[Group<'_>], bound: bool) -> Reading {
    let total: usize = run.iter().map(|g| g.digits.len()).sum();
    if let [only] = run
        && (COMPLETE..=MAX_DIGITS).contains(&total)
    {
        return found(run, 1, &[], only.plus);
    }
    if run.len() == 1 && total > MAX_DIGITS {
        return Reading::TooLong;
    }
    let abroad = abroad(run);
    if run[0].plus || abroad > 0 {
        return international(run, abroad);
    }
    if let Some(end) = russian(run).or_else(|| neighbour(run)) {
        return found(run, end, &[], false);
    }
    let rest =
        || if run.len() > 1 && run[1].joint != GroupJoint::Tight { read(&run[1..], false) } else { Reading::Short };
    let usual = with_code(run).or_else(|| of_a_city(run));
    if bound && run[0].digits.len() <= MOST_SKIPPED {
        return match (usual, rest()) {
            (Some(_), Reading::Whole(_)) => Reading::Unclear,
            (Some(end), _) => found(run, end, &[], false),
            (None, Reading::Short) if total >= COMPLETE => Reading::Unclear,
            (None, rest) => rest,
        };
    }
    if let Some(end) = usual {
        return found(run, end, &[], false);
    }
    let mut skipped = 0;
    for at in 1..run.len().min(3) {
        skipped += run[at - 1].digits.len();
        if skipped <= MOST_SKIPPED
            && run[at].joint != GroupJoint::Tight
            && let Some(end) = russian(&run[at..])
        {
            return found(&run[at..], end, &[], false);
        }
    }
    if total >= COMPLETE { Reading::Unclear } else { Reading::Short }
}

/// The first `end` groups, without the trunk prefix of the groups in `trunk`.
fn found(run: &[Group<'_>], end: usize, trunk: &[usize], plus: bool) -> Reading {
    let mut number = String::from(if plus { "+" } else { "" });
    for (at, group) in run[..end].iter().enumerate() {
        number.push_str(&group.digits[usize::from(trunk.contains(&at))..]);
    }
    Reading::Whole(FoundNumber { start: run[0].start(), end: run[end - 1].end(), number })
}

/// Digits of the prefix that is dialled before a country code: `810` in Russia, `00` elsewhere; 0 if there is none.
fn abroad(run: &[Group<'_>]) -> usize {
    let digits: String = run.iter().map(|g| g.digits).collect();
    let begins = |prefix: &str, least: usize| digits.len() >= least && digits.starts_with(prefix);
    match run[0].digits.len() {
        1 | 3.. if begins("810", 12) => 3,
        2.. if begins("00", 10) => 2,
        _ => 0,
    }
}

/// A number with its country code, before which stand this many digits of a prefix. The trunk prefix that people write in
/// brackets behind the code, `+44 (0)20`, is not dialled from abroad (ITU-T E.123, 7.2); in Italy it is part of the number.
fn international(run: &[Group<'_>], prefix: usize) -> Reading {
    let (mut digits, mut trunk) = (String::new(), Vec::new());
    for (at, group) in run.iter().enumerate() {
        let code = digits.get(prefix..).unwrap_or_default();
        let zero = group.digits.starts_with('0') && code != "39" || code == "7" && group.digits == "8";
        let dropped = zero && group.joint == GroupJoint::Open && (1..=3).contains(&code.len());
        if dropped {
            trunk.push(at);
        }
        digits.push_str(&group.digits[usize::from(dropped)..]);
        let national = digits.get(prefix..).unwrap_or_default();
        match LENGTHS.iter().find(|(code, _)| national.starts_with(code)) {
            Some((_, length)) if national.len() == *length => return found(run, at + 1, &trunk, run[0].plus),
            Some((_, length)) if national.len() > *length => return Reading::Unclear,
            _ => {}
        }
    }
    match digits.len() - prefix {
        n if n > LONGEST => Reading::Unclear,
        n if n < COMPLETE => Reading::Short,
        _ => found(run, run.len(), &trunk, run[0].plus),
    }
}

/// After how many groups a number is complete that has so many digits.
fn boundary(run: &[Group<'_>], length: usize) -> Option<usize> {
    let mut sum = 0;
    let mut ends = run.iter().map(|g| {
        sum += g.digits.len();
        sum
    });
    ends.position(|sum| sum == length).map(|at| at + 1)
}

fn lengths(run: &[Group<'_>]) -> Vec<usize> {
    run.iter().map(|g| g.digits.len()).collect()
}

fn tight(run: &[Group<'_>]) -> bool {
    run.iter().skip(1).all(|g| g.joint == GroupJoint::Tight)
}

/// A number of Russia: eleven digits that begin with 8 or 7.
fn russian(run: &[Group<'_>]) -> Option<usize> {
    let end = boundary(run, 11).filter(|_| run[0].digits.starts_with(['7', '8']) && !run[0].plus)?;
    match lengths(&run[..end])[..] {
        // Two internal numbers and something else, a number of a city and something else.
        [4, 4, ..] | [2 | 3 | 7..=10, ..] => None,
        _ => Some(end),
    }
}

/// A number of a neighbouring country without its plus, or one of North America, `1-800-555-1234`.
fn neighbour(run: &[Group<'_>]) -> Option<usize> {
    if lengths(run)[..] == [1, 3, 3, 4] && run[0].digits == "1" && tight(run) {
        return Some(run.len());
    }
    let (_, length) = LENGTHS.iter().find(|(code, _)| code.len() == 3 && run[0].digits == *code)?;
    boundary(run, *length)
}

/// Ten digits: a code and a subscriber's number.
fn with_code(run: &[Group<'_>]) -> Option<usize> {
    let end = boundary(run, 10)?;
    let number = &run[..end];
    let apart =
        number.get(1).is_some_and(|g| matches!(g.joint, GroupJoint::Close | GroupJoint::Slash)) || tight(number);
    let fits = match lengths(number)[..] {
        [10] => true,
        [3, 7] | [3, 3, 4] | [3, 3, 2, 2] => apart || run[0].digits.starts_with(['3', '4', '7', '8', '9']),
        [4, 6] | [4, 2, 2, 2] | [4, 3, 3] | [5, 1, 2, 2] | [5, 2, 3] | [5, 3, 2] => apart,
        [5, 5] => number[1].joint == GroupJoint::Close,
        [3, 2, 2, 3] | [3, 4, 3] | [3, 2, 5] => tight(number),
        _ => false,
    };
    fits.then_some(end)
}

/// A number of a city without its code; behind it something else may stand apart.
fn of_a_city(run: &[Group<'_>]) -> Option<usize> {
    let lengths = lengths(run);
    let end = match lengths[..] {
        // 7 and 4 digits can be eleven of Russia as well.
        [7, ..] if boundary(run, 11).is_none() || !run[0].digits.starts_with(['7', '8']) => 1,
        [3, 4, ..] => 2,
        [2 | 3, 2, 2, ..] | [2, 2, 3, ..] => 3,
        _ => return None,
    };
    let alone = end == run.len() && lengths[..] != [2, 2, 2];
    let ends = run.get(end).is_none_or(|g| g.joint != GroupJoint::Tight);
    (ends && (tight(&run[..end]) || alone)).then_some(end)
}
